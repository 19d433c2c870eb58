//! The only place that reads the wall clock and the system's randomness.

use std::time::{SystemTime, UNIX_EPOCH};

use tonic::Status;
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

/// Metadata of a refusal: the server's time, milliseconds since the Unix epoch.
const SERVER_TIME: &str = "tacit-time-ms";
/// Clocks that differ less are as good as one.
const ALIKE_MS: u64 = 1_000;

/// By how much this device's clock is ahead of the server's, as the server has said. Assertions allow for it; records do not,
/// since the server sees by heartbeats how the clock is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skew {
    ahead_ms: i64,
}

impl Skew {
    /// Milliseconds; negative where the device's clock is behind.
    #[must_use]
    pub fn ahead_ms(self) -> i64 {
        self.ahead_ms
    }

    /// The server's time when this device's clock says `now_ms`.
    #[must_use]
    pub fn corrected(self, now_ms: u64) -> u64 {
        now_ms.saturating_add_signed(self.ahead_ms.saturating_neg())
    }

    /// Learns from a refusal what the server's clock says; whether that is something new, so that asking again may help.
    pub fn learn(&mut self, refusal: &Status, now_ms: u64) -> bool {
        let server = refusal.metadata().get(SERVER_TIME).and_then(|value| value.to_str().ok()?.parse().ok());
        let Some(server): Option<i64> = server else { return false };
        let found = i64::try_from(now_ms).unwrap_or(i64::MAX).saturating_sub(server);
        if found.abs_diff(self.ahead_ms) < ALIKE_MS {
            return false;
        }
        tracing::warn!(ahead_ms = found, "this device's clock differs from the server's: set it right");
        self.ahead_ms = found;
        true
    }
}
