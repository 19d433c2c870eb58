//! Where things are held of a subject: what is exported, and what is deleted when the subject is erased.
//!
//! To add a table with a `subject_id`, a `session_id` or an `alert_id`: its line in [`OF_SUBJECT`]. A test compares the list with the catalogue of
//! the database.

use serde_json::Value;
use sqlx::AssertSqlSafe;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Unit;
use crate::domain::{SessionId, SubjectId};
use crate::{Error, Result};

/// By which column a table's rows belong to a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// `subject_id`.
    Subject,
    /// `session_id`, of one of the subject's sessions.
    Session,
    /// `alert_id`, of one of the subject's alerts.
    Alert,
    /// Devices that the subject was seen on.
    Seen,
}

/// A table that holds something of subjects.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Whose its rows are.
    pub by: By,
    /// How its rows are ordered.
    pub order: &'static str,
}

const fn table(name: &'static str, by: By, order: &'static str) -> Table {
    Table { name, by, order }
}

/// Every table that holds something of subjects but `subject` itself; those that refer to others first.
pub const OF_SUBJECT: &[Table] = &[
    table("delivery", By::Session, "seq"),
    table("outbox", By::Subject, "seq"),
    table("alert_note", By::Alert, "written_at"),
    table("alert", By::Subject, "opened_at"),
    table("feedback", By::Session, "said_at"),
    table("directive", By::Session, "created_at"),
    table("verdict", By::Subject, "id"),
    table("feature_window", By::Session, "session_id, sequence"),
    table("session_event", By::Session, "session_id, sequence"),
    table("session", By::Subject, "opened_at"),
    table("vouching", By::Subject, "since"),
    table("exemption", By::Subject, "made_at"),
    table("profile", By::Subject, "updated_at"),
    table("subject_name", By::Subject, "subject_id"),
];

/// The workstations that a subject was seen on: told when everything is that is held of the subject, and nobody's alone, so that they
/// stay when it is erased.
pub const DEVICES: Table = table("device", By::Seen, "name, id");

impl Table {
    /// Of devices, what others do with them and their keys is left out.
    fn source(&self) -> &'static str {
        match self.by {
            By::Seen => "(select id, name, os, os_version, group_name, enrolled_at, revoked_at from device)",
            By::Subject | By::Session | By::Alert => self.name,
        }
    }

    fn condition(&self) -> &'static str {
        match self.by {
            By::Subject => "subject_id = $1",
            By::Session => "session_id in (select id from session where subject_id = $1)",
            By::Alert => "alert_id in (select id from alert where subject_id = $1)",
            By::Seen => {
                "id in (select device_id from session where subject_id = $1
                        union select device_id from vouching where subject_id = $1)"
            }
        }
    }
}

/// A subject, locked.
#[derive(Debug, Clone)]
pub struct SubjectRow {
    /// Which.
    pub id: SubjectId,
    /// Its pseudonym.
    pub pseudonym: String,
    /// When it was first seen.
    pub created_at: OffsetDateTime,
    /// Since when nothing is made of its input.
    pub restricted_at: Option<OffsetDateTime>,
    /// Of which generation its pseudonym is.
    pub generation: i32,
}

impl Unit {
    /// Locks a subject's sessions and then the subject, in the order in which input locks them, so that nothing is added
    /// meanwhile. `None` if there is none.
    ///
    /// # Errors
    /// As the database.
    pub async fn hold_subject(&mut self, id: SubjectId) -> Result<Option<SubjectRow>> {
        sqlx::query!("select id from session where subject_id = $1 order by id for update", id.0)
            .fetch_all(&mut *self.tx)
            .await?;
        let row = sqlx::query_as!(
            SubjectRow,
            "select id, pseudonym, created_at, restricted_at, generation from subject where id = $1 for update",
            id.0
        );
        Ok(row.fetch_optional(&mut *self.tx).await?)
    }

