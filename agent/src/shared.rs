//! The spool between those who fill it and the uplink that empties it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use tacit_proto::v1::Record;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use uuid::Uuid;

use crate::spool::Spool;

/// The spool as capture and uplink share it.
#[derive(Clone)]
pub struct SharedSpool {
    spool: Arc<Mutex<Spool>>,
    changed: Arc<Notify>,
    waiting: Arc<watch::Sender<usize>>,
    held: Arc<watch::Sender<Option<Held>>>,
}

/// A session whose records are not sent yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) session: Uuid,
    pub(crate) until: Instant,
}

impl SharedSpool {
    /// Shares a spool.
    #[must_use]
    pub fn new(spool: Spool) -> Self {
        let (waiting, _) = watch::channel(spool.len());
        Self {
            spool: Arc::new(Mutex::new(spool)),
            changed: Arc::new(Notify::new()),
            waiting: Arc::new(waiting),
            held: Arc::new(watch::Sender::new(None)),
        }
    }

    /// Adds records, in order, and wakes the uplink.
    ///
    /// # Errors
    /// When one cannot be written; those before it are kept.
    pub fn append(&self, records: &[Record]) -> Result<()> {
        let result = {
            let mut spool = self.lock();
            let result = records.iter().try_for_each(|r| spool.append(r));
            self.waiting.send_replace(spool.len());
            result
        };
        self.changed.notify_one();
        result
    }

    /// Records waiting, and every change of that number.
    #[must_use]
    pub fn waiting(&self) -> watch::Receiver<usize> {
        self.waiting.subscribe()
    }

    /// Records given up since the spool was opened.
    #[must_use]
    pub fn lost(&self) -> u32 {
        self.lock().lost()
    }

    /// Keeps a session's records from being sent before a moment. They wait in the spool.
    pub fn hold(&self, session: Uuid, until: Instant) {
        self.held.send_replace(Some(Held { session, until }));
        self.changed.notify_one();
    }

    /// The session that is held back, if one is.
    pub(crate) fn held(&self) -> Option<Held> {
        *self.held.borrow()
    }

    /// Wakes whoever waits for records, once.
    pub(crate) fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Spool> {
        // A panic elsewhere leaves the spool whole: every change of it is one step.
        self.spool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the spool, and tells of the records that wait then.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Spool) -> Result<T>) -> Result<T> {
        let mut spool = self.lock();
        let result = change(&mut spool);
        self.waiting.send_replace(spool.len());
        result
    }
}
