//! What people said of sessions.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Unit;
use crate::Result;
use crate::domain::SessionId;

/// Something that was said.
#[derive(Debug)]
pub struct FeedbackRow<'a> {
    /// Its id.
    pub id: Uuid,
    /// Of which session.
    pub session: SessionId,
    /// Of which of its verdicts, if of one.
    pub verdict: Option<i64>,
    /// As stored.
    pub said: &'static str,
    /// By whom.
    pub said_by: &'a str,
    /// When.
    pub said_at: OffsetDateTime,
}

impl Unit {
    /// Keeps what was said; `false` if the session has no such verdict.
    ///
    /// # Errors
    /// As the database.
    pub async fn add_feedback(&mut self, row: &FeedbackRow<'_>) -> Result<bool> {
        let done = sqlx::query!(
            "insert into feedback (id, session_id, verdict_id, said, said_at, said_by)
             select $1, $2, $3, $4, $5, $6
             where $3::bigint is null or exists (select from verdict where id = $3 and session_id = $2)",
            row.id,
            row.session.0,
            row.verdict,
            row.said,
            row.said_at,
            row.said_by
        );
        Ok(done.execute(&mut *self.tx).await?.rows_affected() == 1)
    }
}
