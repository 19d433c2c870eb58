//! Devices.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Place;
use crate::Result;
use crate::domain::capture::Capture;
use crate::domain::{DeviceId, Scope};
use crate::store::Store;

/// An enrolled workstation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Device {
    /// Its id.
    pub id: Uuid,
    /// Host name.
    pub name: String,
    /// `linux`, `windows` or `macos`.
    pub os: String,
    /// The operating system's version.
    pub os_version: String,
    /// The agent's version.
    pub agent_version: String,
    /// The group whose policy it is under.
    pub group: String,
    /// When it was enrolled.
    #[serde(with = "time::serde::rfc3339")]
    pub enrolled_at: OffsetDateTime,
    /// When it was last heard of.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_seen_at: Option<OffsetDateTime>,
    /// Whether the agent sees input, by the latest heartbeat: `running`, `failed`, or `paused` or switched `off` by the person.
    #[schema(value_type = Option<Capture>)]
    pub capture: Option<String>,
    /// Records waiting on the device, by the latest heartbeat.
    pub spooled: Option<i32>,
    /// Records the device gave up, by the latest heartbeat.
    pub lost: Option<i32>,
    /// By how many milliseconds its clock is ahead of the server's, by the latest heartbeat; negative behind.
    pub clock_ahead_ms: Option<i64>,
    /// Since when its key is its key.
    #[serde(with = "time::serde::rfc3339")]
    pub key_since: OffsetDateTime,
    /// Since when it may no longer speak.
    #[serde(with = "time::serde::rfc3339::option")]
    pub revoked_at: Option<OffsetDateTime>,
}

/// Which devices.
#[derive(Debug, Clone, Default)]
pub struct DeviceFilter {
    /// How their names begin, in whatever case.
    pub name: Option<String>,
    /// In which group.
    pub group: Option<String>,
}

impl Store {
    /// Devices of a filter after a place, in order of enrolment, at most `limit`.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_devices(
        &self,
        scope: &Scope,
        filter: &DeviceFilter,
        after: Option<Place>,
        limit: i64,
    ) -> Result<Vec<Device>> {
        let rows = sqlx::query_as!(
            Device,
            r#"select id, name, os, os_version, agent_version, group_name as "group", enrolled_at, last_seen_at,
                      capture, spooled, lost, revoked_at, clock_ahead_ms,
                      coalesce(key_since, enrolled_at) as "key_since!"
               from device
               where ($1::timestamptz is null or (enrolled_at, id) > ($1, $2::uuid))
                 and ($4::text[] is null or group_name = any($4))
                 and ($5::text is null or starts_with(lower(name), lower($5)))
                 and ($6::text is null or group_name = $6)
               order by enrolled_at, id limit $3"#,
            after.map(|p| p.at),
            after.map(|p| p.id),
            limit,
            scope.groups(),
            filter.name.as_deref(),
            filter.group.as_deref()
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }

    /// One device.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_device(&self, scope: &Scope, id: DeviceId) -> Result<Option<Device>> {
        let row = sqlx::query_as!(
            Device,
            r#"select id, name, os, os_version, agent_version, group_name as "group", enrolled_at, last_seen_at,
                      capture, spooled, lost, revoked_at, clock_ahead_ms,
                      coalesce(key_since, enrolled_at) as "key_since!"
               from device where id = $1 and ($2::text[] is null or group_name = any($2))"#,
            id.0,
            scope.groups()
        );
        Ok(row.fetch_optional(self.pool()).await?)
    }
}
