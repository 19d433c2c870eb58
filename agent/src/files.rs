//! Owner-only files and folders, written whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Makes a folder and its parents, readable by the owner alone. An empty one that is there is narrowed to that.
///
/// # Errors
/// As the system says, and when others may use a folder that already holds something: it may not be the agent's to narrow.
pub fn private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    if mode & 0o1000 != 0 || fs::read_dir(path)?.next().is_some() {
        return Err(io::Error::other(format!(
            "others may use {0}: name a folder of its own, or run chmod 700 {0} if it is the agent's alone",
            path.display()
        )));
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

/// Writes a file that only the owner can read: first beside its place, synced, then moved into it.
///
/// # Errors
/// As the system says; the old file, if any, is then untouched.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let written = (|| {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        fs::rename(&beside, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Makes the names in a folder durable.
///
/// # Errors
/// As the system says.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
