//! Accounts on devices: where they are at work, who vouched for them, and the sessions that are held back until someone has.

use time::OffsetDateTime;
use uuid::Uuid;

use super::sessions::SessionRow;
use super::{Store, Unit};
use crate::Result;
use crate::domain::enrolment::{MOST_HELD, Unvouched, VouchedBy};
use crate::domain::{DeviceId, SessionId, SubjectId};

impl Unit {
    /// When accounts were last at work on other devices than these sessions of theirs, since a moment. Sessions that are shown on
    /// another machine do not count: there the same hands are seen twice.
    ///
    /// # Errors
    /// As the database.
    pub async fn at_work_elsewhere(
        &mut self,
        ids: &[Uuid],
        since: OffsetDateTime,
    ) -> Result<Vec<(SessionId, OffsetDateTime)>> {
        let rows = sqlx::query!(
            r#"select s.id, o.input_at as "input_at!"
               from session s join session o on o.subject_id = s.subject_id and o.device_id <> s.device_id
               where s.id = any($1) and not s.remote and not o.remote and o.closed_at is null and o.input_at >= $2"#,
            ids,
            since
        );
        let rows = rows.fetch_all(&mut *self.tx).await?;
        Ok(rows.into_iter().map(|r| (SessionId(r.id), r.input_at)).collect())
    }

    /// Keeps a device's other streams from opening sessions until the unit ends.
    ///
    /// # Errors
    /// As the database.
    pub async fn hold_device(&mut self, device: DeviceId) -> Result<()> {
        sqlx::query!("select id from device where id = $1 for no key update", device.0)
            .fetch_optional(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// How many accounts were seen on a device for the first time since a moment.
    ///
    /// # Errors
    /// As the database.
    pub async fn met_since(&mut self, device: DeviceId, since: OffsetDateTime) -> Result<u64> {
        let row = sqlx::query_scalar!(
            r#"select count(*) as "met!" from vouching where device_id = $1 and since > $2"#,
            device.0,
            since
        );
        Ok(u64::try_from(row.fetch_one(&mut *self.tx).await?).unwrap_or(0))
    }

    /// Takes note that accounts are seen on a device; those that were not before.
    ///
    /// # Errors
    /// As the database.
    pub async fn meet(
        &mut self,
        subjects: &[Uuid],
        device: DeviceId,
        at: OffsetDateTime,
    ) -> Result<Vec<SubjectId>> {
        let met = sqlx::query_scalar!(
            "insert into vouching (subject_id, device_id, first_device, since)
             select n.id, $2, not exists (select from vouching v where v.subject_id = n.id), $3
             from unnest($1::uuid[]) as n (id)
             where not exists (select from vouching v where v.subject_id = n.id and v.device_id = $2)
             on conflict do nothing returning subject_id",
            subjects,
            device.0,
            at
        );
        Ok(met.fetch_all(&mut *self.tx).await?.into_iter().map(SubjectId).collect())
    }

    /// Those accounts that nobody has vouched for on a device.
    ///
    /// # Errors
    /// As the database.
    pub async fn unvouched(
        &mut self,
        subjects: &[Uuid],
        device: DeviceId,
    ) -> Result<Vec<(SubjectId, Unvouched)>> {
        let rows = sqlx::query!(
            "select subject_id, first_device, since, alarm_at from vouching
             where subject_id = any($1) and device_id = $2 and vouched_at is null",
            subjects,
            device.0
        )
        .fetch_all(&mut *self.tx)
        .await?;
        let unvouched = rows.into_iter().map(|r| {
            let of = Unvouched { first_device: r.first_device, since: r.since, alarm_at: r.alarm_at };
            (SubjectId(r.subject_id), of)
        });
        Ok(unvouched.collect())
    }

    /// Keeps who vouched for an account on a device.
    ///
    /// # Errors
    /// As the database.
    pub async fn vouch(
        &mut self,
        subject: SubjectId,
        device: DeviceId,
        by: VouchedBy,
        at: OffsetDateTime,
    ) -> Result<()> {
        sqlx::query!(
            "update vouching set vouched_at = $3, vouched_by = $4
             where subject_id = $1 and device_id = $2 and vouched_at is null",
            subject.0,
            device.0,
            at,
            by.name()
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Takes note of an alarm on a device, for those accounts that nobody has vouched for there.
    ///
    /// # Errors
    /// As the database.
    pub async fn alarm(&mut self, subjects: &[Uuid], device: DeviceId, at: OffsetDateTime) -> Result<()> {
        sqlx::query!(
            "update vouching set alarm_at = $3
             where subject_id = any($1) and device_id = $2 and vouched_at is null",
            subjects,
            device.0,
            at
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Locks the closed sessions that are held back of accounts on a device, oldest first, without those named. Those that another
    /// unit holds are left to it.
    ///
    /// # Errors
    /// As the database.
    pub async fn lock_held(
        &mut self,
        subjects: &[Uuid],
        device: DeviceId,
        but: &[Uuid],
    ) -> Result<Vec<SessionRow>> {
        let rows = sqlx::query_as!(
            SessionRow,
            "select id, device_id, subject_id, closed_at, ended_by_silence, locked, last_sequence, verdict, trust,
                    verdict_at, input_at, held_at, state
             from session
             where subject_id = any($1) and device_id = $2 and held_at is not null and closed_at is not null
               and id <> all($3)
             order by closed_at, id for no key update skip locked",
            subjects,
            device.0,
            but
        );
        Ok(rows.fetch_all(&mut *self.tx).await?)
    }

    /// Lets go of what is held back of an account on a device beyond the latest sessions.
    ///
    /// # Errors
    /// As the database.
    pub async fn bound_held(&mut self, subject: SubjectId, device: DeviceId) -> Result<()> {
        self.let_go(subject, device, MOST_HELD).await
    }

    /// Lets go of all that is held back of an account on a device: it is never learned.
    ///
    /// # Errors
    /// As the database.
    pub async fn drop_held(&mut self, subject: SubjectId, device: DeviceId) -> Result<()> {
        self.let_go(subject, device, 0).await
    }

    async fn let_go(&mut self, subject: SubjectId, device: DeviceId, but: i64) -> Result<()> {
        sqlx::query!(
            "update session set held_at = null, state = case when ended_by_silence then state end
             where id in (select id from session
                          where subject_id = $1 and device_id = $2 and held_at is not null and closed_at is not null
                          order by held_at desc, closed_at desc, id offset $3
                          for no key update skip locked)",
            subject.0,
            device.0,
            but
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}

impl Store {
    /// Lets go of what was held back before a moment, and of sessions that fell silent before it and can no longer go on;
    /// returns how many sessions.
    ///
    /// # Errors
    /// As the database.
    pub async fn forget_held(&self, before: OffsetDateTime) -> Result<u64> {
        let done = sqlx::query!(
            "update session set held_at = null, state = null
             where closed_at is not null
               and (held_at < $1 or ended_by_silence and state is not null and closed_at < $1)",
            before
        );
        Ok(done.execute(&self.pool).await?.rows_affected())
    }
}
