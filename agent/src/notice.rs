//! Tells the person at the desk that the agent is there, before its first session; again when the text has changed.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Now;
use crate::config::ResponseConfig;
use crate::{files, response};

const FILE: &str = "noticed.json";
/// What is said unless the company has words of its own.
pub const TEXT: &str = "Tacit measures how you type and point on this computer, never what you type, to tell whether someone else \
                        uses your account. `tacit-agent status` says how it is, `tacit-agent inspect` shows all that is sent, \
                        `tacit-agent off` switches it off.";
/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(60);

/// What was shown.
#[derive(Serialize, Deserialize)]
struct Shown {
    text: String,
    at_ms: u64,
}

/// Shows the notice unless it has been shown; tries until it can be. Nothing is shown for an empty text.
pub(crate) async fn show(state: &Path, text: &str, desk: &ResponseConfig, now: Now) {
    let path = state.join(FILE);
    let shown = files::read(&path).ok().and_then(|kept| serde_json::from_slice::<Shown>(&kept).ok());
    if text.is_empty() || shown.is_some_and(|shown| shown.text == text) {
        return;
    }
    let mut told = false;
    while let Err(failure) = response::notice(desk, text).await {
        if !told {
            tracing::warn!(%failure, text, "the notice of the first run could not be shown");
        }
        told = true;
        tokio::time::sleep(PAUSE).await;
    }
    let shown = Shown { text: text.to_owned(), at_ms: now() };
    if let Err(error) = files::write_private(&path, &serde_json::to_vec(&shown).unwrap_or_default()) {
        tracing::warn!(%error, "the notice was shown, and will be again: that cannot be noted");
    }
}
