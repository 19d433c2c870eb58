//! Keys that sign security event tokens.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Store;
use crate::Result;

/// A key that signs tokens.
#[derive(Debug, Clone)]
pub struct SigningKeyRow {
    /// Its id.
    pub id: Uuid,
    /// P-256, uncompressed point.
    pub public_key: Vec<u8>,
    /// PKCS #8, sealed.
    pub sealed: Vec<u8>,
}

impl Store {
    /// Keys that sign tokens, the one in use first.
    ///
    /// # Errors
    /// As the database.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyRow>> {
        let rows = sqlx::query_as!(
            SigningKeyRow,
            "select id, public_key, sealed from signing_key order by made_at desc, id desc"
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }

    /// Adds a key that signs tokens from now on.
    ///
    /// # Errors
    /// As the database.
    pub async fn add_signing_key(
        &self,
        id: Uuid,
        public_key: &[u8],
        sealed: &[u8],
        now: OffsetDateTime,
    ) -> Result<()> {
        sqlx::query!(
            "insert into signing_key (id, public_key, sealed, made_at) values ($1, $2, $3, $4)",
            id,
            public_key,
            sealed,
            now
        )
        .execute(self.pool())
        .await?;
        Ok(())
    }
}
