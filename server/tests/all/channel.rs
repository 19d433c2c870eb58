//! The channel between devices and the server: keys that change, clocks that are off, floods, mutual TLS.

mod clock;
mod flood;
mod key;
mod mutual;
mod renewal;
