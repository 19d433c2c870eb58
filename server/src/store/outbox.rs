//! Events for other systems: written with what they tell of, waiting for each destination until it has taken them.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Store, Unit};
use crate::Result;
use crate::domain::{DestinationId, DeviceId, EventId, SessionId, SubjectId};

/// An event to keep.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// What receivers know it by.
    pub id: EventId,
    /// Of which session; events of one session arrive in order.
    pub session: Option<SessionId>,
    /// Of whom.
    pub subject: Option<SubjectId>,
    /// Where.
    pub device: Option<DeviceId>,
    /// In which group.
    pub group: String,
    /// What kind.
    pub kind: &'static str,
    /// How much it matters, 0 to 4.
    pub severity: i16,
    /// When it happened.
    pub at: OffsetDateTime,
    /// What happened, without any name.
    pub body: Value,
}

/// What a destination wants to hear, as stored.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Which destination.
    pub id: DestinationId,
    /// `None` is all.
    pub groups: Option<Vec<String>>,
    /// `None` is all.
    pub verdicts: Option<Vec<String>>,
    /// 0 to 4.
    pub minimum_severity: i16,
}

/// An event that waits for a destination, with what is said of its subject and device.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its place.
    pub seq: i64,
    /// Attempts so far.
    pub attempts: i32,
    /// Attempts that the receiver refused.
    pub refusals: i32,
    /// Tokens of it that were taken.
    pub acked: Vec<String>,
    /// What receivers know it by.
    pub id: EventId,
    /// What kind.
    pub kind: String,
    /// 0 to 4.
    pub severity: i16,
    /// When it happened.
    pub at: OffsetDateTime,
    /// When it was written.
    pub enqueued_at: OffsetDateTime,
    /// In which group.
    pub group: String,
    /// What happened.
    pub body: Value,
    /// Of which session.
    pub session: Option<Uuid>,
    /// Of whom.
    pub subject: Option<Uuid>,
    /// The subject's pseudonym.
    pub pseudonym: Option<String>,
    /// The subject's name, sealed.
    pub name: Option<Vec<u8>>,
    /// Where.
    pub device: Option<Uuid>,
    /// The device's name.
    pub device_name: Option<String>,
}

/// What became of an attempt.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The event's place.
    pub seq: i64,
    /// `waiting`, `delivered` or `dead`.
    pub state: &'static str,
    /// The receiver was there and refused it.
    pub refused: bool,
    /// No further attempt before.
    pub due_at: OffsetDateTime,
    /// What went wrong.
    pub error: Option<String>,
}

/// How things stand with a destination that others wait for.
#[derive(Debug, Clone)]
pub struct Backlog {
    /// Its name.
    pub name: String,
    /// Events that wait.
    pub waiting: i64,
    /// Events that were given up.
    pub dead: i64,
    /// Since when the oldest waits.
    pub oldest: Option<OffsetDateTime>,
}

impl Unit {
    /// What was told of sessions since they were last genuine.
    ///
    /// # Errors
    /// As the database.
    pub async fn told(&mut self, sessions: &[Uuid]) -> Result<Vec<(SessionId, Vec<String>)>> {
        let rows = sqlx::query!("select id, told from session where id = any($1)", sessions);
        let rows = rows.fetch_all(&mut *self.tx).await?;
        Ok(rows.into_iter().map(|r| (SessionId(r.id), r.told)).collect())
    }

