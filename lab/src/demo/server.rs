//! The server of the demo: a child process with a data directory of its own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Making and starting a private Postgres is most of it.
const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(20);
const REMOVAL: Duration = Duration::from_secs(10);
/// Lines of the server's log that a failure shows.
const TOLD: usize = 20;

/// Where everything of one demo lies.
pub(super) struct Folder {
    path: PathBuf,
    /// Removed with all it holds when dropped.
    own: Option<TempDir>,
}

impl Folder {
    /// A folder of its own in /tmp, or an empty one that is given and kept.
    pub(super) fn make(given: Option<&Path>) -> Result<Self> {
        if let Some(path) = given {
            std::fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
            let path = path.canonicalize().with_context(|| path.display().to_string())?;
            if path.read_dir().with_context(|| path.display().to_string())?.next().is_some() {
                bail!("{} is not empty: the demo begins with an empty folder", path.display());
            }
            return Ok(Self { path, own: None });
        }
        // Postgres drops privileges when the server is root: its folder must be one that others can pass through.
        let own = tempfile::Builder::new()
            .prefix("tacit-demo-")
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir_in("/tmp")
            .context("cannot make a folder in /tmp")?;
        Ok(Self { path: own.path().to_owned(), own: Some(own) })
    }

    /// Removes the folder, if it is the demo's own. A database that is stopped while it is being made may write for a moment
    /// longer than the server lives.
    pub(super) async fn remove(self) {
        let Some(own) = self.own else { return };
        let until = Instant::now() + REMOVAL;
        let path = own.keep();
        while let Err(error) = std::fs::remove_dir_all(&path) {
            if error.kind() == std::io::ErrorKind::NotFound {
                return;
            }
            if Instant::now() >= until {
                super::say(&format!("cannot remove {}: {error}", path.display()));
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The state folder of a simulated workstation.
    pub(super) fn desk(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    fn log(&self) -> PathBuf {
        self.path.join("server.log")
    }
}

/// The running server.
pub(super) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts the server.
    pub(super) fn start(folder: &Folder) -> Result<Self> {
        let program = program()?;
        let log = folder.log();
        let child = Command::new(&program)
            .args(["serve", "--grpc-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder.data())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log)?)
            // A Ctrl-C on the terminal is for the demo, which then ends the server in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self { child, log })
    }

    /// Waits for the server to end, which it should not do by itself.
    pub(super) async fn ended(&mut self) -> std::io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// That the server ended, with the end of its log.
    pub(super) fn failure(&self, status: std::io::Result<ExitStatus>) -> anyhow::Error {
        let status = status.map_or_else(|e| e.to_string(), |s| s.to_string());
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let told = lines[lines.len().saturating_sub(TOLD)..].join("\n");
        anyhow!("tacit-server ended ({status}); the end of its log:\n{told}")
    }

    /// Ends the server as an administrator would, and waits for it.
    pub(super) async fn stop(&mut self) {
        // No id: it has ended already.
        let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) else { return };
        let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        if timeout_at(Instant::now() + STOP, self.child.wait()).await.is_err() {
            super::say("tacit-server did not end when asked to; it is killed, and its Postgres may be left");
            let _ = self.child.kill().await;
        }
    }
}

#[derive(Deserialize)]
struct Endpoints {
    grpc: String,
    http: String,
}

/// How to reach the server.
pub(super) struct Server {
    pub(super) grpc: String,
    pub(super) http: String,
    pub(super) api_key: String,
    pub(super) ca: PathBuf,
    pub(super) ca_pem: String,
    data: PathBuf,
}

impl Server {
    /// Waits until the server is ready.
    pub(super) async fn ready(folder: &Folder) -> Result<Self> {
        let data = folder.data();
        let endpoints = data.join("endpoints.json");
        let ready = timeout(START, async {
            while !endpoints.exists() {
                sleep(Duration::from_millis(50)).await;
            }
        });
        ready.await.map_err(|_| {
            let log = std::fs::read_to_string(folder.log()).unwrap_or_default();
            anyhow!("tacit-server was not ready within {} s; its log:\n{log}", START.as_secs())
        })?;
        let endpoints: Endpoints = serde_json::from_slice(&std::fs::read(endpoints)?)?;
        let ca = data.join("tls/ca.pem");
        let ca_pem = std::fs::read_to_string(&ca).with_context(|| format!("cannot read {}", ca.display()))?;
        // The server's own first key ends while somebody may still look around.
        let wanted = ["key", "create", "--name", "demo", "--role", "admin", "--expires", "30d"];
        let api_key = made(&data, &wanted).await.context("no API key")?;
        Ok(Self { grpc: endpoints.grpc, http: endpoints.http, api_key, ca, ca_pem, data })
    }

    /// A fresh enrolment token.
    pub(super) async fn token(&self, uses: u32) -> Result<String> {
        let uses = uses.to_string();
        let wanted = ["token", "create", "--expires", "1h", "--uses", &uses];
        made(&self.data, &wanted).await.context("no enrolment token")
    }
}

/// What a command of the server made and printed.
async fn made(data: &Path, wanted: &[&str]) -> Result<String> {
    let output =
        Command::new(program()?).args(wanted).arg("--data-dir").arg(data).kill_on_drop(true).output().await?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// The server's binary: beside this one.
fn program() -> Result<PathBuf> {
    let beside = std::env::current_exe()?.with_file_name("tacit-server");
    if !beside.exists() {
        bail!("{} is missing: build the whole workspace, or run `make demo`", beside.display());
    }
    Ok(beside)
}
