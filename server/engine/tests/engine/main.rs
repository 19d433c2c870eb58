//! The engine on simulated people.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod device;
mod extremes;
mod feedback;
mod hands;
mod model;
mod origin;
mod people;
mod session;
mod start;
mod words;
