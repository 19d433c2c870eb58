//! API keys and the check of the master key, as far as the command line and the start need them.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Store, Unit};
use crate::Result;
use crate::domain::{ApiKeyId, Role};

/// An API key about to be kept.
#[derive(Debug)]
pub struct NewApiKey<'a> {
    /// Its id.
    pub id: ApiKeyId,
    /// First characters, shown in lists.
    pub prefix: &'a str,
    /// SHA-256.
    pub hash: &'a [u8],
    /// What it is for.
    pub name: &'a str,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: OffsetDateTime,
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
    /// When it ends.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was revoked.
    pub revoked_at: Option<OffsetDateTime>,
}

impl Store {
    /// Every API key, newest first.
    ///
    /// # Errors
    /// As the database.
    pub async fn api_keys(&self) -> Result<Vec<KeyRow>> {
        let rows = sqlx::query_as!(
            KeyRow,
            "select id, prefix, name, role, expires_at, revoked_at from api_key order by created_at desc, id"
        );
        Ok(rows.fetch_all(&self.pool).await?)
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

    /// Revokes an API key; whether it was not revoked before. `None` if there is none. Revoking twice keeps the first time.
    ///
    /// # Errors
    /// As the database.
    pub async fn revoke_api_key(&mut self, id: ApiKeyId, at: OffsetDateTime) -> Result<Option<bool>> {
        let first = sqlx::query_scalar!(
            r#"update api_key t set revoked_at = coalesce(t.revoked_at, $2)
               from (select id, revoked_at from api_key where id = $1 for update) before
               where t.id = before.id returning before.revoked_at is null as "first!""#,
            id.0,
            at
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
            "insert into api_key (id, prefix, hash, name, role, created_at, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7)",
            key.id.0,
            key.prefix,
            key.hash,
            key.name,
            key.role.name(),
            key.created_at,
            key.expires_at
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}
