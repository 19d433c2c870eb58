//! Subjects, their names and profiles.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Unit;
use crate::Result;
use crate::domain::SubjectId;

/// A profile as it is kept.
#[derive(Debug, Clone)]
pub struct ProfileRow {
    /// Whose.
    pub subject_id: SubjectId,
    /// Sealed.
    pub body: Vec<u8>,
    /// Rises by one with each change.
    pub version: i64,
}

impl Unit {
    /// The subject of an account's pseudonyms by generation, made with `fresh` as its id and the latest of them if there is none.
    ///
    /// # Errors
    /// As the database.
    pub async fn subject(
        &mut self,
        pseudonyms: &[String],
        fresh: SubjectId,
        at: OffsetDateTime,
    ) -> Result<SubjectId> {
        let latest = pseudonyms.len().saturating_sub(1);
        let made = sqlx::query_scalar!(
            "insert into subject (id, pseudonym, created_at, generation)
             select $1, $2, $3, $4 where not exists (select from subject where pseudonym = any($5))
             on conflict do nothing returning id",
            fresh.0,
            pseudonyms.get(latest),
            at,
            i32::try_from(latest).unwrap_or(i32::MAX),
            pseudonyms
        )
        .fetch_optional(&mut *self.tx)
        .await?;
        let id = match made {
            Some(id) => id,
            None => {
                let known = sqlx::query_scalar!(
                    "select id from subject where pseudonym = any($1) order by generation desc limit 1",
                    pseudonyms
                );
                known.fetch_one(&mut *self.tx).await?
            }
        };
        Ok(SubjectId(id))
    }

    /// Keeps the sealed name of a subject that has none.
    ///
    /// # Errors
    /// As the database.
    pub async fn name_subject(&mut self, id: SubjectId, sealed: &[u8]) -> Result<()> {
        sqlx::query!(
            "insert into subject_name (subject_id, ciphertext) values ($1, $2) on conflict do nothing",
            id.0,
            sealed
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Keeps other units from changing the profiles of these subjects until this one ends.
    ///
    /// # Errors
    /// As the database.
    pub async fn lock_subjects(&mut self, ids: &[Uuid]) -> Result<()> {
        sqlx::query!("select id from subject where id = any($1) order by id for no key update", ids)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// The profiles that exist of these subjects.
    ///
    /// # Errors
    /// As the database.
    pub async fn profiles(&mut self, ids: &[Uuid]) -> Result<Vec<ProfileRow>> {
        let rows = sqlx::query_as!(
            ProfileRow,
            "select subject_id, body, version from profile where subject_id = any($1)",
            ids
        );
        Ok(rows.fetch_all(&mut *self.tx).await?)
    }

    /// How far a subject's profile has come, as it is kept; an empty list without a profile.
    ///
    /// # Errors
    /// As the database.
    pub async fn maturity(&mut self, id: SubjectId) -> Result<Value> {
        let row = sqlx::query_scalar!("select maturity from profile where subject_id = $1", id.0);
        Ok(row.fetch_optional(&mut *self.tx).await?.unwrap_or_else(|| Value::Array(Vec::new())))
    }

    /// Whether a subject has a profile that is mature in any modality.
    ///
    /// # Errors
    /// As the database.
    pub async fn has_mature_profile(&mut self, id: SubjectId) -> Result<bool> {
        let row = sqlx::query_scalar!(
            r#"select exists (select from profile where subject_id = $1
                              and maturity @> '[{"mature": true}]'::jsonb) as "mature!""#,
            id.0
        );
        Ok(row.fetch_one(&mut *self.tx).await?)
    }

    /// The versions of the profiles that exist of these subjects.
    ///
    /// # Errors
    /// As the database.
    pub async fn profile_versions(&mut self, ids: &[Uuid]) -> Result<Vec<(SubjectId, i64)>> {
        let rows = sqlx::query!("select subject_id, version from profile where subject_id = any($1)", ids)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(rows.into_iter().map(|r| (SubjectId(r.subject_id), r.version)).collect())
    }

    /// Writes a profile. The caller holds its subject ([`Unit::lock_subjects`]).
    ///
    /// # Errors
    /// As the database.
    pub async fn put_profile(
        &mut self,
        row: &ProfileRow,
        maturity: &Value,
        at: OffsetDateTime,
    ) -> Result<()> {
        sqlx::query!(
            "insert into profile (subject_id, body, maturity, version, updated_at) values ($1, $2, $3, $4, $5)
             on conflict (subject_id) do update
             set body = excluded.body, maturity = excluded.maturity, version = excluded.version,
                 updated_at = excluded.updated_at",
            row.subject_id.0,
            row.body,
            maturity,
            row.version,
            at
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}
