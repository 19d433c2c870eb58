//! The system under test: its processes, and what its REST API tells.

mod agent;
mod rest;
mod server;

pub(crate) use agent::Agent;
pub(crate) use rest::Rest;
pub(crate) use server::Server;

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A binary of the workspace; test executables lie in a folder below it.
fn binary(name: &str) -> PathBuf {
    let path = std::env::current_exe().unwrap().parent().unwrap().with_file_name(name);
    assert!(path.exists(), "{} is missing: run cargo build --workspace first", path.display());
    path
}

/// How a program ended.
pub(crate) struct Ended {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a binary of the workspace to its end.
pub(crate) fn run(name: &str, arguments: &[&str]) -> Ended {
    let output = Command::new(binary(name)).args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap().trim().to_owned();
    Ended { success: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
