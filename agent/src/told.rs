//! What the server last told: how to measure, how long the person may pause, and whether nothing is to be measured. It stands in a
//! file of the state folder, so that an agent that starts while the server is away keeps to it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tacit_measure::{Privacy, Settings};

use crate::files;

const FILE: &str = "told.json";

/// A level of privacy by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// [`Privacy::PLAIN`].
    Plain,
    /// [`Privacy::STANDARD`].
    Standard,
    /// [`Privacy::STRICT`].
    Strict,
}

impl Level {
    /// The level that a measurer keeps to; the strictest for one without a name.
    #[must_use]
    pub fn of(privacy: Privacy) -> Self {
        match privacy {
            Privacy::PLAIN => Self::Plain,
            Privacy::STANDARD => Self::Standard,
            _ => Self::Strict,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Standard => "standard",
            Self::Strict => "strict",
        }
    }

    fn privacy(self) -> Privacy {
        match self {
            Self::Plain => Privacy::PLAIN,
            Self::Standard => Privacy::STANDARD,
            Self::Strict => Privacy::STRICT,
        }
    }
}

/// What the server last told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// How little a keyboard window tells of what was typed.
    pub privacy: Level,
    /// Keystrokes that fill a keyboard window.
    pub window_keystrokes: u32,
    /// Strokes that fill a pointer or touch window.
    pub window_strokes: u32,
    /// Active time that closes a window holding its minimum, in milliseconds.
    pub window_active_ms: u32,
    /// Minutes that the person may pause at a time; 0 for not at all.
    pub longest_pause_minutes: u32,
    /// The person has asked the company that nothing is made of their input.
    pub restricted: bool,
}

impl Default for Told {
    /// What holds before the server has spoken for the first time.
    fn default() -> Self {
        Self::of(Settings::default(), 0, false)
    }
}

impl Told {
    /// What these come to.
    #[must_use]
    pub fn of(measuring: Settings, longest_pause_minutes: u32, restricted: bool) -> Self {
        Self {
            privacy: Level::of(measuring.privacy),
            window_keystrokes: measuring.window_keystrokes,
            window_strokes: measuring.window_strokes,
            window_active_ms: measuring.window_active_ms,
            longest_pause_minutes,
            restricted,
        }
    }

    /// How to measure.
    #[must_use]
    pub fn measuring(self) -> Settings {
        Settings {
            window_keystrokes: self.window_keystrokes,
            window_strokes: self.window_strokes,
            window_active_ms: self.window_active_ms,
            privacy: self.privacy.privacy(),
            ..Settings::default()
        }
    }

    /// What stands in a state folder; `None` where the server has not spoken yet.
    ///
    /// # Errors
    /// When the file is damaged or cannot be read.
    pub fn read(state: &Path) -> Result<Option<Self>> {
        let path = state.join(FILE);
        let text = match files::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| files::unreadable(state, &path, error))?,
        };
        let told = serde_json::from_slice(&text);
        told.map(Some).with_context(|| format!("{} is damaged", path.display()))
    }

    /// What an agent that starts with a state folder keeps to until the server speaks.
    #[must_use]
    pub fn in_force(state: &Path) -> Self {
        Self::after(&Self::read(state))
    }

    /// What is in force after what was [`read`](Self::read). Where that cannot be read, nothing is measured, since the server may
    /// have asked for that.
    #[must_use]
    pub fn after(read: &Result<Option<Self>>) -> Self {
        match read {
            Ok(told) => told.unwrap_or_default(),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(error, "nothing is measured until the server has spoken");
                let measuring = Settings { privacy: Privacy::STRICT, ..Settings::default() };
                Self::of(measuring, 0, true)
            }
        }
    }
}

/// Keeps what the server tells in a state folder.
pub(crate) struct Keeping {
    path: PathBuf,
    told: Told,
    /// It stands in the file.
    kept: bool,
    failing: bool,
}

impl Keeping {
    /// With what is in force in a state folder.
    pub(crate) fn of(state: &Path) -> Self {
        Self { path: state.join(FILE), told: Told::in_force(state), kept: false, failing: false }
    }

    /// What the server last told.
    pub(crate) fn told(&self) -> Told {
        self.told
    }

    /// Keeps what the server tells, if that is news. Where it cannot be kept, that is said once, and the next call tries again.
    pub(crate) fn keep(&mut self, told: Told) {
        if self.kept && self.told == told {
            return;
        }
        self.told = told;
        let text = serde_json::to_vec(&told).unwrap_or_default();
        let written = files::write_private(&self.path, &text);
        self.kept = written.is_ok();
        if let Err(error) = written
            && !std::mem::replace(&mut self.failing, true)
        {
            let path = self.path.display();
            tracing::error!(%error, %path, "what the server tells cannot be kept, and will not be known after a restart without it");
        }
        self.failing &= !self.kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_was_told_is_found_again_and_where_it_cannot_be_read_nothing_is_measured() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(Told::in_force(state.path()), Told::default());
        let mut keeping = Keeping::of(state.path());
        for privacy in [Privacy::STANDARD, Privacy::STRICT, Privacy::PLAIN] {
            let measuring = Settings { privacy, window_keystrokes: 70, ..Settings::default() };
            let told = Told::of(measuring, 30, privacy == Privacy::STRICT);
            keeping.keep(told);
            assert_eq!(Told::in_force(state.path()), told);
            assert_eq!(told.measuring(), measuring);
        }
        for torn in [b"".as_slice(), b"{\"privacy\":\"plain\"}", b"\xff"] {
            fs::write(state.path().join(FILE), torn).unwrap();
            let cautious = Told::in_force(state.path());
            assert!(cautious.restricted && cautious.longest_pause_minutes == 0);
            assert_eq!(cautious.privacy, Level::Strict);
        }
    }

    #[test]
    fn what_a_full_disk_did_not_keep_is_kept_once_there_is_room() {
        let state = tempfile::tempdir().unwrap();
        let mut keeping = Keeping::of(state.path());
        let told = Told { restricted: true, ..Told::default() };
        files::fault::disk_is_full(true);
        keeping.keep(told);
        assert_eq!(Told::read(state.path()).unwrap(), None);
        files::fault::disk_is_full(false);
        keeping.keep(told);
        assert_eq!(Told::read(state.path()).unwrap(), Some(told));
    }
}
