//! What happened in a session, without any feature value. Of a [`Session`] that was read, so that its reader may see it.

use serde::Serialize;
use sqlx::types::Json;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::sessions::Session;
use super::verdicts::Evidence;
use crate::Result;
use crate::store::Store;

/// A window: how much was measured, not what.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TimelineWindow {
    /// Place in the session.
    pub sequence: i64,
    /// When it was closed, by the device's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// `keyboard`, `pointer` or `touch`.
    pub modality: String,
    /// Keystrokes or strokes in it.
    pub inputs: i32,
    /// Milliseconds with input.
    pub active_ms: i32,
}

/// What the agent reported besides windows.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TimelineEvent {
    /// Place in the session.
    pub sequence: i64,
    /// When, by the device's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// opened, closed, locked, unlocked, injected, keyboard_added, pointer_added,
    /// impossible_interval, machine_keys, machine_pointer, replayed or assisted.
    pub event: String,
    /// Events it stands for.
    pub count: i32,
}

/// A verdict on a window.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TimelineVerdict {
    /// Place of its window.
    pub sequence: i64,
    /// When, by the device's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// learning, genuine, suspicious, different_person, automation, not_scorable or silent.
    pub verdict: String,
    /// Why it is a different person: `takeover` or `credential`. Null for other verdicts.
    pub cause: Option<String>,
    /// 0 to 100; null while learning or not scorable.
    pub trust: Option<f32>,
    /// Natural-log likelihood ratio that weighed most.
    pub llr: Option<f32>,
    /// Why, in one sentence.
    pub reason: String,
    /// Strongest first.
    #[schema(value_type = Vec<Evidence>)]
    pub evidence: Json<Vec<Evidence>>,
}

impl Store {
    /// Windows after a sequence, in order, at most `limit`.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_windows(&self, of: &Session, after: i64, limit: i64) -> Result<Vec<TimelineWindow>> {
        let rows = sqlx::query_as!(
            TimelineWindow,
            "select sequence, at, modality, inputs, active_ms from feature_window
             where session_id = $1 and sequence > $2 order by sequence limit $3",
            of.id,
            after,
            limit
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }

    /// Events after a sequence, in order, at most `limit`.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_events(&self, of: &Session, after: i64, limit: i64) -> Result<Vec<TimelineEvent>> {
        let rows = sqlx::query_as!(
            TimelineEvent,
            "select sequence, at, kind as event, count from session_event
             where session_id = $1 and sequence > $2 order by sequence limit $3",
            of.id,
            after,
            limit
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }

    /// Verdicts after a sequence up to another, in order.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_session_verdicts(
        &self,
        of: &Session,
        after: i64,
        through: i64,
    ) -> Result<Vec<TimelineVerdict>> {
        let rows = sqlx::query_as!(
            TimelineVerdict,
            r#"select sequence, at, verdict, cause, trust, llr, reason, evidence as "evidence!: Json<Vec<Evidence>>"
               from verdict where session_id = $1 and sequence > $2 and sequence <= $3 order by sequence"#,
            of.id,
            after,
            through
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }
}
