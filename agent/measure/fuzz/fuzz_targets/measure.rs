//! Any bytes, as input events, through the measurer: `cargo +nightly fuzz run measure` in agent/measure.

#![no_main]

#[path = "../../tests/measure/bytes.rs"]
mod bytes;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bytes::drive(data));
