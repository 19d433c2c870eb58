//! What the person at the desk has chosen: whether the agent may see input. It stands in a file of the state folder, which the commands
//! `off`, `pause` and `on` write and a running agent looks at each second.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tacit_proto::v1::Capture;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::files;

const FILE: &str = "choice.json";
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the person has chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Choice {
    /// The agent measures.
    #[default]
    On,
    /// It does not, for a time.
    Paused {
        /// When that was chosen, milliseconds since the Unix epoch.
        since_ms: u64,
        /// How long it was chosen for.
        minutes: u32,
    },
    /// It does not, until that is chosen.
    Off,
}

impl Choice {
    /// The choice that stands in a state folder.
    #[must_use]
    pub fn read(state: &Path) -> Self {
        match files::read(&state.join(FILE)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Self::On,
            // A choice was made, whatever it was.
            found => found.ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or(Self::Off),
        }
    }

    /// Puts it in a state folder.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn keep(self, state: &Path) -> Result<()> {
        let path = state.join(FILE);
        let kept = match self {
            Self::On => match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
            chosen => files::write_private(&path, &serde_json::to_vec(&chosen)?),
        };
        kept.with_context(|| format!("cannot keep the choice in {}", path.display()))
    }

    /// Why nothing may be seen at a moment, if nothing may. A pause lasts no longer than policy lets it.
    #[must_use]
    pub fn shuts(self, now_ms: u64, longest_pause_minutes: u32) -> Option<Capture> {
        match self {
            Self::On => None,
            Self::Off => Some(Capture::Off),
            Self::Paused { since_ms, minutes } => {
                let lasts_ms = u64::from(minutes.min(longest_pause_minutes)) * 60_000;
                // A clock that was set back does not lengthen it.
                let paused = (since_ms..since_ms.saturating_add(lasts_ms)).contains(&now_ms);
                paused.then_some(Capture::Paused)
            }
        }
    }
}

/// A running agent's look at the choice.
pub(crate) struct Looks {
    state: PathBuf,
    every: Interval,
}

impl Looks {
    pub(crate) fn new(state: &Path) -> Self {
        let mut every = interval(LOOK_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { state: state.to_owned(), every }
    }

    /// The choice, each second, and at once the first time. Safe to drop and call again.
    pub(crate) async fn next(&mut self) -> Choice {
        self.every.tick().await;
        Choice::read(&self.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_found_again_and_one_that_cannot_be_read_is_off() {
        let state = tempfile::tempdir().unwrap();
        let pause = Choice::Paused { since_ms: 7, minutes: 3 };
        for choice in [Choice::On, pause, Choice::Off, Choice::On, Choice::On] {
            choice.keep(state.path()).unwrap();
            assert_eq!(Choice::read(state.path()), choice);
        }
        fs::write(state.path().join(FILE), "{").unwrap();
        assert_eq!(Choice::read(state.path()), Choice::Off);
    }

    #[test]
    fn a_pause_ends_by_itself_and_with_the_policy_that_allows_it() {
        let minute = 60_000;
        let pause = Choice::Paused { since_ms: 10 * minute, minutes: 30 };
        let shut = |at_minute: u64, longest| pause.shuts(at_minute * minute, longest).is_some();
        assert!(shut(10, 60) && shut(39, 60) && !shut(40, 60));
        assert!(shut(14, 5) && !shut(15, 5));
        assert!(!shut(10, 0), "policy allows none");
        assert!(!shut(9, 60), "the clock was set back");
    }
}
