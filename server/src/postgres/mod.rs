//! A private Postgres in the data directory, run from the installed binaries: unix socket only, kept between runs.
//!
//! One server process at a time holds the directory ([`lock`]). A postmaster that a killed server left behind is taken over.

mod account;
mod cluster;
mod error;
pub mod find;
mod process;
pub mod reach;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use sqlx::postgres::PgConnectOptions;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::files;
use account::Account;
use cluster::Cluster;
pub use error::PostgresError;
use process::Postmaster;

/// `.s.PGSQL.5432` under a directory must fit in 107 bytes.
const LONGEST_SOCKET_DIR: usize = 90;
const DATABASE: &str = "tacit";

/// Holds the data directory until dropped.
#[derive(Debug)]
pub struct DataLock {
    _file: Flock<File>,
}

/// Takes the data directory for this process, making it if missing.
///
/// # Errors
/// [`PostgresError::Taken`] when another process has it.
pub fn lock(data_dir: &Path) -> Result<DataLock, PostgresError> {
    fs::create_dir_all(data_dir).map_err(|e| PostgresError::io("make", data_dir, e))?;
    let path = data_dir.join("server.lock");
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    let file = files::open(&mut options, &path).map_err(|e| PostgresError::io("open", &path, e))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(file) => Ok(DataLock { _file: file }),
        Err(_) => Err(PostgresError::Taken(data_dir.to_owned())),
    }
}

/// Checks that `data_dir` holds a private Postgres, whether it runs or not.
///
/// # Errors
/// [`PostgresError::NoData`] when it does not; [`PostgresError::Io`] when nobody lets us look.
pub fn exists(data_dir: &Path) -> Result<(), PostgresError> {
    let version = data_dir.join("postgres/data/PG_VERSION");
    match version.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(PostgresError::NoData(data_dir.to_owned())),
        // To the eyes of another user there is nothing.
        Err(source) if source.kind() == io::ErrorKind::PermissionDenied => {
            let text = "permission denied; run this as the user that runs the server";
            Err(PostgresError::io("look into", data_dir, io::Error::new(source.kind(), text)))
        }
        Err(source) => Err(PostgresError::io("look into", data_dir, source)),
    }
}

/// Whether a server holds the data directory now.
#[must_use]
pub fn held(data_dir: &Path) -> bool {
    files::open(OpenOptions::new().read(true), &data_dir.join("server.lock"))
        .is_ok_and(|file| Flock::lock(file, FlockArg::LockSharedNonblock).is_err())
}

/// How the cluster is run.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// Connections it allows.
    pub connections: u32,
    /// Commits survive a power cut. Off for tests alone.
    pub durable: bool,
}

/// A running private Postgres, watched and started again if it dies.
#[derive(Debug)]
pub struct Private {
    socket_dir: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    watcher: JoinHandle<()>,
}

/// Stops the private Postgres of a data directory that a start cut short, or a killed server, left running. The caller holds the
/// [`lock`].
pub async fn stop_leftover(data_dir: &Path) {
    cluster::stop(&data_dir.join("postgres/data"), &mut None).await;
}

/// How to reach the private Postgres of a data directory, if it runs now.
#[must_use]
pub fn running(data_dir: &Path) -> Option<PgConnectOptions> {
    let postmaster = Postmaster::of(&data_dir.join("postgres/data"))?;
    Some(options(postmaster.socket_dir.as_deref().filter(|_| postmaster.ready)?, DATABASE))
}

fn options(socket_dir: &Path, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket_dir)
        .port(5432)
        .username("postgres")
        .database(database)
}

impl Private {
    /// Starts the cluster of `data_dir`, making it first if there is none. The caller holds the [`lock`].
    ///
    /// # Errors
    /// What is missing or failed, with how to mend it.
    pub async fn start(data_dir: &Path, run: Run) -> Result<Self, PostgresError> {
        let data_dir = data_dir.canonicalize().map_err(|e| PostgresError::io("open", data_dir, e))?;
        let account = Account::choose()?;
        account.can_enter(&data_dir)?;
        let home = data_dir.join("postgres");
        account.own_directory(&home)?;
        let data = home.join("data");
        let bin = find::for_data(&data)?.bin;
        let socket_dir = socket_dir(&home);
        account.own_directory(&socket_dir)?;
        let cluster = Cluster { data, socket_dir, log: home.join("start.log"), bin, account, run };
        if !cluster.data.join("PG_VERSION").exists() {
            cluster.init(&home).await?;
        }
        let child = cluster.start().await?;
        cluster.make_database().await?;
        let (stop, stopped) = oneshot::channel();
        let socket_dir = cluster.socket_dir.clone();
        let watcher = tokio::spawn(cluster.watch(child, stopped));
        Ok(Self { socket_dir, stop: Some(stop), watcher })
    }

    /// How to reach the server's database.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        options(&self.socket_dir, DATABASE)
    }

    /// Stops the cluster, fast: nothing committed is lost.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = (&mut self.watcher).await;
    }
}

fn socket_dir(home: &Path) -> PathBuf {
    let near = home.join("socket");
    if near.as_os_str().len() <= LONGEST_SOCKET_DIR {
        return near;
    }
    let name = crate::domain::token::digest(&home.to_string_lossy());
    PathBuf::from(format!("/tmp/tacit-{}", hex::encode(&name[..8])))
}
