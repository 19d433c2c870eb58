//! The key in a file of the state folder that its owner alone can read.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result, bail};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

use super::{DeviceKey, Keeper};
use crate::files;

/// Name of the file, within the state folder, of the device's key.
pub(crate) const KEY: &str = "device.key";
/// The key that is to follow it.
const NEXT_KEY: &str = "device.key.next";

/// A state folder.
pub(super) struct Files(PathBuf);

impl Files {
    pub(super) fn new(state: &Path) -> Self {
        Self(state.to_owned())
    }

    fn load_as(&self, name: &str) -> Result<Box<dyn DeviceKey>> {
        let path = self.0.join(name);
        let pkcs8 = match files::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("{} is missing: enrol again with a new token, and a new key is made", path.display())
            }
            read => read.map_err(|error| files::unreadable(&self.0, &path, error))?,
        };
        let mode = fs::metadata(&path)?.permissions().mode();
        if mode & 0o077 != 0 {
            bail!("{} can be read by others: run chmod 600 on it", path.display());
        }
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).with_context(|| {
            format!("{} is damaged: delete it and enrol again with a new token", path.display())
        })?;
        Ok(Box::new(FileKey(pair)))
    }

    fn load_or_make_as(&self, name: &str) -> Result<Box<dyn DeviceKey>> {
        files::private_folder(&self.0)?;
        let path = self.0.join(name);
        match fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            _ => return self.load_as(name),
        }
        let pair = Ed25519KeyPair::generate().context("cannot make a device key")?;
        let pkcs8 = pair.to_pkcs8().context("cannot encode the device key")?;
        files::write_private(&path, pkcs8.as_ref())
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Box::new(FileKey(pair)))
    }
}

impl Keeper for Files {
    fn load(&self) -> Result<Box<dyn DeviceKey>> {
        self.load_as(KEY)
    }

    fn load_or_make(&self) -> Result<Box<dyn DeviceKey>> {
        self.load_or_make_as(KEY)
    }

    fn load_or_make_next(&self) -> Result<Box<dyn DeviceKey>> {
        self.load_or_make_as(NEXT_KEY)
    }

    fn has_next(&self) -> bool {
        self.0.join(NEXT_KEY).exists()
    }

    fn adopt_next(&self) -> Result<()> {
        let (from, to) = (self.0.join(NEXT_KEY), self.0.join(KEY));
        fs::rename(&from, &to).with_context(|| format!("cannot replace {}", to.display()))
    }

    fn age_ms(&self, now_ms: u64) -> Option<u64> {
        let made = fs::metadata(self.0.join(KEY)).and_then(|found| found.modified()).ok()?;
        let made = made.duration_since(UNIX_EPOCH).ok()?.as_millis();
        now_ms.checked_sub(u64::try_from(made).ok()?)
    }
}

/// A key that was read into memory.
struct FileKey(Ed25519KeyPair);

impl DeviceKey for FileKey {
    fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_can_read_it() {
        let state = tempfile::tempdir().unwrap();
        let keeper = Files::new(state.path());
        let made = keeper.load_or_make().unwrap();
        let again = keeper.load_or_make().unwrap();
        assert_eq!(made.public(), again.public());
        assert_eq!(made.public().len(), 32);
        let key = state.path().join(KEY);
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = keeper.load_or_make().err().unwrap();
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
    }

    #[test]
    fn the_key_that_was_to_follow_takes_the_place_of_the_old_one() {
        let state = tempfile::tempdir().unwrap();
        let keeper = Files::new(state.path());
        let old = keeper.load_or_make().unwrap();
        assert!(!keeper.has_next());
        let next = keeper.load_or_make_next().unwrap();
        assert_ne!(old.public(), next.public());
        assert_eq!(keeper.load().unwrap().public(), old.public());
        keeper.adopt_next().unwrap();
        assert!(!keeper.has_next());
        assert_eq!(keeper.load().unwrap().public(), next.public());
    }
}
