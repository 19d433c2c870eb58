//! The central server: takes windows over gRPC, judges them, keeps them in Postgres, and answers over REST.
//!
//! A call goes adapter ([`grpc`], [`http`], [`web`]) → use case ([`app`]) → engine and [`store`], and never the other way.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod error;
pub mod files;
pub mod grpc;
pub mod http;
pub mod idp;
pub mod jobs;
pub mod out;
pub mod postgres;
pub mod secrets;
pub mod store;
pub mod tls;
pub mod web;

pub use error::{Error, ErrorKind, Result};
