//! Devices and assertions.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Store, Unit};
use crate::Result;
use crate::domain::capture::Capture;
use crate::domain::{DeviceId, EnrolmentTokenId, Scope};

/// What is needed to recognise a device.
#[derive(Debug, Clone)]
pub struct DeviceKey {
    /// Which device.
    pub id: DeviceId,
    /// Ed25519 public key, 32 bytes.
    pub public_key: Vec<u8>,
    /// Since when it may no longer speak.
    pub revoked_at: Option<OffsetDateTime>,
}

/// A device about to be enrolled.
#[derive(Debug)]
pub struct NewDevice<'a> {
    /// Its id.
    pub id: DeviceId,
    /// Ed25519 public key, 32 bytes.
    pub public_key: &'a [u8],
    /// Host name.
    pub name: &'a str,
    /// Operating system.
    pub os: &'a str,
    /// Its version.
    pub os_version: &'a str,
    /// The agent's version.
    pub agent_version: &'a str,
    /// When.
    pub at: OffsetDateTime,
    /// The token that was spent.
    pub token: EnrolmentTokenId,
    /// Whose policy it is under.
    pub group: &'a str,
}

/// What a heartbeat says of its device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceHealth {
    /// The agent's version.
    pub agent_version: String,
    /// Records waiting.
    pub spooled: i32,
    /// Records given up.
    pub lost: i32,
    /// Whether the agent sees input; none from one that does not say.
    pub capture: Option<Capture>,
    /// By how much its clock is ahead of the server's, milliseconds; negative behind.
    pub clock_ahead_ms: i64,
}

/// A device in lists.
#[derive(Debug, Clone)]
pub struct DeviceRow {
    /// Its id.
    pub id: Uuid,
    /// Host name.
    pub name: String,
    /// When it was enrolled.
    pub enrolled_at: OffsetDateTime,
    /// When it was last heard of.
    pub last_seen_at: Option<OffsetDateTime>,
    /// When it was revoked.
    pub revoked_at: Option<OffsetDateTime>,
}

impl Store {
    /// The device of an id.
    ///
    /// # Errors
    /// As the database.
    pub async fn device_key(&self, id: DeviceId) -> Result<Option<DeviceKey>> {
        let row =
            sqlx::query_as!(DeviceKey, "select id, public_key, revoked_at from device where id = $1", id.0);
        Ok(row.fetch_optional(&self.pool).await?)
    }

    /// Notes an assertion's id; `false` if it was seen before.
    ///
    /// # Errors
    /// As the database.
    pub async fn first_sight(&self, jti: Uuid, expires_at: OffsetDateTime) -> Result<bool> {
        let done = sqlx::query!(
            "insert into assertion_seen (jti, expires_at) values ($1, $2) on conflict do nothing",
            jti,
            expires_at
        );
        Ok(done.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Forgets assertions that have expired; how many.
    ///
    /// # Errors
    /// As the database.
    pub async fn forget_assertions(&self, before: OffsetDateTime) -> Result<u64> {
        let done = sqlx::query!("delete from assertion_seen where expires_at < $1", before);
        Ok(done.execute(&self.pool).await?.rows_affected())
    }

    /// Devices revoked since `since`.
    ///
    /// # Errors
    /// As the database.
    pub async fn revoked_since(&self, since: OffsetDateTime) -> Result<Vec<DeviceId>> {
        let ids = sqlx::query_scalar!("select id from device where revoked_at >= $1", since);
        Ok(ids.fetch_all(&self.pool).await?.into_iter().map(DeviceId).collect())
    }

    /// Keeps what a heartbeat says.
    ///
    /// # Errors
    /// As the database.
    pub async fn heard_of(&self, id: DeviceId, health: &DeviceHealth, at: OffsetDateTime) -> Result<()> {
        sqlx::query!(
            "update device set last_seen_at = $2, agent_version = $3, spooled = $4, lost = $5, capture = $6,
                    clock_ahead_ms = $7
             where id = $1",
            id.0,
            at,
            health.agent_version,
            health.spooled,
            health.lost,
            health.capture.map(Capture::name),
            health.clock_ahead_ms
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Notes that a device has called.
    ///
    /// # Errors
    /// As the database.
    pub async fn seen(&self, id: DeviceId, at: OffsetDateTime) -> Result<()> {
        sqlx::query!("update device set last_seen_at = $2 where id = $1", id.0, at)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Every device, newest first.
    ///
    /// # Errors
    /// As the database.
    pub async fn device_list(&self) -> Result<Vec<DeviceRow>> {
        let rows = sqlx::query_as!(
            DeviceRow,
            "select id, name, enrolled_at, last_seen_at, revoked_at from device order by enrolled_at desc, id"
        );
        Ok(rows.fetch_all(&self.pool).await?)
    }
}

impl Unit {
    /// Gives a device another key in place of the one it has; `false` if it has another one by now or was revoked, or the key is
    /// in use.
    ///
    /// # Errors
    /// As the database.
    pub async fn rotate_key(
        &mut self,
        id: DeviceId,
        from: &[u8],
        to: &[u8],
        at: OffsetDateTime,
    ) -> Result<bool> {
        let done = sqlx::query!(
            "update device set public_key = $3, key_since = $4
             where id = $1 and public_key = $2 and revoked_at is null
               and not exists (select from device where public_key = $3)",
            id.0,
            from,
            to,
            at
        );
        Ok(done.execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    /// Revokes a device; whether it was not revoked before. `None` if the scope holds none of
    /// this id. Revoking twice keeps the first time.
    ///
    /// # Errors
    /// As the database.
    pub async fn revoke_device(
        &mut self,
        scope: &Scope,
        id: DeviceId,
        at: OffsetDateTime,
    ) -> Result<Option<bool>> {
        let first = sqlx::query_scalar!(
            r#"update device t set revoked_at = coalesce(t.revoked_at, $2)
               from (select id, revoked_at from device
                     where id = $1 and ($3::text[] is null or group_name = any($3)) for update) before
               where t.id = before.id returning before.revoked_at is null as "first!""#,
            id.0,
            at,
            scope.groups()
        );
        Ok(first.fetch_optional(&mut *self.tx).await?)
    }

    /// The device of a public key.
    ///
    /// # Errors
    /// As the database.
    pub async fn device_of_key(&mut self, public_key: &[u8]) -> Result<Option<DeviceKey>> {
        let row = sqlx::query_as!(
            DeviceKey,
            "select id, public_key, revoked_at from device where public_key = $1",
            public_key
        );
        Ok(row.fetch_optional(&mut *self.tx).await?)
    }

    /// Adds a device; `false` if its key was enrolled meanwhile.
    ///
    /// # Errors
    /// As the database.
    pub async fn add_device(&mut self, device: &NewDevice<'_>) -> Result<bool> {
        let done = sqlx::query!(
            "insert into device (id, public_key, name, os, os_version, agent_version, enrolled_at, enrolled_with,
                                 group_name)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict do nothing",
            device.id.0,
            device.public_key,
            device.name,
            device.os,
            device.os_version,
            device.agent_version,
            device.at,
            device.token.0,
            device.group
        );
        Ok(done.execute(&mut *self.tx).await?.rows_affected() == 1)
    }
}
