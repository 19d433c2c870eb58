//! The audit log, read.

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::store::Store;
use crate::{Error, Result};

/// An entry of the audit log.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditEntry {
    /// From 1, without a gap.
    pub seq: i64,
    /// When, by the server's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who: `user:` and the subject of the token, `key:` or `device:` and an id, `console` for the command line or `server`.
    pub actor: String,
    /// The role that allowed it; null for devices, `console` and `server`.
    pub role: Option<String>,
    /// What was done.
    pub action: String,
    /// To what, as `KIND:ID`. A subject's id here is its reference in this log, not its id elsewhere.
    pub object: String,
    /// The subject whom it concerned; null if it concerned none, and once the subject is erased.
    pub subject_id: Option<Uuid>,
    /// More about it, by action.
    #[schema(value_type = Object)]
    pub details: Value,
    /// SHA-256 over the hash of the entry before and this one, hexadecimal.
    pub hash: String,
}

/// Which entries; what is `None` does not narrow.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Not before.
    pub since: Option<OffsetDateTime>,
    /// Before.
    pub until: Option<OffsetDateTime>,
    /// By this one.
    pub actor: Option<String>,
    /// Of this kind, as stored.
    pub action: Option<&'static str>,
    /// To this, as stored.
    pub object: Option<String>,
    /// Concerning this subject.
    pub subject: Option<Uuid>,
}

impl Store {
    /// Entries after a number, in order, at most `limit`. Numbers are given in the order of commits: none comes late.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_audit(&self, filter: &AuditFilter, after: i64, limit: i64) -> Result<Vec<AuditEntry>> {
        let rows = sqlx::query!(
            r#"select a.seq, a.at, a.actor, a.role, a.action, a.object, a.details, a.hash, s.id as "subject_id?"
               from audit a left join subject s on s.audit_ref = a.subject
               where a.seq > $1
                 and ($2::timestamptz is null or a.at >= $2)
                 and ($3::timestamptz is null or a.at < $3)
                 and ($4::text is null or a.actor = $4)
                 and ($5::text is null or a.action = $5)
                 and ($6::text is null or a.object = $6)
                 and ($7::uuid is null or s.id = $7)
               order by a.seq limit $8"#,
            after,
            filter.since,
            filter.until,
            filter.actor.as_deref(),
            filter.action,
            filter.object.as_deref(),
            filter.subject,
            limit
        )
        .fetch_all(self.pool())
        .await?;
        rows.into_iter()
            .map(|r| {
                Ok(AuditEntry {
                    seq: r.seq,
                    at: r.at,
                    actor: r.actor,
                    role: r.role,
                    action: r.action,
                    object: r.object,
                    subject_id: r.subject_id,
                    details: serde_json::from_str(&r.details).map_err(Error::internal)?,
                    hash: hex::encode(r.hash),
                })
            })
            .collect()
    }
}
