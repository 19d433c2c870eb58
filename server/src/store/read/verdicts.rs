//! Verdicts, oldest first, behind a cursor that no late commit slips past.

use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Result;
use crate::store::Store;

/// One reason for a verdict.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// Feature family that moved the verdict.
    pub family: String,
    /// Natural-log units; negative speaks against the subject.
    pub llr: f64,
    /// Direction and size in plain words.
    pub words: String,
}

/// What the server concluded of a session at a moment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Verdict {
    /// Its id.
    pub id: i64,
    /// Of which session.
    pub session_id: Uuid,
    /// Of the window that gave rise to it.
    pub sequence: i64,
    /// Of whom.
    pub subject_id: Uuid,
    /// On which device.
    pub device_id: Uuid,
    /// When, by the device's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// When, by the server's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub recorded_at: OffsetDateTime,
    /// learning, genuine, suspicious, different_person, automation, not_scorable or silent.
    pub verdict: String,
    /// Why it is a different person: `takeover`, someone sat down in the middle of the session, or `credential`, the session
    /// never was the subject's. Null for other verdicts.
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
    /// Transaction that wrote it.
    #[serde(skip)]
    pub tx: String,
}

/// Which verdicts; what is `None` does not narrow.
#[derive(Debug, Clone, Default)]
pub struct VerdictFilter {
    /// Of this session.
    pub session: Option<Uuid>,
    /// Of this subject.
    pub subject: Option<Uuid>,
    /// With this answer.
    pub verdict: Option<&'static str>,
}

impl VerdictFilter {
    /// Whether it leaves any verdict out.
    #[must_use]
    pub fn narrows(&self) -> bool {
        self.session.is_some() || self.subject.is_some() || self.verdict.is_some()
    }
}

/// Place among verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerdictPlace {
    /// Transaction.
    pub tx: u64,
    /// Id within it.
    pub id: i64,
}

impl Store {
    /// Verdicts after a place, oldest first, at most `limit`. Only of transactions older than every running one: what
    /// commits later is always ordered after what was given.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_verdicts(
        &self,
        filter: &VerdictFilter,
        after: VerdictPlace,
        limit: i64,
    ) -> Result<Vec<Verdict>> {
        let rows = sqlx::query_as!(
            Verdict,
            r#"select id, session_id, sequence, subject_id, device_id, at, recorded_at, verdict, cause, trust, llr, reason,
                      evidence as "evidence!: Json<Vec<Evidence>>", tx::text as "tx!"
               from verdict
               where (tx, id) > ($1::text::xid8, $2::bigint)
                 and tx < pg_snapshot_xmin(pg_current_snapshot())
                 and ($3::uuid is null or session_id = $3)
                 and ($4::uuid is null or subject_id = $4)
                 and ($5::text is null or verdict = $5)
               order by tx, id limit $6"#,
            after.tx.to_string(),
            after.id,
            filter.session,
            filter.subject,
            filter.verdict,
            limit
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }

    /// The oldest transaction that may still be running: every verdict before it is there to read.
    ///
    /// # Errors
    /// As the database.
    pub async fn verdict_horizon(&self) -> Result<String> {
        let row = sqlx::query_scalar!(r#"select pg_snapshot_xmin(pg_current_snapshot())::text as "xmin!""#);
        Ok(row.fetch_one(self.pool()).await?)
    }
}
