//! Subjects and the state of their profiles. A subject is in the scope of whoever sees a device that the subject has worked on.

use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Place;
use crate::Result;
use crate::domain::drift::Drift;
use crate::domain::{Scope, SubjectId};
use crate::store::Store;

/// How far a profile has come in one modality.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Maturity {
    /// `keyboard`, `pointer` or `touch`.
    pub modality: String,
    /// Sessions learned from, up to as many as make it mature.
    pub sessions: u32,
    /// Keystrokes or strokes learned from, up to as many as make it mature.
    pub inputs: u64,
    /// Whether there is enough to judge against.
    pub mature: bool,
    /// How far it has moved from what it was founded on, in whichever direction; null until that can be told, and for others than
    /// the roles admin, analyst and privacy.
    #[serde(default)]
    pub drift: Option<Drift>,
}

/// A person, known by a pseudonym.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Subject {
    /// Its id.
    pub id: Uuid,
    /// Stands for the person; the directory name is not given here.
    pub pseudonym: String,
    /// When the subject was first seen.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Since when nothing is made of the subject's input; told to the role privacy alone, null for others.
    #[serde(with = "time::serde::rfc3339::option")]
    pub restricted_at: Option<OffsetDateTime>,
    /// State of the profile by modality; empty before there is one.
    #[schema(value_type = Vec<Maturity>)]
    pub profile: Json<Vec<Maturity>>,
}

/// State of a profile; never its content.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProfileState {
    /// Whose.
    pub subject_id: Uuid,
    /// State by modality.
    #[schema(value_type = Vec<Maturity>)]
    pub maturity: Json<Vec<Maturity>>,
    /// Counts the changes, from 1.
    pub version: i64,
    /// When it changed last.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// Which subjects; what is `None` does not narrow.
#[derive(Debug, Clone, Default)]
pub struct SubjectFilter {
    /// How their pseudonyms begin.
    pub pseudonym: Option<String>,
    /// With a profile that is mature in any modality (`true`), or in none (`false`).
    pub mature: Option<bool>,
    /// With a profile that has moved so far in any modality.
    pub drift: Option<Drift>,
}

impl Store {
    /// Subjects of a filter after a place, oldest first, at most `limit`.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_subjects(
        &self,
        scope: &Scope,
        filter: &SubjectFilter,
        after: Option<Place>,
        limit: i64,
    ) -> Result<Vec<Subject>> {
        let rows = sqlx::query_as!(
            Subject,
            r#"select s.id, s.pseudonym, s.created_at, s.restricted_at,
                      coalesce(p.maturity, '[]'::jsonb) as "profile!: Json<Vec<Maturity>>"
               from subject s left join profile p on p.subject_id = s.id
               where ($1::timestamptz is null or (s.created_at, s.id) > ($1, $2::uuid))
                 and ($4::text[] is null or exists (
                      select from session e join device d on d.id = e.device_id
                      where e.subject_id = s.id and d.group_name = any($4)))
                 and ($5::text is null or starts_with(s.pseudonym, $5))
                 and ($6::boolean is null or coalesce(p.maturity @> '[{"mature": true}]'::jsonb, false) = $6)
                 and ($7::text is null or p.maturity @> jsonb_build_array(jsonb_build_object('drift', $7::text)))
               order by s.created_at, s.id limit $3"#,
            after.map(|p| p.at),
            after.map(|p| p.id),
            limit,
            scope.groups(),
            filter.pseudonym.as_deref(),
            filter.mature,
            filter.drift.map(Drift::name)
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }

    /// One subject.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_subject(&self, scope: &Scope, id: SubjectId) -> Result<Option<Subject>> {
        let row = sqlx::query_as!(
            Subject,
            r#"select s.id, s.pseudonym, s.created_at, s.restricted_at,
                      coalesce(p.maturity, '[]'::jsonb) as "profile!: Json<Vec<Maturity>>"
               from subject s left join profile p on p.subject_id = s.id
               where s.id = $1 and ($2::text[] is null or exists (
                     select from session e join device d on d.id = e.device_id
                     where e.subject_id = s.id and d.group_name = any($2)))"#,
            id.0,
            scope.groups()
        );
        Ok(row.fetch_optional(self.pool()).await?)
    }

    /// The state of a subject's profile.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_profile(&self, scope: &Scope, id: SubjectId) -> Result<Option<ProfileState>> {
        let row = sqlx::query_as!(
            ProfileState,
            r#"select subject_id, maturity as "maturity!: Json<Vec<Maturity>>", version, updated_at
               from profile p
               where subject_id = $1 and ($2::text[] is null or exists (
                     select from session e join device d on d.id = e.device_id
                     where e.subject_id = p.subject_id and d.group_name = any($2)))"#,
            id.0,
            scope.groups()
        );
        Ok(row.fetch_optional(self.pool()).await?)
    }
}
