//! Settings: where they come from and what is refused.

use std::process::{Command, Output};

use crate::common::cluster;

fn doctor(change: impl FnOnce(&mut Command)) -> Output {
    let data = cluster::directory();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tacit-server"));
    command.arg("doctor").arg("--data-dir").arg(data.path());
    change(&mut command);
    command.output().unwrap()
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let directory = cluster::directory();
    let file = directory.path().join("tacit.toml");
    std::fs::write(&file, "grpc_listen = \"127.0.0.1:21001\"\n[policy]\nresponse = \"lock\"\n").unwrap();
    let address = |env: Option<&str>, flag: Option<&str>| {
        let output = doctor(|command| {
            command.arg("--config").arg(&file);
            command.envs(env.map(|value| ("TACIT_SERVER_GRPC_LISTEN", value)));
            if let Some(flag) = flag {
                command.args(["--grpc-listen", flag]);
            }
        });
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().find(|line| line.contains("gRPC address")).unwrap().to_owned()
    };
    assert!(address(None, None).contains("127.0.0.1:21001"));
    assert!(address(Some("127.0.0.1:21002"), None).contains("127.0.0.1:21002"));
    assert!(address(Some("127.0.0.1:21002"), Some("127.0.0.1:21003")).contains("127.0.0.1:21003"));
}

#[test]
fn impossible_settings_are_named() {
    for (variable, value, named) in [
        ("TACIT_SERVER_POLICY__RESPONSE", "explode", "policy.response"),
        ("TACIT_SERVER_POLICY__JUDGING__TAKEOVER_HAZARD", "0.9", "policy.judging.takeover_hazard"),
        ("TACIT_SERVER_POLICY__RESPONS", "lock", "respons"),
        ("TACIT_SERVER_POLICY__SILENT_AFTER_HOURS", "721", "policy.silent_after_hours"),
        ("TACIT_SERVER_INSECURE_LOOPBACK", "true", "grpc_listen"),
    ] {
        let output = doctor(|command| {
            command.env(variable, value);
        });
        assert!(!output.status.success(), "{variable}");
        let text = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(text.contains(named), "{text} should name {named}");
    }
}
