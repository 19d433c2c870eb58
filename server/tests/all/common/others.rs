//! What tests take from others, run by Node.js or Python.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Installs a folder of tests, and says where it is.
pub(crate) async fn installed(folder: &str) -> String {
    let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    let done = Command::new(format!("{tests}/install")).arg(folder).status().await.unwrap();
    assert!(done.success(), "not installed: {tests}/install {folder} says why");
    format!("{tests}/{folder}")
}

/// What a judge of tests/judges answers to cases, in their order: `{"ok": _}`, or `{"refused": _}`.
async fn judged(program: &str, script: &str, cases: &Value) -> Vec<Value> {
    let home = installed("judges").await;
    let mut judge = Command::new(program);
    judge.arg(script).current_dir(home).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut judge = judge.spawn().unwrap();
    let mut given = judge.stdin.take().unwrap();
    given.write_all(cases.to_string().as_bytes()).await.unwrap();
    drop(given);
    let output = judge.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{script} failed");
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), cases.as_array().unwrap().len());
    answers
}

/// Webhooks by the library of Standard Webhooks, and security event tokens by jose.
pub(crate) async fn judged_as_received(cases: &Value) -> Vec<Value> {
    judged("node", "judge.js", cases).await
}

/// OCSF events by the published schema of the version, class and profiles that each names.
pub(crate) async fn judged_as_ocsf(events: &Value) -> Vec<Value> {
    judged(".venv/bin/python", "ocsf.py", events).await
}
