//! A private Postgres in the data directory, run from the installed binaries: unix socket only, kept between runs.
//!
//! One server process at a time holds the directory ([`lock`]). A postmaster that a killed server left behind is taken over.

mod account;
pub mod find;
mod process;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Executor as _};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use account::Account;
use process::Postmaster;

/// `.s.PGSQL.5432` under a directory must fit in 107 bytes.
const LONGEST_SOCKET_DIR: usize = 90;
const DATABASE: &str = "tacit";
const POLL: Duration = Duration::from_millis(50);
const WATCH: Duration = Duration::from_millis(500);
/// Crash recovery of a large database takes its time.
const START_LIMIT: Duration = Duration::from_secs(300);
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// Why there is no private Postgres, in words that say how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No binaries.
    #[error(
        "PostgreSQL {least} or newer is not installed. Install it (Debian, Ubuntu: apt-get install postgresql; Fedora, RHEL: \
         dnf install postgresql-server; macOS: brew install postgresql@17), or name a database with --database-url",
        least = find::LEAST_MAJOR
    )]
    NotInstalled,
    /// Binaries of another major version.
    #[error(
        "{} was made by PostgreSQL {made_by}, but only {installed:?} is installed. Install postgresql-{made_by}, \
         or move the data with pg_upgrade", data.display()
    )]
    WrongVersion {
        /// Database directory.
        data: PathBuf,
        /// Its major version.
        made_by: u32,
        /// Major versions installed.
        installed: Vec<u32>,
    },
    /// Root without a user to give its rights up to.
    #[error(
        "Postgres refuses to run as root and there is no user named postgres. Run the server as an ordinary user, or make one: \
         useradd --system postgres"
    )]
    NoAccount,
    /// A parent directory bars the way.
    #[error(
        "the user {user}, under which Postgres runs, cannot enter {}. Choose another --data-dir (such as /var/lib/tacit), \
         run the server as an ordinary user, or: chmod o+x {}", directory.display(), directory.display()
    )]
    NotTraversable {
        /// The directory that bars the way.
        directory: PathBuf,
        /// Who cannot enter.
        user: String,
    },
    /// A directory of someone else.
    #[error("{} exists but does not belong to {user}. Remove it, or choose another --data-dir", directory.display())]
    NotOurs {
        /// The directory.
        directory: PathBuf,
        /// Who should own it.
        user: String,
    },
    /// Another server holds the data directory.
    #[error("another tacit-server runs in {}", .0.display())]
    Taken(PathBuf),
    /// Reading, writing, starting.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// The deed.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// `initdb` failed.
    #[error("initdb failed: {0}")]
    InitDb(String),
    /// `postgres` ended or did not become ready.
    #[error("postgres did not start: {0}")]
    Start(String),
}

impl PostgresError {
    fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { what, path: path.to_owned(), source }
    }
}

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
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(|e| PostgresError::io("open", &path, e))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(file) => Ok(DataLock { _file: file }),
        Err(_) => Err(PostgresError::Taken(data_dir.to_owned())),
    }
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

#[derive(Debug, Clone)]
struct Cluster {
    data: PathBuf,
    socket_dir: PathBuf,
    log: PathBuf,
    bin: PathBuf,
    account: Account,
    run: Run,
}

/// Stops the private Postgres of a data directory that a start cut short, or a killed server, left running. The caller holds the
/// [`lock`].
pub async fn stop_leftover(data_dir: &Path) {
    stop(&data_dir.join("postgres/data"), &mut None).await;
}

/// Asks the postmaster of `data` to stop, and waits until it has.
async fn stop(data: &Path, child: &mut Option<Child>) {
    let deadline = Instant::now() + STOP_LIMIT;
    if let Some(postmaster) = Postmaster::of(data) {
        postmaster.ask_to_stop();
    }
    while Postmaster::of(data).is_some() && Instant::now() < deadline {
        if let Some(child) = child {
            let _ = child.try_wait();
        }
        sleep(POLL).await;
    }
    if let Some(child) = child {
        let _ = child.try_wait();
    }
    tracing::info!("postgres stopped");
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
    let name = crate::domain::token::hash(&home.to_string_lossy());
    PathBuf::from(format!("/tmp/tacit-{}", hex::encode(&name[..8])))
}

