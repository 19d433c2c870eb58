//! The server against a real Postgres, one database a test.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "what helpers of tests cannot do fails the test"
)]

mod access;
mod alerts;
mod audit;
mod automation;
mod bytes;
mod callers;
mod channel;
mod cli;
mod common;
mod config;
mod credentials;
mod decoders;
mod devices;
mod files;
mod health;
mod hostile;
mod http;
mod ingest;
mod monitoring;
#[path = "../../../proto/tests/shared/mutated.rs"]
mod mutated;
mod outbox;
mod process;
mod response;
mod retention;
mod rights;
mod root;
mod silence;
mod silent;
mod store;
mod web;
