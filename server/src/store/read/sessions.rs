//! Sessions with their latest verdict.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Place;
use crate::Result;
use crate::domain::{Scope, SessionId};
use crate::store::Store;

/// One log-on of one subject on one device.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// On which device.
    pub device_id: Uuid,
    /// Of whom.
    pub subject_id: Uuid,
    /// Shown on another machine.
    pub remote: bool,
    /// When it was opened, by the device's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub opened_at: OffsetDateTime,
    /// When it was closed; null while open.
    #[serde(with = "time::serde::rfc3339::option")]
    pub closed_at: Option<OffsetDateTime>,
    /// Closed because nothing more was heard of it, at the time it last was. It opens again if its device comes back.
    pub ended_by_silence: bool,
    /// Closed, and not learned until someone vouches for its account on its device.
    pub held_back: bool,
    /// Whether the screen is locked.
    pub locked: bool,
    /// Highest sequence committed.
    pub last_sequence: i64,
    /// Latest verdict: learning, genuine, suspicious, different_person, automation, not_scorable or silent.
    pub verdict: Option<String>,
    /// Latest trust, 0 to 100.
    pub trust: Option<f32>,
    /// When the latest verdict was given, by the device's clock.
    #[serde(with = "time::serde::rfc3339::option")]
    pub verdict_at: Option<OffsetDateTime>,
}

/// Which sessions; what is `None` does not narrow.
#[derive(Debug, Clone, Default)]
pub struct SessionFilter {
    /// Of this subject.
    pub subject: Option<Uuid>,
    /// On this device.
    pub device: Option<Uuid>,
    /// With this latest verdict.
    pub verdict: Option<&'static str>,
    /// Open (`true`) or closed (`false`).
    pub open: Option<bool>,
    /// Held back or not.
    pub held_back: Option<bool>,
    /// On devices of this group.
    pub group: Option<String>,
    /// Opened at or after this time.
    pub since: Option<OffsetDateTime>,
    /// Opened before this time.
    pub until: Option<OffsetDateTime>,
}

impl Store {
    /// Sessions after a place, newest first, at most `limit`.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_sessions(
        &self,
        scope: &Scope,
        filter: &SessionFilter,
        after: Option<Place>,
        limit: i64,
    ) -> Result<Vec<Session>> {
        let rows = sqlx::query_as!(
            Session,
            r#"select id, device_id, subject_id, remote, opened_at, closed_at, ended_by_silence,
                    (held_at is not null and closed_at is not null) as "held_back!", locked, last_sequence, verdict, trust, verdict_at
             from session
             where ($1::uuid is null or subject_id = $1)
               and ($2::uuid is null or device_id = $2)
               and ($3::text is null or verdict = $3)
               and ($4::boolean is null or (closed_at is null) = $4)
               and ($8::boolean is null or (held_at is not null and closed_at is not null) = $8)
               and (($9::text[] is null and $10::text is null) or exists (
                    select from device d where d.id = session.device_id
                      and ($9::text[] is null or d.group_name = any($9)) and ($10::text is null or d.group_name = $10)))
               and ($11::timestamptz is null or opened_at >= $11)
               and ($12::timestamptz is null or opened_at < $12)
               and ($5::timestamptz is null or opened_at < $5 or (opened_at = $5 and id > $6::uuid))
             order by opened_at desc, id limit $7"#,
            filter.subject,
            filter.device,
            filter.verdict,
            filter.open,
            after.map(|p| p.at),
            after.map(|p| p.id),
            limit,
            filter.held_back,
            scope.groups(),
            filter.group,
            filter.since,
            filter.until
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }

    /// One session.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_session(&self, scope: &Scope, id: SessionId) -> Result<Option<Session>> {
        let row = sqlx::query_as!(
            Session,
            r#"select id, device_id, subject_id, remote, opened_at, closed_at, ended_by_silence,
                    (held_at is not null and closed_at is not null) as "held_back!", locked, last_sequence, verdict, trust, verdict_at
             from session
             where id = $1 and ($2::text[] is null or exists (
                   select from device d where d.id = session.device_id and d.group_name = any($2)))"#,
            id.0,
            scope.groups()
        );
        Ok(row.fetch_optional(self.pool()).await?)
    }
}
