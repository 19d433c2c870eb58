//! Words between server processes, and which transactions are running.

use super::Store;
use crate::{Error, Result};

impl Store {
    /// Tells every process that listens.
    ///
    /// # Errors
    /// As the database.
    pub async fn tell(&self, channel: &str, word: &str) -> Result<()> {
        sqlx::query!("select pg_notify($1, $2)", channel, word).execute(self.pool()).await?;
        Ok(())
    }

    /// The oldest transaction that may be running, and the next that will.
    ///
    /// # Errors
    /// As the database.
    pub async fn running(&self) -> Result<(u64, u64)> {
        let row = sqlx::query!(
            r#"select pg_snapshot_xmin(s)::text as "oldest!", pg_snapshot_xmax(s)::text as "next!"
               from pg_current_snapshot() s"#
        )
        .fetch_one(self.pool())
        .await?;
        let number = |text: &str| text.parse().map_err(Error::internal);
        Ok((number(&row.oldest)?, number(&row.next)?))
    }
}
