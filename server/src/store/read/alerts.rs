//! Alerts, newest first.

use serde::Serialize;
use sqlx::types::Json;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Place;
use super::verdicts::{Evidence, VerdictPlace};
use crate::domain::alert::Severity;
use crate::domain::{AlertId, Scope};
use crate::store::Store;
use crate::{Error, Result};

/// Notes shown with an alert at most.
const MOST_NOTES: i64 = 1_000;

/// What someone of the security team has to look at: verdicts of one kind on one session.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Alert {
    /// Its id.
    pub id: Uuid,
    /// Of which session.
    pub session_id: Uuid,
    /// Of whom.
    pub subject_id: Uuid,
    /// On which device.
    pub device_id: Uuid,
    /// The device's group.
    pub group: String,
    /// `different_person`, automation or silent.
    pub verdict: String,
    /// takeover or credential, of a different person.
    pub cause: Option<String>,
    /// The highest that any of its verdicts had.
    pub severity: Severity,
    /// open, acknowledged or resolved.
    pub state: String,
    /// `confirmed`, `false_alarm` or `test`; null until it is resolved.
    pub resolution: Option<String>,
    /// When the first verdict came, by the server's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub opened_at: OffsetDateTime,
    /// When the latest came.
    #[serde(with = "time::serde::rfc3339")]
    pub last_verdict_at: OffsetDateTime,
    /// Verdicts so far.
    pub verdicts: i32,
    /// Place of the first of them in the session.
    pub first_sequence: i64,
    /// Place of the latest.
    pub last_sequence: i64,
    /// The lowest trust of them, 0 to 100; null if none has any.
    pub lowest_trust: Option<f32>,
    /// Why, in one sentence, by the latest.
    pub reason: String,
    /// What moved the latest, strongest first.
    #[schema(value_type = Vec<Evidence>)]
    pub evidence: Json<Vec<Evidence>>,
    /// Who deals with it.
    pub assignee: Option<String>,
    /// When someone began to look at it.
    #[serde(with = "time::serde::rfc3339::option")]
    pub acknowledged_at: Option<OffsetDateTime>,
    /// Who.
    pub acknowledged_by: Option<String>,
    /// When it was resolved.
    #[serde(with = "time::serde::rfc3339::option")]
    pub resolved_at: Option<OffsetDateTime>,
    /// By whom.
    pub resolved_by: Option<String>,
    /// When anything of it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub changed_at: OffsetDateTime,
}

/// What someone wrote beside an alert.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Note {
    /// Its id.
    pub id: Uuid,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub written_at: OffsetDateTime,
    /// Who: `user:` and the subject of the token, or `key:` and the key's id.
    pub written_by: String,
    /// What.
    pub text: String,
}

/// Which alerts; what is `None` does not narrow.
#[derive(Debug, Clone, Default)]
pub struct AlertFilter {
    /// In this state.
    pub state: Option<&'static str>,
    /// At least so severe.
    pub severity: Option<Severity>,
    /// Of this verdict.
    pub verdict: Option<&'static str>,
    /// Of this session.
    pub session: Option<Uuid>,
    /// Of this subject.
    pub subject: Option<Uuid>,
    /// On this device.
    pub device: Option<Uuid>,
    /// On a device of this group.
    pub group: Option<String>,
    /// Opened at or after.
    pub since: Option<OffsetDateTime>,
    /// Opened before.
    pub until: Option<OffsetDateTime>,
}

