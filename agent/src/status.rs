//! How a running agent is, for the person at the desk: in a file of the state folder, written by the agent when something changes and
//! each half minute, and deleted when it stops.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::files;
use crate::told::Level;

const FILE: &str = "status.json";
/// After so long without a word the agent is taken to be dead.
const FRESH_MS: u64 = 90_000;
/// At least so often it is written.
const EVERY_MS: u64 = 30_000;

/// Whether the agent sees input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seeing {
    /// It does.
    Running,
    /// It wants to, and cannot.
    Failed,
    /// The person has paused it.
    Paused,
    /// The person has switched it off.
    Off,
    /// The person has asked the company that nothing is made of their input.
    Restricted,
}

/// How an agent is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// When it said so, milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The agent's version.
    pub agent_version: String,
    /// The device, as the server names it.
    pub device: String,
    /// The server's address.
    pub server: String,
    /// What went wrong with the connection, in words; none while it holds.
    pub trouble: Option<String>,
    /// Whether it sees input.
    pub seeing: Seeing,
    /// The session in progress.
    pub session: Option<Uuid>,
    /// The level of privacy in force.
    pub privacy: Level,
    /// Minutes that policy lets the person pause at a time; 0 for not at all.
    pub longest_pause_minutes: u32,
    /// Records that the server has not acknowledged.
    pub waiting: usize,
    /// Records that were given up.
    pub lost: u32,
}

impl Status {
    /// What the agent of a state folder has said, if one runs.
    ///
    /// # Errors
    /// When none does.
    pub fn read(state: &Path, now_ms: u64) -> Result<Self> {
        let said =
            files::read(&state.join(FILE)).ok().and_then(|text| serde_json::from_slice::<Self>(&text).ok());
        let fresh = said.filter(|said| now_ms.saturating_sub(said.at_ms) <= FRESH_MS);
        fresh.with_context(|| format!("no agent runs with the folder {}", state.display()))
    }

    /// Says it.
    pub(crate) fn keep(&self, state: &Path) {
        let text = serde_json::to_vec(self).unwrap_or_default();
        if let Err(error) = files::write_private(&state.join(FILE), &text) {
            tracing::debug!(%error, "the agent cannot say how it is");
        }
    }

    pub(crate) fn forget(state: &Path) {
        let _ = fs::remove_file(state.join(FILE));
    }

    /// Whether it is to be said after another: something stands otherwise, or it is time.
    pub(crate) fn is_news_after(&self, said: &Self) -> bool {
        let Self { at_ms, waiting, lost, .. } = *said;
        self.at_ms.abs_diff(at_ms) >= EVERY_MS || Self { at_ms, waiting, lost, ..self.clone() } != *said
    }

    /// In words, a line each.
    #[must_use]
    pub fn in_words(&self) -> String {
        let seeing = match self.seeing {
            Seeing::Running => "measures how you type and point, never what you type",
            Seeing::Failed => "cannot see input; `tacit-agent doctor` says why",
            Seeing::Paused => "is paused; `tacit-agent on` ends that",
            Seeing::Off => "is switched off; `tacit-agent on` ends that",
            Seeing::Restricted => "measures nothing, as you have asked your company",
        };
        let pause = match self.longest_pause_minutes {
            0 => "not allowed by policy".to_owned(),
            minutes => format!("up to {minutes} minutes at a time"),
        };
        let server = match &self.trouble {
            None => format!("{}, connected", self.server),
            Some(trouble) => format!("{}, not connected: {trouble}", self.server),
        };
        let level = match self.privacy {
            Level::Plain => {
                "of about a minute of typing, how long keys are held and how they follow each other, on average"
            }
            Level::Standard => {
                "of more typing at once, only how long keys are held, on average and rounded; words that look like secrets are left out"
            }
            Level::Strict => {
                "as standard, of twice as much typing at once: only how long keys are held; words that look like secrets are left out"
            }
        };
        let session = self.session.map_or_else(|| "none".to_owned(), |id| id.to_string());
        [
            format!("agent    {} {seeing}", self.agent_version),
            format!("server   {server}"),
            format!("device   {}", self.device),
            format!("session  {session}"),
            format!("records  {} wait, {} were given up", self.waiting, self.lost),
            format!("privacy  {}: {level}", self.privacy.name()),
            format!("pause    {pause}"),
            "see      `tacit-agent inspect` shows all that leaves this machine".to_owned(),
        ]
        .join("\n")
    }
}
