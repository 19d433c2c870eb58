//! What the program refuses before it does anything.

use std::path::Path;
use std::process::Command;

use crate::server::identity;

/// Runs the program without a display to its failure, and returns what it says.
fn refusal(arguments: &[&str], state: &Path, variables: &[(&str, &str)]) -> String {
    let ended = Command::new(env!("CARGO_BIN_EXE_tacit-agent"))
        .args(arguments)
        .arg("--state-dir")
        .arg(state)
        .env_remove("DISPLAY")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(!ended.status.success());
    String::from_utf8(ended.stderr).unwrap()
}

#[test]
fn without_a_display_no_session_is_opened() {
    let state = tempfile::tempdir().unwrap();
    identity(state.path(), "127.0.0.1:1".parse().unwrap());
    for arguments in [["run", "--insecure-loopback"].as_slice(), &["inspect"], &["run", "--capture", "rdev"]]
    {
        let said = refusal(arguments, state.path(), &[]);
        assert!(said.contains("set DISPLAY"), "{said}");
    }
    let gone = refusal(&["run", "--insecure-loopback"], state.path(), &[("DISPLAY", "unix:/nonexistent")]);
    assert!(gone.contains("cannot reach the X server of DISPLAY unix:/nonexistent"), "{gone}");
    assert!(!state.path().join("spool").exists() && !state.path().join("session.json").exists());
}

#[test]
fn odd_variables_are_refused_by_name() {
    let state = tempfile::tempdir().unwrap();
    for (variable, because) in [
        (("TACIT_AGENT_ACCOUNT", ""), "TACIT_AGENT_ACCOUNT is set, but empty"),
        (("TACIT_AGENT_ACCOUNT", "a\u{7}"), "account must be"),
        (("TACIT_AGENT_LOG", "loud"), "TACIT_AGENT_LOG=loud"),
        (("TACIT_AGENT_REMOTE", "perhaps"), "--remote"),
        (("TACIT_AGENT_INSECURE_LOOPBACK", "perhaps"), "--insecure-loopback"),
    ] {
        let said = refusal(&["run"], state.path(), &[variable]);
        assert!(said.contains(because), "{said}");
    }
}

#[test]
fn what_is_no_regular_file_in_the_state_folder_is_named_and_not_waited_for() {
    for name in ["identity.json", "device.key", "lock"] {
        let state = tempfile::tempdir().unwrap();
        identity(state.path(), "127.0.0.1:1".parse().unwrap());
        let path = state.path().join(name);
        let _ = std::fs::remove_file(&path);
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let said = refusal(&["rotate-key", "--insecure-loopback"], state.path(), &[]);
        assert!(said.contains(name) && said.contains("no regular file: move it away"), "{said}");
    }
}
