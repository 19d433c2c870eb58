//! What the security team says of a session: it was the subject after all, or it was not.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, audit, ingest, read};
use crate::domain::audit::{Action, Object};
use crate::domain::{Caller, SessionId};
use crate::store::Unit;
use crate::store::feedback::FeedbackRow;
use crate::store::sessions::SessionRow;
use crate::{Error, Result};

/// What can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// It was the subject: doubt is lifted, the session may teach again, and the subject is vouched for on the device.
    FalseAlarm,
    /// It was someone or something else: the session never teaches, nor what is held back of the subject on the device, and the
    /// session may be interrupted again within the hour.
    Confirmed,
}

impl Said {
    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FalseAlarm => "false_alarm",
            Self::Confirmed => "confirmed",
        }
    }
}

/// Feedback to give.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFeedback {
    /// What is said.
    pub said: Said,
    /// Of which verdict of the session; null for how it stands.
    #[serde(default)]
    pub verdict_id: Option<i64>,
}

/// What came of feedback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Effect {
    /// What was said.
    pub said: Said,
    /// The session goes on, or may, and is judged accordingly from now on; or something that was held back follows. Of any
    /// other session that has closed the feedback is kept alone: what its profile has learned, or not, stays.
    pub applied: bool,
}

/// Keeps feedback and lets the session follow it.
///
/// # Errors
/// Not found for a session that is not there or a verdict that is not its; unavailable when the database is away.
pub async fn give(app: &Arc<App>, caller: &Caller, id: SessionId, new: NewFeedback) -> Result<Effect> {
    read::session(&app.store, &caller.scope(), id).await?;
    let mut unit = app.store.begin().await?;
    let row = unit.lock_sessions(&[id.0]).await?.pop().ok_or_else(|| Error::not_found("no such session"))?;
    let effect = keep(app, &mut unit, caller, row, new).await?;
    unit.commit().await?;
    app.changes.ingested();
    effect.count(id);
    Ok(effect)
}

impl Effect {
    /// Counts and logs what was committed.
    pub(super) fn count(self, session: SessionId) {
        let (said, applied) = (self.said.name(), self.applied);
        metrics::counter!("tacit_feedback_total", "said" => said).increment(1);
        tracing::info!(%session, said, applied, "feedback");
    }
}

/// As [`give`], within a unit that holds the session.
///
/// # Errors
/// As [`give`].
pub(super) async fn keep(
    app: &Arc<App>,
    unit: &mut Unit,
    caller: &Caller,
    row: SessionRow,
    new: NewFeedback,
) -> Result<Effect> {
    let feedback = FeedbackRow {
        id: app.ambient.id(),
        session: row.id,
        verdict: new.verdict_id,
        said: new.said.name(),
        said_by: &caller.name(),
        said_at: app.ambient.now(),
    };
    if !unit.add_feedback(&feedback).await? {
        return Err(Error::not_found(
            "the session has no such verdict: leave verdict_id out to speak of all",
        ));
    }
    let (subject, device) = (row.subject_id, row.device_id);
    let followed = ingest::follow(&app.secrets, row, new.said)?;
    let mut applied = followed.is_some();
    if let Some(row) = followed {
        unit.put_sessions(&[row], None).await?;
    }
    match new.said {
        Said::FalseAlarm => applied |= ingest::vouch(app, unit, subject, device).await?,
        Said::Confirmed => {
            unit.lock_subjects(&[subject.0]).await?;
            unit.alarm(&[subject.0], device, feedback.said_at).await?;
            unit.drop_held(subject, device).await?;
        }
    }
    let details = serde_json::json!({ "said": new.said });
    let object = Object::Session(feedback.session, subject);
    audit::record(unit, &app.ambient, caller, Action::FeedbackGiven, object, details).await?;
    Ok(Effect { said: new.said, applied })
}
