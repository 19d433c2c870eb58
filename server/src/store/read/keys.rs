//! Recognising API keys.

use time::OffsetDateTime;

use crate::domain::{ApiKeyId, Caller};
use crate::store::Store;
use crate::{Error, Result};

impl Store {
    /// The caller whose key has this SHA-256, if the key is neither expired nor revoked at `now`.
    ///
    /// # Errors
    /// As the database.
    pub async fn caller_of_key(&self, hash: &[u8], now: OffsetDateTime) -> Result<Option<Caller>> {
        let row = sqlx::query!(
            "select id, role from api_key
             where hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)",
            hash,
            now
        )
        .fetch_optional(self.pool())
        .await?;
        row.map(|row| {
            let role = row.role.parse().map_err(Error::internal)?;
            Ok(Caller::ApiKey { id: ApiKeyId(row.id), role })
        })
        .transpose()
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
