//! The agent against servers that misbehave, in this process.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod enrolment;
mod refused_session;
mod server;
mod uplink;
