//! A server process with its private Postgres and its own certificate.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use tempfile::TempDir;

use super::{Rest, binary, run};
use crate::{PATIENCE, eventually, folder, tail};

#[derive(Deserialize)]
struct Endpoints {
    grpc: String,
    http: String,
}

pub(crate) struct Server {
    process: Child,
    endpoints: Endpoints,
    folder: TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = folder();
        let any = "127.0.0.1:0";
        let mut process = spawn(folder.path(), any, any);
        let endpoints = ready(folder.path(), &mut process);
        Self { process, endpoints, folder }
    }

    /// Ends the process at once, in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again after it was killed, on the addresses that it had.
    pub(crate) fn restart(&mut self) {
        let _ = fs::remove_file(data(self.folder.path()).join("endpoints.json"));
        let address = |url: &str| url.trim_start_matches("https://").to_owned();
        let (grpc, http) = (address(&self.endpoints.grpc), address(&self.endpoints.http));
        self.process = spawn(self.folder.path(), &grpc, &http);
        self.endpoints = ready(self.folder.path(), &mut self.process);
    }

    /// Address that agents call.
    pub(crate) fn grpc(&self) -> &str {
        &self.endpoints.grpc
    }

    /// Certificate authority, PEM.
    pub(crate) fn ca(&self) -> PathBuf {
        data(self.folder.path()).join("tls/ca.pem")
    }

    /// Runs a subcommand beside the running server; returns what it prints.
    pub(crate) fn administer(&self, arguments: &[&str]) -> String {
        let data = data(self.folder.path());
        let ended = run("tacit-server", &[arguments, &["--data-dir", data.to_str().unwrap()]].concat());
        assert!(ended.success, "{}", ended.stderr);
        ended.stdout
    }

    /// A fresh enrolment token.
    pub(crate) fn token(&self, uses: u32) -> String {
        self.administer(&["token", "create", "--expires", "1h", "--uses", &uses.to_string()])
    }

    /// Its REST API, with the administrator's key.
    pub(crate) fn rest(&self) -> Rest {
        let printed = fs::read_to_string(self.folder.path().join("stdout")).unwrap();
        let key = printed.lines().find_map(|l| l.strip_prefix("admin API key: ")).unwrap();
        Rest::new(&self.endpoints.http, &fs::read(self.ca()).unwrap(), key)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGTERM);
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && matches!(self.process.try_wait(), Ok(None)) {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
        // A killed server leaves its Postgres behind.
        let left = fs::read_to_string(data(self.folder.path()).join("postgres/data/postmaster.pid"));
        if let Some(pid) = left.ok().and_then(|text| text.lines().next()?.parse().ok()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGQUIT);
        }
        if std::thread::panicking() {
            eprintln!("{}", tail(&self.folder.path().join("stderr")));
        }
    }
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn spawn(folder: &Path, grpc: &str, http: &str) -> Child {
    let log =
        |name| -> File { OpenOptions::new().create(true).append(true).open(folder.join(name)).unwrap() };
    Command::new(binary("tacit-server"))
        .args(["serve", "--grpc-listen", grpc, "--http-listen", http, "--data-dir"])
        .arg(data(folder))
        .stdin(Stdio::null())
        .stdout(log("stdout"))
        .stderr(log("stderr"))
        .spawn()
        .unwrap()
}

fn ready(folder: &Path, process: &mut Child) -> Endpoints {
    let text = eventually("the server is ready", || {
        let ended = process.try_wait().unwrap();
        assert!(ended.is_none(), "the server ended:\n{}", tail(&folder.join("stderr")));
        fs::read(data(folder).join("endpoints.json")).ok()
    });
    serde_json::from_slice(&text).unwrap()
}
