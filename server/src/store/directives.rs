//! Directives: written with their verdicts, sent until they are acknowledged.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Store, Unit};
use crate::domain::directive::{Directive, Outcome};
use crate::domain::policy::Response;
use crate::domain::{DeviceId, DirectiveId, SessionId, verdict};
use crate::store::read::sessions::Session;
use crate::{Error, Result};

/// A directive to keep.
#[derive(Debug, Clone)]
pub struct DirectiveRow {
    /// What is sent.
    pub directive: Directive,
    /// To which device.
    pub device: DeviceId,
    /// The verdict's place in its session.
    pub sequence: i64,
    /// Whose policy.
    pub group: String,
    /// Its version.
    pub version: i32,
    /// The rule that keeps it from being sent.
    pub withheld: Option<&'static str>,
    /// The person who asked for it, and why; `None` for what policy made.
    pub asked: Option<(String, String)>,
}

/// When a session was last sent something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spoken {
    /// Anything at all.
    pub at: Option<OffsetDateTime>,
    /// A step-up or a lock that policy made, unless an analyst has confirmed the accusation since.
    pub interrupted_at: Option<OffsetDateTime>,
}

/// What policy made of a verdict, and what became of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DirectiveState {
    /// Its id.
    pub id: Uuid,
    /// Of the verdict, in its session; 1 for one that a silence in the session before brought.
    pub sequence: i64,
    /// The verdict.
    pub verdict: String,
    /// Whose policy.
    pub group: String,
    /// Its version; 0 is what the server's settings say.
    pub policy_version: i32,
    /// notify, `step_up` or lock.
    pub response: String,
    /// The rule that kept it from being sent: `quiet_group`, `exempt_subject`, `too_late`, `profile_not_mature` or `within_an_hour`.
    pub withheld: Option<String>,
    /// The person who asked for it by hand; null for what policy made of a verdict.
    pub asked_by: Option<String>,
    /// Why they did.
    pub asked_because: Option<String>,
    /// When it was decided.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Until when it is sent.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// When its outcome arrived.
    #[serde(with = "time::serde::rfc3339::option")]
    pub acknowledged_at: Option<OffsetDateTime>,
    /// done, failed, `not_supported` or `session_over`.
    pub outcome: Option<String>,
    /// When the agent acted, by the device's clock.
    #[serde(with = "time::serde::rfc3339::option")]
    pub acted_at: Option<OffsetDateTime>,
    /// Why it was not done, in the agent's words.
    pub detail: Option<String>,
}

impl Unit {
    /// Keeps directives.
    ///
    /// # Errors
    /// As the database.
    pub async fn add_directives(&mut self, rows: &[DirectiveRow], now: OffsetDateTime) -> Result<()> {
        for row in rows {
            sqlx::query!(
                "insert into directive (id, session_id, device_id, sequence, verdict, group_name, policy_version,
                                        response, withheld, created_at, expires_at, asked_by,
                                        asked_because)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
                row.directive.id.0,
                row.directive.session.0,
                row.device.0,
                row.sequence,
                verdict::name(row.directive.verdict),
                row.group,
                row.version,
                row.directive.response.name(),
                row.withheld,
                now,
                row.directive.expires_at,
                row.asked.as_ref().map(|(by, _)| by),
                row.asked.as_ref().map(|(_, because)| because)
            )
            .execute(&mut *self.tx)
            .await?;
        }
        Ok(())
    }

    /// When these sessions were last sent something, since a moment.
    ///
    /// # Errors
    /// As the database.
    pub async fn spoken_since(
        &mut self,
        sessions: &[Uuid],
        since: OffsetDateTime,
    ) -> Result<Vec<(SessionId, Spoken)>> {
        let rows = sqlx::query!(
            r#"select d.session_id, max(d.created_at) as at,
                      max(d.created_at) filter (where d.response in ('step_up', 'lock') and d.asked_by is null and not exists (
                          select from feedback f where f.session_id = d.session_id and f.said = 'confirmed'
                          and f.said_at > d.created_at)) as interrupted_at
               from directive d
               where d.session_id = any($1) and d.created_at > $2 and d.withheld is null
               group by d.session_id"#,
            sessions,
            since
        )
        .fetch_all(&mut *self.tx)
        .await?;
        let spoken = rows
            .into_iter()
            .map(|r| (SessionId(r.session_id), Spoken { at: r.at, interrupted_at: r.interrupted_at }));
        Ok(spoken.collect())
    }
}

