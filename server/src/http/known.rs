//! Callers by their API keys, held as long as no key has changed: a poll that finds nothing new asks the database for nothing, not even
//! who asks.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

use crate::Result;
use crate::app::changes::{Stamp, Topics};
use crate::app::{App, keys};
use crate::domain::Caller;

/// Longest that a key is taken on trust.
const LASTS: Duration = Duration::MINUTE;
/// Keys held at most.
const MOST: usize = 10_000;

/// Keys that serve.
#[derive(Debug, Default)]
pub(super) struct KnownKeys {
    held: Mutex<HashMap<[u8; 32], Held>>,
}

#[derive(Debug)]
struct Held {
    stamp: Stamp,
    until: OffsetDateTime,
    caller: Caller,
}

impl KnownKeys {
    /// The caller whose key this is.
    ///
    /// # Errors
    /// Unauthenticated for a key that does not serve; as the database.
    pub(super) async fn caller(&self, app: &App, key: &str, now: OffsetDateTime) -> Result<Caller> {
        let hash = app.secrets.hash(key);
        // Without a stamp nobody would tell of a revocation.
        let stamp = app.changes.stamp(Topics::REST);
        if let Some(caller) = stamp.and_then(|stamp| self.get(&hash, stamp, now)) {
            return Ok(caller);
        }
        let caller = keys::caller_of_key(&app.store, &hash, now).await?;
        if let Some(stamp) = stamp {
            let expires_at = app.store.expiry_of_key(&hash).await?;
            let until = expires_at.map_or(now + LASTS, |at| at.min(now + LASTS));
            self.put(hash, Held { stamp, until, caller: caller.clone() });
        }
        Ok(caller)
    }

    fn get(&self, hash: &[u8; 32], stamp: Stamp, now: OffsetDateTime) -> Option<Caller> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let of = held.get(hash)?;
        (of.stamp == stamp && now < of.until).then(|| of.caller.clone())
    }

    fn put(&self, hash: [u8; 32], of: Held) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MOST {
            held.clear();
        }
        held.insert(hash, of);
    }
}
