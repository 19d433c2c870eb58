//! The operating-system account that Postgres runs under: it refuses to run as root.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;

use nix::unistd::{Uid, User, geteuid};

use super::PostgresError;

/// Whose name `initdb` and `postgres` run in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    /// The server's own.
    Own,
    /// That of the installed Postgres, because the server is root.
    Postgres {
        /// User id.
        uid: u32,
        /// Group id.
        gid: u32,
    },
}

impl Account {
    /// The account to use.
    ///
    /// # Errors
    /// When the server is root and there is no user `postgres`.
    pub(super) fn choose() -> Result<Self, PostgresError> {
        if !geteuid().is_root() {
            return Ok(Self::Own);
        }
        match User::from_name("postgres") {
            Ok(Some(user)) => Ok(Self::Postgres { uid: user.uid.as_raw(), gid: user.gid.as_raw() }),
            _ => Err(PostgresError::NoAccount),
        }
    }

    fn ids(self) -> (u32, Option<u32>) {
        match self {
            Self::Own => (geteuid().as_raw(), None),
            Self::Postgres { uid, gid } => (uid, Some(gid)),
        }
    }

    /// Sets the account of a program about to start.
    pub(super) fn apply(self, command: &mut tokio::process::Command) {
        if let Self::Postgres { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
    }

    /// Makes `directory`, if missing, for this account alone, and checks that an existing one is.
    ///
    /// # Errors
    /// When it cannot be made or belongs to someone else.
    pub(super) fn own_directory(self, directory: &Path) -> Result<(), PostgresError> {
        let failed = |source| PostgresError::io("make", directory, source);
        let (uid, gid) = self.ids();
        match fs::DirBuilder::new().mode(0o700).create(directory) {
            Ok(()) => {
                if let Self::Postgres { .. } = self {
                    chown(directory, Some(uid), gid).map_err(failed)?;
                }
                return Ok(());
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
        let metadata = fs::symlink_metadata(directory).map_err(failed)?;
        if !metadata.is_dir() || metadata.uid() != uid {
            return Err(PostgresError::NotOurs { directory: directory.to_owned(), user: self.name() });
        }
        if metadata.mode() & 0o077 != 0 {
            fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        }
        Ok(())
    }

    /// Checks that this account can reach `directory` through its parents.
    ///
    /// # Errors
    /// Names the parent that bars the way.
    pub(super) fn can_enter(self, directory: &Path) -> Result<(), PostgresError> {
        let Self::Postgres { uid, gid } = self else { return Ok(()) };
        for ancestor in directory.ancestors() {
            let Ok(metadata) = fs::metadata(ancestor) else { continue };
            let bit = if metadata.uid() == uid {
                0o100
            } else if metadata.gid() == gid {
                0o010
            } else {
                0o001
            };
            if metadata.mode() & bit == 0 {
                return Err(PostgresError::NotTraversable {
                    directory: ancestor.to_owned(),
                    user: self.name(),
                });
            }
        }
        Ok(())
    }

    fn name(self) -> String {
        let (uid, _) = self.ids();
        match User::from_uid(Uid::from_raw(uid)) {
            Ok(Some(user)) => user.name,
            _ => uid.to_string(),
        }
    }
}