    /// Opens the rows of a table that are a subject's, for [`Unit::next_rows`].
    ///
    /// # Errors
    /// As the database.
    pub async fn open_rows(&mut self, table: &Table, subject: SubjectId) -> Result<()> {
        // A cursor takes no parameters; an id is nothing but hexadecimal digits.
        let sql = format!(
            "declare held no scroll cursor for select to_jsonb(t) from {} t where {} order by {}",
            table.source(),
            table.condition().replace("$1", &format!("'{}'", subject.0)),
            table.order
        );
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *self.tx).await?;
        Ok(())
    }

    /// The next rows as JSON, at most so many: times in RFC 3339, bytes as `\x` and hexadecimal; none after the last.
    ///
    /// # Errors
    /// As the database.
    pub async fn next_rows(&mut self, most: u32) -> Result<Vec<Value>> {
        // Prepared anew for each cursor, since what a name stands for changes.
        let rows = sqlx::query_scalar(AssertSqlSafe(format!("fetch {most} from held"))).persistent(false);
        Ok(rows.fetch_all(&mut *self.tx).await?)
    }

    /// Lets go of the rows.
    ///
    /// # Errors
    /// As the database.
    pub async fn close_rows(&mut self) -> Result<()> {
        sqlx::query("close held").execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Deletes all that is held of a subject, and the subject. The caller holds it ([`Unit::hold_subject`]).
    ///
    /// # Errors
    /// As the database.
    pub async fn erase_subject(&mut self, id: SubjectId) -> Result<()> {
        // Also of requests that have no answer yet: it will not be kept.
        sqlx::query!(
            "delete from idempotency
             where about = $1 or about in (select id from session where subject_id = $1
                                           union all select id from alert where subject_id = $1
                                           union all select id from exemption where subject_id = $1)",
            id.0
        )
        .execute(&mut *self.tx)
        .await?;
        for table in OF_SUBJECT {
            let sql = format!("delete from {} where {}", table.name, table.condition());
            sqlx::query(AssertSqlSafe(sql)).bind(id.0).execute(&mut *self.tx).await?;
        }
        sqlx::query!("delete from subject where id = $1", id.0).execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Sealed name of a subject.
    ///
    /// # Errors
    /// As the database.
    pub async fn sealed_name(&mut self, id: SubjectId) -> Result<Option<Vec<u8>>> {
        let row = sqlx::query_scalar!("select ciphertext from subject_name where subject_id = $1", id.0);
        Ok(row.fetch_optional(&mut *self.tx).await?)
    }

    /// Entries of the audit log that concern a subject, in order, as JSON.
    ///
    /// # Errors
    /// As the database.
    pub async fn audit_of(&mut self, id: SubjectId) -> Result<Vec<Value>> {
        let rows = sqlx::query_scalar!(
            r#"select jsonb_build_object('seq', a.seq, 'at', a.at, 'actor', a.actor, 'role', a.role, 'action', a.action,
                                         'object', a.object, 'details', a.details::jsonb) as "entry!"
               from audit a join subject s on s.audit_ref = a.subject where s.id = $1 order by a.seq"#,
            id.0
        );
        Ok(rows.fetch_all(&mut *self.tx).await?)
    }

    /// A subject as of one moment, as all that is read in this unit from then on; nothing is locked, and nothing can be written.
    /// Times are given in UTC. Comes first in its unit.
    ///
    /// # Errors
    /// As the database.
    pub async fn look_at_subject(&mut self, id: SubjectId) -> Result<Option<SubjectRow>> {
        for sql in ["set transaction isolation level repeatable read, read only", "set local time zone 'UTC'"]
        {
            sqlx::query(sql).execute(&mut *self.tx).await?;
        }
        let row = sqlx::query_as!(
            SubjectRow,
            "select id, pseudonym, created_at, restricted_at, generation from subject where id = $1",
            id.0
        );
        Ok(row.fetch_optional(&mut *self.tx).await?)
    }

    /// Sets since when nothing is made of a subject's input; `None` to go on.
    ///
    /// # Errors
    /// As the database.
    pub async fn put_restricted(&mut self, id: SubjectId, since: Option<OffsetDateTime>) -> Result<()> {
        sqlx::query!("update subject set restricted_at = $2 where id = $1", id.0, since)
            .execute(&mut *self.tx)
            .await?;
        // What the engine keeps of sessions is dropped: after the restriction they begin anew.
        if since.is_some() {
            sqlx::query!("update session set state = null, held_at = null where subject_id = $1", id.0)
                .execute(&mut *self.tx)
                .await?;
        }
        Ok(())
    }

    /// Those of these subjects of whose input nothing is made.
    ///
    /// # Errors
    /// As the database.
    pub async fn restricted(&mut self, ids: &[Uuid]) -> Result<Vec<SubjectId>> {
        let rows = sqlx::query_scalar!(
            "select id from subject where id = any($1) and restricted_at is not null",
            ids
        );
        Ok(rows.fetch_all(&mut *self.tx).await?.into_iter().map(SubjectId).collect())
    }

    /// Gives a subject another pseudonym and name; `false` if another subject has one of the name's pseudonyms, which are of
    /// every generation.
    ///
    /// # Errors
    /// As the database.
    pub async fn rename_subject(
        &mut self,
        id: SubjectId,
        pseudonym: &str,
        pseudonyms: &[String],
        sealed: &[u8],
    ) -> Result<bool> {
        let taken = sqlx::query_scalar!(
            r#"select exists (select from subject where pseudonym = any($2) and id <> $1) as "taken!""#,
            id.0,
            pseudonyms
        );
        if taken.fetch_one(&mut *self.tx).await? {
            return Ok(false);
        }
        let renamed = sqlx::query!("update subject set pseudonym = $2 where id = $1", id.0, pseudonym)
            .execute(&mut *self.tx)
            .await;
        match renamed {
            // Somebody has logged on under it just now.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(false),
            renamed => renamed?,
        };
        sqlx::query!(
            "insert into subject_name (subject_id, ciphertext) values ($1, $2)
             on conflict (subject_id) do update set ciphertext = excluded.ciphertext",
            id.0,
            sealed
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(true)
    }

    /// Highest generation of a pseudonym.
    ///
    /// # Errors
    /// As the database.
    pub async fn latest_generation(&mut self) -> Result<i32> {
        let row = sqlx::query_scalar!(r#"select coalesce(max(generation), 0) as "generation!" from subject"#);
        Ok(row.fetch_one(&mut *self.tx).await?)
    }

    /// An open session of a subject, if there is one. The caller holds the subject.
    ///
    /// # Errors
    /// As the database.
    pub async fn open_session_of(&mut self, id: SubjectId) -> Result<Option<SessionId>> {
        let row = sqlx::query_scalar!(
            "select id from session where subject_id = $1 and closed_at is null limit 1",
            id.0
        );
        Ok(row.fetch_optional(&mut *self.tx).await?.map(SessionId))
    }

    /// Adds a subject that takes the place of another: its devices and the exemptions that serve, as of now and under new ids.
    ///
    /// # Errors
    /// As the database.
    pub async fn replace_subject(&mut self, old: SubjectId, new: &SubjectRow) -> Result<()> {
        sqlx::query!(
            "insert into subject (id, pseudonym, created_at, restricted_at, generation) values ($1, $2, $3, $4, $5)",
            new.id.0,
            new.pseudonym,
            new.created_at,
            new.restricted_at,
            new.generation
        )
        .execute(&mut *self.tx)
        .await?;
        sqlx::query!(
            "insert into vouching (subject_id, device_id, first_device, since, vouched_at, vouched_by)
             select $2, device_id, first_device, $3::timestamptz,
                    case when vouched_at is not null then $3::timestamptz end, vouched_by
             from vouching where subject_id = $1",
            old.0,
            new.id.0,
            new.created_at
        )
        .execute(&mut *self.tx)
        .await?;
        sqlx::query!(
            "insert into exemption (id, subject_id, kind, made_at, made_by, until)
             select gen_random_uuid(), $2, kind, $3, made_by, until from exemption
             where subject_id = $1 and ended_at is null and until > $3",
            old.0,
            new.id.0,
            new.created_at
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Marks a subject as erased.
    ///
    /// # Errors
    /// As the database.
    pub async fn mark_erased(&mut self, mark: &[u8], at: OffsetDateTime) -> Result<()> {
        sqlx::query!(
            "insert into erasure (mark, erased_at) values ($1, $2) on conflict do nothing",
            mark,
            at
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Whether a mark is there.
    ///
    /// # Errors
    /// As the database.
    pub async fn is_erased(&mut self, mark: &[u8]) -> Result<bool> {
        let row =
            sqlx::query_scalar!(r#"select exists (select from erasure where mark = $1) as "there!""#, mark);
        Ok(row.fetch_one(&mut *self.tx).await?)
    }

    /// Every mark, oldest first.
    ///
    /// # Errors
    /// As the database.
    pub async fn erasures(&mut self) -> Result<Vec<(Vec<u8>, OffsetDateTime)>> {
        let rows = sqlx::query!("select mark, erased_at from erasure order by erased_at, mark");
        Ok(rows.fetch_all(&mut *self.tx).await?.into_iter().map(|r| (r.mark, r.erased_at)).collect())
    }

    /// Every subject's id.
    ///
    /// # Errors
    /// As the database.
    pub async fn subject_ids(&mut self) -> Result<Vec<SubjectId>> {
        let rows = sqlx::query_scalar!("select id from subject");
        Ok(rows.fetch_all(&mut *self.tx).await?.into_iter().map(SubjectId).collect())
    }
}

impl super::Store {
    /// Writes the tables anew, so that nothing of what was deleted stays in their files, and lets go of the write-ahead log as far
    /// as it is no longer needed. Whoever uses a table meanwhile waits.
    ///
    /// # Errors
    /// As the database.
    pub async fn scrub(&self) -> Result<()> {
        let mut connection = self.pool().acquire().await?;
        sqlx::query("set statement_timeout = 0").execute(&mut *connection).await?;
        let names = OF_SUBJECT.iter().map(|table| table.name).chain(["subject"]);
        for name in names {
            let sql = format!("vacuum (full, analyze) {name}");
            sqlx::query(AssertSqlSafe(sql)).execute(&mut *connection).await?;
        }
        let catalogue = "vacuum (full) pg_statistic";
        // A managed Postgres may not allow these; what they do then happens by itself, later.
        for sql in [catalogue, "select pg_switch_wal()", "checkpoint"] {
            if let Err(error) = sqlx::query(sql).execute(&mut *connection).await {
                tracing::warn!(sql, %error, "left to the database");
            }
        }
        // Not back to the pool: its settings are others.
        connection.close().await.map_err(Error::from)
    }
}
