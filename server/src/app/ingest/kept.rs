//! What is kept of a session between batches, sealed: any server process can go on with it.

use serde::{Deserialize, Serialize};
use tacit_engine::{AutomationState, SessionState};

use super::respond::Answered;
use crate::app::feedback::Said;
use crate::secrets::{Purpose, Secrets};
use crate::store::sessions::SessionRow;
use crate::{Error, Result};

/// What is kept of an open session between batches.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    #[serde(flatten)]
    pub(super) person: SessionState,
    #[serde(default)]
    pub(super) automation: AutomationState,
    #[serde(default)]
    pub(super) answered: Answered,
}

impl Kept {
    /// What a row holds; a session that has none begins.
    pub(super) fn open(secrets: &Secrets, row: &SessionRow) -> Result<Self> {
        let Some(sealed) = &row.state else { return Ok(Self::default()) };
        let plain = secrets.open(Purpose::SessionState, row.id.0, sealed)?;
        Ok(serde_json::from_slice(&plain).unwrap_or_else(|error| {
            tracing::warn!(session = %row.id, %error, "the session's state is of another version; it starts anew");
            Self::default()
        }))
    }

    /// Sealed, for the row of a session.
    pub(super) fn seal(&self, secrets: &Secrets, row: &SessionRow) -> Result<Vec<u8>> {
        let plain = serde_json::to_vec(self).map_err(Error::internal)?;
        secrets.seal(Purpose::SessionState, row.id.0, &plain)
    }
}

/// Lets a session follow what people say of it; `None` if it has ended and nothing of it can change.
///
/// # Errors
/// Internal when the state cannot be opened.
pub fn follow(secrets: &Secrets, mut row: SessionRow, said: Said) -> Result<Option<SessionRow>> {
    if row.closed_at.is_some() && row.state.is_none() {
        return Ok(None);
    }
    let mut kept = Kept::open(secrets, &row)?;
    match said {
        Said::FalseAlarm => {
            kept.person.false_alarm();
            kept.automation.false_alarm();
        }
        Said::Confirmed => kept.person.confirmed(),
    }
    // Either way the accusation has been dealt with, and the next one is answered anew.
    kept.answered.lifted();
    row.state = Some(kept.seal(secrets, &row)?);
    Ok(Some(row))
}
