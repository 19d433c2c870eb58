//! Verdicts, oldest first, behind a cursor that no late commit slips past.

use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::Scope;
use crate::store::Store;
use crate::{Error, Result};

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
    /// On this device.
    pub device: Option<Uuid>,
    /// On devices of this group.
    pub group: Option<String>,
    /// With one of these answers.
    pub verdicts: Option<Vec<&'static str>>,
    /// Recorded at or after.
    pub since: Option<OffsetDateTime>,
    /// Recorded before.
    pub until: Option<OffsetDateTime>,
}

impl VerdictFilter {
    /// Whether it leaves any verdict out.
    #[must_use]
    pub fn narrows(&self) -> bool {
        let Self { session, subject, device, group, verdicts, since, until } = self;
        session.is_some()
            || subject.is_some()
            || device.is_some()
            || group.is_some()
            || verdicts.is_some()
            || since.is_some()
            || until.is_some()
    }
}

impl Verdict {
    /// Its place among verdicts.
    ///
    /// # Errors
    /// Internal for a transaction that is none.
    pub fn place(&self) -> Result<VerdictPlace> {
        Ok(VerdictPlace { tx: self.tx.parse().map_err(Error::internal)?, id: self.id })
    }
}

/// Place among verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerdictPlace {
    /// Transaction.
    pub tx: u64,
    /// Id within it.
    pub id: i64,
}

impl Store {
    /// Verdicts after a place, oldest first, at most `limit`; before transaction `before`, if one is given. Only of transactions
    /// older than every running one: what commits later is always ordered after what was given.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_verdicts(
        &self,
        scope: &Scope,
        filter: &VerdictFilter,
        after: VerdictPlace,
        before: Option<u64>,
        limit: i64,
    ) -> Result<Vec<Verdict>> {
        if filter.narrows() || scope.narrows() {
            return self.read_some_verdicts(scope, filter, after, before, limit).await;
        }
        let rows = sqlx::query_as!(
            Verdict,
            r#"select id, session_id, sequence, subject_id, device_id, at, recorded_at, verdict, cause, trust, llr, reason,
                      evidence as "evidence!: Json<Vec<Evidence>>", tx::text as "tx!"
               from verdict
               where (tx, id) > ($1::text::xid8, $2::bigint)
                 and tx < pg_snapshot_xmin(pg_current_snapshot())
                 and tx < coalesce($4::text::xid8, '9223372036854775807'::xid8)
               order by tx, id limit $3"#,
            after.tx.to_string(),
            after.id,
            limit,
            before.map(|tx| tx.to_string())
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }

    async fn read_some_verdicts(
        &self,
        scope: &Scope,
        filter: &VerdictFilter,
        after: VerdictPlace,
        before: Option<u64>,
        limit: i64,
    ) -> Result<Vec<Verdict>> {
        // One answer is compared as such: an index by answer gives the order then, which it does not for a list of one.
        let (verdict, verdicts) = match filter.verdicts.as_deref() {
            Some([one]) => (Some(*one), None),
            Some(several) => (None, Some(several.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())),
            None => (None, None),
        };
        // Times are put so that no index by time serves: the planner does not know that they rise with the order, and would sort all of
        // a time for the first few. What bounds the walk is the places before and after a time.
        let rows = sqlx::query_as!(
            Verdict,
            r#"select id, session_id, sequence, subject_id, device_id, at, recorded_at, verdict, cause, trust, llr, reason,
                      evidence as "evidence!: Json<Vec<Evidence>>", tx::text as "tx!"
               from verdict
               where (tx, id) > ($1::text::xid8, $2::bigint)
                 and tx < pg_snapshot_xmin(pg_current_snapshot())
                 and tx < coalesce($4::text::xid8, '9223372036854775807'::xid8)
                 and ($5::uuid is null or session_id = $5)
                 and ($6::uuid is null or subject_id = $6)
                 and ($7::uuid is null or device_id = $7)
                 and ($8::text is null or exists (
                      select from device d where d.id = verdict.device_id and d.group_name = $8))
                 and ($9::text[] is null or verdict = any($9))
                 and ($12::text[] is null or exists (
                      select from device d where d.id = verdict.device_id and d.group_name = any($12)))
                 and ($13::text is null or verdict = $13)
                 and ($10::timestamptz is null or recorded_at + interval '0' >= $10)
                 and ($11::timestamptz is null or recorded_at - interval '0' < $11)
               order by tx, id limit $3"#,
            after.tx.to_string(),
            after.id,
            limit,
            before.map(|tx| tx.to_string()),
            filter.session,
            filter.subject,
            filter.device,
            filter.group,
            verdicts.as_deref(),
            filter.since,
            filter.until,
            scope.groups(),
            verdict
        );
        let mut unit = self.begin_planning_each().await?;
        let rows = rows.fetch_all(&mut *unit.tx).await?;
        unit.commit().await?;
        Ok(rows)
    }

    /// A place before every verdict that was recorded from a moment on; `None` if there is none.
    ///
    /// # Errors
    /// As the database.
    pub async fn verdict_place_before(&self, since: OffsetDateTime) -> Result<Option<u64>> {
        // Recorded times follow the order of transactions but for the time that a batch takes, and for the servers' clocks.
        let row = sqlx::query_scalar!(
            r#"select tx::text as "tx!" from verdict where recorded_at >= $1::timestamptz - interval '5 minutes'
               order by recorded_at limit 1"#,
            since
        );
        let tx = row.fetch_optional(self.pool()).await?;
        tx.map(|tx| tx.parse::<u64>().map(|tx| tx.saturating_sub(1)).map_err(Error::internal)).transpose()
    }

    /// A transaction before which every verdict is that was recorded before a moment; `None` if every transaction may have some.
    ///
    /// # Errors
    /// As the database.
    pub async fn verdict_place_after(&self, until: OffsetDateTime) -> Result<Option<u64>> {
        let row = sqlx::query_scalar!(
            r#"select tx::text as "tx!" from verdict where recorded_at >= $1::timestamptz + interval '5 minutes'
               order by recorded_at limit 1"#,
            until
        );
        let tx = row.fetch_optional(self.pool()).await?;
        tx.map(|tx| tx.parse::<u64>().map(|tx| tx.saturating_add(1)).map_err(Error::internal)).transpose()
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
