//! The level of privacy that the server last told of. It stands in a file of the state folder, so that an agent that starts
//! while the server is away keeps to it.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use tacit_measure::Privacy;

use crate::files;

const FILE: &str = "privacy";
const NAMES: [(&str, Privacy); 3] =
    [("plain", Privacy::PLAIN), ("standard", Privacy::STANDARD), ("strict", Privacy::STRICT)];

/// The level that stands in a state folder: the default where none was told of, the strictest where it cannot be read.
#[must_use]
pub fn read(state: &Path) -> Privacy {
    let text = match fs::read_to_string(state.join(FILE)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Privacy::default(),
        found => found.unwrap_or_default(),
    };
    NAMES.iter().find(|(name, _)| *name == text).map_or(Privacy::STRICT, |(_, level)| *level)
}

/// Puts it in a state folder.
///
/// # Errors
/// When the folder cannot be written.
pub fn keep(state: &Path, level: Privacy) -> Result<()> {
    let path = state.join(FILE);
    let name = NAMES.iter().find(|(_, named)| *named == level).map_or("strict", |(name, _)| name);
    files::write_private(&path, name.as_bytes())
        .with_context(|| format!("cannot keep the level of privacy in {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_found_again_and_one_that_cannot_be_read_is_the_strictest() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(read(state.path()), Privacy::PLAIN);
        for (_, level) in NAMES {
            keep(state.path(), level).unwrap();
            assert_eq!(read(state.path()), level);
        }
        for torn in [b"".as_slice(), b"pla", b"\xff"] {
            fs::write(state.path().join(FILE), torn).unwrap();
            assert_eq!(read(state.path()), Privacy::STRICT);
        }
    }
}
