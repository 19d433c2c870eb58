//! The engine on simulated people.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod beside;
mod bytes;
mod decoders;
mod device;
mod drift;
mod extremes;
mod feedback;
mod hands;
mod model;
#[path = "../../../../proto/tests/shared/mutated.rs"]
mod mutated;
mod origin;
mod people;
mod session;
mod start;
mod words;
