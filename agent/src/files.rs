//! Owner-only files and folders, written whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt as _, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result, bail};
use nix::fcntl::OFlag;

/// Makes a folder and its parents, readable by the owner alone. An empty one that is there is narrowed to that.
///
/// # Errors
/// As the system says, and when others may use a folder that already holds something: it may not be the agent's to narrow.
/// Names the folder.
pub fn private_folder(path: &Path) -> Result<()> {
    let shown = path.display();
    let made = || {
        #[cfg(test)]
        fault::check()?;
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    };
    // One that is there needs no room.
    if !path.is_dir() {
        made().with_context(|| {
            format!(
                "cannot make the folder {shown}: have it made for this user, or name another with --state-dir"
            )
        })?;
    }
    let used = || format!("cannot use the folder {shown}");
    let mode = fs::metadata(path).with_context(used)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    if mode & 0o1000 != 0 || fs::read_dir(path).with_context(used)?.next().is_some() {
        bail!(
            "others may use {shown}: name a folder of its own, or run chmod 700 {shown} if it is the agent's alone"
        );
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).with_context(used)
}

/// Checks that what goes by the name of a folder of the agent's, if anything does, is one and no link: what is deleted in it would
/// be somebody else's.
///
/// # Errors
/// When it is something else, or cannot be looked at. Names it.
pub fn real_folder(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_dir() => {
            let what = if found.is_symlink() { "a link" } else { "no folder" };
            let shown = path.display();
            Err(io::Error::other(format!(
                "{shown} is {what}: move it away, and the agent makes a folder of its own there"
            )))
        }
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Reads a file of the state folder. Only a regular file is one: a pipe would be waited for, a link leads elsewhere.
///
/// # Errors
/// As the system says, and when it is no regular file.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(OpenOptions::new().read(true), path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a file that people name, such as one of settings: a regular one, or what a link to one leads to.
///
/// # Errors
/// As the system says, and when it is no regular file.
pub fn read_given(path: &Path) -> io::Result<String> {
    // A pipe would be waited for.
    if fs::metadata(path)?.is_file() { fs::read_to_string(path) } else { Err(no_regular()) }
}

fn no_regular() -> io::Error {
    io::Error::other("it is no regular file: move it away")
}

/// Opens a regular file, and waits for nothing else that goes by its name.
///
/// # Errors
/// As [`read`].
pub(crate) fn open_regular(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let opened = options.custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW).bits()).open(path);
    let regular = match &opened {
        Ok(file) => file.metadata()?.is_file(),
        Err(_) => fs::symlink_metadata(path).map_or(true, |found| found.is_file()),
    };
    if !regular {
        return Err(no_regular());
    }
    opened
}

/// Writes a file that only the owner can read: first beside its place, synced, then moved into it.
///
/// # Errors
/// As the system says; the old file, if any, is then untouched.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let written = (|| {
        #[cfg(test)]
        fault::check()?;
        // Left by a crash, or put there by somebody.
        let _ = fs::remove_file(&beside);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
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

/// Whether something could not be written for want of room: a full disk, a used-up quota, a disk that has become read-only.
/// That may pass.
#[must_use]
pub fn no_room(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    matches!(kind, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem))
}

/// Why a file of the state folder cannot be read, and by whom it can.
pub(crate) fn unreadable(state: &Path, path: &Path, error: io::Error) -> anyhow::Error {
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

/// A full disk, for the tests of this thread.
#[cfg(test)]
pub(crate) mod fault {
    use std::cell::Cell;
    use std::io;

    thread_local! {
        static FULL: Cell<bool> = const { Cell::new(false) };
    }

    pub(crate) fn disk_is_full(full: bool) {
        FULL.set(full);
    }

    pub(super) fn check() -> io::Result<()> {
        if FULL.get() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_regular_file_is_neither_waited_for_nor_followed() {
        let state = tempfile::tempdir().unwrap();
        let path = |name: &str| state.path().join(name);
        fs::write(path("file"), "text").unwrap();
        assert_eq!(read(&path("file")).unwrap(), b"text");
        assert_eq!(read(&path("none")).unwrap_err().kind(), ErrorKind::NotFound);
        fs::create_dir(path("folder")).unwrap();
        std::os::unix::fs::symlink(path("file"), path("link")).unwrap();
        nix::unistd::mkfifo(&path("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        for name in ["folder", "link", "pipe"] {
            let refused = read(&path(name)).unwrap_err().to_string();
            assert!(refused.contains("no regular file"), "{name}: {refused}");
        }
        assert_eq!(read_given(&path("link")).unwrap(), "text");
        for name in ["folder", "pipe"] {
            assert!(read_given(&path(name)).unwrap_err().to_string().contains("no regular file"));
        }
        for name in ["link", "pipe"] {
            let beside = path("kept.new");
            fs::rename(path(name), &beside).unwrap();
            write_private(&path("kept"), b"new").unwrap();
            assert_eq!(read(&path("kept")).unwrap(), b"new");
        }
        assert_eq!(read(&path("file")).unwrap(), b"text");
    }

    #[test]
    fn files_of_another_user_are_not_taken_for_missing_ones() {
        let state = tempfile::tempdir().unwrap();
        let owner = user_of(fs::metadata(state.path()).unwrap().uid());
        let path = state.path().join("identity.json");
        let said = unreadable(state.path(), &path, ErrorKind::PermissionDenied.into()).to_string();
        assert!(
            said.contains(&format!("run tacit-agent as {owner}")) && said.contains("--state-dir"),
            "{said}"
        );
    }
}
