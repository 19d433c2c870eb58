//! The agent against servers that misbehave, in this process; and what the program says before it calls one.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod agent;
mod desk;
mod enrolment;
mod program;
mod refused_session;
mod response;
mod rotation;
mod server;
mod switch;
mod told;
mod uplink;
