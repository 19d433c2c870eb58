//! Reaches the database of the settings: a given one, the private one of a running server, or the private one started here.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::postgres::{self, DataLock, PostgresError, Private, Run, reach};
use crate::store::Store;

const RETRY: Duration = Duration::from_secs(2);
/// A request fails rather than wait longer for a connection.
const ACQUIRE: Duration = Duration::from_secs(5);
/// A connection that was used so lately is taken to be alive; others are asked.
const FRESH: Duration = Duration::from_secs(1);
/// For the command line, jobs of the operator and psql, beside the server's own.
const SPARE_CONNECTIONS: u32 = 20;

/// A reachable database.
pub(super) struct Database {
    pub(super) store: Store,
    private: Option<Private>,
    _lock: Option<DataLock>,
}

impl Database {
    /// Closes the connections and stops what was started here.
    pub(super) async fn close(self) {
        self.store.pool().close().await;
        if let Some(private) = self.private {
            private.stop().await;
        }
    }
}

/// For the server, which holds the data directory: waits until the database answers, and brings its schema up to date. `None`
/// when asked to stop meanwhile.
pub(super) async fn serve(
    settings: &Settings,
    lock: DataLock,
    stopping: &CancellationToken,
) -> anyhow::Result<Option<Database>> {
    let Some(url) = &settings.database_url else {
        let started = tokio::select! {
            () = stopping.cancelled() => None,
            started = start(settings) => Some(started?),
        };
        return match started {
            Some(private) => migrate(of_private(private, lock, settings)).await.map(Some),
            None => {
                postgres::stop_leftover(&settings.data_dir).await;
                Ok(None)
            }
        };
    };
    let options = given(url)?;
    // Not through the pool, which would retry in silence.
    while let Err(error) = reach::reach(&options).await {
        tracing::warn!(%error, "the database does not answer; trying again");
        tokio::select! {
            () = stopping.cancelled() => return Ok(None),
            () = tokio::time::sleep(RETRY) => {}
        }
    }
    // The lock is kept too: keys and certificates of the directory are this process's to write.
    let database = Database { store: Store::new(pool(options, settings)), private: None, _lock: Some(lock) };
    migrate(database).await.map(Some)
}

/// For the command line, beside a running server or without one. Makes no cluster, and a schema only for `migrate`: a
/// mistyped place must not become a second, empty server.
pub(super) async fn open(settings: &Settings, makes_schema: bool) -> anyhow::Result<Database> {
    if let Some(database) = beside(settings).await? {
        return known(database, settings, makes_schema).await;
    }
    postgres::exists(&settings.data_dir)?;
    let lock = postgres::lock(&settings.data_dir)?;
    known(of_private(start(settings).await?, lock, settings), settings, makes_schema).await
}

/// Brought up to date, if a server has worked in it before or `makes_schema`.
async fn known(database: Database, settings: &Settings, makes_schema: bool) -> anyhow::Result<Database> {
    let empty = match database.store.has_schema().await {
        Ok(there) => !there && !makes_schema,
        Err(error) => {
            database.close().await;
            anyhow::bail!("cannot use the database: {}", error.detail());
        }
    };
    if empty {
        database.close().await;
        let place = match &settings.database_url {
            Some(url) => format!("the Postgres at {}", reach::place(&given(url)?)),
            None => settings.data_dir.display().to_string(),
        };
        anyhow::bail!(
            "there is no server data in {place}: name that of the server with --data-dir or --database-url \
             (`tacit-server serve` and `tacit-server migrate` make the schema)"
        );
    }
    migrate(database).await
}

/// The given database, or the private one if it runs; starts and changes nothing.
pub(super) async fn beside(settings: &Settings) -> anyhow::Result<Option<Database>> {
    let options = match &settings.database_url {
        Some(url) => {
            let options = given(url)?;
            reach::reach(&options).await?;
            Some(options)
        }
        None => postgres::running(&settings.data_dir),
    };
    Ok(options.map(|options| Database {
        store: Store::new(pool(options, settings)),
        private: None,
        _lock: None,
    }))
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

fn given(url: &str) -> anyhow::Result<PgConnectOptions> {
    // The text of the error may hold the password.
    PgConnectOptions::from_str(url)
        .map_err(|_| anyhow::anyhow!("--database-url: it is not postgres://user:password@host:port/database"))
}

async fn start(settings: &Settings) -> Result<Private, PostgresError> {
    let run = Run { connections: settings.database_connections + SPARE_CONNECTIONS, durable: true };
    Private::start(&settings.data_dir, run).await
}

fn of_private(private: Private, lock: DataLock, settings: &Settings) -> Database {
    let store = Store::new(pool(private.options(), settings));
    Database { store, private: Some(private), _lock: Some(lock) }
}

fn pool(options: PgConnectOptions, settings: &Settings) -> sqlx::PgPool {
    // A transaction left open would hold back every reader of the verdict cursor.
    let options = options
        .application_name("tacit-server")
        .options([("idle_in_transaction_session_timeout", "10s"), ("statement_timeout", "30s")]);
    PgPoolOptions::new()
        .max_connections(settings.database_connections)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move {
                if used.idle_for > FRESH {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options)
}
