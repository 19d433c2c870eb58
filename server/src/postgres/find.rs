//! Finds installed Postgres binaries; nothing is ever downloaded.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::PostgresError;

/// Where one installation keeps its programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// Directory of `initdb` and `postgres`.
    pub bin: PathBuf,
    /// Major version.
    pub major: u32,
}

/// The least major version that the schema works with.
pub const LEAST_MAJOR: u32 = 14;

/// Every usable installation, newest first.
#[must_use]
pub fn installations() -> Vec<Installation> {
    let mut candidates: Vec<PathBuf> = Vec::new();
    for (parent, prefix) in [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql@"),
        ("/usr/local/opt", "postgresql@"),
        ("/Library/PostgreSQL", ""),
    ] {
        let Ok(entries) = fs::read_dir(parent) else { continue };
        candidates.extend(
            entries
                .flatten()
                .filter(|e| e.file_name().to_str().is_some_and(|n| n.starts_with(prefix)))
                .map(|e| e.path().join("bin")),
        );
    }
    if let Some(path) = env::var_os("PATH") {
        candidates.extend(env::split_paths(&path));
    }
    let mut found: Vec<Installation> =
        candidates.iter().filter_map(|bin| installation(bin)).filter(|i| i.major >= LEAST_MAJOR).collect();
    found.sort_by_key(|i| std::cmp::Reverse(i.major));
    found.dedup();
    found
}

fn installation(bin: &Path) -> Option<Installation> {
    if !bin.join("initdb").is_file() {
        return None;
    }
    // "postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)"
    let output = std::process::Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split_whitespace().find(|w| w.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    Some(Installation { bin: bin.canonicalize().ok()?, major: digits.parse().ok()? })
}

/// The installation to run `data` with: the one that made it, or the newest if it does not exist yet.
///
/// # Errors
/// When none is installed, or none of the version that made `data`.
pub fn for_data(data: &Path) -> Result<Installation, PostgresError> {
    let all = installations();
    if all.is_empty() {
        return Err(PostgresError::NotInstalled);
    }
    let made_by = match fs::read_to_string(data.join("PG_VERSION")) {
        Ok(text) => text.trim().parse::<u32>().ok(),
        Err(_) => None,
    };
    match made_by {
        None => all.into_iter().next().ok_or(PostgresError::NotInstalled),
        Some(made_by) => {
            let installed: Vec<u32> = all.iter().map(|i| i.major).collect();
            all.into_iter().find(|i| i.major == made_by).ok_or_else(|| PostgresError::WrongVersion {
                data: data.to_owned(),
                made_by,
                installed,
            })
        }
    }
}
