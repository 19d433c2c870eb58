//! Files that the server is given or keeps: only regular ones are, and secrets only where nobody else can get at them.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use nix::fcntl::OFlag;
use zeroize::Zeroizing;

/// Opens a regular file, or what a link to one leads to. A folder, a pipe or a device by its name is refused, and not waited for.
///
/// # Errors
/// As the system says, and when it is no regular file. Names it.
pub fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let opened = options.custom_flags(OFlag::O_NONBLOCK.bits()).open(path);
    match &opened {
        Ok(file) => regular(path, &file.metadata()?)?,
        Err(_) => check(path)?,
    }
    opened.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn regular(path: &Path, found: &Metadata) -> io::Result<()> {
    if found.is_file() {
        return Ok(());
    }
    let said = format!("{} is no regular file: put the file itself there", path.display());
    Err(io::Error::new(ErrorKind::InvalidInput, said))
}

/// Rights that a secret may not give, by whose file it is and who the server runs as. Keys of certificates are mostly root's, and a
/// group that the server is in may read them.
fn too_many(owner: u32, server: u32) -> u32 {
    if owner == 0 && server != 0 { 0o037 } else { 0o077 }
}

/// What takes those rights away and leaves the server its own.
fn mend(owner: u32, server: u32, path: &Path) -> String {
    let path = path.display();
    if owner == 0 && server != 0 {
        format!("chmod 640 {path}, and give it a group that the server alone is in")
    } else {
        format!("chmod 600 {path}")
    }
}

fn of_its_owner(path: &Path, found: &Metadata) -> io::Result<()> {
    let (owner, server) = (found.uid(), nix::unistd::geteuid().as_raw());
    if found.permissions().mode() & too_many(owner, server) == 0 {
        return Ok(());
    }
    let said = format!("others can read {}: {}", path.display(), mend(owner, server, path));
    Err(io::Error::new(ErrorKind::PermissionDenied, said))
}

/// Checks, without opening it, that what goes by the name of a file is a regular one, if there is anything.
///
/// # Errors
/// When it is not. Names it.
pub fn check(path: &Path) -> io::Result<()> {
    fs::metadata(path).map_or(Ok(()), |found| regular(path, &found))
}

/// As [`check`], of a file that its owner alone may get at; one of root's, by a server that is not root, its group may read.
///
/// # Errors
/// When it is no regular file, or the group or others have any further right to it: then it says what to do.
pub fn check_secret(path: &Path) -> io::Result<()> {
    check(path)?;
    fs::metadata(path).map_or(Ok(()), |found| of_its_owner(path, &found))
}

/// Reads a regular file.
///
/// # Errors
/// As [`open`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(OpenOptions::new().read(true), path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a regular file of text.
///
/// # Errors
/// As [`open`], and when it is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, format!("{} is no text", path.display())))
}

/// Reads a file that its owner alone can get at, as [`check_secret`] has it.
///
/// # Errors
/// As [`open`] and [`check_secret`].
pub fn read_secret(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut file = open(OpenOptions::new().read(true), path)?;
    of_its_owner(path, &file.metadata()?)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_regular_file_is_named_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("file"), "text").unwrap();
        std::os::unix::fs::symlink(path("file"), path("link")).unwrap();
        for name in ["file", "link"] {
            assert_eq!(read(&path(name)).unwrap(), b"text");
        }
        fs::create_dir(path("folder")).unwrap();
        nix::unistd::mkfifo(&path("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        std::os::unix::fs::symlink("/dev/zero", path("device")).unwrap();
        for name in ["folder", "pipe", "device"] {
            for refused in [read(&path(name)).unwrap_err(), read_secret(&path(name)).unwrap_err()] {
                let said = refused.to_string();
                assert!(said.contains("no regular file") && said.contains(name), "{said}");
            }
        }
        assert_eq!(read(&path("none")).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_group_may_read_what_is_roots_and_no_other_secret() {
        let taken = |owner, server, mode: u32| mode & too_many(owner, server) == 0;
        assert!(taken(0, 1000, 0o640) && taken(1000, 1000, 0o600) && taken(0, 0, 0o400));
        for (owner, server, mode) in [(1000, 1000, 0o640), (0, 0, 0o640), (0, 1000, 0o660), (0, 1000, 0o644)]
        {
            assert!(!taken(owner, server, mode), "{owner}, {server}, {mode:o}");
        }
        let mend = |owner, server| mend(owner, server, Path::new("a.key"));
        assert!(mend(0, 1000).starts_with("chmod 640 a.key, and give it a group"));
        assert!([mend(0, 0), mend(1000, 1000)].iter().all(|said| said == "chmod 600 a.key"));
    }

    #[test]
    fn a_secret_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        fs::write(&path, "secret").unwrap();
        for (mode, taken) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o660, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(check_secret(&path).is_ok(), taken, "{mode:o}");
            match read_secret(&path) {
                Ok(secret) => assert!(taken && *secret == b"secret", "{mode:o}"),
                Err(error) => assert!(!taken && error.to_string().contains("chmod 600"), "{mode:o}: {error}"),
            }
        }
    }
}
