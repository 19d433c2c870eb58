//! API keys and the check of the master key.

use time::OffsetDateTime;
use uuid::Uuid;

use super::read::Place;
use super::{Store, Unit};
use crate::Result;
use crate::domain::{ApiKeyId, Role, Scope};

/// An API key about to be kept.
#[derive(Debug)]
pub struct NewApiKey<'a> {
    /// Its id.
    pub id: ApiKeyId,
    /// First characters, shown in lists.
    pub prefix: &'a str,
    /// Keyed hash.
    pub hash: &'a [u8],
    /// What it is for.
    pub name: &'a str,
    /// What it may do.
    pub role: Role,
    /// Groups it is limited to; `None` for every group.
    pub groups: Option<&'a [String]>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// By whom; `None` for the command line.
    pub created_by: Option<String>,
    /// When it ends.
    pub expires_at: Option<OffsetDateTime>,
}

/// An API key in lists.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// Its id.
    pub id: Uuid,
    /// First characters.
    pub prefix: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: String,
    /// Groups it is limited to.
    pub groups: Option<Vec<String>>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// By whom.
    pub created_by: Option<String>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<OffsetDateTime>,
    /// When it ends.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was revoked.
    pub revoked_at: Option<OffsetDateTime>,
}

impl Store {
    /// The API keys that a scope covers, newest first, after a place, at most `limit`.
    ///
    /// # Errors
    /// As the database.
    pub async fn api_keys(&self, scope: &Scope, after: Option<Place>, limit: i64) -> Result<Vec<KeyRow>> {
        let rows = sqlx::query_as!(
            KeyRow,
            "select id, prefix, name, role, groups, created_at, created_by, last_used_at, expires_at, revoked_at
             from api_key
             where ($1::text[] is null or groups <@ $1)
               and ($2::timestamptz is null or created_at < $2 or (created_at = $2 and id > $3::uuid))
             order by created_at desc, id limit $4",
            scope.groups(),
            after.map(|p| p.at),
            after.map(|p| p.id),
            limit
        );
        Ok(rows.fetch_all(&self.pool).await?)
    }

    /// One API key that a scope covers.
    ///
    /// # Errors
    /// As the database.
    pub async fn api_key(&self, scope: &Scope, id: ApiKeyId) -> Result<Option<KeyRow>> {
        let row = sqlx::query_as!(
            KeyRow,
            "select id, prefix, name, role, groups, created_at, created_by, last_used_at, expires_at, revoked_at
             from api_key where id = $1 and ($2::text[] is null or groups <@ $2)",
            id.0,
            scope.groups()
        );
        Ok(row.fetch_optional(&self.pool).await?)
    }

    /// What this database's first server sealed, if there was one.
    ///
    /// # Errors
    /// As the database.
    pub async fn master_key_mark(&self) -> Result<Option<Vec<u8>>> {
        Ok(sqlx::query_scalar!("select sealed from master_key_check").fetch_optional(&self.pool).await?)
    }

    /// What this database's first server sealed: `fresh`, if there was none yet.
    ///
    /// # Errors
    /// As the database.
    pub async fn mark_master_key(&self, fresh: &[u8]) -> Result<Vec<u8>> {
        sqlx::query!("insert into master_key_check (sealed) values ($1) on conflict do nothing", fresh)
            .execute(&self.pool)
            .await?;
        Ok(sqlx::query_scalar!("select sealed from master_key_check").fetch_one(&self.pool).await?)
    }
}

impl Store {
    /// The wrapped root secret, if there is one.
    ///
    /// # Errors
    /// As the database.
    pub async fn root_secret(&self) -> Result<Option<Vec<u8>>> {
        Ok(sqlx::query_scalar!("select wrapped from root_secret").fetch_optional(&self.pool).await?)
    }

    /// The wrapped root secret: `fresh`, if there was none yet.
    ///
    /// # Errors
    /// As the database.
    pub async fn keep_root_secret(&self, fresh: &[u8], at: OffsetDateTime) -> Result<Vec<u8>> {
        sqlx::query!(
            "insert into root_secret (wrapped, wrapped_at) values ($1, $2) on conflict do nothing",
            fresh,
            at
        )
        .execute(&self.pool)
        .await?;
        Ok(sqlx::query_scalar!("select wrapped from root_secret").fetch_one(&self.pool).await?)
    }
}

impl Unit {
    /// Puts a newly wrapped root secret in the place of the one that was read; `false` if that is no longer there.
    ///
    /// # Errors
    /// As the database.
    pub async fn rewrap_root_secret(&mut self, old: &[u8], new: &[u8], at: OffsetDateTime) -> Result<bool> {
        let done = sqlx::query!(
            "update root_secret set wrapped = $2, wrapped_at = $3 where wrapped = $1",
            old,
            new,
            at
        );
        Ok(done.execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    /// Revokes an API key; whether it was not revoked before. `None` if the scope covers none of this id. Revoking twice keeps the first time.
    ///
    /// # Errors
    /// As the database.
    pub async fn revoke_api_key(
        &mut self,
        scope: &Scope,
        id: ApiKeyId,
        at: OffsetDateTime,
    ) -> Result<Option<bool>> {
        let first = sqlx::query_scalar!(
            r#"update api_key t set revoked_at = coalesce(t.revoked_at, $2)
               from (select id, revoked_at from api_key
                     where id = $1 and ($3::text[] is null or groups <@ $3) for update) before
               where t.id = before.id returning before.revoked_at is null as "first!""#,
            id.0,
            at,
            scope.groups()
        );
        Ok(first.fetch_optional(&mut *self.tx).await?)
    }

    /// Whether any API key was ever made. Holds other server processes that ask the same until this unit ends.
    ///
    /// # Errors
    /// As the database.
    pub async fn any_api_key(&mut self) -> Result<bool> {
        sqlx::query!("select pg_advisory_xact_lock(7231001)").execute(&mut *self.tx).await?;
        let row = sqlx::query_scalar!(r#"select exists (select from api_key) as "any!""#);
        Ok(row.fetch_one(&mut *self.tx).await?)
    }

    /// Keeps an API key's hash.
    ///
    /// # Errors
    /// As the database.
    pub async fn add_api_key(&mut self, key: &NewApiKey<'_>) -> Result<()> {
        sqlx::query!(
            "insert into api_key (id, prefix, hash, keyed, name, role, created_at, expires_at, groups, created_by)
             values ($1, $2, $3, true, $4, $5, $6, $7, $8, $9)",
            key.id.0,
            key.prefix,
            key.hash,
            key.name,
            key.role.name(),
            key.created_at,
            key.expires_at,
            key.groups,
            key.created_by
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}
