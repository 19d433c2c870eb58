//! Sends what the spool holds, until the server has acknowledged it; carries out what the server directs.
//!
//! One stream at a time. After a break everything unacknowledged is sent again, oldest first: the server ignores what it
//! already has.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use tacit_measure::{Privacy, Settings};
use tacit_proto::v1::agent_message::Message as Up;
use tacit_proto::v1::server_message::Message as Down;
use tacit_proto::v1::telemetry_client::TelemetryClient;
use tacit_proto::v1::{
    self, AgentMessage, Capture, Configuration, Directive, DirectiveOutcome, Heartbeat, ServerMessage,
};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status, Streaming};
use uuid::Uuid;

use crate::assertion::assertion;
use crate::channel::{Means, channel};
use crate::clock::{Now, Skew, jitter};
use crate::identity::Identity;
use crate::refusal::{Refusals, RefusedSession};
use crate::rotate::Rotation;
pub use crate::shared::SharedSpool;
use crate::told::Told;
use crate::trouble;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
const HEARTBEAT: Duration = Duration::from_secs(30);
const LEAST_HEARTBEAT: Duration = Duration::from_secs(1);
/// How long the server may take to answer a call.
const PATIENCE: Duration = Duration::from_secs(30);
/// A stream that lived this long, or brought an acknowledgement, was sound: its end is retried soon.
const SOUND: Duration = Duration::from_secs(60);
/// Records refused in a row that are set aside without a pause. More may mean that the fault is not the records', such as a
/// server's clock that is off: a pause keeps that from emptying the spool at once, and lets a stale one drain.
const REFUSALS: u32 = 3;
const REFUSED_PAUSE: Duration = Duration::from_secs(1);
/// Messages under way at most.
const UNDER_WAY: usize = 64;
const SILENT: &str = "the server does not answer; check the address, the port and the firewall";
/// Name of the trailing metadata that names a refused record.
const REFUSED: &str = "tacit-record";
/// Metadata that says to the server that directives are done once each and answered.
const ANSWERS: (&str, &str) = ("tacit-answers", "directives");

/// What the server says to the rest of the agent.
pub struct FromServer {
    /// The latest settings for measuring.
    pub settings: watch::Receiver<Settings>,
    /// Minutes that the person may pause capture at a time; 0 for not at all.
    pub longest_pause: watch::Receiver<u32>,
    /// The sessions that the server has spoken of since the agent started, and whether nothing is to be measured in each. One
    /// that it has acknowledged without a word of a restriction has none: that would have come first.
    pub sessions: watch::Receiver<BTreeMap<Uuid, bool>>,
    /// Responses to carry out.
    pub directives: mpsc::Receiver<Directive>,
    /// What went wrong last, in words; empty while connected.
    pub trouble: watch::Receiver<String>,
    /// The session that the server lately said it takes no more of; what waited of it is set aside.
    pub refused: watch::Receiver<Option<RefusedSession>>,
}

/// The connection to the server.
pub struct Uplink {
    identity: Identity,
    channel: Channel,
    spool: SharedSpool,
    now: Now,
    capture: watch::Receiver<Capture>,
    settings: watch::Sender<Settings>,
    longest_pause: watch::Sender<u32>,
    sessions: watch::Sender<BTreeMap<Uuid, bool>>,
    directives: mpsc::Sender<Directive>,
    outcomes: (mpsc::Sender<DirectiveOutcome>, mpsc::Receiver<DirectiveOutcome>),
    trouble: watch::Sender<String>,
    refused: watch::Sender<Option<RefusedSession>>,
    refusals: Refusals,
    heartbeat: Duration,
    /// The stream has brought an acknowledgement.
    acknowledged: bool,
    skew: Skew,
    rotation: Option<Rotation>,
}

/// Why a stream ended.
enum End {
    /// A refused record was set aside: the next one may be taken.
    SetAside,
    /// As it says, in words.
    Broken(String),
}

