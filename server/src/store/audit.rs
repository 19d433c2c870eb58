//! The audit log: one entry after the other, in the unit of work of the act itself.

use futures::TryStreamExt as _;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Store, Unit};
use crate::Result;
use crate::domain::SubjectId;
use crate::domain::audit::Entry;
use crate::domain::audit::chain::{Bound, Head};

/// An entry about to be appended.
#[derive(Debug)]
pub struct NewEntry<'a> {
    /// Server clock.
    pub at: OffsetDateTime,
    /// Who.
    pub actor: String,
    /// The role that allowed it.
    pub role: Option<&'static str>,
    /// What, as stored.
    pub action: &'static str,
    /// To what, as stored.
    pub object: String,
    /// Stands for the subject it concerned.
    pub subject: Option<Uuid>,
    /// JSON.
    pub details: &'a str,
}

impl Unit {
    /// What stands for a subject in the audit log.
    ///
    /// # Errors
    /// As the database.
    pub async fn audit_ref(&mut self, subject: SubjectId) -> Result<Option<Uuid>> {
        let row = sqlx::query_scalar!("select audit_ref from subject where id = $1", subject.0);
        Ok(row.fetch_optional(&mut *self.tx).await?)
    }

    /// Appends an entry. Other units that append wait until this one ends: it comes last in its unit.
    ///
    /// # Errors
    /// As the database.
    pub async fn append_audit(&mut self, new: NewEntry<'_>) -> Result<()> {
        let head =
            sqlx::query!("select seq, at, hash from audit_head for update").fetch_one(&mut *self.tx).await?;
        let entry = Entry {
            seq: head.seq + 1,
            // Servers' clocks differ; partitions go by time and must end where numbers do.
            at: new.at.max(head.at),
            actor: new.actor,
            role: new.role.map(str::to_owned),
            action: new.action.to_owned(),
            object: new.object,
            subject: new.subject,
            details: new.details.to_owned(),
        };
        let hash = entry.hash(&head.hash);
        let (sealed, head_sealed) = match &self.seal {
            Some(seal) => (Some(seal.entry(&hash)), Some(seal.head(entry.seq, &hash))),
            None => (None, None),
        };
        sqlx::query!("select make_audit_partition($1)", entry.at).execute(&mut *self.tx).await?;
        sqlx::query!(
            "insert into audit (seq, at, actor, role, action, object, subject, details, previous, hash, seal)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            entry.seq,
            entry.at,
            entry.actor,
            entry.role,
            entry.action,
            entry.object,
            entry.subject,
            entry.details,
            head.hash,
            hash.as_slice(),
            sealed
        )
        .execute(&mut *self.tx)
        .await?;
        sqlx::query!(
            "update audit_head set seq = $1, at = $2, hash = $3, seal = $4",
            entry.seq,
            entry.at,
            hash.as_slice(),
            head_sealed
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Where the log ends.
    ///
    /// # Errors
    /// As the database.
    pub async fn audit_head(&mut self) -> Result<Option<Head>> {
        let row = sqlx::query_as!(Head, "select seq, hash, seal from audit_head");
        Ok(row.fetch_optional(&mut *self.tx).await?)
    }

    /// Has all that is read in this unit seen as of one moment, so that the log fits its head. Nobody waits for it, and no
    /// reader of verdicts either: it has no transaction id. Comes first in its unit.
    ///
    /// # Errors
    /// As the database.
    pub async fn look_at_audit(&mut self) -> Result<()> {
        sqlx::query("set transaction isolation level repeatable read, read only")
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Gives every entry up to a number, in order.
    ///
    /// # Errors
    /// As the database, or as `each`.
    pub async fn each_audit_entry(
        &mut self,
        through: i64,
        mut each: impl FnMut(Bound) -> Result<()>,
    ) -> Result<()> {
        let mut rows = sqlx::query!(
            "select seq, at, actor, role, action, object, subject, details, previous, hash, seal from audit
             where seq <= $1 order by seq, at",
            through
        )
        .fetch(&mut *self.tx);
        while let Some(row) = rows.try_next().await? {
            each(Bound {
                entry: Entry {
                    seq: row.seq,
                    at: row.at,
                    actor: row.actor,
                    role: row.role,
                    action: row.action,
                    object: row.object,
                    subject: row.subject,
                    details: row.details,
                },
                previous: row.previous,
                hash: row.hash,
                seal: row.seal,
            })?;
        }
        Ok(())
    }
}

impl Store {
    /// Where the log ends: the number and the hash of its last entry.
    ///
    /// # Errors
    /// As the database.
    pub async fn audit_head(&self) -> Result<Option<(i64, Vec<u8>)>> {
        let row = sqlx::query!("select seq, hash from audit_head").fetch_optional(self.pool()).await?;
        Ok(row.map(|row| (row.seq, row.hash)))
    }

    /// Whether the log has an entry of this number and hash, or has let go of it as too old.
    ///
    /// # Errors
    /// As the database.
    pub async fn audit_holds(&self, seq: i64, hash: &[u8]) -> Result<bool> {
        let row = sqlx::query_scalar!(
            r#"select exists (select from audit where seq = $1 and hash = $2)
                or coalesce($1 < (select min(seq) from audit), false) as "holds!""#,
            seq,
            hash
        );
        Ok(row.fetch_one(self.pool()).await?)
    }
}
