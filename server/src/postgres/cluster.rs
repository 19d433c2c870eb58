//! One database directory: made, started, watched, stopped.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::account::Account;
use super::process::Postmaster;
use super::{PostgresError, Run, options};

const POLL: Duration = Duration::from_millis(50);
const WATCH: Duration = Duration::from_millis(500);
/// Crash recovery of a large database takes its time.
const START_LIMIT: Duration = Duration::from_secs(300);
const STOP_LIMIT: Duration = Duration::from_secs(60);

#[derive(Debug, Clone)]
pub(super) struct Cluster {
    pub(super) data: PathBuf,
    pub(super) socket_dir: PathBuf,
    pub(super) log: PathBuf,
    pub(super) bin: PathBuf,
    pub(super) account: Account,
    pub(super) run: Run,
}

/// Asks the postmaster of `data` to stop, and waits until it has.
pub(super) async fn stop(data: &Path, child: &mut Option<Child>) {
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

impl Cluster {
    pub(super) async fn init(&self, home: &Path) -> Result<(), PostgresError> {
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
    pub(super) async fn start(&self) -> Result<Option<Child>, PostgresError> {
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
        // The folder is the database account's: made anew, so that no link there leads elsewhere.
        let _ = fs::remove_file(&self.log);
        let log = File::create_new(&self.log).map_err(|e| PostgresError::io("write", &self.log, e))?;
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
            // Details quote keys that stand already: a pseudonym would stay in the log when its subject is erased.
            "log_error_verbosity=terse",
            // What was erased goes with the segment that told of it, instead of staying in one that is used again.
            "wal_recycle=off",
            // Of flash or memory, not of disks that turn: else whole lists are walked where an index has the few rows asked for.
            "random_page_cost=1.1",
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

    pub(super) async fn make_database(&self) -> Result<(), PostgresError> {
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

    pub(super) async fn watch(self, mut child: Option<Child>, mut asked: oneshot::Receiver<()>) {
        loop {
            tokio::select! {
                _ = &mut asked => break,
                () = sleep(WATCH) => {}
            }
            let gone = match &mut child {
                Some(child) => !matches!(child.try_wait(), Ok(None)),
                None => Postmaster::of(&self.data).is_none(),
            };
            if gone {
                tracing::error!(data = %self.data.display(), "postgres ended by itself; starting it again");
                let started = tokio::select! {
                    _ = &mut asked => break,
                    started = self.start() => started,
                };
                match started {
                    Ok(started) => child = started,
                    Err(error) => tracing::error!(%error, "postgres cannot be started; trying again"),
                }
            }
        }
        stop(&self.data, &mut child).await;
    }
}
