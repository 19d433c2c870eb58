//! The server against a real Postgres, one database a test.

mod access;
mod common;
mod config;
mod devices;
mod hostile;
mod ingest;
mod process;
mod store;
