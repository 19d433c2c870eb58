//! The engine on simulated people.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod device;
mod extremes;
mod feedback;
mod model;
mod people;
mod session;
mod start;
mod words;
