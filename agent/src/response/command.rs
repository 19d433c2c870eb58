//! Starts a program of the system: found in folders that the settings name, never through a shell, never for long.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::Failure;

/// Where programs are looked for, unless settings say otherwise. The environment's PATH is not asked: it is what the desktop
/// session makes of it.
pub const DEFAULT_PATH: [&str; 3] = ["/usr/bin", "/bin", "/usr/local/bin"];
/// A program that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// The program of that name in the first folder that has it.
///
/// # Errors
/// Not supported if no folder has it, or others than its owner may change it.
pub(super) fn find(path: &[PathBuf], name: &str) -> Result<PathBuf, Failure> {
    let there = |folder: &PathBuf| {
        let program = folder.join(name);
        let mode = program.metadata().ok().filter(std::fs::Metadata::is_file)?.permissions().mode();
        (mode & 0o111 != 0).then_some((program, mode))
    };
    match path.iter().find_map(there) {
        Some((program, mode)) if mode & 0o022 != 0 => Err(Failure::NotSupported(format!(
            "{} can be changed by others than its owner",
            program.display()
        ))),
        Some((program, _)) => Ok(program),
        None => Err(Failure::NotSupported(format!("{name} is not installed"))),
    }
}

/// Runs a program to its end; returns what it printed.
///
/// # Errors
/// Failed if it does not start, ends with another code than 0, or hangs.
pub(super) async fn run(program: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let name = program.file_name().unwrap_or_default().display();
    let running = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    match tokio::time::timeout(PATIENCE, running).await {
        Ok(Ok(ended)) if ended.status.success() => Ok(String::from_utf8_lossy(&ended.stdout).into_owned()),
        Ok(Ok(ended)) => Err(Failure::Failed(format!("{name} ended with {}", ended.status))),
        Ok(Err(error)) => Err(Failure::Failed(format!("{name} did not start: {error}"))),
        Err(_) => Err(Failure::Failed(format!("{name} did not end within {} s", PATIENCE.as_secs()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_taken_from_the_named_folders_and_only_if_it_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let path = [folder.path().to_owned(), other.path().to_owned()];
        let put = |folder: &Path, mode| {
            let program = folder.join("locker");
            std::fs::write(&program, "").unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        assert_eq!(find(&path, "locker"), Err(Failure::NotSupported("locker is not installed".into())));
        put(other.path(), 0o755);
        put(folder.path(), 0o644);
        assert_eq!(find(&path, "locker"), Ok(other.path().join("locker")));
        put(folder.path(), 0o777);
        assert!(find(&path, "locker").unwrap_err().to_string().ends_with("others than its owner"));
    }
}
