//! Any bytes through everything that the agent decodes: `cargo +nightly fuzz run decode -- -malloc_limit_mb=64` in agent.

#![no_main]

#[path = "../../tests/decoders/bytes.rs"]
mod bytes;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    bytes::drive(data);
});
