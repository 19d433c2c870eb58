//! The workstation agent: capture, measuring, spool, uplink, response.
//!
//! The way of an event: a [`capture`] back end drops its identity and hands on a `TimedInput`; [`session`] measures it and
//! turns closed windows and signals into records; [`spool`] keeps them on disk until [`uplink`] has them acknowledged.
//!
//! A simulated device is made of the same parts, any number of them in one process, each with a state folder of its own:
//!
//! ```no_run
//! use std::path::Path;
//! use tacit_agent::{clock::now_ms, enrol, session::Session, spool::Spool, uplink::{SharedSpool, Uplink}};
//! use tacit_measure::{Settings, TimedInput};
//!
//! # async fn device(state: &Path, ca: String, token: &str, events: Vec<TimedInput>) -> anyhow::Result<()> {
//! let (server, plain) = ("https://127.0.0.1:7443", false);
//! let identity = enrol::enrol(state, server, Some(ca), token, plain, enrol::device_info(None)).await?;
//! let spool = SharedSpool::new(Spool::open(state)?);
//! let (_capture, capture) = tokio::sync::watch::channel(tacit_proto::v1::Capture::Running);
//! let (uplink, _from_server) = Uplink::new(identity, plain, spool.clone(), now_ms, capture)?;
//! let sending = tokio::spawn(uplink.run());
//!
//! // Times are the caller's: this session began at `start_ms`, and its events say when they happened.
//! let start_ms = now_ms();
//! let (mut session, opening) = Session::open(state, "account", false, start_ms, Settings::default())?;
//! spool.append(&opening)?;
//! for event in events {
//!     spool.append(&session.input(event, || start_ms)?)?;
//! }
//! spool.append(&session.close(start_ms + 60_000)?)?;
//! Session::forget(state)?;
//!
//! // All is acknowledged once nothing waits.
//! spool.waiting().wait_for(|left| *left == 0).await?;
//! sending.abort();
//! # Ok(())
//! # }
//! ```

pub mod assertion;
pub mod capture;
pub mod channel;
pub mod clock;
pub mod config;
pub mod device_key;
pub mod doctor;
pub mod enrol;
pub mod eyes;
pub mod files;
pub mod identity;
pub mod inspect;
pub mod notice;
pub mod refusal;
pub mod replay;
pub mod response;
pub mod rotate;
pub mod run;
pub mod session;
mod shared;
pub mod spool;
pub mod status;
pub mod switch;
pub mod told;
pub mod trace;
mod trouble;
pub mod uplink;
