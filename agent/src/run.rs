//! The agent at work: captures, measures and hands records on, until it is told to stop.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use tacit_measure::{Input, Origin, Settings, TimedInput};
use tacit_proto::v1::{Record, SignalKind};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::capture::{self, BackEnd, DeviceKind};
use crate::channel::Means;
use crate::clock::Now;
use crate::config::ResponseConfig;
use crate::eyes::{Eyes, Seen, Source};
use crate::identity::Identity;
use crate::refusal::{RefusedSession, Reopening};
use crate::response::{Event, Responder};
use crate::session::Session;
use crate::spool::Spool;
use crate::uplink::{SharedSpool, Uplink};

/// How long the closing of the session may take to reach the server; it stays in the spool otherwise.
const GRACE: Duration = Duration::from_secs(3);

/// How to run.
pub struct Run {
    /// State folder of an enrolled device.
    pub state: PathBuf,
    /// Directory name of the account that is logged on.
    pub account: String,
    /// Capture back end.
    pub back_end: BackEnd,
    /// The session is shown on another machine.
    pub remote: bool,
    /// How the server is reached.
    pub means: Means,
    /// Days after which the device gets a new key; 0 for never.
    pub rotate_after_days: u32,
    /// How responses are carried out.
    pub response: ResponseConfig,
}

/// Runs until `stop` resolves, then closes the session.
///
/// # Errors
/// When there is no display, the device is not enrolled or its state folder cannot be used. Later, capture may fail and
/// come back; the server may be away at any time.
pub async fn run(settings: Run, now: Now, stop: impl Future<Output = ()>) -> Result<()> {
    tracing::info!(found = capture::check(settings.back_end)?, "display");
    let source = source(settings.back_end);
    run_on(source, settings, now, stop).await
}

/// Runs on a capture of the caller's.
///
/// # Errors
/// When the device is not enrolled or its state folder cannot be used.
pub async fn run_on(source: Source, settings: Run, now: Now, stop: impl Future<Output = ()>) -> Result<()> {
    let identity = Identity::load(&settings.state)?;
    let spool = SharedSpool::new(Spool::open(&settings.state)?);
    let (capturing, capturing_of) = watch::channel(false);
    let (uplink, mut from_server) = Uplink::new(identity, settings.means, spool.clone(), now, capturing_of)?;
    let uplink = uplink.rotating(settings.state.clone(), settings.rotate_after_days);
    let measuring = *from_server.settings.borrow();
    let (mut session, opening) =
        Session::open(&settings.state, &settings.account, settings.remote, now(), measuring)?;
    spool.append(&opening)?;
    let outcomes = uplink.outcomes();
    let uplink = tokio::spawn(uplink.run());
    tracing::info!(session = %session.id(), "session opened");

    tokio::pin!(stop);
    let mut eyes = Eyes::new(source, capturing);
    let mut reopening = Reopening::default();
    let (responder, mut responses) = Responder::new(&settings.response, now);
    loop {
        tokio::select! {
            () = &mut stop => break,
            seen = eyes.next() => keep(&spool, measure(&mut session, seen, now)),
            Some(directive) = from_server.directives.recv() => {
                responder.take(directive, session.id().as_bytes());
            }
            Some(event) = responses.recv() => match event {
                // The server asks again for what is lost on its way.
                Event::Outcome(outcome) => drop(outcomes.try_send(outcome)),
                Event::Locked => keep(&spool, session.locked(now()).map(|r| vec![r])),
                Event::Unlocked => keep(&spool, session.unlocked(now()).map(|r| vec![r])),
            },
            Ok(()) = from_server.settings.changed() => {
                let settings: Settings = *from_server.settings.borrow_and_update();
                session.configure(settings);
            }
            Ok(()) = from_server.refused.changed() => {
                let refused = *from_server.refused.borrow_and_update();
                if let Some(refused) = refused.filter(|refused| refused.id == session.id()) {
                    keep(&spool, reopen(&mut session, refused, &mut reopening, &spool, now()));
                }
            }
        }
    }

    tracing::info!("stopping");
    spool.append(&session.close(now())?)?;
    Session::forget(&settings.state)?;
    let mut waiting = spool.waiting();
    if tokio::time::timeout(GRACE, waiting.wait_for(|left| *left == 0)).await.is_err() {
        let unwritten = spool.lock().unwritten();
        if unwritten > 0 {
            tracing::error!(
                records = unwritten,
                "records are lost: the server did not take them, and the disk has no room"
            );
        }
        let waiting = spool.waiting().borrow().saturating_sub(unwritten);
        tracing::warn!(waiting, "records stay in the spool until the next start");
    }
    uplink.abort();
    Ok(())
}

/// Shows what would leave, live, and sends nothing. Ends with `stop`.
///
/// # Errors
/// When there is no display, or no temporary state can be kept.
pub async fn inspect(
    back_end: BackEnd,
    account: &str,
    scratch: &Path,
    now: Now,
    mut show: impl FnMut(&Record),
    stop: impl Future<Output = ()>,
) -> Result<()> {
    capture::check(back_end)?;
    let (mut session, opening) = Session::open(scratch, account, false, now(), Settings::default())?;
    opening.iter().for_each(&mut show);
    let (capturing, _) = watch::channel(false);
    let mut eyes = Eyes::new(source(back_end), capturing);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            seen = eyes.next() => measure(&mut session, seen, now)?.iter().for_each(&mut show),
        }
    }
    session.close(now())?.iter().for_each(&mut show);
    Session::forget(scratch)
}

fn source(back_end: BackEnd) -> Source {
    Box::new(move || capture::start(capture::back_end(back_end)))
}

/// Follows a session that the server takes no more of with another one.
fn reopen(
    session: &mut Session,
    refused: RefusedSession,
    reopening: &mut Reopening,
    spool: &SharedSpool,
    now_ms: u64,
) -> Result<Vec<Record>> {
    let records = session.renew(now_ms, !refused.opening)?;
    let now = Instant::now();
    let pause = reopening.pause(now);
    if !pause.is_zero() {
        spool.hold(session.id(), now + pause);
    }
    tracing::warn!(refused = %refused.id, session = %session.id(), sent_in_s = pause.as_secs(), "another session was opened in place of the refused one");
    Ok(records)
}

/// Records that cannot be kept are lost, but the agent goes on.
fn keep(spool: &SharedSpool, records: Result<Vec<Record>>) {
    let kept = records.and_then(|records| if records.is_empty() { Ok(()) } else { spool.append(&records) });
    if let Err(error) = kept {
        tracing::error!(error = format!("{error:#}"), "records could not be kept");
    }
}

fn measure(session: &mut Session, seen: Seen, now: Now) -> Result<Vec<Record>> {
    match seen {
        Seen::Input(event) => {
            session.follow_clock(event.at_us, now());
            session.input(event, now)
        }
        Seen::DeviceAdded(kind) => {
            let kind = match kind {
                DeviceKind::Keyboard => SignalKind::KeyboardAdded,
                DeviceKind::Pointer => SignalKind::PointerAdded,
            };
            Ok(vec![session.signal(kind, now())?])
        }
        Seen::Interrupted => {
            let gap = TimedInput { at_us: 0, origin: Origin::Device, input: Input::Break };
            let records = session.input(gap, now)?;
            session.restart_clock();
            Ok(records)
        }
    }
}
