//! Who has logged in with a browser.

use time::OffsetDateTime;

use super::Store;
use crate::domain::{ApiKeyId, Caller, Scope};
use crate::{Error, Result};

/// A session that serves.
#[derive(Debug)]
pub struct WebSessionRow {
    /// Whose.
    pub caller: Caller,
    /// When it was last used, to the minute.
    pub used_at: OffsetDateTime,
    /// When it ends.
    pub expires_at: OffsetDateTime,
}

impl Store {
    /// Keeps a new session of a person or a program.
    ///
    /// # Errors
    /// Internal for who is nobody on REST; as the database.
    pub async fn add_web_session(
        &self,
        hash: &[u8],
        caller: &Caller,
        now: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<()> {
        let (subject, role, scope, key) = match caller {
            Caller::User { subject, role, scope } => {
                (Some(subject.as_str()), Some(role.name()), Some(scope), None)
            }
            Caller::ApiKey { id, .. } => (None, None, None, Some(id.0)),
            Caller::Device(_) | Caller::Console | Caller::Server => {
                return Err(Error::internal("only people and programs on REST log in"));
            }
        };
        sqlx::query!(
            "insert into web_session (hash, subject, role, groups, key_id, created_at, used_at, expires_at)
             values ($1, $2, $3, $4, $5, $6, $6, $7)",
            hash,
            subject,
            role,
            scope.and_then(Scope::groups),
            key,
            now,
            expires_at
        )
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// The session of a hash, if it has not ended by `now` and was used after `idle_since`.
    ///
    /// # Errors
    /// As the database.
    pub async fn web_session(
        &self,
        hash: &[u8],
        now: OffsetDateTime,
        idle_since: OffsetDateTime,
    ) -> Result<Option<WebSessionRow>> {
        let row = sqlx::query!(
            r#"select w.subject, coalesce(w.role, k.role) as "role!", w.groups, w.key_id, k.groups as "key_groups?",
                      w.used_at, w.expires_at
               from web_session w left join api_key k on k.id = w.key_id
               where w.hash = $1 and w.expires_at > $2 and w.used_at > $3
                 and (w.key_id is null
                      or (k.revoked_at is null and (k.expires_at is null or k.expires_at > $2)))"#,
            hash,
            now,
            idle_since
        )
        .fetch_optional(self.pool())
        .await?;
        row.map(|row| {
            let role = row.role.parse().map_err(Error::internal)?;
            let caller = match (row.key_id, row.subject) {
                (Some(id), _) => {
                    Caller::ApiKey { id: ApiKeyId(id), role, scope: Scope::of_stored(row.key_groups) }
                }
                (None, Some(subject)) => Caller::User { subject, role, scope: Scope::of_stored(row.groups) },
                (None, None) => return Err(Error::internal("a session in a browser is nobody's")),
            };
            Ok(WebSessionRow { caller, used_at: row.used_at, expires_at: row.expires_at })
        })
        .transpose()
    }

    /// Notes that a session was used.
    ///
    /// # Errors
    /// As the database.
    pub async fn web_session_used(&self, hash: &[u8], at: OffsetDateTime) -> Result<()> {
        sqlx::query!("update web_session set used_at = $2 where hash = $1", hash, at)
            .execute(self.pool())
            .await?;
        Ok(())
    }

    /// Ends a session.
    ///
    /// # Errors
    /// As the database.
    pub async fn end_web_session(&self, hash: &[u8]) -> Result<()> {
        sqlx::query!("delete from web_session where hash = $1", hash).execute(self.pool()).await?;
        Ok(())
    }

    /// Forgets sessions that ended before a time.
    ///
    /// # Errors
    /// As the database.
    pub async fn forget_web_sessions(&self, now: OffsetDateTime) -> Result<u64> {
        let done = sqlx::query!("delete from web_session where expires_at <= $1", now);
        Ok(done.execute(self.pool()).await?.rows_affected())
    }
}
