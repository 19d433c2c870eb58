//! A folder of recordings: `USER.csv.gz` or `USER/SESSION.csv.gz`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The recordings of one person, in order of name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFiles {
    /// Name of the file or folder.
    pub user: String,
    /// Recordings, in the order they were made: by name, numbers as numbers.
    pub sessions: Vec<PathBuf>,
}

/// Everyone in a folder, in order of name.
///
/// # Errors
/// When the folder cannot be read or holds no recording.
pub fn users(folder: &Path) -> anyhow::Result<Vec<UserFiles>> {
    let mut users = Vec::new();
    for path in sorted(folder)? {
        if path.is_dir() {
            let sessions: Vec<PathBuf> = sorted(&path)?.into_iter().filter(|p| stem(p).is_some()).collect();
            let user = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if !sessions.is_empty() {
                users.push(UserFiles { user, sessions });
            }
        } else if let Some(user) = stem(&path) {
            users.push(UserFiles { user, sessions: vec![path] });
        }
    }
    if users.is_empty() {
        bail!("{}: no recordings (USER.csv.gz or USER/SESSION.csv.gz)", folder.display());
    }
    Ok(users)
}

/// Name of a folder of anyone's traces, for rows.
#[must_use]
pub fn name(folder: &Path) -> String {
    folder.file_name().map_or_else(|| "traces".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Name of a recording without its ending; `None` if the file is no recording.
#[must_use]
pub fn stem(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let stem = name.strip_suffix(".csv.gz").or_else(|| name.strip_suffix(".csv"))?;
    path.is_file().then(|| stem.to_owned())
}

fn sorted(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort_by_cached_key(|p| {
        let name = p.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        (name.split('.').next().and_then(|n| n.parse::<u64>().ok()), name)
    });
    Ok(paths)
}
