//! Measuring as a whole, seen from outside.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test says what is wrong by panicking")]

mod automation;
mod bytes;
mod desk;
mod examples;
mod privacy;
mod properties;
mod robustness;
mod touch;
