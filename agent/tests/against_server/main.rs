//! The agent against servers that misbehave, in this process; what reaches one; and what the program says before it calls one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod agent;
mod desk;
mod enrolment;
mod places;
mod program;
mod refused_session;
mod response;
mod rotation;
mod server;
mod switch;
mod told;
mod uplink;