impl Cluster {
    async fn init(&self, home: &Path) -> Result<(), PostgresError> {
        // A directory half made by a killed initdb must never be taken for a database.
        let fresh = home.join("data.new");
        if fresh.exists() {
            fs::remove_dir_all(&fresh).map_err(|e| PostgresError::io("remove", &fresh, e))?;
        }
        let program = self.bin.join("initdb");
        let mut command = Command::new(&program);
        command
            .arg("--pgdata")
            .arg(&fresh)
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"])
            .current_dir("/")
            .kill_on_drop(true)
            .stdin(Stdio::null());
        if !self.run.durable {
            command.arg("--no-sync");
        }
        self.account.apply(&mut command);
        let output = command.output().await.map_err(|e| PostgresError::io("run", &program, e))?;
        if !output.status.success() {
            return Err(PostgresError::InitDb(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        fs::rename(&fresh, &self.data).map_err(|e| PostgresError::io("rename", &fresh, e))?;
        tracing::info!(data = %self.data.display(), "made a private database");
        Ok(())
    }

    /// Starts the postmaster, or takes over one that already serves the directory, and waits until it accepts connections.
    async fn start(&self) -> Result<Option<Child>, PostgresError> {
        let deadline = Instant::now() + START_LIMIT;
        let mut child = None;
        loop {
            match Postmaster::of(&self.data) {
                Some(postmaster)
                    if child.is_none()
                        && postmaster.socket_dir.as_ref().is_some_and(|dir| *dir != self.socket_dir) =>
                {
                    // The data directory was moved or reached by another name: its sockets are elsewhere.
                    postmaster.ask_to_stop();
                }
                Some(postmaster) if postmaster.ready && self.answers().await => return Ok(child),
                Some(_) => {}
                None if child.is_none() => child = Some(self.spawn()?),
                None => {}
            }
            if let Some(running) = &mut child
                && let Ok(Some(status)) = running.try_wait()
            {
                let log = fs::read_to_string(&self.log).unwrap_or_default();
                return Err(PostgresError::Start(format!("{status}: {}", log.trim())));
            }
            if Instant::now() > deadline {
                return Err(PostgresError::Start(format!("not ready after {} s", START_LIMIT.as_secs())));
            }
            sleep(POLL).await;
        }
    }

    fn spawn(&self) -> Result<Child, PostgresError> {
        let program = self.bin.join("postgres");
        let log = File::create(&self.log).map_err(|e| PostgresError::io("write", &self.log, e))?;
        let mut command = Command::new(&program);
        command.arg("-D").arg(&self.data);
        command.arg("-k").arg(&self.socket_dir);
        let durable = if self.run.durable { "on" } else { "off" };
        for setting in [
            "listen_addresses=",
            "port=5432",
            "unix_socket_permissions=0700",
            "timezone=UTC",
            "log_timezone=UTC",
            "logging_collector=on",
            "log_directory=log",
            "log_filename=postgresql-%a.log",
            "log_rotation_age=1d",
            "log_truncate_on_rotation=on",
            "log_checkpoints=off",
            "log_min_error_statement=panic",
            "log_parameter_max_length_on_error=0",
            &format!("max_connections={}", self.run.connections),
            &format!("fsync={durable}"),
            &format!("synchronous_commit={durable}"),
            &format!("full_page_writes={durable}"),
        ] {
            command.arg("-c").arg(setting);
        }
        // Its own process group: an interrupt typed at the terminal is for the server, which stops Postgres last.
        command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).process_group(0);
        self.account.apply(&mut command);
        command.spawn().map_err(|e| PostgresError::io("run", &program, e))
    }

    async fn answers(&self) -> bool {
        match PgConnection::connect_with(&options(&self.socket_dir, "postgres")).await {
            Ok(connection) => connection.close().await.is_ok(),
            Err(_) => false,
        }
    }

    async fn make_database(&self) -> Result<(), PostgresError> {
        let failed = |error: sqlx::Error| PostgresError::Start(error.to_string());
        let mut connection =
            PgConnection::connect_with(&options(&self.socket_dir, "postgres")).await.map_err(failed)?;
        let there = sqlx::query("select 1 from pg_database where datname = 'tacit'")
            .fetch_optional(&mut connection)
            .await
            .map_err(failed)?;
        if there.is_none() {
            connection.execute("create database tacit").await.map_err(failed)?;
        }
        connection.close().await.map_err(failed)
    }

    async fn watch(self, mut child: Option<Child>, mut stop: oneshot::Receiver<()>) {
        loop {
            tokio::select! {
                _ = &mut stop => break,
                () = sleep(WATCH) => {}
            }
            let gone = match &mut child {
                Some(child) => !matches!(child.try_wait(), Ok(None)),
                None => Postmaster::of(&self.data).is_none(),
            };
            if gone {
                tracing::error!(data = %self.data.display(), "postgres ended by itself; starting it again");
                let started = tokio::select! {
                    _ = &mut stop => break,
                    started = self.start() => started,
                };
                match started {
                    Ok(started) => child = started,
                    Err(error) => tracing::error!(%error, "postgres cannot be started; trying again"),
                }
            }
        }
        crate::postgres::stop(&self.data, &mut child).await;
    }
}
