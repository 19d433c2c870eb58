//! The only place that reads the wall clock and the system's randomness.

use std::time::{SystemTime, UNIX_EPOCH};

use uuid::{Builder, Uuid};

/// Milliseconds since the Unix epoch. Passed to whatever needs the time.
pub type Now = fn() -> u64;

/// The workstation's wall clock.
#[expect(clippy::disallowed_methods, reason = "this is where time enters")]
#[must_use]
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A random UUID.
///
/// # Errors
/// When the system has no randomness to give.
pub fn random_uuid() -> Result<Uuid, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(Builder::from_random_bytes(bytes).into_uuid())
}

/// A random number below `bound`; 0 if the system has no randomness to give. For jitter, not for secrets.
#[must_use]
pub fn jitter(bound: u64) -> u64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) if bound > 0 => u64::from_le_bytes(bytes) % bound,
        _ => 0,
    }
}
