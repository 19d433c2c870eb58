//! A postmaster as the operating system sees it, ours or one that a killed server left.

use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What `postmaster.pid` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub(super) pid: i32,
    /// `None` while it starts and has not said yet.
    pub(super) socket_dir: Option<PathBuf>,
    /// Accepts connections.
    pub(super) ready: bool,
}

impl Postmaster {
    /// The living postmaster of `data`, if there is one. A file left by one that died, or whose number another program has
    /// since been given, is none.
    pub(super) fn of(data: &Path) -> Option<Self> {
        let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
        let lines: Vec<&str> = text.lines().collect();
        let pid = lines.first()?.trim().parse().ok()?;
        if !runs_in(pid, data) {
            return None;
        }
        Some(Self {
            pid,
            // The file grows line by line: the next line shows that this one is whole.
            socket_dir: lines.get(5).and(lines.get(4)).filter(|dir| !dir.is_empty()).map(PathBuf::from),
            ready: lines.get(7).is_some_and(|status| status.trim() == "ready"),
        })
    }

    /// Asks for a fast shutdown: running transactions are rolled back, nothing committed is lost.
    pub(super) fn ask_to_stop(&self) {
        // It may have ended by itself meanwhile.
        let _ = kill(Pid::from_raw(self.pid), Signal::SIGINT);
    }
}

/// Whether a process lives and has `data` as its working directory, as a postmaster has.
fn runs_in(pid: i32, data: &Path) -> bool {
    if pid <= 0 || kill(Pid::from_raw(pid), None).is_err() {
        return false;
    }
    let proc = PathBuf::from(format!("/proc/{pid}"));
    if !proc.exists() {
        // No /proc here: the pid file, which Postgres removes when it ends, has to do.
        return !Path::new("/proc/self").exists();
    }
    match (fs::read_link(proc.join("cwd")), data.canonicalize()) {
        (Ok(cwd), Ok(data)) => cwd == data,
        // The link of a zombie cannot be read.
        _ => false,
    }
}
