//! Recognising API keys.

use time::OffsetDateTime;

use crate::domain::{ApiKeyId, Caller, Scope};
use crate::store::Store;
use crate::{Error, Result};

impl Store {
    /// The caller whose key has this hash, if the key is neither expired nor revoked at `now`, and when the key was last
    /// used.
    ///
    /// # Errors
    /// As the database.
    pub async fn caller_of_key(
        &self,
        hash: &[u8],
        now: OffsetDateTime,
    ) -> Result<Option<(Caller, Option<OffsetDateTime>)>> {
        let row = sqlx::query!(
            "select id, role, groups, last_used_at from api_key
             where hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)",
            hash,
            now
        )
        .fetch_optional(self.pool())
        .await?;
        row.map(|row| {
            let role = row.role.parse().map_err(Error::internal)?;
            let scope = Scope::of_stored(row.groups);
            Ok((Caller::ApiKey { id: ApiKeyId(row.id), role, scope }, row.last_used_at))
        })
        .transpose()
    }

    /// Notes that a key was used.
    ///
    /// # Errors
    /// As the database.
    pub async fn key_used(&self, id: ApiKeyId, at: OffsetDateTime) -> Result<()> {
        sqlx::query!("update api_key set last_used_at = $2 where id = $1", id.0, at)
            .execute(self.pool())
            .await?;
        Ok(())
    }

    /// When a key ends; `None` if it does not, or there is none.
    ///
    /// # Errors
    /// As the database.
    pub async fn expiry_of_key(&self, hash: &[u8]) -> Result<Option<OffsetDateTime>> {
        let row = sqlx::query_scalar!("select expires_at from api_key where hash = $1", hash);
        Ok(row.fetch_optional(self.pool()).await?.flatten())
    }
}
