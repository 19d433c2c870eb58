//! Reaches the database of the settings: a given one, the private one of a running server, or the private one started here.

use std::str::FromStr as _;
use std::time::Duration;

use anyhow::Context as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::config::Settings;
use crate::postgres::{self, DataLock, Private, Run};
use crate::store::Store;
use crate::{Error, ErrorKind};

const RETRY: Duration = Duration::from_secs(2);
/// A request fails rather than wait longer for a connection.
const ACQUIRE: Duration = Duration::from_secs(5);
/// For the command line, jobs of the operator and psql, beside the server's own.
const SPARE_CONNECTIONS: u32 = 20;

/// A reachable database.
pub(super) struct Database {
    pub(super) store: Store,
    private: Option<(Private, DataLock)>,
}

impl Database {
    /// Closes the connections and stops what was started here.
    pub(super) async fn close(self) {
        self.store.pool().close().await;
        if let Some((private, _lock)) = self.private {
            private.stop().await;
        }
    }
}

/// For the server: waits until the database answers, and brings its schema up to date.
pub(super) async fn serve(settings: &Settings) -> anyhow::Result<Database> {
    let lock = postgres::lock(&settings.data_dir)?;
    let database = match &settings.database_url {
        Some(url) => given(url, settings)?,
        None => private(settings, lock).await?,
    };
    loop {
        match database.store.ping().await {
            Ok(()) => break,
            Err(error) => {
                tracing::warn!(detail = %error.detail(), "the database does not answer; trying again");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
    migrate(database).await
}

/// For the command line, beside a running server or without one.
pub(super) async fn open(settings: &Settings) -> anyhow::Result<Database> {
    let database = match &settings.database_url {
        Some(url) => given(url, settings)?,
        None => match postgres::running(&settings.data_dir) {
            Some(options) => Database { store: Store::new(pool(options, settings)), private: None },
            None => {
                let lock = postgres::lock(&settings.data_dir)?;
                private(settings, lock).await?
            }
        },
    };
    migrate(database).await
}

async fn migrate(database: Database) -> anyhow::Result<Database> {
    match database.store.migrate().await {
        Ok(()) => Ok(database),
        Err(error) => {
            database.close().await;
            Err(anyhow::anyhow!(error.detail()).context("cannot bring the schema up to date"))
        }
    }
}

fn given(url: &str, settings: &Settings) -> anyhow::Result<Database> {
    // The text of the error may hold the password.
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| {
            Error::new(ErrorKind::InvalidArgument, "it is not postgres://user:password@host:port/database")
        })
        .context("--database-url")?;
    Ok(Database { store: Store::new(pool(options, settings)), private: None })
}

async fn private(settings: &Settings, lock: DataLock) -> anyhow::Result<Database> {
    let run = Run { connections: settings.database_connections + SPARE_CONNECTIONS, durable: true };
    let private = Private::start(&settings.data_dir, run).await?;
    let store = Store::new(pool(private.options(), settings));
    Ok(Database { store, private: Some((private, lock)) })
}

fn pool(options: PgConnectOptions, settings: &Settings) -> sqlx::PgPool {
    // A transaction left open would hold back every reader of the verdict cursor.
    let options = options
        .application_name("tacit-server")
        .options([("idle_in_transaction_session_timeout", "10s"), ("statement_timeout", "30s")]);
    PgPoolOptions::new()
        .max_connections(settings.database_connections)
        .acquire_timeout(ACQUIRE)
        .connect_lazy_with(options)
}

/// How many migrations the schema lacks, changing nothing.
pub(super) async fn peek(settings: &Settings) -> anyhow::Result<usize> {
    let database = match (&settings.database_url, postgres::running(&settings.data_dir)) {
        (Some(url), _) => given(url, settings)?,
        (None, Some(options)) => Database { store: Store::new(pool(options, settings)), private: None },
        (None, None) => anyhow::bail!("the private database does not run"),
    };
    let behind = database.store.migrations_missing().await;
    database.close().await;
    behind.map_err(|error| anyhow::anyhow!(error.detail()))
}
