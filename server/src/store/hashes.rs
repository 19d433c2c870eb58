//! Hashes of API keys and enrolment tokens that are not keyed yet.

use uuid::Uuid;

use super::Unit;
use crate::Result;

/// A row's hash.
#[derive(Debug)]
pub struct HashRow {
    /// Whose.
    pub id: Uuid,
    /// The hash.
    pub hash: Vec<u8>,
}

impl Unit {
    /// API keys whose hash is a plain SHA-256. Nobody else has them until the unit ends.
    ///
    /// # Errors
    /// As the database.
    pub async fn plain_keys(&mut self) -> Result<Vec<HashRow>> {
        let rows =
            sqlx::query_as!(HashRow, "select id, hash from api_key where not keyed order by id for update");
        Ok(rows.fetch_all(&mut *self.tx).await?)
    }

    /// Enrolment tokens whose hash is a plain SHA-256. Nobody else has them until the unit ends.
    ///
    /// # Errors
    /// As the database.
    pub async fn plain_tokens(&mut self) -> Result<Vec<HashRow>> {
        let rows = sqlx::query_as!(
            HashRow,
            "select id, hash from enrolment_token where not keyed order by id for update"
        );
        Ok(rows.fetch_all(&mut *self.tx).await?)
    }

    /// Puts keyed hashes in the place of API keys' plain ones.
    ///
    /// # Errors
    /// As the database.
    pub async fn key_the_keys(&mut self, rows: &[HashRow]) -> Result<()> {
        let (ids, hashes) = columns(rows);
        sqlx::query!(
            "update api_key k set hash = n.hash, keyed = true
             from unnest($1::uuid[], $2::bytea[]) as n (id, hash) where k.id = n.id",
            &ids,
            &hashes
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Puts keyed hashes in the place of enrolment tokens' plain ones.
    ///
    /// # Errors
    /// As the database.
    pub async fn key_the_tokens(&mut self, rows: &[HashRow]) -> Result<()> {
        let (ids, hashes) = columns(rows);
        sqlx::query!(
            "update enrolment_token t set hash = n.hash, keyed = true
             from unnest($1::uuid[], $2::bytea[]) as n (id, hash) where t.id = n.id",
            &ids,
            &hashes
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}

fn columns(rows: &[HashRow]) -> (Vec<Uuid>, Vec<Vec<u8>>) {
    rows.iter().map(|row| (row.id, row.hash.clone())).unzip()
}
