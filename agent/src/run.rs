//! The agent at work: captures, measures and hands records on, until it is told to stop.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use tacit_measure::{Input, Origin, Settings, TimedInput};
use tacit_proto::v1::{Capture, Record, SignalKind};
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use crate::capture::{self, BackEnd, DeviceKind};
use crate::channel::Means;
use crate::clock::Now;
use crate::config::ResponseConfig;
use crate::eyes::{Eyes, Seen, Source};
use crate::identity::Identity;
use crate::notice::Notice;
use crate::refusal::{RefusedSession, Reopening};
use crate::response::{Event, Responder};
use crate::session::Session;
use crate::spool::Spool;
use crate::status::{Seeing, Status};
use crate::switch::{Choice, Looks};
use crate::told::{Keeping, Level, Told};
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
    /// What the person reads at the first run; nothing if it is empty.
    pub notice: String,
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
    let (capture, capture_of) = watch::channel(Capture::Failed);
    let enrolled = identity.enrolled.clone();
    let (uplink, mut from_server) =
        Uplink::new(identity, settings.means.clone(), spool.clone(), now, capture_of.clone())?;
    let mut keeping = Keeping::of(&settings.state);
    let uplink = uplink.told(keeping.told()).rotating(settings.state.clone(), settings.rotate_after_days);
    let outcomes = uplink.outcomes();
    tokio::pin!(stop);
    let unseen = tokio::select! {
        unseen = Notice::show(&settings.state, &settings.notice, &settings.response, now) => unseen,
        () = &mut stop => return Ok(()),
    };
    let mut choice = Choice::read(&settings.state);
    if choice != Choice::On {
        tracing::info!(chosen = ?choice, "the person at the desk has chosen");
    }
    let mut desk =
        Desk { spool: spool.clone(), session: None, reopening: Reopening::default(), settings, now };
    desk.follow(choice, *from_server.settings.borrow_and_update())?;
    let uplink = tokio::spawn(uplink.run());
    let noticing = unseen.map(|notice| tokio::spawn(notice.again()));

    let mut eyes = Eyes::new(source, capture);
    let mut looks = Looks::new(&desk.settings.state);
    let (responder, mut responses) = Responder::new(&desk.settings.response, now);
    let (mut said, mut shut, mut spoken) = (None, None, false);
    // Not with every input: a pointer moves a thousand times a second.
    let mut to_settle = true;
    loop {
        if std::mem::take(&mut to_settle) {
            let longest_pause = *from_server.longest_pause.borrow();
            let spoken_of = desk.id().and_then(|id| from_server.sessions.borrow().get(&id).copied());
            let restricted = spoken_of.unwrap_or(keeping.told().restricted);
            if spoken {
                keeping.keep(Told::of(*from_server.settings.borrow(), longest_pause, restricted));
            }
            shut = choice.shuts(now(), longest_pause);
            // Who has asked for a restriction is nothing for those who read how a device is.
            eyes.shut(shut.or(restricted.then_some(Capture::Running)));
            let status = Status {
                at_ms: now(),
                agent_version: env!("CARGO_PKG_VERSION").to_owned(),
                device: enrolled.device_id.clone(),
                server: enrolled.server.clone(),
                trouble: Some(from_server.trouble.borrow().clone()).filter(|trouble| !trouble.is_empty()),
                seeing: seeing(*capture_of.borrow(), restricted),
                session: desk.id(),
                privacy: Level::of(from_server.settings.borrow().privacy),
                longest_pause_minutes: longest_pause,
                waiting: *spool.waiting().borrow(),
                lost: spool.lost(),
            };
            if said.as_ref().is_none_or(|said| status.is_news_after(said)) {
                status.keep(&desk.settings.state);
                said = Some(status);
            }
        }
        tokio::select! {
            () = &mut stop => break,
            found = looks.next() => {
                to_settle = true;
                if found != choice {
                    tracing::info!(chosen = ?found, "the person at the desk has chosen");
                    choice = found;
                }
                if let Err(error) = desk.follow(choice, *from_server.settings.borrow()) {
                    tracing::error!(error = format!("{error:#}"), "no session can be opened or closed");
                }
            }
            seen = eyes.next() => desk.with(|session| measure(session, seen, now)),
            Some(directive) = from_server.directives.recv() => {
                responder.take(directive, desk.id().unwrap_or_default().as_bytes());
            }
            Some(event) = responses.recv() => match event {
                // The server asks again for what is lost on its way.
                Event::Outcome(outcome) => drop(outcomes.try_send(outcome)),
                _ if shut.is_some() => {}
                Event::Locked => desk.with(|session| session.locked(now()).map(|r| vec![r])),
                Event::Unlocked => desk.with(|session| session.unlocked(now()).map(|r| vec![r])),
            },
            Ok(()) = from_server.settings.changed() => {
                let settings: Settings = *from_server.settings.borrow_and_update();
                if let Some(session) = &mut desk.session {
                    session.configure(settings);
                }
                (spoken, to_settle) = (true, true);
            }
            Ok(()) = from_server.refused.changed() => {
                let refused = *from_server.refused.borrow_and_update();
                if let Some(refused) = refused.filter(|refused| desk.id() == Some(refused.id)) {
                    desk.reopen(refused);
                    to_settle = true;
                }
            }
            Ok(()) = from_server.sessions.changed() => (spoken, to_settle) = (true, true),
            Ok(()) = from_server.longest_pause.changed() => to_settle = true,
        }
    }

    tracing::info!("stopping");
    if let Some(noticing) = noticing {
        noticing.abort();
    }
    Status::forget(&desk.settings.state);
    desk.close()?;
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

