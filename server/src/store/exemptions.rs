//! Subjects to whom nothing is done automatically.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Store, Unit};
use crate::Result;
use crate::domain::exemption::ExemptionKind;
use crate::domain::{Caller, ExemptionId, Scope, SubjectId};

/// An exemption of a subject.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Exemption {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub subject_id: Uuid,
    /// injury, `assistive_technology` or agreement.
    pub kind: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// By whom.
    pub made_by: String,
    /// Until when it serves.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
    /// When it was ended early.
    #[serde(with = "time::serde::rfc3339::option")]
    pub ended_at: Option<OffsetDateTime>,
    /// By whom it was ended.
    pub ended_by: Option<String>,
}

impl Unit {
    /// Which of these subjects are exempt now; `true` for those who work with assistive technology.
    ///
    /// # Errors
    /// As the database.
    pub async fn exempt(&mut self, subjects: &[Uuid], now: OffsetDateTime) -> Result<Vec<(SubjectId, bool)>> {
        let rows = sqlx::query!(
            r#"select subject_id, bool_or(kind = 'assistive_technology') as "assisted!" from exemption
               where subject_id = any($1) and made_at <= $2 and until > $2 and ended_at is null
               group by subject_id"#,
            subjects,
            now
        )
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(rows.into_iter().map(|r| (SubjectId(r.subject_id), r.assisted)).collect())
    }

    /// Adds an exemption that a caller makes; `false` if there is no such subject for them to see.
    ///
    /// # Errors
    /// As the database.
    pub async fn add_exemption(
        &mut self,
        by: &Caller,
        id: ExemptionId,
        subject: SubjectId,
        kind: ExemptionKind,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let scope = by.scope();
        let done = sqlx::query!(
            "insert into exemption (id, subject_id, kind, made_at, made_by, until)
             select $1, s.id, $3, $4, $5, $6 from subject s
             where s.id = $2 and ($7::text[] is null or exists (
                   select from session e join device d on d.id = e.device_id
                   where e.subject_id = s.id and d.group_name = any($7)))",
            id.0,
            subject.0,
            kind.name(),
            now,
            by.name(),
            until,
            scope.groups()
        );
        Ok(done.execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    /// Ends an exemption early; whose it is, and whether it had not ended before. `None` if there is none. Ending twice keeps the
    /// first time.
    ///
    /// # Errors
    /// As the database.
    pub async fn end_exemption(
        &mut self,
        scope: &Scope,
        id: ExemptionId,
        ended_by: &str,
        now: OffsetDateTime,
    ) -> Result<Option<(SubjectId, bool)>> {
        let row = sqlx::query!(
            r#"update exemption e set ended_by = case when e.ended_at is null then $2 else e.ended_by end,
                                      ended_at = coalesce(e.ended_at, $3)
               from (select id, ended_at from exemption x
                     where id = $1 and ($4::text[] is null or exists (
                   select from session e join device d on d.id = e.device_id
                   where e.subject_id = x.subject_id and d.group_name = any($4)))
                     for update) before
               where e.id = before.id returning e.subject_id, before.ended_at is null as "first!""#,
            id.0,
            ended_by,
            now,
            scope.groups()
        );
        Ok(row.fetch_optional(&mut *self.tx).await?.map(|r| (SubjectId(r.subject_id), r.first)))
    }
}

impl Store {
    /// One exemption.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_exemption(&self, scope: &Scope, id: ExemptionId) -> Result<Option<Exemption>> {
        let row = sqlx::query_as!(
            Exemption,
            "select id, subject_id, kind, made_at, made_by, until, ended_at, ended_by from exemption
             where id = $1 and ($2::text[] is null or exists (
                   select from session e join device d on d.id = e.device_id
                   where e.subject_id = exemption.subject_id and d.group_name = any($2)))",
            id.0,
            scope.groups()
        );
        Ok(row.fetch_optional(self.pool()).await?)
    }

    /// Exemptions that serve now, of one subject or of all, those that end first first, at most `limit`.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_exemptions(
        &self,
        scope: &Scope,
        subject: Option<Uuid>,
        now: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<Exemption>> {
        let rows = sqlx::query_as!(
            Exemption,
            "select id, subject_id, kind, made_at, made_by, until, ended_at, ended_by from exemption
             where ended_at is null and until > $2 and ($1::uuid is null or subject_id = $1)
               and ($4::text[] is null or exists (
                   select from session e join device d on d.id = e.device_id
                   where e.subject_id = exemption.subject_id and d.group_name = any($4)))
             order by until, id limit $3",
            subject,
            now,
            limit,
            scope.groups()
        );
        Ok(rows.fetch_all(self.pool()).await?)
    }
}
