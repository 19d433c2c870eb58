//! Counts over the fleet: never of one person.

use time::OffsetDateTime;

use crate::Result;
use crate::domain::Scope;
use crate::store::Store;

/// Devices by how they are.
#[derive(Debug, Clone, Copy)]
pub struct DeviceCounts {
    pub(crate) enrolled: i64,
    pub(crate) up: i64,
    pub(crate) silent: i64,
    pub(crate) never: i64,
    pub(crate) revoked: i64,
    pub(crate) running: i64,
    pub(crate) failed: i64,
    pub(crate) paused: i64,
    pub(crate) switched_off: i64,
    pub(crate) spooling: i64,
    pub(crate) spooled: i64,
    pub(crate) losing: i64,
    pub(crate) lost: i64,
}

/// Profiles by how far they have come.
#[derive(Debug, Clone, Copy)]
pub struct SubjectCounts {
    pub(crate) known: i64,
    pub(crate) mature: i64,
    pub(crate) held_back: i64,
}

impl Store {
    /// Devices of a group, or of all; up are those heard of since `seen_since`.
    ///
    /// # Errors
    /// As the database.
    pub async fn count_devices(
        &self,
        scope: &Scope,
        group: Option<&str>,
        seen_since: OffsetDateTime,
    ) -> Result<DeviceCounts> {
        let row = sqlx::query_as!(
            DeviceCounts,
            r#"select count(*) filter (where d.revoked_at is null) as "enrolled!",
                      count(*) filter (where d.revoked_at is null and d.last_seen_at >= $2) as "up!",
                      count(*) filter (where d.revoked_at is null and exists (
                          select from session s where s.device_id = d.id and s.closed_at is null and not s.locked
                          and s.verdict = 'silent')) as "silent!",
                      count(*) filter (where d.revoked_at is null and d.last_seen_at is null) as "never!",
                      count(*) filter (where d.revoked_at is not null) as "revoked!",
                      count(*) filter (where d.revoked_at is null and d.last_seen_at >= $2 and d.capture = 'running')
                          as "running!",
                      count(*) filter (where d.revoked_at is null and d.last_seen_at >= $2 and d.capture = 'failed')
                          as "failed!",
                      count(*) filter (where d.revoked_at is null and d.last_seen_at >= $2 and d.capture = 'paused')
                          as "paused!",
                      count(*) filter (where d.revoked_at is null and d.last_seen_at >= $2 and d.capture = 'off')
                          as "switched_off!",
                      count(*) filter (where d.revoked_at is null and d.spooled > 0) as "spooling!",
                      coalesce(sum(d.spooled) filter (where d.revoked_at is null), 0)::bigint as "spooled!",
                      count(*) filter (where d.revoked_at is null and d.lost > 0) as "losing!",
                      coalesce(sum(d.lost) filter (where d.revoked_at is null), 0)::bigint as "lost!"
               from device d where ($1::text is null or d.group_name = $1) and ($3::text[] is null or d.group_name = any($3))"#,
            group,
            seen_since,
            scope.groups()
        );
        Ok(row.fetch_one(self.pool()).await?)
    }

    /// Agent version, operating system and how many devices have them; the most first, at most `limit`.
    ///
    /// # Errors
    /// As the database.
    pub async fn count_versions(
        &self,
        scope: &Scope,
        group: Option<&str>,
        limit: i64,
    ) -> Result<Vec<(String, String, i64)>> {
        let rows = sqlx::query!(
            r#"select agent_version, os, count(*) as "devices!" from device
               where revoked_at is null and ($1::text is null or group_name = $1) and ($3::text[] is null or group_name = any($3))
               group by agent_version, os order by count(*) desc, agent_version, os limit $2"#,
            group,
            limit,
            scope.groups()
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows.into_iter().map(|r| (r.agent_version, r.os, r.devices)).collect())
    }

    /// Subjects who have had a session on a device of a group, or on any.
    ///
    /// # Errors
    /// As the database.
    pub async fn count_subjects(&self, scope: &Scope, group: Option<&str>) -> Result<SubjectCounts> {
        let row = sqlx::query_as!(
            SubjectCounts,
            r#"select count(*) as "known!",
                      count(*) filter (where p.maturity @> '[{"mature": true}]'::jsonb) as "mature!",
                      count(*) filter (where exists (
                          select from session h where h.subject_id = u.id and h.held_at is not null
                          and h.closed_at is not null)) as "held_back!"
               from subject u left join profile p on p.subject_id = u.id
               where ($1::text is null and $2::text[] is null) or exists (
                   select from session s join device d on d.id = s.device_id
                   where s.subject_id = u.id and ($1::text is null or d.group_name = $1)
                     and ($2::text[] is null or d.group_name = any($2)))"#,
            group,
            scope.groups()
        );
        Ok(row.fetch_one(self.pool()).await?)
    }

    /// Open sessions by their latest verdict.
    ///
    /// # Errors
    /// As the database.
    pub async fn count_open_sessions(
        &self,
        scope: &Scope,
        group: Option<&str>,
    ) -> Result<Vec<(Option<String>, i64)>> {
        let rows = sqlx::query!(
            r#"select s.verdict, count(*) as "sessions!" from session s join device d on d.id = s.device_id
               where s.closed_at is null and ($1::text is null or d.group_name = $1)
                 and ($2::text[] is null or d.group_name = any($2)) group by s.verdict"#,
            group,
            scope.groups()
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows.into_iter().map(|r| (r.verdict, r.sessions)).collect())
    }

    /// Alerts that are not resolved, by severity and state.
    ///
    /// # Errors
    /// As the database.
    pub async fn count_standing_alerts(
        &self,
        scope: &Scope,
        group: Option<&str>,
    ) -> Result<Vec<(i16, String, i64)>> {
        let rows = sqlx::query!(
            r#"select a.severity, a.state, count(*) as "alerts!" from alert a join device d on d.id = a.device_id
               where a.state <> 'resolved' and ($1::text is null or d.group_name = $1)
                 and ($2::text[] is null or d.group_name = any($2)) group by a.severity, a.state"#,
            group,
            scope.groups()
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows.into_iter().map(|r| (r.severity, r.state, r.alerts)).collect())
    }

    /// Verdicts recorded from one moment until another, by whole minutes and answer.
    ///
    /// # Errors
    /// As the database.
    pub async fn count_verdicts(
        &self,
        scope: &Scope,
        group: Option<&str>,
        since: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<(OffsetDateTime, String, i64)>> {
        let rows = sqlx::query!(
            r#"select date_trunc('minute', v.recorded_at) as "minute!", v.verdict, count(*) as "verdicts!"
               from verdict v
               where v.recorded_at >= $2 and v.recorded_at < $3
                 and (($1::text is null and $4::text[] is null) or exists (
                      select from device d where d.id = v.device_id and ($1::text is null or d.group_name = $1)
                        and ($4::text[] is null or d.group_name = any($4))))
               group by 1, 2 order by 1, 2"#,
            group,
            since,
            until,
            scope.groups()
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows.into_iter().map(|r| (r.minute, r.verdict, r.verdicts)).collect())
    }

    /// When the latest verdict was recorded, if since a moment.
    ///
    /// # Errors
    /// As the database.
    pub async fn latest_verdict(&self, since: OffsetDateTime) -> Result<Option<OffsetDateTime>> {
        let row = sqlx::query_scalar!("select max(recorded_at) from verdict where recorded_at >= $1", since);
        Ok(row.fetch_one(self.pool()).await?)
    }
}
