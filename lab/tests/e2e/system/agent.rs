//! An agent: its state folder, and its process while it runs.

use std::fs::{self, File};
use std::ops::RangeInclusive;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tacit_lab::simulate::{RawEvent, write_trace};
use tempfile::TempDir;

use super::{Ended, Server, binary, run};
use crate::desk::people::{People, one_after_another};
use crate::{eventually, folder, tail};

pub(crate) struct Agent {
    folder: TempDir,
    process: Option<Child>,
}

impl Agent {
    /// An agent that was never enrolled.
    pub(crate) fn new() -> Self {
        Self { folder: folder(), process: None }
    }

    /// A device of `server`.
    pub(crate) fn enrolled(server: &Server) -> Self {
        let agent = Self::new();
        let ended = agent.enrol(server.grpc(), &server.token(1), &server.ca());
        assert!(ended.success, "{}", ended.stderr);
        agent
    }

    pub(crate) fn enrol(&self, server: &str, token: &str, ca: &Path) -> Ended {
        self.run(&["enrol", "--server", server, "--token", token, "--ca", ca.to_str().unwrap()])
    }

    /// Runs a subcommand to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        run("tacit-agent", &[arguments, &["--state-dir", self.state().to_str().unwrap()]].concat())
    }

    /// Sends a trace as one whole session.
    pub(crate) fn replay(&self, events: &[RawEvent], account: &str) -> Ended {
        let path = self.folder.path().join("trace.csv");
        write_trace(&path, events).unwrap();
        self.run(&["replay", path.to_str().unwrap(), "--speed", "max", "--account", account])
    }

    /// Sends sessions of a subject's typing and pointing, one a seed, enough of them for a mature profile.
    pub(crate) fn replay_sessions(&self, people: &People, seeds: RangeInclusive<u64>, account: &str) {
        for seed in seeds {
            let mut worker = people.subject(seed);
            let work = one_after_another((0..4).flat_map(|_| [worker.types(100), worker.points(20)]));
            let replayed = self.replay(&work, account);
            assert!(replayed.success, "{}", replayed.stderr);
        }
    }

    /// Begins to watch a display. The desktop's own programs write down what they are called with.
    pub(crate) fn start(&mut self, display: &str, account: &str) {
        self.start_logging(display, account, "info");
    }

    /// As [`Agent::start`]; how much it tells its log is said.
    pub(crate) fn start_logging(&mut self, display: &str, account: &str, level: &str) {
        let (log, said) =
            (File::create(self.log()).unwrap(), File::create(self.folder().join("stdout")).unwrap());
        let config = self.desktop();
        let process = Command::new(binary("tacit-agent"))
            .args(["run", "--account", account, "--state-dir", self.state().to_str().unwrap()])
            .arg("--config")
            .arg(config)
            .env("DISPLAY", display)
            .env("TACIT_AGENT_LOG", level)
            .envs(["HOME", "TMPDIR"].map(|name| (name, self.folder())))
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .stdout(said)
            .stderr(log)
            .spawn()
            .unwrap();
        self.process = Some(process);
    }

    /// Waits until input reaches it.
    pub(crate) fn wait_until_it_watches(&self) {
        eventually("the agent watches", || {
            let log = fs::read_to_string(self.log()).ok()?;
            log.contains("capture began").then_some(())
        });
    }

    /// Id of the running process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// Records on disk that the server has not acknowledged.
    pub(crate) fn spooled(&self) -> usize {
        let names = fs::read_dir(self.state().join("spool")).unwrap().map(|f| f.unwrap().path());
        names.filter(|path| path.extension().is_some_and(|e| e == "record")).count()
    }

    /// Ends the process at once.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Asks it to stop, which closes its session.
    pub(crate) fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        kill(Pid::from_raw(process.id().cast_signed()), Signal::SIGTERM).unwrap();
        assert!(process.wait().unwrap().success());
    }

    /// What the desktop was asked to do, a line each.
    pub(crate) fn asked_of_the_desktop(&self) -> String {
        fs::read_to_string(self.folder.path().join("desktop/calls")).unwrap_or_default()
    }

    /// Unlocks the screen, as whoever knows the secret can.
    pub(crate) fn unlock_the_desktop(&self) {
        fs::remove_file(self.folder.path().join("desktop/locked")).unwrap();
    }

    /// Puts programs where a desktop session has them; returns the settings that name them. A screen that was locked says so.
    fn desktop(&self) -> PathBuf {
        let desktop = self.folder.path().join("desktop");
        fs::create_dir_all(&desktop).unwrap();
        for program in ["notify-send", "loginctl"] {
            let script = "#!/bin/sh\ncd \"$(dirname \"$0\")\"\n\
                          [ \"$1\" != show-session ] || { [ -e locked ] && echo yes || echo no; exit; }\n\
                          [ \"$1\" != lock-session ] || : >locked\n\
                          echo \"$(basename \"$0\") $*\" >>calls\n";
            let path = desktop.join(program);
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let config = self.folder.path().join("agent.toml");
        fs::write(
            &config,
            format!("[response]\npath = [{desktop:?}]\nsession = \"c7\"\n[notice]\ntext = \"\"\n"),
        )
        .unwrap();
        config
    }

    /// Where all is that it writes.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
        if std::thread::panicking() {
            eprintln!("{}", tail(&self.log()));
        }
    }
}
