//! Destinations: what is set of them, how they fare, and what they did not take.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Store, Unit};
use crate::Result;
use crate::domain::DestinationId;

/// A destination as stored.
#[derive(Debug, Clone)]
pub struct DestinationRow {
    /// Its id.
    pub id: DestinationId,
    /// Its name.
    pub name: String,
    /// What kind.
    pub kind: String,
    /// Where to and how.
    pub target: Value,
    /// Keys and credentials, sealed.
    pub secrets: Vec<u8>,
    /// `None` is all.
    pub groups: Option<Vec<String>>,
    /// `None` is all.
    pub verdicts: Option<Vec<String>>,
    /// 0 to 4.
    pub minimum_severity: i16,
    /// Why it is told account names.
    pub names_reason: Option<String>,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Whether what it is told is kept for later.
    pub paused: bool,
    /// When it was made.
    pub made_at: OffsetDateTime,
    /// By whom.
    pub made_by: String,
    /// When it was last changed.
    pub changed_at: OffsetDateTime,
    /// By whom.
    pub changed_by: String,
    /// Failures since the last delivery.
    pub failing: i32,
    /// No attempt before.
    pub not_before: Option<OffsetDateTime>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it last took something.
    pub last_delivered_at: Option<OffsetDateTime>,
    /// Since when it says that it is gone.
    pub gone_at: Option<OffsetDateTime>,
}

/// How a destination fares after attempts.
#[derive(Debug, Clone)]
pub struct Fares {
    /// Failures since the last delivery.
    pub failing: i32,
    /// No attempt before.
    pub not_before: Option<OffsetDateTime>,
    /// What went wrong last; `None` leaves it.
    pub error: Option<String>,
    /// When it last took something; `None` leaves it.
    pub delivered_at: Option<OffsetDateTime>,
    /// Since when it says that it is gone.
    pub gone_at: Option<OffsetDateTime>,
}

/// An event that was given up.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct DeadLetter {
    /// The event.
    pub event_id: Uuid,
    /// What kind.
    pub r#type: String,
    /// When it happened.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Of which session.
    pub session_id: Option<Uuid>,
    /// Attempts made.
    pub attempts: i32,
    /// When it was given up.
    #[serde(with = "time::serde::rfc3339::option")]
    pub given_up_at: Option<OffsetDateTime>,
    /// Why.
    pub error: Option<String>,
    /// What happened.
    #[schema(value_type = Object)]
    pub body: Value,
    /// Its place; `next` of a page is the last one's.
    #[serde(skip)]
    pub seq: i64,
}