impl Unit {
    /// When a step-up or a lock that serves still was last asked for in these sessions without regard to their input: by people, or
    /// because their agent was silent.
    ///
    /// # Errors
    /// As the database.
    pub async fn asked_apart(
        &mut self,
        sessions: &[Uuid],
        now: OffsetDateTime,
    ) -> Result<Vec<(SessionId, OffsetDateTime)>> {
        let rows = sqlx::query!(
            r#"select session_id, max(created_at) as "at!" from directive
               where session_id = any($1) and expires_at > $2 and (asked_by is not null or verdict = 'silent')
                 and withheld is null and response in ('step_up', 'lock')
               group by session_id"#,
            sessions,
            now
        );
        let rows = rows.fetch_all(&mut *self.tx).await?;
        Ok(rows.into_iter().map(|row| (SessionId(row.session_id), row.at)).collect())
    }
}

impl Store {
    /// What a device has to be sent, oldest first.
    ///
    /// # Errors
    /// As the database.
    pub async fn pending_directives(&self, device: DeviceId, now: OffsetDateTime) -> Result<Vec<Directive>> {
        let rows = sqlx::query!(
            r#"select id, session_id, verdict, response, expires_at, asked_by is not null as "by_hand!" from directive
             where device_id = $1 and acknowledged_at is null and withheld is null and expires_at > $2
             order by created_at, id"#,
            device.0,
            now
        )
        .fetch_all(self.pool())
        .await?;
        rows.into_iter()
            .map(|r| {
                let response = Response::named(&r.response)
                    .ok_or_else(|| Error::internal(format!("a directive of the kind {}", r.response)))?;
                let verdict = verdict::named(&r.verdict)
                    .ok_or_else(|| Error::internal(format!("a directive of the verdict {}", r.verdict)))?;
                let (id, session) = (DirectiveId(r.id), SessionId(r.session_id));
                Ok(Directive { id, session, verdict, by_hand: r.by_hand, response, expires_at: r.expires_at })
            })
            .collect()
    }

    /// Devices that have to be sent something.
    ///
    /// # Errors
    /// As the database.
    pub async fn devices_directed(&self, now: OffsetDateTime) -> Result<Vec<DeviceId>> {
        let ids = sqlx::query_scalar!(
            "select distinct device_id from directive
             where acknowledged_at is null and withheld is null and expires_at > $1",
            now
        );
        Ok(ids.fetch_all(self.pool()).await?.into_iter().map(DeviceId).collect())
    }

    /// Keeps the outcome of a directive of a device; the first one stays. `None` if the device was sent no such directive,
    /// else whether this is the first.
    ///
    /// # Errors
    /// As the database.
    pub async fn acknowledge_directive(
        &self,
        device: DeviceId,
        id: DirectiveId,
        outcome: Outcome,
        acted_at: Option<OffsetDateTime>,
        detail: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Option<bool>> {
        let first = sqlx::query_scalar!(
            r#"with known as (
                   select id, acknowledged_at from directive where id = $1 and device_id = $2 and withheld is null
               ), told as (
                   update directive d set acknowledged_at = $6, outcome = $3, acted_at = $4, detail = $5
                   from known k where d.id = k.id and d.acknowledged_at is null returning d.id
               )
               select exists (select from told) as "first!" from known"#,
            id.0,
            device.0,
            outcome.name(),
            acted_at,
            detail,
            now
        );
        Ok(first.fetch_optional(self.pool()).await?)
    }

    /// What was made of the verdicts of a session that was read, newest first, at most `limit`.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_directives(&self, of: &Session, limit: i64) -> Result<Vec<DirectiveState>> {
        let rows = sqlx::query_as!(
            DirectiveState,
            r#"select id, sequence, verdict, group_name as "group", policy_version, response, withheld, asked_by,
                      asked_because, created_at, expires_at, acknowledged_at, outcome, acted_at, detail
               from directive where session_id = $1 order by created_at desc, sequence desc, id desc
               limit $2"#,
            of.id,
            limit
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }
}