    /// Keeps what was told of a session since it was last genuine.
    ///
    /// # Errors
    /// As the database.
    pub async fn put_told(&mut self, session: SessionId, told: &[String]) -> Result<()> {
        sqlx::query!("update session set told = $2 where id = $1", session.0, told)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Who listens. They stay until the unit ends.
    ///
    /// # Errors
    /// As the database.
    pub async fn listeners(&mut self) -> Result<Vec<Listener>> {
        let rows = sqlx::query_as!(
            Listener,
            "select id, groups, verdicts, minimum_severity from destination where enabled order by id for key share"
        );
        Ok(rows.fetch_all(&mut *self.tx).await?)
    }

    /// Writes an event, which waits from now on for these destinations.
    ///
    /// # Errors
    /// As the database.
    pub async fn add_event(&mut self, event: &NewEvent, to: &[Uuid], now: OffsetDateTime) -> Result<()> {
        sqlx::query!(
            "with event as (
                 insert into outbox (id, session_id, subject_id, device_id, group_name, type, severity, at, enqueued_at, body)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning seq, session_id)
             insert into delivery (destination_id, seq, session_id, due_at, since)
             select d.id, e.seq, e.session_id, $9, $9 from event e, unnest($11::uuid[]) as d (id)",
            event.id.0,
            event.session.map(|s| s.0),
            event.subject.map(|s| s.0),
            event.device.map(|d| d.0),
            event.group,
            event.kind,
            event.severity,
            event.at,
            now,
            event.body,
            to
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Keeps that a token of an event was taken.
    ///
    /// # Errors
    /// As the database.
    pub async fn acknowledge(&mut self, by: DestinationId, event: Uuid, jti: &str) -> Result<()> {
        sqlx::query!(
            "update delivery d set acked = array_append(d.acked, $3)
             from outbox o
             where o.seq = d.seq and o.id = $2 and d.destination_id = $1 and d.state = 'waiting'
               and not d.acked @> array[$3]",
            by.0,
            event,
            jti
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Gives an event up that its receiver says it cannot take.
    ///
    /// # Errors
    /// As the database.
    pub async fn refuse(
        &mut self,
        by: DestinationId,
        event: Uuid,
        error: &str,
        now: OffsetDateTime,
    ) -> Result<()> {
        sqlx::query!(
            "update delivery d set state = 'dead', error = $3, done_at = $4, attempts = d.attempts + 1
             from outbox o
             where o.seq = d.seq and o.id = $2 and d.destination_id = $1 and d.state = 'waiting'",
            by.0,
            event,
            error,
            now
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Keeps that a destination took something.
    ///
    /// # Errors
    /// As the database.
    pub async fn took(&mut self, by: DestinationId, now: OffsetDateTime) -> Result<()> {
        sqlx::query!("update destination set last_delivered_at = $2 where id = $1", by.0, now)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Keeps what became of attempts.
    ///
    /// # Errors
    /// As the database.
    pub async fn settle(
        &mut self,
        to: DestinationId,
        attempts: &[Attempt],
        now: OffsetDateTime,
    ) -> Result<()> {
        let seq: Vec<i64> = attempts.iter().map(|a| a.seq).collect();
        let state: Vec<String> = attempts.iter().map(|a| a.state.to_owned()).collect();
        let refused: Vec<bool> = attempts.iter().map(|a| a.refused).collect();
        let due: Vec<OffsetDateTime> = attempts.iter().map(|a| a.due_at).collect();
        let error: Vec<Option<String>> = attempts.iter().map(|a| a.error.clone()).collect();
        sqlx::query!(
            "update delivery d set state = n.state, due_at = n.due_at, error = n.error, attempts = d.attempts + 1,
                    refusals = d.refusals + n.refused::int,
                    done_at = case when n.state = 'waiting' then null else $6::timestamptz end
             from unnest($2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $7::bool[])
                 as n (seq, state, due_at, error, refused)
             where d.destination_id = $1 and d.seq = n.seq and d.state = 'waiting'",
            to.0,
            &seq,
            &state,
            &due,
            &error as &[Option<String>],
            now,
            &refused
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}

impl Store {
    /// Events that a destination may be told of now: of each session the first that waits, those due longest first.
    ///
    /// # Errors
    /// As the database.
    pub async fn waiting(&self, to: DestinationId, now: OffsetDateTime, limit: i64) -> Result<Vec<Waiting>> {
        let rows = sqlx::query_as!(
            Waiting,
            r#"select d.seq, d.attempts, d.refusals, d.acked, o.id, o.type as kind, o.severity, o.at, o.enqueued_at, o.group_name as "group",
                      o.body, o.session_id as session, o.subject_id as subject, s.pseudonym as "pseudonym?",
                      n.ciphertext as "name?", o.device_id as device, v.name as "device_name?"
               from delivery d join outbox o on o.seq = d.seq
               left join subject s on s.id = o.subject_id
               left join subject_name n on n.subject_id = o.subject_id
               left join device v on v.id = o.device_id
               where d.destination_id = $1 and d.state = 'waiting' and d.due_at <= $2
                 and not exists (select from delivery e where e.destination_id = d.destination_id
                                 and e.session_id = d.session_id and e.state = 'waiting' and e.seq < d.seq)
               order by d.due_at, d.seq limit $3"#,
            to.0,
            now,
            limit
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }

    /// How many events wait for a destination.
    ///
    /// # Errors
    /// As the database.
    pub async fn count_waiting(&self, to: DestinationId) -> Result<i64> {
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from delivery where destination_id = $1 and state = 'waiting'"#,
            to.0
        );
        Ok(count.fetch_one(self.pool()).await?)
    }

    /// Gives up what has waited since before a time; how many.
    ///
    /// # Errors
    /// As the database.
    pub async fn give_up(&self, before: OffsetDateTime, now: OffsetDateTime) -> Result<u64> {
        let done = sqlx::query!(
            "update delivery set state = 'dead', done_at = $2, error = coalesce(error, 'it was not taken in time')
             where state = 'waiting' and since < $1",
            before,
            now
        );
        Ok(done.execute(self.pool()).await?.rows_affected())
    }

    /// Drops what was delivered or given up before a time, and the events that nobody waits for any more; how many of those.
    ///
    /// # Errors
    /// As the database.
    pub async fn forget_events(&self, delivered: OffsetDateTime, dead: OffsetDateTime) -> Result<u64> {
        sqlx::query!(
            "delete from delivery where (state = 'delivered' and done_at < $1) or (state = 'dead' and done_at < $2)",
            delivered,
            dead
        )
        .execute(self.pool())
        .await?;
        let done = sqlx::query!(
            "delete from outbox o where enqueued_at < $1 and not exists (select from delivery d where d.seq = o.seq)",
            delivered
        );
        Ok(done.execute(self.pool()).await?.rows_affected())
    }

    /// How many events wait for each destination, and how many it has lost.
    ///
    /// # Errors
    /// As the database.
    pub async fn backlogs(&self) -> Result<Vec<Backlog>> {
        let rows = sqlx::query_as!(
            Backlog,
            r#"select t.name, count(*) filter (where d.state = 'waiting') as "waiting!",
                      count(*) filter (where d.state = 'dead') as "dead!",
                      min(d.since) filter (where d.state = 'waiting') as "oldest?"
               from destination t left join delivery d on d.destination_id = t.id and d.state <> 'delivered'
               group by t.id, t.name order by t.name"#
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }
}
