//! Any bytes through everything that the server decodes: `cargo +nightly fuzz run decode -- -malloc_limit_mb=64` in server.

#![no_main]

#[path = "../../tests/all/bytes.rs"]
mod bytes;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    bytes::drive(data);
});
