//! Who this device is: its key pair, its id and its server. Made at enrolment, its id and server kept in an owner-only file.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::device_key::{DeviceKey, Keeper as _, keeper};
use crate::files;

const IDENTITY: &str = "identity.json";

/// What enrolment settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// UUID, text form.
    pub device_id: String,
    /// `https://host:port`.
    pub server: String,
    /// Certificate authority that the server's certificate must come from, PEM; the system's if none.
    pub ca_pem: Option<String>,
}

/// An enrolled device.
pub struct Identity {
    /// Its key pair.
    pub key: Box<dyn DeviceKey>,
    /// Its id and server.
    pub enrolled: Enrolled,
}

impl Identity {
    /// Reads what enrolment left in a state folder.
    ///
    /// # Errors
    /// When the device is not enrolled or its files are damaged.
    pub fn load(state: &Path) -> Result<Self> {
        let path = state.join(IDENTITY);
        let text = match files::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => bail!(
                "this device is not enrolled, {} is missing: run `tacit-agent enrol --server URL --token TOKEN`, or name the folder of its enrolment with --state-dir",
                path.display()
            ),
            read => read.map_err(|error| files::unreadable(state, &path, error))?,
        };
        let enrolled = serde_json::from_slice(&text)
            .with_context(|| format!("{} is damaged: delete it and enrol again", path.display()))?;
        Ok(Self { key: keeper(state).load()?, enrolled })
    }

    /// Keeps what enrolment settled.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(state: &Path, enrolled: &Enrolled) -> Result<()> {
        let path = state.join(IDENTITY);
        let text = serde_json::to_vec_pretty(enrolled)?;
        files::write_private(&path, &text).with_context(|| format!("cannot write {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_without_identity_or_key_is_told_to_enrol() {
        let state = tempfile::tempdir().unwrap();
        let refused = || Identity::load(state.path()).err().unwrap().to_string();
        assert!(refused().contains("tacit-agent enrol"), "{}", refused());
        let enrolled =
            Enrolled { device_id: "1".into(), server: "https://tacit.example".into(), ca_pem: None };
        Identity::save(state.path(), &enrolled).unwrap();
        assert!(refused().contains("device.key is missing: enrol again"), "{}", refused());
    }
}
