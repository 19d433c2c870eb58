//! The only SQL. Every query is checked against the schema at compile time.

pub mod alerts;
pub mod audit;
pub mod destinations;
pub mod devices;
pub mod directives;
pub mod exemptions;
pub mod feedback;
pub mod hashes;
pub mod held;
pub mod keys;
pub mod notices;
pub mod once;
pub mod outbox;
pub mod policies;
pub mod read;
pub mod retention;
pub mod sessions;
pub mod signing_keys;
pub mod silence;
pub mod subjects;
pub mod tokens;
pub mod vouching;
pub mod web_sessions;

use sqlx::migrate::MigrateError;
use sqlx::postgres::PgPool;
use sqlx::{Postgres, Transaction};
use time::OffsetDateTime;

use crate::domain::audit::Seal;
use crate::{Error, Result};

/// The migrations of this version, embedded.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// The database, cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
    seal: Option<Seal>,
}

/// A unit of work: its effects exist once [`Unit::commit`] has returned, or not at all.
#[derive(Debug)]
pub struct Unit {
    pub(crate) tx: Transaction<'static, Postgres>,
    seal: Option<Seal>,
}

impl Unit {
    /// Makes the effects last.
    ///
    /// # Errors
    /// When the database did not confirm the commit; it may then have happened or not.
    pub async fn commit(self) -> Result<()> {
        Ok(self.tx.commit().await?)
    }
}

impl Store {
    /// Over a pool of connections.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool, seal: None }
    }

    /// With what seals the audit log.
    #[must_use]
    pub fn sealing(self, seal: Seal) -> Self {
        Self { seal: Some(seal), ..self }
    }

    /// The pool, for queries outside a unit of work.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Starts a unit of work.
    ///
    /// # Errors
    /// Unavailable when the database is away.
    pub async fn begin(&self) -> Result<Unit> {
        Ok(Unit { tx: self.pool.begin().await?, seal: self.seal.clone() })
    }

    /// Starts a unit whose queries are each planned for what they ask. One plan for all filters of a list would walk the whole
    /// list.
    ///
    /// # Errors
    /// Unavailable when the database is away.
    pub(crate) async fn begin_planning_each(&self) -> Result<Unit> {
        // Together, to wait for the database once.
        let begin = "begin; set local plan_cache_mode = force_custom_plan";
        Ok(Unit { tx: self.pool.begin_with(begin).await?, seal: self.seal.clone() })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Unavailable when it does not.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("select 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Whether a server has made its tables here.
    ///
    /// # Errors
    /// Unavailable when the database is away.
    pub async fn has_schema(&self) -> Result<bool> {
        let there = sqlx::query_scalar("select to_regclass('master_key_check') is not null");
        Ok(there.fetch_one(&self.pool).await?)
    }

    /// Writes a row that is there for this alone.
    ///
    /// # Errors
    /// Unavailable when the database is away or takes no writes.
    pub async fn probe_write(&self, at: OffsetDateTime) -> Result<()> {
        sqlx::query!(
            "insert into write_probe (at) values ($1) on conflict (one) do update set at = excluded.at",
            at
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Brings the schema up to this version.
    ///
    /// # Errors
    /// When the database is away, or was changed by hand, or is of a newer version.
    pub async fn migrate(&self) -> Result<()> {
        MIGRATOR.run(&self.pool).await.map_err(|error| match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            MigrateError::VersionMissing(version) => Error::conflict(format!(
                "the database was used by a newer version, which made migration {version}: run that version or a later one"
            )),
            error => Error::internal(error),
        })
    }

    /// How many migrations of this version the schema lacks.
    ///
    /// # Errors
    /// Unavailable when the database is away.
    pub async fn migrations_missing(&self) -> Result<usize> {
        let known = MIGRATOR.iter().filter(|m| !m.migration_type.is_down_migration()).count();
        let there: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
            .fetch_one(&self.pool)
            .await?;
        if !there {
            return Ok(known);
        }
        let applied: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations where success")
            .fetch_one(&self.pool)
            .await?;
        Ok(known.saturating_sub(usize::try_from(applied).unwrap_or(0)))
    }
}