impl Store {
    /// Alerts after a place, newest first, at most `limit`.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_alerts(
        &self,
        scope: &Scope,
        filter: &AlertFilter,
        after: Option<Place>,
        limit: i64,
    ) -> Result<Vec<Alert>> {
        let rows = sqlx::query_as!(
            Alert,
            r#"select a.id, a.session_id, a.subject_id, a.device_id, d.group_name as "group", a.verdict, a.cause,
                      a.severity as "severity: Severity", a.state, a.resolution, a.opened_at, a.last_verdict_at,
                      a.verdicts, a.first_sequence, a.last_sequence, a.lowest_trust, a.reason,
                      a.evidence as "evidence!: Json<Vec<Evidence>>", a.assignee, a.acknowledged_at,
                      a.acknowledged_by, a.resolved_at, a.resolved_by, a.changed_at
               from alert a join device d on d.id = a.device_id
               where ($1::text is null or a.state = $1)
                 and ($2::smallint is null or a.severity >= $2)
                 and ($3::text is null or a.verdict = $3)
                 and ($4::uuid is null or a.session_id = $4)
                 and ($5::uuid is null or a.subject_id = $5)
                 and ($6::uuid is null or a.device_id = $6)
                 and ($7::text is null or d.group_name = $7)
                 and ($8::timestamptz is null or a.opened_at >= $8)
                 and ($9::timestamptz is null or a.opened_at < $9)
                 and ($13::text[] is null or d.group_name = any($13))
                 and ($10::timestamptz is null or (a.opened_at, a.id) < ($10, $11::uuid))
               order by a.opened_at desc, a.id desc limit $12"#,
            filter.state,
            filter.severity.map(Severity::level),
            filter.verdict,
            filter.session,
            filter.subject,
            filter.device,
            filter.group,
            filter.since,
            filter.until,
            after.map(|p| p.at),
            after.map(|p| p.id),
            limit,
            scope.groups()
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }

    /// One alert.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_alert(&self, scope: &Scope, id: AlertId) -> Result<Option<Alert>> {
        let row = sqlx::query_as!(
            Alert,
            r#"select a.id, a.session_id, a.subject_id, a.device_id, d.group_name as "group", a.verdict, a.cause,
                      a.severity as "severity: Severity", a.state, a.resolution, a.opened_at, a.last_verdict_at,
                      a.verdicts, a.first_sequence, a.last_sequence, a.lowest_trust, a.reason,
                      a.evidence as "evidence!: Json<Vec<Evidence>>", a.assignee, a.acknowledged_at,
                      a.acknowledged_by, a.resolved_at, a.resolved_by, a.changed_at
               from alert a join device d on d.id = a.device_id
               where a.id = $1 and ($2::text[] is null or d.group_name = any($2))"#,
            id.0,
            scope.groups()
        );
        Ok(row.fetch_optional(self.pool()).await?)
    }

    /// Alerts that changed after a place among verdicts and before a transaction, in the order of transactions, each with its own.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_changed_alerts(
        &self,
        scope: &Scope,
        filter: &AlertFilter,
        after: VerdictPlace,
        before: u64,
        limit: i64,
    ) -> Result<Vec<(u64, Alert)>> {
        let rows = sqlx::query!(
            r#"select a.id, a.changed_tx::text as "tx!"
               from alert a join device d on d.id = a.device_id
               where (a.changed_tx > $1::text::xid8 or (a.changed_tx = $1::text::xid8 and $2))
                 and a.changed_tx < $3::text::xid8
                 and ($4::smallint is null or a.severity >= $4)
                 and ($5::uuid is null or a.session_id = $5)
                 and ($6::uuid is null or a.subject_id = $6)
                 and ($7::uuid is null or a.device_id = $7)
                 and ($8::text is null or d.group_name = $8)
                 and ($10::text[] is null or d.group_name = any($10))
               order by a.changed_tx, a.id limit $9"#,
            after.tx.to_string(),
            after.id < i64::MAX,
            before.to_string(),
            filter.severity.map(Severity::level),
            filter.session,
            filter.subject,
            filter.device,
            filter.group,
            limit,
            scope.groups()
        )
        .fetch_all(self.pool())
        .await?;
        let mut changed = Vec::with_capacity(rows.len());
        for row in rows {
            // One that changes meanwhile comes again, with the transaction that changed it.
            if let Some(alert) = self.read_alert(scope, AlertId(row.id)).await? {
                changed.push((row.tx.parse().map_err(Error::internal)?, alert));
            }
        }
        Ok(changed)
    }

    /// What was written beside an alert that was read, in the order of writing.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_notes(&self, of: &Alert) -> Result<Vec<Note>> {
        let rows = sqlx::query_as!(
            Note,
            "select id, written_at, written_by, text from alert_note where alert_id = $1
             order by written_at, id limit $2",
            of.id,
            MOST_NOTES
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }
}
