//! How many requests a caller may make: a bucket a caller, in the memory of this process.
//!
//! The answers say so as the IETF draft "RateLimit header fields for HTTP" has it, and a refusal says when to come back.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::config::RestSettings;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");
/// Buckets held before those that are full again are let go.
const MOST: usize = 10_000;

type Buckets = RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// The buckets of callers.
pub(super) struct Limits {
    buckets: Buckets,
    clock: DefaultClock,
    /// Requests at once, and how long an empty bucket takes to be full again.
    burst: u32,
    fills_in: Duration,
}

/// What a caller has left.
pub(super) struct Left {
    burst: u32,
    fills_in: Duration,
    requests: u32,
}

/// A caller has none left.
pub(super) struct Spent {
    left: Left,
    /// When there will be one.
    pub(super) again_in: Duration,
}

/// Whole seconds, never less than the time itself.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

impl Limits {
    pub(super) fn new(settings: RestSettings) -> Self {
        let burst = NonZeroU32::new(settings.burst).unwrap_or(NonZeroU32::MIN);
        let per_minute = NonZeroU32::new(settings.requests_per_minute).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(per_minute).allow_burst(burst);
        let fills_in = quota.replenish_interval() * burst.get();
        let buckets = RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>();
        Self { buckets, clock: DefaultClock::default(), burst: burst.get(), fills_in }
    }

    /// Takes one request of a caller.
    pub(super) fn take(&self, caller: &String) -> Result<Left, Spent> {
        if self.buckets.len() > MOST {
            self.buckets.retain_recent();
            self.buckets.shrink_to_fit();
        }
        let left = |requests| Left { burst: self.burst, fills_in: self.fills_in, requests };
        match self.buckets.check_key(caller) {
            Ok(state) => Ok(left(state.remaining_burst_capacity())),
            Err(refused) => Err(Spent { left: left(0), again_in: refused.wait_time_from(self.clock.now()) }),
        }
    }
}

impl Left {
    /// Says so.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        let window = seconds(self.fills_in);
        let policy = format!("\"caller\";q={};w={window}", self.burst);
        // How long until all of it is there again.
        let spent = self.burst.saturating_sub(self.requests);
        let full_in = seconds(self.fills_in * spent / self.burst.max(1));
        let state = format!("\"caller\";r={};t={full_in}", self.requests);
        for (name, text) in [(POLICY, policy), (STATE, state)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
    }
}

impl Spent {
    /// Says so, and when to come back.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        self.left.tell(headers);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds(self.again_in).max(1)));
    }
}