impl Unit {
    /// Adds a destination; `false` if the name is taken.
    ///
    /// # Errors
    /// As the database.
    pub async fn add_destination(&mut self, row: &DestinationRow) -> Result<bool> {
        let done = sqlx::query!(
            "insert into destination (id, name, kind, target, secrets, groups, verdicts, minimum_severity, names_reason,
                                      enabled, made_at, made_by, changed_at, changed_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $11, $12) on conflict (name) do nothing",
            row.id.0,
            row.name,
            row.kind,
            row.target,
            row.secrets,
            row.groups.as_deref(),
            row.verdicts.as_deref(),
            row.minimum_severity,
            row.names_reason,
            row.enabled,
            row.made_at,
            row.made_by
        );
        Ok(done.execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    /// Locks a destination until the unit ends.
    ///
    /// # Errors
    /// As the database.
    pub async fn lock_destination(&mut self, id: DestinationId) -> Result<Option<DestinationRow>> {
        let row = sqlx::query_as!(
            DestinationRow,
            "select id, name, kind, target, secrets, groups, verdicts, minimum_severity, names_reason, enabled, paused, made_at,
                    made_by, changed_at, changed_by, failing, not_before, last_error, last_delivered_at, gone_at
             from destination where id = $1 for no key update",
            id.0
        );
        Ok(row.fetch_optional(&mut *self.tx).await?)
    }

    /// Whether another destination has a name.
    ///
    /// # Errors
    /// As the database.
    pub async fn destination_name_taken(&mut self, id: DestinationId, name: &str) -> Result<bool> {
        let row = sqlx::query_scalar!(
            r#"select exists (select from destination where name = $1 and id <> $2) as "there!""#,
            name,
            id.0
        );
        Ok(row.fetch_one(&mut *self.tx).await?)
    }

    /// Writes what was changed of a destination, which is tried again at once.
    ///
    /// # Errors
    /// As the database.
    pub async fn put_destination(&mut self, row: &DestinationRow) -> Result<()> {
        sqlx::query!(
            "update destination set name = $2, kind = $3, target = $4, secrets = $5, groups = $6, verdicts = $7,
                    minimum_severity = $8, names_reason = $9, enabled = $10, changed_at = $11, changed_by = $12,
                    failing = 0, not_before = null, gone_at = null
             where id = $1",
            row.id.0,
            row.name,
            row.kind,
            row.target,
            row.secrets,
            row.groups.as_deref(),
            row.verdicts.as_deref(),
            row.minimum_severity,
            row.names_reason,
            row.enabled,
            row.changed_at,
            row.changed_by
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Removes a destination with what is still kept for it; `false` if there is none.
    ///
    /// # Errors
    /// As the database.
    pub async fn drop_destination(&mut self, id: DestinationId) -> Result<bool> {
        let done = sqlx::query!("delete from destination where id = $1", id.0);
        Ok(done.execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    /// Writes how a destination fares; `false` if someone else delivers to it by now.
    ///
    /// # Errors
    /// As the database.
    pub async fn put_fares(&mut self, id: DestinationId, lease: Uuid, fares: &Fares) -> Result<bool> {
        let done = sqlx::query!(
            "update destination set failing = $3, not_before = $4, last_error = coalesce($5, last_error),
                    last_delivered_at = coalesce($6, last_delivered_at), gone_at = $7
             where id = $1 and lease = $2",
            id.0,
            lease,
            fares.failing,
            fares.not_before,
            fares.error,
            fares.delivered_at,
            fares.gone_at
        );
        Ok(done.execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    /// Turns a destination on or off, or keeps what it is told for later.
    ///
    /// # Errors
    /// As the database.
    pub async fn set_enabled(
        &mut self,
        id: DestinationId,
        enabled: bool,
        paused: bool,
        by: &str,
        now: OffsetDateTime,
    ) -> Result<()> {
        sqlx::query!(
            "update destination set enabled = $2, paused = $3, changed_by = $4, changed_at = $5, gone_at = null,
                    not_before = null
             where id = $1",
            id.0,
            enabled,
            paused,
            by,
            now
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Lets events that were given up wait anew: all, or these. How many.
    ///
    /// # Errors
    /// As the database.
    pub async fn replay(
        &mut self,
        id: DestinationId,
        events: Option<&[Uuid]>,
        now: OffsetDateTime,
    ) -> Result<u64> {
        let done = sqlx::query!(
            "update delivery d set state = 'waiting', attempts = 0, refusals = 0, due_at = $3, since = $3, done_at = null, error = null
             from outbox o
             where o.seq = d.seq and d.destination_id = $1 and d.state = 'dead'
               and ($2::uuid[] is null or o.id = any($2))",
            id.0,
            events,
            now
        );
        Ok(done.execute(&mut *self.tx).await?.rows_affected())
    }
}

impl Store {
    /// One destination.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_destination(&self, id: DestinationId) -> Result<Option<DestinationRow>> {
        let row = sqlx::query_as!(
            DestinationRow,
            "select id, name, kind, target, secrets, groups, verdicts, minimum_severity, names_reason, enabled, paused, made_at,
                    made_by, changed_at, changed_by, failing, not_before, last_error, last_delivered_at, gone_at
             from destination where id = $1",
            id.0
        );
        Ok(row.fetch_optional(self.pool()).await?)
    }

    /// Every destination, by name.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_destinations(&self) -> Result<Vec<DestinationRow>> {
        let rows = sqlx::query_as!(
            DestinationRow,
            "select id, name, kind, target, secrets, groups, verdicts, minimum_severity, names_reason, enabled, paused, made_at,
                    made_by, changed_at, changed_by, failing, not_before, last_error, last_delivered_at, gone_at
             from destination order by name"
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }

    /// Deletes some of what waits for a destination or was given up; how much.
    ///
    /// # Errors
    /// As the database.
    pub async fn drop_deliveries(&self, id: DestinationId, limit: i64) -> Result<u64> {
        let done = sqlx::query!(
            "delete from delivery where destination_id = $1
             and seq in (select seq from delivery where destination_id = $1 order by seq limit $2)",
            id.0,
            limit
        );
        Ok(done.execute(self.pool()).await?.rows_affected())
    }

    /// Has a destination hear of nothing more; `false` if there is none.
    ///
    /// # Errors
    /// As the database.
    pub async fn silence_destination(&self, id: DestinationId) -> Result<bool> {
        let done = sqlx::query!("update destination set enabled = false where id = $1", id.0);
        Ok(done.execute(self.pool()).await?.rows_affected() == 1)
    }

    /// Destinations to which something can be delivered now, of kinds that the server calls.
    ///
    /// # Errors
    /// As the database.
    pub async fn destinations_due(&self, now: OffsetDateTime) -> Result<Vec<DestinationId>> {
        let ids = sqlx::query_scalar!(
            "select t.id from destination t
             where t.enabled and not t.paused and t.gone_at is null and t.kind <> 'poll_stream'
               and coalesce(t.not_before <= $1, true) and coalesce(t.leased_until <= $1, true)
               and exists (select from delivery d where d.destination_id = t.id and d.state = 'waiting' and d.due_at <= $1
                           and not exists (select from delivery e where e.destination_id = d.destination_id
                                           and e.session_id = d.session_id and e.state = 'waiting' and e.seq < d.seq))",
            now
        );
        Ok(ids.fetch_all(self.pool()).await?.into_iter().map(DestinationId).collect())
    }

    /// Makes one the only one who delivers to a destination, until a time or as long as it renews; `None` if someone else is,
    /// or nothing is to be delivered now.
    ///
    /// # Errors
    /// As the database.
    pub async fn lease_destination(
        &self,
        id: DestinationId,
        lease: Uuid,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Option<DestinationRow>> {
        let row = sqlx::query_as!(
            DestinationRow,
            "update destination set lease = $2, leased_until = $4
             where id = $1 and enabled and not paused and gone_at is null and coalesce(not_before <= $3, true)
               and (lease = $2 or coalesce(leased_until <= $3, true))
             returning id, name, kind, target, secrets, groups, verdicts, minimum_severity, names_reason, enabled, paused, made_at,
                       made_by, changed_at, changed_by, failing, not_before, last_error, last_delivered_at, gone_at",
            id.0,
            lease,
            now,
            until
        );
        Ok(row.fetch_optional(self.pool()).await?)
    }

    /// Lets others deliver.
    ///
    /// # Errors
    /// As the database.
    pub async fn release_destination(&self, id: DestinationId, lease: Uuid) -> Result<()> {
        sqlx::query!(
            "update destination set lease = null, leased_until = null where id = $1 and lease = $2",
            id.0,
            lease
        )
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// Events that a destination did not take and that were given up, oldest first.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_dead_letters(
        &self,
        id: DestinationId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<DeadLetter>> {
        let rows = sqlx::query_as!(
            DeadLetter,
            r#"select o.id as event_id, o.type as "type", o.at, o.session_id, d.attempts, d.done_at as given_up_at, d.error,
                      o.body, d.seq
               from delivery d join outbox o on o.seq = d.seq
               where d.destination_id = $1 and d.state = 'dead' and d.seq > $2 order by d.seq limit $3"#,
            id.0,
            after,
            limit
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }
}
