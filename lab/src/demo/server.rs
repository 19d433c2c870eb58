//! The server of the demo: a child process with a data directory of its own.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// Making and starting a private Postgres is most of it.
const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(20);
const KEY_LINE: &str = "admin API key: ";

#[derive(Deserialize)]
struct Endpoints {
    grpc: String,
    http: String,
}

pub(super) struct Server {
    child: Child,
    folder: tempfile::TempDir,
    pub(super) grpc: String,
    pub(super) http: String,
    pub(super) api_key: String,
    pub(super) ca_pem: String,
}

impl Server {
    pub(super) async fn start() -> Result<Self> {
        let program = program()?;
        // Postgres drops privileges when the server is root: its folder must be one that others can pass through.
        let folder = tempfile::Builder::new()
            .prefix("tacit-demo-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempdir_in("/tmp")
            .context("cannot make a folder in /tmp")?;
        let data = folder.path().join("data");
        let log = std::fs::File::create(folder.path().join("server.log"))?;
        let mut child = Command::new(&program)
            .args(["serve", "--grpc-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--data-dir"])
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let stdout = child.stdout.take().context("the server has no output")?;
        let started = timeout(START, async {
            let mut lines = BufReader::new(stdout).lines();
            let mut api_key = None;
            while api_key.is_none() {
                let Some(line) = lines.next_line().await? else { bail!("tacit-server ended") };
                api_key = line.strip_prefix(KEY_LINE).map(str::to_owned);
            }
            let endpoints = data.join("endpoints.json");
            while !endpoints.exists() {
                sleep(Duration::from_millis(50)).await;
            }
            let endpoints: Endpoints = serde_json::from_slice(&std::fs::read(endpoints)?)?;
            Ok((api_key.unwrap_or_default(), endpoints))
        })
        .await;
        let (api_key, endpoints) = match started {
            Ok(Ok(started)) => started,
            failed => {
                let log = std::fs::read_to_string(folder.path().join("server.log")).unwrap_or_default();
                let why = match failed {
                    Ok(Err(error)) => format!("{error:#}"),
                    _ => format!("tacit-server was not ready within {} s", START.as_secs()),
                };
                bail!("{why}; its log:\n{log}");
            }
        };
        let ca = data.join("tls/ca.pem");
        let ca_pem = std::fs::read_to_string(&ca).with_context(|| format!("cannot read {}", ca.display()))?;
        Ok(Self { child, folder, grpc: endpoints.grpc, http: endpoints.http, api_key, ca_pem })
    }

    pub(super) fn ca_path(&self) -> PathBuf {
        self.folder.path().join("data/tls/ca.pem")
    }

    /// A folder for the simulated workstations.
    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A fresh enrolment token.
    pub(super) async fn token(&self, uses: u32) -> Result<String> {
        let output = Command::new(program()?)
            .args(["token", "create", "--expires", "1h", "--uses", &uses.to_string(), "--data-dir"])
            .arg(self.folder.path().join("data"))
            .output()
            .await?;
        if !output.status.success() {
            bail!("no enrolment token: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Ends the server as an administrator would, and waits for it.
    pub(super) async fn stop(&mut self) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id {
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        let until = Instant::now() + STOP;
        if tokio::time::timeout_at(until, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}

/// The server's binary: beside this one.
fn program() -> Result<PathBuf> {
    let beside = std::env::current_exe()?.with_file_name("tacit-server");
    if !beside.exists() {
        bail!("{} is missing: build the whole workspace, or run `make demo`", beside.display());
    }
    Ok(beside)
}
