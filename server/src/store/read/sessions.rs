//! Sessions with their latest verdict.

use std::str::FromStr;

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
    /// Of subjects whose pseudonyms begin so.
    pub pseudonym: Option<String>,
    /// On devices whose names begin so, in whatever case.
    pub device_name: Option<String>,
    /// On devices of this group.
    pub group: Option<String>,
    /// Opened at or after this time.
    pub since: Option<OffsetDateTime>,
    /// Opened before this time.
    pub until: Option<OffsetDateTime>,
}

/// Which sessions come first. Equals come by id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum SessionOrder {
    /// Those opened last.
    #[default]
    Newest,
    /// Those opened first.
    Oldest,
    /// Those of the least trust; those of none come last.
    LeastTrust,
}

impl FromStr for SessionOrder {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "newest" => Ok(Self::Newest),
            "oldest" => Ok(Self::Oldest),
            "least_trust" => Ok(Self::LeastTrust),
            _ => Err(()),
        }
    }
}

/// Beyond every trust: where sessions of none stand.
pub const BEYOND_TRUST: f32 = 101.0;

/// Place in a list of sessions by trust: that of the last row of the page before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrustPlace {
    /// Its trust, or [`BEYOND_TRUST`].
    pub trust: f32,
    /// Its id.
    pub id: Uuid,
}

/// Rows of a filter, and what is left to say of their order: `$12` and `$13` are the place that they follow, `$14` how many at most.
macro_rules! sessions {
    ($scope:expr, $filter:expr, $ordered:literal, $($place:expr),+) => {
        sqlx::query_as!(
            Session,
            r#"select id, device_id, subject_id, remote, opened_at, closed_at, ended_by_silence,
                    (held_at is not null and closed_at is not null) as "held_back!", locked, last_sequence, verdict, trust, verdict_at
             from session
             where ($1::uuid is null or subject_id = $1)
               and ($2::uuid is null or device_id = $2)
               and ($3::text is null or verdict = $3)
               and ($4::boolean is null or (closed_at is null) = $4)
               and ($5::boolean is null or (held_at is not null and closed_at is not null) = $5)
               and ($6::text is null or subject_id in (select s.id from subject s where starts_with(s.pseudonym, $6)))
               and (($7::text is null and $8::text is null and $9::text[] is null) or device_id in (
                    select d.id from device d
                    where ($7::text is null or starts_with(lower(d.name), lower($7)))
                      and ($8::text is null or d.group_name = $8)
                      and ($9::text[] is null or d.group_name = any($9))))
               and ($10::timestamptz is null or opened_at >= $10)
               and ($11::timestamptz is null or opened_at < $11) "#
                + $ordered,
            $filter.subject,
            $filter.device,
            $filter.verdict,
            $filter.open,
            $filter.held_back,
            $filter.pseudonym.as_deref(),
            $filter.device_name.as_deref(),
            $filter.group.as_deref(),
            $scope.groups(),
            $filter.since,
            $filter.until,
            $($place),+
        )
    };
}

impl Store {
    /// Sessions after a place in order of time, the newest or the oldest first, at most `limit`.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_sessions(
        &self,
        scope: &Scope,
        filter: &SessionFilter,
        newest: bool,
        after: Option<Place>,
        limit: i64,
    ) -> Result<Vec<Session>> {
        let (at, id) = (after.map(|p| p.at), after.map(|p| p.id));
        // The outer bound is what an index can begin at.
        let rows = if newest {
            let rows = sessions!(
                scope,
                filter,
                "and opened_at <= coalesce($12::timestamptz, 'infinity')
                 and ($12 is null or opened_at < $12 or id > $13::uuid)
                 order by opened_at desc, id limit $14",
                at,
                id,
                limit
            );
            rows.fetch_all(self.pool()).await?
        } else {
            let rows = sessions!(
                scope,
                filter,
                "and opened_at >= coalesce($12::timestamptz, '-infinity')
                 and ($12 is null or opened_at > $12 or id < $13::uuid)
                 order by opened_at, id desc limit $14",
                at,
                id,
                limit
            );
            rows.fetch_all(self.pool()).await?
        };
        Ok(rows)
    }

    /// Sessions after a place in order of trust, the least first, at most `limit`. Trust changes with every verdict, so that an index by
    /// it would be written with every window: all sessions of the filter are sorted instead.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_sessions_by_trust(
        &self,
        scope: &Scope,
        filter: &SessionFilter,
        after: Option<TrustPlace>,
        limit: i64,
    ) -> Result<Vec<Session>> {
        let rows = sessions!(
            scope,
            filter,
            "and ($12::real is null or (coalesce(trust, 101), id) > ($12, $13::uuid))
             order by coalesce(trust, 101), id limit $14",
            after.map(|p| p.trust),
            after.map(|p| p.id),
            limit
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
