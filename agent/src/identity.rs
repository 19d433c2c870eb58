//! Who this device is: its key pair, its id and its server. Made at enrolment, kept in owner-only files.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result, bail};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};

use crate::files;

/// Name of the file, within the state folder, of the device's key.
pub(crate) const KEY: &str = "device.key";
/// The key that is to follow it.
const NEXT_KEY: &str = "device.key.next";
const IDENTITY: &str = "identity.json";

/// The device's Ed25519 key pair. The private half never leaves the device.
pub struct DeviceKey {
    pair: Ed25519KeyPair,
    pkcs8: Vec<u8>,
}

impl DeviceKey {
    /// The key of a state folder; made there if it has none.
    ///
    /// # Errors
    /// When the folder cannot be used, or its key is damaged or readable by others.
    pub fn load_or_make(state: &Path) -> Result<Self> {
        Self::load_or_make_as(state, KEY)
    }

    /// The key that is to follow the one of a state folder; made there if there is none yet.
    ///
    /// # Errors
    /// As [`DeviceKey::load_or_make`].
    pub(crate) fn load_or_make_next(state: &Path) -> Result<Self> {
        Self::load_or_make_as(state, NEXT_KEY)
    }

    /// Whether a key is to follow that the server may have by now.
    pub(crate) fn next_is_there(state: &Path) -> bool {
        state.join(NEXT_KEY).exists()
    }

    /// Puts the key that was to follow in the place of the old one.
    ///
    /// # Errors
    /// As the system says; both are then kept.
    pub(crate) fn adopt(self, state: &Path) -> Result<Self> {
        let (from, to) = (state.join(NEXT_KEY), state.join(KEY));
        fs::rename(&from, &to).with_context(|| format!("cannot replace {}", to.display()))?;
        Ok(self)
    }

    /// How long ago the key of a state folder was made; `None` if that cannot be told.
    pub(crate) fn age_ms(state: &Path, now_ms: u64) -> Option<u64> {
        let made = fs::metadata(state.join(KEY)).and_then(|found| found.modified()).ok()?;
        let made = made.duration_since(UNIX_EPOCH).ok()?.as_millis();
        now_ms.checked_sub(u64::try_from(made).ok()?)
    }

    fn load_or_make_as(state: &Path, name: &str) -> Result<Self> {
        files::private_folder(state)?;
        let path = state.join(name);
        match fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            _ => return Self::load_as(state, name),
        }
        let pair = Ed25519KeyPair::generate().context("cannot make a device key")?;
        let pkcs8 = pair.to_pkcs8().context("cannot encode the device key")?.as_ref().to_vec();
        files::write_private(&path, &pkcs8).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { pair, pkcs8 })
    }

    fn load(state: &Path) -> Result<Self> {
        Self::load_as(state, KEY)
    }

    fn load_as(state: &Path, name: &str) -> Result<Self> {
        let path = state.join(name);
        let pkcs8 = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("{} is missing: enrol again with a new token, and a new key is made", path.display())
            }
            read => read.map_err(|error| unreadable(state, &path, error))?,
        };
        let mode = fs::metadata(&path)?.permissions().mode();
        if mode & 0o077 != 0 {
            bail!("{} can be read by others: run chmod 600 on it", path.display());
        }
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).with_context(|| {
            format!("{} is damaged: delete it and enrol again with a new token", path.display())
        })?;
        Ok(Self { pair, pkcs8 })
    }

    /// Ed25519 public key, 32 bytes.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// Ed25519 signature, 64 bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    /// PKCS#8, for signing assertions.
    pub(crate) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }
}

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
    pub key: DeviceKey,
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
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => bail!(
                "this device is not enrolled, {} is missing: run `tacit-agent enrol --server URL --token TOKEN`, or name the folder of its enrolment with --state-dir",
                path.display()
            ),
            read => read.map_err(|error| unreadable(state, &path, error))?,
        };
        let enrolled = serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged: delete it and enrol again", path.display()))?;
        Ok(Self { key: DeviceKey::load(state)?, enrolled })
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

/// Why a file of the state folder cannot be read, and by whom it can.
fn unreadable(state: &Path, path: &Path, error: io::Error) -> anyhow::Error {
    let shown = path.display();
    if error.kind() != ErrorKind::PermissionDenied {
        return anyhow::Error::new(error).context(format!("cannot read {shown}"));
    }
    let user = user(nix::unistd::geteuid());
    let owner = fs::metadata(path).or_else(|_| fs::metadata(state)).map(|found| user_of(found.uid()));
    let owner = owner.unwrap_or_else(|_| "its owner".to_owned());
    anyhow::anyhow!(
        "{user} may not read {shown}, which belongs to {owner}: run tacit-agent as {owner}, or give the folder to {user} (chown -R {user} {}), or enrol as {user} with another --state-dir",
        state.display()
    )
}

fn user_of(uid: u32) -> String {
    user(nix::unistd::Uid::from_raw(uid))
}

/// Name of a user, or the number of one without.
fn user(uid: nix::unistd::Uid) -> String {
    nix::unistd::User::from_uid(uid).ok().flatten().map_or_else(|| format!("user {uid}"), |user| user.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_can_read_it() {
        let state = tempfile::tempdir().unwrap();
        let made = DeviceKey::load_or_make(state.path()).unwrap();
        let again = DeviceKey::load_or_make(state.path()).unwrap();
        assert_eq!(made.public(), again.public());
        assert_eq!(made.public().len(), 32);
        let key = state.path().join(KEY);
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = DeviceKey::load_or_make(state.path()).err().unwrap();
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
    }

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

    #[test]
    fn files_of_another_user_are_not_taken_for_missing_ones() {
        let state = tempfile::tempdir().unwrap();
        let owner = user_of(fs::metadata(state.path()).unwrap().uid());
        let path = state.path().join(IDENTITY);
        let said = unreadable(state.path(), &path, ErrorKind::PermissionDenied.into()).to_string();
        assert!(
            said.contains(&format!("run tacit-agent as {owner}")) && said.contains("--state-dir"),
            "{said}"
        );
    }
}
