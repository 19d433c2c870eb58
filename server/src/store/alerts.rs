//! Alerts as they are raised and dealt with.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Unit;
use crate::Result;
use crate::domain::alert::{self, Resolution, Severity};
use crate::domain::{AlertId, DeviceId, Scope, SessionId, SubjectId};

/// Verdicts of one kind on one session that someone has to look at.
#[derive(Debug, Clone)]
pub struct AlertRow {
    /// Its id, if a new alert is made of them.
    pub id: AlertId,
    /// Of which session.
    pub session: SessionId,
    /// Of whom.
    pub subject: SubjectId,
    /// Where.
    pub device: DeviceId,
    /// As stored.
    pub verdict: &'static str,
    /// Of the latest that has one.
    pub cause: Option<&'static str>,
    /// The highest.
    pub severity: Severity,
    /// How many.
    pub verdicts: i32,
    /// Place of the first in its session.
    pub first_sequence: i64,
    /// Place of the latest.
    pub last_sequence: i64,
    /// 0 to 100.
    pub lowest_trust: Option<f32>,
    /// Of the latest.
    pub reason: String,
    /// Of the latest.
    pub evidence: Value,
}

/// An alert as changing it needs it.
#[derive(Debug, Clone)]
pub struct AlertStanding {
    /// Which session.
    pub session_id: Uuid,
    /// Whose.
    pub subject_id: Uuid,
    /// As stored.
    pub state: String,
    /// As stored.
    pub resolution: Option<String>,
}

impl Unit {
    /// Extends the alert that the session has of the kind, or makes one. The caller holds the session. Returns whether it is new.
    ///
    /// # Errors
    /// As the database.
    pub async fn raise(&mut self, row: &AlertRow, now: OffsetDateTime) -> Result<bool> {
        let extended = sqlx::query!(
            "update alert
             set verdicts = verdicts + $3, last_verdict_at = $4, last_sequence = $5, reason = $6, evidence = $7,
                 cause = coalesce($8, cause), severity = greatest(severity, $9),
                 lowest_trust = least(lowest_trust, $10), changed_at = $4, changed_tx = pg_current_xact_id()
             where id = (select id from alert
                         where session_id = $1 and verdict = $2
                           and (state <> 'resolved' or (resolution <> 'false_alarm' and last_verdict_at > $11))
                         order by (state = 'resolved'), opened_at desc limit 1)",
            row.session.0,
            row.verdict,
            row.verdicts,
            now,
            row.last_sequence,
            row.reason,
            row.evidence,
            row.cause,
            row.severity.level(),
            row.lowest_trust,
            now - alert::GOES_ON
        )
        .execute(&mut *self.tx)
        .await?;
        if extended.rows_affected() > 0 {
            return Ok(false);
        }
        sqlx::query!(
            "insert into alert (id, session_id, subject_id, device_id, verdict, cause, severity, opened_at,
                                last_verdict_at, verdicts, first_sequence, last_sequence, lowest_trust, reason,
                                evidence, changed_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12, $13, $14, $8)",
            row.id.0,
            row.session.0,
            row.subject.0,
            row.device.0,
            row.verdict,
            row.cause,
            row.severity.level(),
            now,
            row.verdicts,
            row.first_sequence,
            row.last_sequence,
            row.lowest_trust,
            row.reason,
            row.evidence
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(true)
    }

    /// Locks an alert until the unit ends; `None` if there is none in the scope.
    ///
    /// # Errors
    /// As the database.
    pub async fn lock_alert(&mut self, scope: &Scope, id: AlertId) -> Result<Option<AlertStanding>> {
        let row = sqlx::query_as!(
            AlertStanding,
            "select session_id, subject_id, state, resolution from alert a
             where id = $1 and ($2::text[] is null or exists (
                   select from device d where d.id = a.device_id and d.group_name = any($2)))
             for no key update",
            id.0,
            scope.groups()
        );
        Ok(row.fetch_optional(&mut *self.tx).await?)
    }

    /// Marks an alert as being looked at.
    ///
    /// # Errors
    /// As the database.
    pub async fn acknowledge_alert(&mut self, id: AlertId, by: &str, now: OffsetDateTime) -> Result<()> {
        sqlx::query!(
            "update alert set state = 'acknowledged', acknowledged_at = $3, acknowledged_by = $2,
                              assignee = coalesce(assignee, $2), changed_at = $3, changed_tx = pg_current_xact_id()
             where id = $1",
            id.0,
            by,
            now
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Marks an alert as dealt with.
    ///
    /// # Errors
    /// As the database.
    pub async fn resolve_alert(
        &mut self,
        id: AlertId,
        resolution: Resolution,
        by: &str,
        now: OffsetDateTime,
    ) -> Result<()> {
        sqlx::query!(
            "update alert set state = 'resolved', resolution = $2, resolved_at = $4, resolved_by = $3,
                              changed_at = $4, changed_tx = pg_current_xact_id()
             where id = $1",
            id.0,
            resolution.name(),
            by,
            now
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Gives an alert to someone, or to nobody.
    ///
    /// # Errors
    /// As the database.
    pub async fn assign_alert(
        &mut self,
        id: AlertId,
        assignee: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<()> {
        sqlx::query!(
            "update alert set assignee = $2, changed_at = $3, changed_tx = pg_current_xact_id() where id = $1",
            id.0,
            assignee,
            now
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Adds a note to an alert.
    ///
    /// # Errors
    /// As the database.
    pub async fn add_note(
        &mut self,
        (id, alert): (Uuid, AlertId),
        text: &str,
        by: &str,
        now: OffsetDateTime,
    ) -> Result<()> {
        sqlx::query!(
            "insert into alert_note (id, alert_id, written_at, written_by, text) values ($1, $2, $3, $4, $5)",
            id,
            alert.0,
            now,
            by,
            text
        )
        .execute(&mut *self.tx)
        .await?;
        sqlx::query!(
            "update alert set changed_at = $2, changed_tx = pg_current_xact_id() where id = $1",
            alert.0,
            now
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}
