//! Sessions that nothing more is heard of.

use time::OffsetDateTime;

use super::sessions::SessionRow;
use super::{Store, Unit};
use crate::Result;
use crate::domain::{DeviceId, SessionId, SubjectId};

impl Store {
    /// Open sessions last heard of before a moment, whose device is silent since then too or has sent another session since,
    /// at most `limit`, longest silent first.
    ///
    /// # Errors
    /// As the database.
    pub async fn silent_sessions(&self, before: OffsetDateTime, limit: i64) -> Result<Vec<SessionId>> {
        let ids = sqlx::query_scalar!(
            "select s.id from session s join device d on d.id = s.device_id
             where s.closed_at is null and s.heard_at < $1
               and (d.last_seen_at is null or d.last_seen_at < $1
                    or exists (select from session o where o.device_id = s.device_id and o.heard_at > s.heard_at))
             order by s.heard_at, s.id limit $2",
            before,
            limit
        );
        Ok(ids.fetch_all(&self.pool).await?.into_iter().map(SessionId).collect())
    }
}

impl Store {
    /// Open, unlocked sessions of devices that were last heard of before a moment, each its device's latest and not yet called
    /// silent since; at most `limit`, longest silent first.
    ///
    /// # Errors
    /// As the database.
    pub async fn sessions_of_silent_agents(
        &self,
        before: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<SessionId>> {
        let ids = sqlx::query_scalar!(
            "select s.id from session s join device d on d.id = s.device_id
             where s.closed_at is null and not s.locked and d.revoked_at is null
               and not exists (select from subject p where p.id = s.subject_id and p.restricted_at is not null)
               and s.heard_at < $1 and coalesce(d.last_seen_at, s.heard_at) < $1
               and not (coalesce(s.verdict, '') = 'silent' and s.verdict_at > coalesce(d.last_seen_at, s.heard_at))
               and not exists (select from session o where o.device_id = s.device_id and o.heard_at > s.heard_at)
             order by s.heard_at, s.id limit $2",
            before,
            limit
        );
        Ok(ids.fetch_all(&self.pool).await?.into_iter().map(SessionId).collect())
    }
}

impl Unit {
    /// Locks a session that is open and not locked, of a device that was last heard of before a moment; with that time. `None`
    /// if it is no longer so, or another unit holds it.
    ///
    /// # Errors
    /// As the database.
    pub async fn lock_of_silent_agent(
        &mut self,
        id: SessionId,
        before: OffsetDateTime,
    ) -> Result<Option<(SessionRow, Option<OffsetDateTime>)>> {
        let seen = sqlx::query_scalar!(
            r#"select greatest(d.last_seen_at, s.heard_at) as "seen?"
               from session s join device d on d.id = s.device_id
               where s.id = $1 and s.closed_at is null and not s.locked
                 and s.heard_at < $2 and coalesce(d.last_seen_at, s.heard_at) < $2
                 and not (coalesce(s.verdict, '') = 'silent'
                          and s.verdict_at > coalesce(d.last_seen_at, s.heard_at))
               for no key update of s skip locked"#,
            id.0,
            before
        );
        let Some(seen) = seen.fetch_optional(&mut *self.tx).await? else { return Ok(None) };
        Ok(self.lock_sessions(&[id.0]).await?.pop().map(|row| (row, seen)))
    }

    /// Whether the latest step-up of a subject on a device that a silence led to serves still, and was answered by nobody or with word
    /// that its session was over.
    ///
    /// # Errors
    /// As the database.
    pub async fn is_unanswered_after_silence(
        &mut self,
        subject: SubjectId,
        device: DeviceId,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let latest = sqlx::query_scalar!(
            r#"select coalesce(d.outcome, 'session_over') = 'session_over' as "unanswered!"
               from session s join directive d on d.session_id = s.id
               where s.subject_id = $1 and s.device_id = $2 and d.verdict = 'silent' and d.asked_by is null
                 and d.withheld is null and d.expires_at > $3
               order by d.created_at desc, d.id desc limit 1"#,
            subject.0,
            device.0,
            now
        );
        Ok(latest.fetch_optional(&mut *self.tx).await?.unwrap_or(false))
    }

    /// Locks a session that is open and was last heard of before a moment; with the time it was. `None` if it is no longer so,
    /// or another unit holds it.
    ///
    /// # Errors
    /// As the database.
    pub async fn lock_silent(
        &mut self,
        id: SessionId,
        before: OffsetDateTime,
    ) -> Result<Option<(SessionRow, OffsetDateTime)>> {
        // A device's clock may be a little ahead: no session closes before it opened.
        let heard_at = sqlx::query_scalar!(
            r#"select greatest(heard_at, opened_at) as "heard_at!"
               from session where id = $1 and closed_at is null and heard_at < $2
               for no key update skip locked"#,
            id.0,
            before
        )
        .fetch_optional(&mut *self.tx)
        .await?;
        let Some(heard_at) = heard_at else { return Ok(None) };
        Ok(self.lock_sessions(&[id.0]).await?.pop().map(|row| (row, heard_at)))
    }
}
