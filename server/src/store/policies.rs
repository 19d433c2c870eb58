//! Versions of policies, and which devices are under them.

use serde_json::Value;
use time::OffsetDateTime;

use super::{Store, Unit};
use crate::Result;
use crate::domain::{DeviceId, Scope, SessionId};

/// How a device stands when it speaks.
#[derive(Debug, Clone)]
pub struct DeviceStanding {
    /// It was not revoked.
    pub may_speak: bool,
    /// Its group.
    pub group: String,
    /// The group's latest version; 0 if none is stored.
    pub version: i32,
}

/// One version as it is kept.
#[derive(Debug, Clone)]
pub struct PolicyRow {
    /// Of which group.
    pub group: String,
    /// From 1.
    pub version: i32,
    /// What it states.
    pub policy: Value,
    /// When it was made.
    pub made_at: OffsetDateTime,
    /// By whom.
    pub made_by: String,
    /// Why.
    pub reason: String,
}

/// A group with its latest version, if one is stored.
#[derive(Debug, Clone)]
pub struct GroupRow {
    /// Its name.
    pub group: String,
    /// Devices in it that are not revoked.
    pub devices: i64,
    /// Its latest version.
    pub current: Option<PolicyRow>,
}

impl Unit {
    /// Whether a device may speak, and under which policy; `None` if there is no such device.
    ///
    /// # Errors
    /// As the database.
    pub async fn device_standing(&mut self, id: DeviceId) -> Result<Option<DeviceStanding>> {
        let row = sqlx::query_as!(
            DeviceStanding,
            r#"select d.revoked_at is null as "may_speak!", d.group_name as "group",
                      coalesce((select max(v.version) from policy_version v where v.group_name = d.group_name), 0)
                          as "version!"
               from device d where d.id = $1"#,
            id.0
        );
        Ok(row.fetch_optional(&mut *self.tx).await?)
    }

    /// The same, and the device's open sessions whose subjects asked that nothing is made of their input: what every heartbeat asks for.
    ///
    /// # Errors
    /// As the database.
    pub async fn device_known(&mut self, id: DeviceId) -> Result<Option<(DeviceStanding, Vec<SessionId>)>> {
        let row = sqlx::query!(
            r#"select d.revoked_at is null as "may_speak!", d.group_name as "group",
                      coalesce((select max(v.version) from policy_version v where v.group_name = d.group_name), 0)
                          as "version!",
                      array(select s.id from session s join subject u on u.id = s.subject_id
                            where s.device_id = d.id and s.closed_at is null and u.restricted_at is not null)
                          as "restricted!"
               from device d where d.id = $1"#,
            id.0
        );
        let row = row.fetch_optional(&mut *self.tx).await?;
        Ok(row.map(|row| {
            let standing =
                DeviceStanding { may_speak: row.may_speak, group: row.group, version: row.version };
            (standing, row.restricted.into_iter().map(SessionId).collect())
        }))
    }

    /// One version.
    ///
    /// # Errors
    /// As the database.
    pub async fn policy(&mut self, group: &str, version: i32) -> Result<Option<Value>> {
        let row = sqlx::query_scalar!(
            "select policy from policy_version where group_name = $1 and version = $2",
            group,
            version
        );
        Ok(row.fetch_optional(&mut *self.tx).await?)
    }

    /// Whether a group exists.
    ///
    /// # Errors
    /// As the database.
    pub async fn has_group(&mut self, group: &str) -> Result<bool> {
        let row = sqlx::query_scalar!(
            r#"select exists (select from policy_group where name = $1) as "there!""#,
            group
        );
        Ok(row.fetch_one(&mut *self.tx).await?)
    }

    /// Makes a group unless it exists.
    ///
    /// # Errors
    /// As the database.
    pub async fn make_group(&mut self, group: &str) -> Result<()> {
        sqlx::query!("insert into policy_group (name) values ($1) on conflict do nothing", group)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Adds a version after its predecessor; `false` if that is no longer the latest.
    ///
    /// # Errors
    /// As the database.
    pub async fn add_policy(&mut self, row: &PolicyRow) -> Result<bool> {
        let done = sqlx::query!(
            "insert into policy_version (group_name, version, policy, made_at, made_by, reason)
             select $1, $2, $3, $4, $5, $6
             where $2 - 1 = (select coalesce(max(version), 0) from policy_version where group_name = $1)
             on conflict do nothing",
            row.group,
            row.version,
            row.policy,
            row.made_at,
            row.made_by,
            row.reason
        );
        Ok(done.execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    /// Puts a device into a group that exists; `false` if there is no such device to be seen.
    ///
    /// # Errors
    /// As the database.
    pub async fn move_device(&mut self, scope: &Scope, id: DeviceId, group: &str) -> Result<bool> {
        let done = sqlx::query!(
            "update device set group_name = $2 where id = $1 and ($3::text[] is null or group_name = any($3))",
            id.0,
            group,
            scope.groups()
        );
        Ok(done.execute(&mut *self.tx).await?.rows_affected() == 1)
    }
}

impl Store {
    /// Whether a group exists in a scope.
    ///
    /// # Errors
    /// As the database.
    pub async fn has_group(&self, scope: &Scope, group: &str) -> Result<bool> {
        let row = sqlx::query_scalar!(
            r#"select exists (select from policy_group
                              where name = $1 and ($2::text[] is null or name = any($2))) as "there!""#,
            group,
            scope.groups()
        );
        Ok(row.fetch_one(self.pool()).await?)
    }

    /// Every group of a scope, by name.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_groups(&self, scope: &Scope) -> Result<Vec<GroupRow>> {
        let rows = sqlx::query!(
            r#"select g.name, v.version as "version?", v.policy as "policy?", v.made_at as "made_at?",
                      v.made_by as "made_by?", v.reason as "reason?",
                      (select count(*) from device d where d.group_name = g.name and d.revoked_at is null) as "devices!"
               from policy_group g
               left join lateral (select * from policy_version p where p.group_name = g.name
                                  order by version desc limit 1) v on true
               where $1::text[] is null or g.name = any($1)
               order by g.name"#,
            scope.groups()
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| {
                let current = match (r.version, r.policy, r.made_at, r.made_by, r.reason) {
                    (Some(version), Some(policy), Some(made_at), Some(made_by), Some(reason)) => {
                        Some(PolicyRow { group: r.name.clone(), version, policy, made_at, made_by, reason })
                    }
                    _ => None,
                };
                GroupRow { group: r.name, devices: r.devices, current }
            })
            .collect())
    }

    /// Versions of a group before one, newest first, at most `limit`.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_policy_versions(
        &self,
        scope: &Scope,
        group: &str,
        before: Option<i32>,
        limit: i64,
    ) -> Result<Vec<PolicyRow>> {
        let rows = sqlx::query_as!(
            PolicyRow,
            r#"select group_name as "group", version, policy, made_at, made_by, reason from policy_version
               where group_name = $1 and ($2::int is null or version < $2)
                 and ($4::text[] is null or group_name = any($4))
               order by version desc limit $3"#,
            group,
            before,
            limit,
            scope.groups()
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }
}
