//! Plays a recorded trace as if it were typed now: the same measuring, spool and uplink as live input.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tacit_measure::TimedInput;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::clock::Now;
use crate::identity::Identity;
use crate::session::Session;
use crate::spool::Spool;
use crate::trace::Trace;
use crate::uplink::{SharedSpool, Uplink};

/// What to replay, and how.
pub struct Replay<'a> {
    /// Trace file.
    pub trace: &'a Path,
    /// State folder of an enrolled device.
    pub state: &'a Path,
    /// Directory name that the session is opened for.
    pub account: &'a str,
    /// Times as fast as recorded; `None` for as fast as possible.
    pub speed: Option<f64>,
    /// How long the server may take to acknowledge everything after the last event.
    pub timeout: Duration,
    /// A plain connection to a loopback address is allowed.
    pub insecure_loopback: bool,
}

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// Input events in the trace.
    pub events: usize,
    /// Records acknowledged, the opening and closing of the session among them.
    pub records: usize,
}

/// Replays a trace as one session, ending now, and waits until the server has acknowledged all of it.
///
/// # Errors
/// When the trace is not sound, the device is not enrolled, or the server does not take everything in time.
pub async fn replay(settings: Replay<'_>, now: Now) -> Result<Replayed> {
    let events: Vec<TimedInput> =
        Trace::open(settings.trace).and_then(Iterator::collect).context("the trace was not replayed")?;
    let Some((first, last)) = events.iter().map(|e| e.at_us).min().zip(events.iter().map(|e| e.at_us).max())
    else {
        bail!("{}: the trace holds no events", settings.trace.display());
    };
    let identity = Identity::load(settings.state)?;
    let spool = SharedSpool::new(Spool::open(settings.state)?);
    let (_capturing, capturing) = watch::channel(true);
    let (uplink, from_server) =
        Uplink::new(identity, settings.insecure_loopback, spool.clone(), now, capturing)?;
    let running = tokio::spawn(uplink.run());

    // As fast as possible, the session has been typed already and ends now.
    let length_ms = if settings.speed.is_some() { 0 } else { (last - first) / 1000 };
    let start_ms = now().saturating_sub(length_ms);
    let measuring = *from_server.settings.borrow();
    let (mut session, opening) = Session::open(settings.state, settings.account, false, start_ms, measuring)?;
    let mut records = opening.len();
    spool.append(&opening)?;
    let begun = Instant::now();
    for event in &events {
        if let Some(speed) = settings.speed {
            let at = Duration::from_micros(event.at_us.saturating_sub(first)).div_f64(speed);
            tokio::time::sleep_until(begun + at).await;
        }
        let made = session.input(*event, || start_ms)?;
        records += made.len();
        if !made.is_empty() {
            spool.append(&made)?;
            // Lets the uplink run between records.
            tokio::task::yield_now().await;
        }
    }
    let end_ms = if settings.speed.is_some() { now() } else { start_ms.saturating_add(length_ms) };
    let closing = session.close(end_ms)?;
    records += closing.len();
    spool.append(&closing)?;
    Session::forget(settings.state)?;

    let mut waiting = spool.waiting();
    let done = tokio::time::timeout(settings.timeout, waiting.wait_for(|left| *left == 0)).await;
    running.abort();
    if done.is_err() {
        let trouble = from_server.trouble.borrow().clone();
        let left = *spool.waiting().borrow();
        bail!(
            "the server has not acknowledged {left} of {records} records; they stay in the spool. {trouble}"
        );
    }
    if spool.lost() > 0 {
        bail!(
            "the server refused {} of {records} records; see {}",
            spool.lost(),
            settings.state.join("refused").display()
        );
    }
    Ok(Replayed { events: events.len(), records })
}
