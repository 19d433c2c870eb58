//! How much one device may send, so that one that floods is cut off alone.
//!
//! What a device has kept while the server was away comes at once and is taken; what it can measure comes slowly. The bounds lie
//! far above both. In the memory of this process; a bucket is let go when it is full again.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::DefaultClock;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::config::BoundsSettings;
use crate::domain::DeviceId;
use crate::{Error, ErrorKind, Result};

/// Calls for another key in an hour: a device changes its key every few months, and asks again where an answer was lost.
const ROTATIONS: u32 = 10;

type Buckets = RateLimiter<DeviceId, DefaultKeyedStateStore<DeviceId>, DefaultClock>;
type Streams = Arc<Mutex<HashMap<DeviceId, u32>>>;

/// The bounds of every device.
#[derive(Debug)]
pub struct Bounds {
    settings: BoundsSettings,
    messages: Buckets,
    kib: Buckets,
    rotations: Buckets,
    streams: Streams,
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

fn buckets(a_second: u32, at_once: u32) -> Buckets {
    RateLimiter::keyed(Quota::per_second(at_least_one(a_second)).allow_burst(at_least_one(at_once)))
}

/// What a device is told that is cut off.
fn cut_off(bound: &'static str, why: String) -> Error {
    metrics::counter!("tacit_devices_cut_off_total", "bound" => bound).increment(1);
    Error::new(ErrorKind::RateLimited, why)
}

impl Bounds {
    /// As set.
    #[must_use]
    pub fn new(settings: BoundsSettings) -> Self {
        Self {
            messages: buckets(settings.messages_per_second, settings.messages_at_once),
            kib: buckets(settings.kib_per_second, settings.kib_at_once),
            rotations: RateLimiter::keyed(Quota::per_hour(at_least_one(ROTATIONS))),
            streams: Streams::default(),
            settings,
        }
    }

    /// Lets a device open a stream, for as long as what is returned lives.
    ///
    /// # Errors
    /// Rate limited where it has too many open, or was cut off a moment ago.
    pub fn enter(&self, device: DeviceId) -> Result<Entered> {
        self.take(device, 0)?;
        let most = self.settings.streams;
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let open = streams.entry(device).or_default();
        if *open >= most {
            return Err(cut_off(
                "streams",
                format!("this device has {most} streams open: it may open no more"),
            ));
        }
        *open += 1;
        Ok(Entered { streams: Arc::clone(&self.streams), device })
    }

    /// Takes one message of so many bytes.
    ///
    /// # Errors
    /// Rate limited.
    pub fn take(&self, device: DeviceId, bytes: usize) -> Result<()> {
        let BoundsSettings { messages_per_second, kib_per_second, .. } = self.settings;
        if self.messages.check_key(&device).is_err() {
            let why = format!("this device sends more than {messages_per_second} messages a second");
            return Err(cut_off("messages", why));
        }
        let kib = at_least_one(u32::try_from(bytes.div_ceil(1_024)).unwrap_or(u32::MAX));
        if !matches!(self.kib.check_key_n(&device, kib), Ok(Ok(()))) {
            return Err(cut_off(
                "bytes",
                format!("this device sends more than {kib_per_second} KiB a second"),
            ));
        }
        Ok(())
    }

    /// Takes one call for another key.
    ///
    /// # Errors
    /// Rate limited.
    pub fn rotation(&self, device: DeviceId) -> Result<()> {
        self.rotations.check_key(&device).map_err(|_| {
            let why = format!("this device asks for another key more than {ROTATIONS} times an hour");
            cut_off("rotations", why)
        })
    }

    /// Checks how many sessions a device would have open.
    ///
    /// # Errors
    /// Rate limited where they are too many.
    pub fn sessions(&self, open: u64) -> Result<()> {
        let most = self.settings.sessions;
        if open > u64::from(most) {
            let why =
                format!("this device has {most} sessions open: it may open another when one has closed");
            return Err(cut_off("sessions", why));
        }
        Ok(())
    }

    /// Checks of how many accounts a device has opened its first session within an hour, before it opens that of another.
    ///
    /// # Errors
    /// Rate limited where they are as many as may be.
    pub fn accounts(&self, met: u64) -> Result<()> {
        let most = self.settings.accounts_per_hour;
        if met >= u64::from(most) {
            let why = format!(
                "this device has opened its first sessions of {most} accounts within an hour: it may open that of another later"
            );
            return Err(cut_off("accounts", why));
        }
        Ok(())
    }

    /// Lets buckets go that are full again.
    pub fn forget(&self) {
        for buckets in [&self.messages, &self.kib, &self.rotations] {
            buckets.retain_recent();
            buckets.shrink_to_fit();
        }
    }
}

/// A stream of a device.
#[derive(Debug)]
pub struct Entered {
    streams: Streams,
    device: DeviceId,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = streams.get_mut(&self.device) {
            *open -= 1;
            if *open == 0 {
                streams.remove(&self.device);
            }
        }
    }
}