impl Uplink {
    /// An uplink, not yet connected.
    ///
    /// # Errors
    /// When the server's address or certificate authority is not sound.
    pub fn new(
        identity: Identity,
        means: impl Into<Means>,
        spool: SharedSpool,
        now: Now,
        capture: watch::Receiver<Capture>,
    ) -> Result<(Self, FromServer)> {
        let enrolled = &identity.enrolled;
        let channel = channel(&enrolled.server, enrolled.ca_pem.as_deref(), &means.into())?;
        let (settings, settings_of) = watch::channel(Settings::default());
        let (longest_pause, longest_pause_of) = watch::channel(0);
        let (sessions, sessions_of) = watch::channel(BTreeMap::new());
        let (directives, directives_of) = mpsc::channel(16);
        let (trouble, trouble_of) = watch::channel(String::new());
        let (refused, refused_of) = watch::channel(None);
        let uplink = Self {
            identity,
            channel,
            spool,
            now,
            capture,
            settings,
            longest_pause,
            sessions,
            directives,
            outcomes: mpsc::channel(16),
            trouble,
            refused,
            refusals: Refusals::default(),
            heartbeat: HEARTBEAT,
            acknowledged: false,
            skew: Skew::default(),
            rotation: None,
        };
        let from_server = FromServer {
            settings: settings_of,
            longest_pause: longest_pause_of,
            sessions: sessions_of,
            directives: directives_of,
            trouble: trouble_of,
            refused: refused_of,
        };
        Ok((uplink, from_server))
    }

    /// Has it give the device of a state folder a new key when the present one is so many days old; 0 for never.
    #[must_use]
    pub fn rotating(mut self, state: PathBuf, after_days: u32) -> Self {
        self.rotation = Some(Rotation::new(state, after_days));
        self
    }

    /// That was told before: it holds until the server tells otherwise.
    #[must_use]
    pub fn told(self, before: Told) -> Self {
        self.settings.send_replace(before.measuring());
        self.longest_pause.send_replace(before.longest_pause_minutes);
        self
    }

    /// Where outcomes of directives go, to be sent while there is a stream. One that is lost is asked for again.
    #[must_use]
    pub fn outcomes(&self) -> mpsc::Sender<DirectiveOutcome> {
        self.outcomes.0.clone()
    }

