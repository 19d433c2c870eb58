//! Tells the person at the desk that the agent is there, before its first session opens; again when the text has changed. Where the
//! desktop shows no notice, the agent goes on and tries again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Now;
use crate::config::ResponseConfig;
use crate::files;
use crate::response::{self, Failure};

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

/// The notice of a run.
pub(crate) struct Notice {
    state: PathBuf,
    text: String,
    desk: ResponseConfig,
    now: Now,
}

impl Notice {
    /// Shows a text to the person, where there is one and it has not been shown. Returns once that was tried: a notice that could
    /// not be shown then is left to be shown [`again`](Self::again).
    pub(crate) async fn show(state: &Path, text: &str, desk: &ResponseConfig, now: Now) -> Option<Self> {
        let shown = files::read(&state.join(FILE)).ok();
        let shown = shown.and_then(|kept| serde_json::from_slice::<Shown>(&kept).ok());
        if text.is_empty() || shown.is_some_and(|shown| shown.text == text) {
            return None;
        }
        let notice = Self { state: state.to_owned(), text: text.to_owned(), desk: desk.clone(), now };
        let Err(failure) = notice.attempt().await else { return None };
        tracing::warn!(%failure, text, "the notice of the first run could not be shown, and the agent goes on");
        Some(notice)
    }

    /// Tries each minute, until it is shown.
    pub(crate) async fn again(self) {
        loop {
            tokio::time::sleep(PAUSE).await;
            if self.attempt().await.is_ok() {
                return;
            }
        }
    }

    async fn attempt(&self) -> Result<(), Failure> {
        response::notice(&self.desk, &self.text).await?;
        let shown = Shown { text: self.text.clone(), at_ms: (self.now)() };
        let kept = serde_json::to_vec(&shown).unwrap_or_default();
        if let Err(error) = files::write_private(&self.state.join(FILE), &kept) {
            tracing::warn!(%error, "the notice was shown, and will be again: that cannot be noted");
        }
        Ok(())
    }
}
