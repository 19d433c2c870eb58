//! The channel between devices and the server: keys that change, clocks that are off, floods, silent connections, mutual TLS.

mod clock;
mod flood;
mod key;
mod mutual;
mod renewal;
mod silence;
