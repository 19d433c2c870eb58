//! The dashboard in a real browser, on the real server, while the demo's fleet works and is attacked.
//!
//! Needs the workspace's binaries beside the test, the built dashboard (`make web`), Node and chromium.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Making a Postgres is most of it.
const START: Duration = Duration::from_secs(90);

/// The demo, ended in order also when the test fails.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(i32::try_from(self.0.id()).unwrap()), Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

#[test]
fn an_attack_is_seen_explained_and_dealt_with_in_the_browser() {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/web");
    for (needed, how) in [("dist/index.html", "make web"), ("node_modules/playwright-core", "make web")] {
        assert!(web.join(needed).exists(), "server/web/{needed} is missing: run `{how}`");
    }
    let mut demo = Command::new(env!("CARGO_BIN_EXE_tacit-lab"));
    let mut demo =
        Demo(demo.args(["demo", "--stay"]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap());

    // Read to the end, or the demo would wait for a reader.
    let (line_of, lines) = mpsc::channel();
    let output = BufReader::new(demo.0.stdout.take().unwrap());
    std::thread::spawn(move || {
        output.lines().map_while(Result::ok).for_each(|line| drop(line_of.send(line)));
    });
    let after = |words: &str| loop {
        let line = lines.recv_timeout(START).unwrap_or_else(|_| panic!("the demo did not say: {words}"));
        if let Some(told) = line.trim_start().strip_prefix(words) {
            break told.trim().to_owned();
        }
    };
    let address = after("dashboard:");
    let key = after("sign in with the API key");

    let script = web.join("tests/dashboard.mjs");
    let mut node = Command::new("node");
    // Cargo runs tests in the folder of their crate; SHOTS is named from that of the workspace.
    if let Some(shots) = std::env::var_os("SHOTS") {
        node.env("SHOTS", web.join("../..").join(shots));
    }
    let run = node.arg(&script).env("TACIT_ADDRESS", address).env("TACIT_KEY", key).output().unwrap();
    eprintln!("{}", String::from_utf8_lossy(&run.stdout));
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}
