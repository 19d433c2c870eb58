//! What is let go of by age.

use sqlx::{AssertSqlSafe, Row as _};
use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, OffsetDateTime};

use super::{Store, Unit};
use crate::{Error, Result};

/// A statement that waits longer for its table is tried again with the next run: input waits behind it.
const PATIENCE: &str = "set local lock_timeout = '2s'";

/// A partition of the audit log that is old enough to go.
#[derive(Debug, Clone)]
pub struct OldAudit {
    /// Its name.
    pub part: String,
    /// Number of its last entry.
    pub through: i64,
    /// The hash of that.
    pub hash: Vec<u8>,
}

/// Another server made the same table at the same time, or the day holds rows already and stays without one.
fn done_elsewhere(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
    matches!(code.as_deref(), Some("42P07" | "23505" | "23514"))
}

impl Store {
    /// Makes tables for the windows of the days after today, as far as they are not there. Today's may hold input already.
    ///
    /// # Errors
    /// As the database.
    pub async fn make_window_days(&self, today: Date, ahead: i64) -> Result<()> {
        for day in (1..=ahead).map(|days| today + Duration::days(days)) {
            let name =
                format!("feature_window_{:04}_{:02}_{:02}", day.year(), u8::from(day.month()), day.day());
            let there: bool = sqlx::query_scalar("select to_regclass($1) is not null")
                .bind(&name)
                .fetch_one(self.pool())
                .await?;
            if there {
                continue;
            }
            let following = day + Duration::DAY;
            let sql = format!(
                "create table if not exists {name} partition of feature_window
                 for values from ('{day} 00:00:00+00') to ('{following} 00:00:00+00')"
            );
            let mut unit = self.begin().await?;
            sqlx::query(PATIENCE).execute(&mut *unit.tx).await?;
            // The name and the days are made of numbers.
            match sqlx::query(AssertSqlSafe(sql)).execute(&mut *unit.tx).await {
                Ok(_) => unit.commit().await?,
                Err(error) if done_elsewhere(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Lets go of windows that were taken before a day: whole tables, and what has no day of its own row by row. Returns how many
    /// tables, and how many rows beside them.
    ///
    /// # Errors
    /// As the database.
    pub async fn drop_windows(&self, before: Date) -> Result<(usize, u64)> {
        let old = self.partitions("feature_window", before).await?;
        for part in &old {
            let mut unit = self.begin().await?;
            sqlx::query(PATIENCE).execute(&mut *unit.tx).await?;
            sqlx::query(AssertSqlSafe(format!("drop table if exists {part}"))).execute(&mut *unit.tx).await?;
            unit.commit().await?;
        }
        let done =
            sqlx::query!("delete from feature_window where recorded_at < $1", before.midnight().assume_utc());
        Ok((old.len(), done.execute(self.pool()).await?.rows_affected()))
    }

    /// Partitions that end at a day or before, oldest first; the default one has no end.
    async fn partitions(&self, of: &str, before: Date) -> Result<Vec<String>> {
        let rows = sqlx::query(
            "select c.relname::text as name, pg_get_expr(c.relpartbound, c.oid) as bound
             from pg_inherits i join pg_class c on c.oid = i.inhrelid
             where i.inhparent = to_regclass($1) order by 1",
        )
        .bind(of)
        .fetch_all(self.pool())
        .await?;
        let mut old = Vec::new();
        for row in rows {
            let (name, bound): (String, String) = (row.try_get("name")?, row.try_get("bound")?);
            // FOR VALUES FROM ('2026-03-01 00:00:00+00') TO ('2026-03-02 00:00:00+00')
            let Some((_, end)) = bound.split_once("TO ('") else { continue };
            let midnight = format!("{}T00:00:00Z", end.get(..10).unwrap_or_default());
            let end = OffsetDateTime::parse(&midnight, &Rfc3339);
            let end = end.map_err(|_| Error::internal(format!("{name} has the bounds {bound}")))?;
            if end.date() <= before {
                old.push(name);
            }
        }
        Ok(old)
    }

    /// Lets go of verdicts that were given before a moment, at most `most`; how many.
    ///
    /// # Errors
    /// As the database.
    pub async fn drop_verdicts(&self, before: OffsetDateTime, most: i64) -> Result<u64> {
        let done = sqlx::query!(
            "delete from verdict where id in (select id from verdict where recorded_at < $1 limit $2)",
            before,
            most
        );
        Ok(done.execute(self.pool()).await?.rows_affected())
    }

    /// Lets go of sessions that closed before a moment, with what belongs to them, at most `most`; how many.
    ///
    /// # Errors
    /// As the database.
    pub async fn drop_sessions(&self, before: OffsetDateTime, most: i64) -> Result<u64> {
        let mut unit = self.begin().await?;
        let ids = sqlx::query_scalar!(
            "select id from session where closed_at < $1 and heard_at < $1 order by closed_at limit $2
             for update skip locked",
            before,
            most
        )
        .fetch_all(&mut *unit.tx)
        .await?;
        if !ids.is_empty() {
            sqlx::query!("delete from feature_window where session_id = any($1)", &ids)
                .execute(&mut *unit.tx)
                .await?;
            sqlx::query!("delete from session where id = any($1)", &ids).execute(&mut *unit.tx).await?;
        }
        unit.commit().await?;
        Ok(u64::try_from(ids.len()).unwrap_or(u64::MAX))
    }

    /// Subjects that have been gone since before a moment: nothing is held of their sessions, and nothing was learned since.
    ///
    /// # Errors
    /// As the database.
    pub async fn subjects_gone(
        &self,
        before: OffsetDateTime,
        most: i64,
    ) -> Result<Vec<crate::domain::SubjectId>> {
        let ids = sqlx::query_scalar!(
            "select s.id from subject s left join profile p on p.subject_id = s.id
             where s.created_at < $1 and (p.updated_at is null or p.updated_at < $1)
               and not exists (select from session o where o.subject_id = s.id)
             order by s.created_at limit $2",
            before,
            most
        );
        Ok(ids.fetch_all(self.pool()).await?.into_iter().map(crate::domain::SubjectId).collect())
    }

    /// The oldest partition of the audit log that has entries, if it ends at a day or before.
    ///
    /// # Errors
    /// As the database.
    pub async fn old_audit(&self, before: Date) -> Result<Option<OldAudit>> {
        for part in self.partitions("audit", before).await? {
            let sql = format!("select seq, hash from {part} order by seq desc limit 1");
            match sqlx::query(AssertSqlSafe(sql)).fetch_optional(self.pool()).await? {
                Some(row) => {
                    return Ok(Some(OldAudit {
                        part,
                        through: row.try_get("seq")?,
                        hash: row.try_get("hash")?,
                    }));
                }
                None => continue,
            }
        }
        Ok(None)
    }
}

impl Unit {
    /// Whether a subject has been gone since before a moment, as [`Store::subjects_gone`] means it. The caller holds it.
    ///
    /// # Errors
    /// As the database.
    pub async fn is_gone(&mut self, id: crate::domain::SubjectId, before: OffsetDateTime) -> Result<bool> {
        let row = sqlx::query_scalar!(
            r#"select exists (select from subject s left join profile p on p.subject_id = s.id
                              where s.id = $1 and s.created_at < $2 and (p.updated_at is null or p.updated_at < $2)
                                and not exists (select from session o where o.subject_id = s.id)) as "gone!""#,
            id.0,
            before
        );
        Ok(row.fetch_one(&mut *self.tx).await?)
    }

    /// Where the audit log begins, if it was cut: the number and the hash of the last entry that was let go of, as the latest
    /// entry of such a cut says.
    ///
    /// # Errors
    /// As the database; internal for an entry that says something else.
    pub async fn audit_cut(&mut self) -> Result<Option<(i64, Vec<u8>)>> {
        let row = sqlx::query_scalar!(
            "select details from audit where action = 'audit_cut' order by seq desc limit 1"
        );
        let Some(details) = row.fetch_optional(&mut *self.tx).await? else { return Ok(None) };
        let details: serde_json::Value = serde_json::from_str(&details).map_err(Error::internal)?;
        let (through, hash) = (details["through"].as_i64(), details["hash"].as_str());
        let hash = hash.and_then(|hash| hex::decode(hash).ok());
        Ok(through.zip(hash))
    }

    /// Drops a partition of the audit log. The caller has recorded that, and so holds the log's head.
    ///
    /// # Errors
    /// As the database.
    pub async fn drop_audit(&mut self, old: &OldAudit) -> Result<()> {
        sqlx::query(PATIENCE).execute(&mut *self.tx).await?;
        let sql = format!("drop table {}", old.part);
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *self.tx).await?;
        Ok(())
    }
}