fn seeing(capture: Capture, restricted: bool) -> Seeing {
    match capture {
        Capture::Paused => Seeing::Paused,
        Capture::Off => Seeing::Off,
        _ if restricted => Seeing::Restricted,
        Capture::Running => Seeing::Running,
        Capture::Failed | Capture::Unspecified => Seeing::Failed,
    }
}

/// What is measured at the desk.
struct Desk {
    spool: SharedSpool,
    /// None while the agent is switched off.
    session: Option<Session>,
    reopening: Reopening,
    settings: Run,
    now: Now,
}

impl Desk {
    fn id(&self) -> Option<Uuid> {
        self.session.as_ref().map(Session::id)
    }

    /// Opens or closes the session as the person has chosen.
    fn follow(&mut self, choice: Choice, measuring: Settings) -> Result<()> {
        match (choice, &self.session) {
            (Choice::Off, Some(_)) => self.close(),
            (Choice::On | Choice::Paused { .. }, None) => {
                let Run { state, account, remote, .. } = &self.settings;
                let (session, opening) = Session::open(state, account, *remote, (self.now)(), measuring)?;
                self.spool.append(&opening)?;
                tracing::info!(session = %session.id(), "session opened");
                self.session = Some(session);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn close(&mut self) -> Result<()> {
        let Some(session) = self.session.take() else { return Ok(()) };
        self.spool.append(&session.close((self.now)())?)?;
        Session::forget(&self.settings.state)
    }

    /// Records that cannot be kept are lost, but the agent goes on.
    fn with(&mut self, records: impl FnOnce(&mut Session) -> Result<Vec<Record>>) {
        let Some(session) = &mut self.session else { return };
        let kept = records(session)
            .and_then(|records| if records.is_empty() { Ok(()) } else { self.spool.append(&records) });
        if let Err(error) = kept {
            tracing::error!(error = format!("{error:#}"), "records could not be kept");
        }
    }

    /// Follows a session that the server takes no more of with another one.
    fn reopen(&mut self, refused: RefusedSession) {
        let now_ms = (self.now)();
        let (spool, reopening) = (self.spool.clone(), &mut self.reopening);
        let now = Instant::now();
        let pause = reopening.pause(now);
        self.with(|session| {
            let records = session.renew(now_ms, !refused.opening)?;
            if !pause.is_zero() {
                spool.hold(session.id(), now + pause);
            }
            tracing::warn!(refused = %refused.id, session = %session.id(), sent_in_s = pause.as_secs(), "another session was opened in place of the refused one");
            Ok(records)
        });
    }
}

/// Capture of a back end.
pub(crate) fn source(back_end: BackEnd) -> Source {
    Box::new(move || capture::start(capture::back_end(back_end)))
}

/// Measures what was seen.
pub(crate) fn measure(session: &mut Session, seen: Seen, now: Now) -> Result<Vec<Record>> {
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
