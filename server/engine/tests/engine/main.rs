//! The engine on simulated people.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod extremes;
mod model;
mod people;
mod session;
