//! Enrolment tokens.

use time::OffsetDateTime;
use uuid::Uuid;

use super::read::Place;
use super::{Store, Unit};
use crate::Result;
use crate::domain::{EnrolmentTokenId, Scope};

/// A token about to be kept.
#[derive(Debug)]
pub struct NewToken<'a> {
    /// Its id.
    pub id: EnrolmentTokenId,
    /// Keyed hash.
    pub hash: &'a [u8],
    /// Devices it enrols.
    pub uses: i32,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// By whom; `None` for the command line.
    pub created_by: Option<String>,
    /// When it ends.
    pub expires_at: OffsetDateTime,
    /// Group of its devices.
    pub group: &'a str,
}

/// An enrolment token in lists.
#[derive(Debug, Clone)]
pub struct TokenRow {
    /// Its id.
    pub id: Uuid,
    /// Uses left.
    pub uses_left: i32,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// By whom; `None` for the command line.
    pub created_by: Option<String>,
    /// When it ends.
    pub expires_at: OffsetDateTime,
    /// When it was revoked.
    pub revoked_at: Option<OffsetDateTime>,
    /// The group whose policy its devices are under.
    pub group: String,
}

impl Store {
    /// The enrolment tokens of a scope, newest first, after a place, at most `limit`.
    ///
    /// # Errors
    /// As the database.
    pub async fn enrolment_tokens(
        &self,
        scope: &Scope,
        after: Option<Place>,
        limit: i64,
    ) -> Result<Vec<TokenRow>> {
        let rows = sqlx::query_as!(
            TokenRow,
            r#"select id, uses_left, created_at, created_by, expires_at, revoked_at, group_name as "group"
               from enrolment_token
               where ($1::text[] is null or group_name = any($1))
                 and ($2::timestamptz is null or created_at < $2 or (created_at = $2 and id > $3::uuid))
               order by created_at desc, id limit $4"#,
            scope.groups(),
            after.map(|p| p.at),
            after.map(|p| p.id),
            limit
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }

    /// One enrolment token of a scope.
    ///
    /// # Errors
    /// As the database.
    pub async fn enrolment_token(&self, scope: &Scope, id: EnrolmentTokenId) -> Result<Option<TokenRow>> {
        let row = sqlx::query_as!(
            TokenRow,
            r#"select id, uses_left, created_at, created_by, expires_at, revoked_at, group_name as "group"
               from enrolment_token where id = $1 and ($2::text[] is null or group_name = any($2))"#,
            id.0,
            scope.groups()
        );
        Ok(row.fetch_optional(self.pool()).await?)
    }
}

impl Unit {
    /// Keeps a new enrolment token's hash.
    ///
    /// # Errors
    /// As the database.
    pub async fn add_enrolment_token(&mut self, new: &NewToken<'_>) -> Result<()> {
        sqlx::query!(
            "insert into enrolment_token (id, hash, keyed, uses_left, created_at, expires_at, group_name, created_by)
             values ($1, $2, true, $3, $4, $5, $6, $7)",
            new.id.0,
            new.hash,
            new.uses,
            new.created_at,
            new.expires_at,
            new.group,
            new.created_by
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Revokes an enrolment token; whether it was not revoked before. `None` if the scope holds none of this id. Revoking twice
    /// keeps the first time.
    ///
    /// # Errors
    /// As the database.
    pub async fn revoke_enrolment_token(
        &mut self,
        scope: &Scope,
        id: EnrolmentTokenId,
        at: OffsetDateTime,
    ) -> Result<Option<bool>> {
        let first = sqlx::query_scalar!(
            r#"update enrolment_token t set revoked_at = coalesce(t.revoked_at, $2)
               from (select id, revoked_at from enrolment_token
                     where id = $1 and ($3::text[] is null or group_name = any($3)) for update) before
               where t.id = before.id returning before.revoked_at is null as "first!""#,
            id.0,
            at,
            scope.groups()
        );
        Ok(first.fetch_optional(&mut *self.tx).await?)
    }

    /// Spends one use of the token of a hash, and says which group it enrols into; `None` if it is unknown, expired, revoked
    /// or used up.
    ///
    /// # Errors
    /// As the database.
    pub async fn spend_token(
        &mut self,
        hash: &[u8],
        now: OffsetDateTime,
    ) -> Result<Option<(EnrolmentTokenId, String)>> {
        let row = sqlx::query!(
            "update enrolment_token set uses_left = uses_left - 1
             where hash = $1 and uses_left > 0 and revoked_at is null and expires_at > $2
             returning id, group_name",
            hash,
            now
        );
        Ok(row.fetch_optional(&mut *self.tx).await?.map(|r| (EnrolmentTokenId(r.id), r.group_name)))
    }
}
