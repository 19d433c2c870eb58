//! Plays a recorded trace as if it were typed now: the same measuring, spool and uplink as live input.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tacit_measure::Settings;
use tacit_proto::v1::Capture;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::channel::Means;
use crate::clock::Now;
use crate::identity::Identity;
use crate::session::Session;
use crate::spool::Spool;
use crate::told::Told;
use crate::trace;
use crate::uplink::{FromServer, SharedSpool, Uplink};

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
    /// When the session began, in milliseconds since the Unix epoch; only as fast as possible. Otherwise it ends now.
    pub start_ms: Option<u64>,
    /// How long the server may take to acknowledge everything after the last event.
    pub timeout: Duration,
    /// A plain connection to a loopback address is allowed.
    pub means: Means,
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
    let events = trace::read(settings.trace).context("the trace was not replayed")?;
    let Some((first, last)) = events.iter().map(|e| e.at_us).min().zip(events.iter().map(|e| e.at_us).max())
    else {
        bail!("{}: the trace holds no events", settings.trace.display());
    };
    let identity = Identity::load(settings.state)?;
    let spool = SharedSpool::new(Spool::open(settings.state)?);
    let (_capture, capture) = watch::channel(Capture::Running);
    let (uplink, mut from_server) = Uplink::new(identity, settings.means, spool.clone(), now, capture)?;
    let running = tokio::spawn(uplink.told(Told::in_force(settings.state)).run());

    let measuring = windows_of_server(&mut from_server, settings.timeout).await;
    // As fast as possible, the session has been typed already; otherwise it is typed now.
    let length_ms = if settings.speed.is_some() { 0 } else { (last - first) / 1000 };
    let start_ms = settings.start_ms.unwrap_or_else(|| now().saturating_sub(length_ms));
    let (mut session, opening) = Session::open(settings.state, settings.account, false, start_ms, measuring)?;
    let mut records = opening.len();
    spool.append(&opening)?;
    let begun = Instant::now();
    for event in &events {
        if let Some(speed) = settings.speed {
            let at = Duration::from_micros(event.at_us.saturating_sub(first)).div_f64(speed);
            tokio::time::sleep_until(begun + at).await;
            session.follow_clock(event.at_us, now());
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
        let (left, lost) = (*spool.waiting().borrow(), spool.lost());
        bail!(
            "in {} s the server did not acknowledge everything: {left} records stay in the spool, {lost} were refused. {trouble}",
            settings.timeout.as_secs()
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

/// What the server says of windows, so that a replay is cut as live input is; what it last said where it cannot say.
async fn windows_of_server(from_server: &mut FromServer, patience: Duration) -> Settings {
    let FromServer { settings, trouble, .. } = from_server;
    tokio::select! {
        _ = settings.changed() => {}
        _ = trouble.wait_for(|trouble| !trouble.is_empty()) => {}
        () = tokio::time::sleep(patience) => {}
    }
    *settings.borrow_and_update()
}
