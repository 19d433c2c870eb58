//! Idempotency keys and their answers.

use time::OffsetDateTime;

use super::Store;
use crate::Result;
use crate::app::once::{Kept, Question};

impl Store {
    /// Takes a key for a request; what it holds if it is taken. One from before `kept_since` is free, and one without an answer
    /// from before `cut_short_before`.
    ///
    /// # Errors
    /// As the database.
    pub async fn take_key(
        &self,
        question: &Question,
        now: OffsetDateTime,
        kept_since: OffsetDateTime,
        cut_short_before: OffsetDateTime,
    ) -> Result<Option<Kept>> {
        let taken = sqlx::query!(
            "insert into idempotency as i (caller, key, request, asked_at, about) values ($1, $2, $3, $4, $7)
             on conflict (caller, key) do update
                 set request = excluded.request, asked_at = excluded.asked_at, about = excluded.about, status = null,
                     answer = null
                 where i.asked_at < $5 or (i.status is null and i.asked_at < $6)",
            question.caller,
            question.key,
            question.request,
            now,
            kept_since,
            cut_short_before,
            question.about
        );
        if taken.execute(self.pool()).await?.rows_affected() == 1 {
            return Ok(None);
        }
        let kept = sqlx::query_as!(
            Kept,
            "select request, asked_at, status, answer from idempotency where caller = $1 and key = $2",
            question.caller,
            question.key
        );
        Ok(kept.fetch_optional(self.pool()).await?)
    }

    /// Keeps the answer to a request, unless what it is about was erased meanwhile.
    ///
    /// # Errors
    /// As the database.
    pub async fn keep_answer(&self, question: &Question, status: i16, answer: &[u8]) -> Result<()> {
        sqlx::query!(
            "update idempotency set status = $4, answer = $5 where caller = $1 and key = $2 and request = $3",
            question.caller,
            question.key,
            question.request,
            status,
            answer
        )
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// Gives a key without an answer back.
    ///
    /// # Errors
    /// As the database.
    pub async fn forget_key(&self, question: &Question) -> Result<()> {
        sqlx::query!(
            "delete from idempotency where caller = $1 and key = $2 and request = $3 and status is null",
            question.caller,
            question.key,
            question.request
        )
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// Forgets keys from before a moment; how many.
    ///
    /// # Errors
    /// As the database.
    pub async fn forget_keys(&self, before: OffsetDateTime) -> Result<u64> {
        let done = sqlx::query!("delete from idempotency where asked_at < $1", before);
        Ok(done.execute(self.pool()).await?.rows_affected())
    }
}
