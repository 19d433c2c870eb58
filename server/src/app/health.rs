//! Whether the server can do its work: what load balancers and monitors ask.

use std::sync::{Mutex as StdMutex, PoisonError};
use std::time::Duration as StdDuration;

use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use crate::app::App;
use crate::store::Store;
use crate::{Error, Result};

/// Between two writes that only probe, however often anyone asks.
const PROBE_EVERY: Duration = Duration::seconds(5);
/// A write that is not confirmed by then counts as failed.
const PATIENCE: StdDuration = StdDuration::from_secs(5);
/// A failed ingest is spoken of for this long: agents try again within it.
const REMEMBERED: Duration = Duration::minutes(2);

/// What is known of the database's writes.
///
/// Both are needed. A probe writes where there is room already, so that it succeeds on a disk on which no table can grow;
/// ingest makes tables grow, but only when agents send.
#[derive(Debug, Default)]
pub struct Health {
    probed: Mutex<Option<(OffsetDateTime, Result<(), String>)>>,
    failed: StdMutex<Option<(OffsetDateTime, &'static str)>>,
}

impl Health {
    /// Notes how an ingest ended.
    pub(super) fn ingested(&self, outcome: Result<(), &Error>, now: OffsetDateTime) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(()) => *failed = None,
            Err(error) => {
                if let Some(text) = error.refusal() {
                    *failed = Some((now, text));
                }
            }
        }
    }

    fn failing(&self, now: OffsetDateTime) -> Option<&'static str> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.filter(|(at, _)| now - *at < REMEMBERED).map(|(_, text)| text)
    }

    async fn probe(&self, store: &Store, now: OffsetDateTime) -> Result<()> {
        let mut probed = self.probed.lock().await;
        let outcome = match &*probed {
            Some((at, outcome)) if (now - *at).abs() < PROBE_EVERY => outcome.clone(),
            _ => {
                let outcome = probe(store, now).await.map_err(|error| error.public().to_owned());
                *probed = Some((now, outcome.clone()));
                outcome
            }
        };
        outcome.map_err(Error::unavailable)
    }
}

/// Whether the server can do its work.
///
/// # Errors
/// Unavailable when the database is away, lacks a migration of this version, or takes no writes.
pub async fn ready(app: &App) -> Result<()> {
    match app.store.migrations_missing().await? {
        0 => {}
        missing => return Err(Error::unavailable(format!("the database lacks {missing} migrations"))),
    }
    let now = app.ambient.now();
    if let Some(text) = app.health.failing(now) {
        return Err(Error::unavailable(text));
    }
    app.health.probe(&app.store, now).await
}

/// Whether a write commits.
///
/// # Errors
/// Unavailable when the database is away, takes no writes, or does not confirm one in time.
pub async fn probe(store: &Store, now: OffsetDateTime) -> Result<()> {
    match tokio::time::timeout(PATIENCE, store.probe_write(now)).await {
        Ok(done) => done,
        Err(_) => Err(Error::unavailable(format!(
            "the database does not confirm a write within {} s",
            PATIENCE.as_secs()
        ))),
    }
}