    /// Runs until dropped: connects, sends, and connects again.
    pub async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        let mut refusals = 0;
        loop {
            self.acknowledged = false;
            let begun = Instant::now();
            let end = self.stream().await;
            if self.acknowledged || begun.elapsed() >= SOUND {
                pause = FIRST_PAUSE;
                refusals = 0;
            }
            match end {
                End::SetAside => {
                    refusals += 1;
                    if refusals > REFUSALS {
                        tokio::time::sleep(REFUSED_PAUSE).await;
                    }
                    continue;
                }
                End::Broken(reason) => {
                    tracing::warn!(reason, retry_in_ms = pause.as_millis(), "no connection to the server");
                    self.trouble.send_replace(reason);
                }
            }
            let spread = jitter(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX) / 2);
            tokio::time::sleep(pause + Duration::from_millis(spread)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn stream(&mut self) -> End {
        if let Some(rotation) = &mut self.rotation {
            rotation.keep(&mut self.identity, &self.channel, self.skew, (self.now)()).await;
        }
        let (up, mut down) = match call(&self.channel, &self.identity, &mut self.skew, self.now).await {
            Ok(stream) => stream,
            Err(status) => {
                if let Some(rotation) = &mut self.rotation {
                    rotation.refused(&status);
                }
                return End::Broken(trouble::of_call(&self.identity.enrolled.server, &status));
            }
        };
        self.trouble.send_replace(String::new());
        tracing::info!(waiting = self.spool.lock().len(), "connected to the server");
        let mut sent = 0;
        let mut heartbeat = tokio::time::interval(self.heartbeat);
        loop {
            let next = match self.spool.lock().next_after(sent) {
                Ok(next) => next,
                Err(error) => return End::Broken(format!("{error:#}")),
            };
            // A session that is held back is the newest: nothing waits behind it.
            let held = self.spool.held().filter(|held| {
                let first = next.as_ref().is_some_and(|(_, r)| r.session_id == held.session.as_bytes());
                first && held.until > Instant::now()
            });
            let next = if held.is_some() { None } else { next };
            let released = tokio::time::sleep_until(held.map_or_else(Instant::now, |held| held.until));
            let changed = self.spool.changed();
            tokio::select! {
                message = down.message() => match message {
                    Ok(Some(message)) => {
                        if let Some(period) = self.take(message) {
                            heartbeat = tokio::time::interval(period);
                        }
                    }
                    Ok(None) => return End::Broken("the server ended the stream".to_owned()),
                    Err(status) => return self.ended(&status),
                },
                _ = heartbeat.tick() => {
                    let beat = self.beat();
                    // A full queue means that the server is busy; the next beat will do.
                    let _ = up.try_send(AgentMessage { message: Some(Up::Heartbeat(beat)) });
                }
                Some(outcome) = self.outcomes.1.recv() => {
                    let _ = up.try_send(AgentMessage { message: Some(Up::DirectiveOutcome(outcome)) });
                }
                permit = up.reserve(), if next.is_some() => {
                    let (Ok(permit), Some((number, record))) = (permit, next) else {
                        // The stream's end says why; it is read next.
                        tokio::task::yield_now().await;
                        match down.message().await {
                            Err(status) => return self.ended(&status),
                            _ => return End::Broken("the stream broke".to_owned()),
                        }
                    };
                    permit.send(AgentMessage { message: Some(Up::Record(record)) });
                    sent = number;
                }
                () = changed.notified(), if next.is_none() => {}
                () = released, if held.is_some() => {}
            }
        }
    }

    /// Takes a message; returns the heartbeat's new period, if it says one.
    fn take(&mut self, message: ServerMessage) -> Option<Duration> {
        match message.message? {
            Down::Ack(ack) => {
                self.acknowledged = true;
                self.refusals.acknowledged(&ack.session_id);
                self.spoken_of(&ack.session_id, None);
                if let Err(error) = self.spool.change(|s| s.acknowledge(&ack.session_id, ack.through)) {
                    tracing::error!(%error, "cannot delete what was acknowledged");
                }
                None
            }
            Down::Directive(directive) => {
                if self.directives.try_send(directive).is_err() {
                    tracing::error!("too many directives at once; one was dropped");
                }
                None
            }
            Down::Configuration(configuration) => {
                // Also where nothing changes: a replay waits for the first word.
                self.settings.send_replace(settings(&configuration));
                self.longest_pause.send_replace(configuration.longest_pause_minutes);
                if configuration.heartbeat_ms > 0 {
                    self.heartbeat =
                        Duration::from_millis(configuration.heartbeat_ms.into()).max(LEAST_HEARTBEAT);
                }
                Some(self.heartbeat)
            }
            Down::Restriction(restriction) => {
                self.spoken_of(&restriction.session_id, Some(restriction.restricted));
                None
            }
        }
    }

    /// The server has spoken of a session, and perhaps of its restriction.
    fn spoken_of(&self, session: &[u8], restricted: Option<bool>) {
        let Ok(session) = Uuid::from_slice(session) else { return };
        self.sessions.send_if_modified(|sessions| {
            let before = sessions.get(&session).copied();
            let next = restricted.or(before).unwrap_or(false);
            sessions.insert(session, next);
            before != Some(next)
        });
    }

    fn ended(&mut self, status: &Status) -> End {
        let refused = status.metadata().get(REFUSED).and_then(|v| v.to_str().ok()).and_then(parse_refused);
        if let Some((session, sequence)) = refused {
            match self.set_aside(session, sequence, status.message()) {
                Ok(true) => return End::SetAside,
                Ok(false) => {}
                Err(error) => return End::Broken(format!("{error:#}")),
            }
        }
        End::Broken(trouble::of_answer(status))
    }

    fn set_aside(&mut self, session: Uuid, sequence: u64, reason: &str) -> Result<bool> {
        if !self.spool.change(|s| s.set_aside(session.as_bytes(), sequence))? {
            return Ok(false);
        }
        tracing::error!(%session, sequence, reason, "the server refused a record; it was set aside");
        if let Some(refused) = self.refusals.refused(session, sequence) {
            let records = self.spool.change(|s| s.set_aside_session(session.as_bytes()))?;
            tracing::error!(%session, records, "the server takes no more of this session; what waited of it was set aside");
            self.refused.send_replace(Some(refused));
        }
        Ok(true)
    }

    fn beat(&self) -> Heartbeat {
        let spool = self.spool.lock();
        Heartbeat {
            at_ms: (self.now)(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            spooled: u32::try_from(spool.len()).unwrap_or(u32::MAX),
            lost: spool.lost(),
            capture: (*self.capture.borrow()).into(),
        }
    }
}

/// Opens a stream, waits for the server's first word, and sends nothing: whether the device could send, and how its clock is.
///
/// # Errors
/// When the server cannot be reached or refuses this device, in words.
pub async fn probe(identity: &Identity, means: impl Into<Means>, now: Now) -> Result<Skew, String> {
    let enrolled = &identity.enrolled;
    let channel = channel(&enrolled.server, enrolled.ca_pem.as_deref(), &means.into())
        .map_err(|error| format!("{error:#}"))?;
    let mut skew = Skew::default();
    let (_up, mut down) = call(&channel, identity, &mut skew, now)
        .await
        .map_err(|status| trouble::of_call(&enrolled.server, &status))?;
    match tokio::time::timeout(PATIENCE, down.message()).await {
        Ok(Ok(Some(_))) => Ok(skew),
        Ok(Ok(None)) => Err("the server ended the stream".to_owned()),
        Ok(Err(status)) => Err(trouble::of_answer(&status)),
        Err(_) => Err(SILENT.to_owned()),
    }
}

/// Opens a stream; if the server refuses the device for its clock, once more with the server's.
async fn call(channel: &Channel, identity: &Identity, skew: &mut Skew, now: Now) -> Result<Open, Status> {
    match open(channel, identity, skew.corrected(now())).await {
        Err(status) if skew.learn(&status, now()) => open(channel, identity, skew.corrected(now())).await,
        opened => opened,
    }
}

/// A stream: what goes up, what comes down.
type Open = (mpsc::Sender<AgentMessage>, Streaming<ServerMessage>);

async fn open(channel: &Channel, identity: &Identity, now_ms: u64) -> Result<Open, Status> {
    let (up, messages) = mpsc::channel(UNDER_WAY);
    let assertion = assertion(&identity.enrolled.device_id, &*identity.key, now_ms)
        .map_err(|e| Status::internal(format!("{e:#}")))?;
    let mut request = Request::new(ReceiverStream::new(messages));
    let bearer = format!("Bearer {assertion}").parse().map_err(|_| Status::internal("no assertion"))?;
    request.metadata_mut().insert("authorization", bearer);
    let (name, value) = ANSWERS;
    request.metadata_mut().insert(name, MetadataValue::from_static(value));
    let mut client = TelemetryClient::new(channel.clone());
    match tokio::time::timeout(PATIENCE, client.stream(request)).await {
        Ok(response) => Ok((up, response?.into_inner())),
        Err(_) => Err(Status::deadline_exceeded(SILENT)),
    }
}

/// The settings for measuring that the server's word comes to; what it leaves out is as by default.
#[must_use]
pub fn settings(configuration: &Configuration) -> Settings {
    let default = Settings::default();
    let or = |value: u32, default: u32| if value == 0 { default } else { value };
    Settings {
        window_keystrokes: or(configuration.window_keystrokes, default.window_keystrokes),
        window_strokes: or(configuration.window_strokes, default.window_strokes),
        window_active_ms: or(configuration.window_active_ms, default.window_active_ms),
        window_rest_ms: default.window_rest_ms,
        privacy: match configuration.privacy() {
            v1::Privacy::Unspecified => default.privacy,
            v1::Privacy::Plain => Privacy::PLAIN,
            v1::Privacy::Standard => Privacy::STANDARD,
            v1::Privacy::Strict => Privacy::STRICT,
        },
    }
}

/// A refused record's session and sequence, as `SESSION/SEQUENCE` names it.
#[must_use]
pub fn parse_refused(text: &str) -> Option<(Uuid, u64)> {
    let (session, sequence) = text.split_once('/')?;
    Some((session.parse().ok()?, sequence.parse().ok()?))
}
