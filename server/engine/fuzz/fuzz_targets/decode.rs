//! Any bytes through everything that the engine decodes: `cargo +nightly fuzz run decode -- -malloc_limit_mb=64` in server/engine.

#![no_main]

#[path = "../../tests/engine/bytes.rs"]
mod bytes;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    bytes::drive(data);
});
