//! `tacit.v1.Telemetry`: one stream a device.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use prost::Message as _;
use tacit_proto::v1::agent_message::Message as Up;
use tacit_proto::v1::server_message::Message as Down;
use tacit_proto::v1::telemetry_server;
use tacit_proto::v1::{self, AgentMessage, ServerMessage};
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Request, Response, Status, Streaming};

use super::directive::{ANSWERS, UnderWay, told, wire};
use super::{LARGEST_MESSAGE, agent, bearer, of_the_time, record, status};
use crate::app::agents::{self, Known};
use crate::app::bounds::Entered;
use crate::app::{App, devices, directives, ingest};
use crate::domain::directive::Directive;
use crate::domain::record::Body;
use crate::domain::{Caller, DeviceId, SessionId, access};
use crate::store::devices::DeviceHealth;
use crate::{Error, ErrorKind};

/// Records committed together at most.
const BATCH: usize = 64;
/// Messages waiting for a slow agent at most; then its records are no longer read.
const DOWN: usize = 64;
/// Between two writes of a device's health.
const HEALTH_EVERY: Duration = Duration::from_secs(15);

pub(super) struct Telemetry {
    app: Arc<App>,
}

impl Telemetry {
    pub(super) fn new(app: Arc<App>) -> Self {
        Self { app }
    }

    /// The device that a call is of, let in.
    async fn enter(&self, metadata: &MetadataMap) -> Result<(DeviceId, Entered), Error> {
        let device = devices::authenticate(&self.app, bearer(metadata)?).await?;
        Ok((device, self.app.bounds.enter(device)?))
    }
}

#[tonic::async_trait]
impl telemetry_server::Telemetry for Telemetry {
    type StreamStream = ReceiverStream<Result<ServerMessage, Status>>;

    async fn stream(
        &self,
        request: Request<Streaming<AgentMessage>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        let (device, entered) = self.enter(request.metadata()).await.map_err(|e| {
            metrics::counter!("tacit_streams_refused_total", "reason" => e.kind().name()).increment(1);
            of_the_time(status(&e), &self.app)
        })?;
        access::authorize("/tacit.v1.Telemetry/Stream", Some(&Caller::Device(device)))
            .map_err(|e| status(&e))?;
        let (down, messages) = mpsc::channel(DOWN);
        let (name, value) = ANSWERS;
        let answers = request.metadata().get(name).is_some_and(|given| given == value);
        let under_way = UnderWay::default();
        let stream = DeviceStream {
            app: Arc::clone(&self.app),
            device,
            down,
            health_at: None,
            under_way,
            answers,
            known: None,
            _entered: entered,
        };
        tokio::spawn(stream.run(request.into_inner()));
        Ok(Response::new(ReceiverStream::new(messages)))
    }
}

/// Why a stream ends before the agent ends it.
enum End {
    /// The agent has gone; there is nobody to tell.
    Gone,
    /// The agent is told this.
    Told(Box<Status>),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Told(Box::new(status(&error)))
    }
}

struct DeviceStream {
    app: Arc<App>,
    device: DeviceId,
    down: mpsc::Sender<Result<ServerMessage, Status>>,
    health_at: Option<Instant>,
    under_way: UnderWay,
    /// The agent answers directives.
    answers: bool,
    /// What the agent was told.
    known: Option<Known>,
    _entered: Entered,
}

impl DeviceStream {
    async fn run(mut self, up: Streaming<AgentMessage>) {
        let open = metrics::gauge!("tacit_streams_open");
        open.increment(1.0);
        tracing::debug!(device = %self.device, "stream opened");
        let end = self.serve(up).await;
        match end {
            Ok(()) | Err(End::Gone) => tracing::debug!(device = %self.device, "stream ended"),
            Err(End::Told(status)) => {
                tracing::info!(device = %self.device, code = ?status.code(), message = status.message(), "stream ended by the server");
                let _ = self.down.send(Err(*status)).await;
            }
        }
        open.decrement(1.0);
    }

    async fn serve(&mut self, up: Streaming<AgentMessage>) -> Result<(), End> {
        self.inform().await?;
        let stopping = self.app.stopping.clone();
        let mut revoked = self.app.revoked.subscribe();
        // It may have been revoked while it was being let in.
        revoked.mark_changed();
        let mut directed = self.app.directed.subscribe();
        self.send_pending().await?;
        let mut up = up.ready_chunks(BATCH);
        loop {
            tokio::select! {
                biased;
                () = stopping.cancelled() => return Err(Error::unavailable("the server is stopping").into()),
                changed = revoked.changed() => {
                    if changed.is_err() || revoked.borrow_and_update().contains(&self.device) {
                        return Err(devices::revoked().into());
                    }
                }
                changed = directed.changed() => {
                    if changed.is_ok() && directed.borrow_and_update().contains(&self.device) {
                        self.send_pending().await?;
                    }
                }
                () = until(self.under_way.next()) => self.send_pending().await?,
                messages = up.next() => match messages {
                    Some(messages) => self.take(messages).await?,
                    None => return Ok(()),
                },
            }
        }
    }

    /// Commits the records of a batch up to the first bad one, acknowledges them, and then ends the stream for the bad one.
    async fn take(&mut self, messages: Vec<Result<AgentMessage, Status>>) -> Result<(), End> {
        let mut records = Vec::with_capacity(messages.len());
        let mut heartbeat = None;
        let mut outcomes = Vec::new();
        let mut bad: Option<End> = None;
        for message in messages {
            let message = match message {
                Ok(message) => {
                    if let Err(error) = self.app.bounds.take(self.device, message.encoded_len()) {
                        bad = Some(error.into());
                        break;
                    }
                    message.message
                }
                Err(error) => {
                    bad = Some(broken(&error));
                    break;
                }
            };
            match message {
                Some(Up::Record(wire)) => {
                    let name = record::name(&wire);
                    match record::convert(wire) {
                        Ok(record) => records.push(record),
                        Err(error) => {
                            bad = Some(refused(name, &error));
                            break;
                        }
                    }
                }
                Some(Up::Heartbeat(wire)) => heartbeat = Some(wire),
                Some(Up::DirectiveOutcome(wire)) => outcomes.push(wire),
                // A message of a later version: nothing that this one must keep.
                None => {}
            }
        }
        let opens = records.iter().any(|record| matches!(record.body, Body::Opened { .. }));
        let outcome = ingest::ingest(&self.app, self.device, records).await?;
        if opens {
            self.inform().await?;
        }
        for (session, through) in outcome.acks {
            let session_id = session.0.as_bytes().to_vec();
            self.send(Down::Ack(v1::Ack { session_id, through })).await?;
        }
        for directive in outcome.directives {
            self.direct(&directive).await?;
        }
        for outcome in outcomes {
            self.settle(outcome).await?;
        }
        if let Some(heartbeat) = heartbeat {
            self.heartbeat(heartbeat).await?;
        }
        if let Some(refusal) = outcome.refused {
            return Err(refused(Some((refusal.session, refusal.sequence)), &refusal.error));
        }
        bad.map_or(Ok(()), Err)
    }

    /// Tells the agent what it does not know yet.
    async fn inform(&mut self) -> Result<(), End> {
        let known = match agents::known(&self.app, self.device).await {
            Ok(known) => known,
            Err(error) => {
                // The agent keeps to what it was told last: nothing is not the same as no restriction.
                tracing::warn!(device = %self.device, detail = %error.detail(), "cannot look for what the agent is to know");
                return Ok(());
            }
        };
        for message in agent::news(self.app.settings.agent, self.known.as_ref(), &known) {
            self.send(message).await?;
        }
        self.known = Some(known);
        Ok(())
    }

    /// Sends what waits for the device. Where the database is away, nothing is sent.
    async fn send_pending(&mut self) -> Result<(), End> {
        if !self.answers {
            return Ok(());
        }
        match directives::pending(&self.app, self.device).await {
            Ok(pending) => {
                for directive in self.under_way.due(pending, Instant::now()) {
                    self.direct(&directive).await?;
                }
            }
            Err(error) => {
                self.under_way.unknown(Instant::now());
                tracing::warn!(device = %self.device, detail = %error.detail(), "cannot look for directives");
            }
        }
        Ok(())
    }

    async fn direct(&mut self, directive: &Directive) -> Result<(), End> {
        if self.answers {
            self.under_way.sent(directive.id, Instant::now());
        }
        self.send(Down::Directive(wire(directive))).await
    }

    async fn settle(&mut self, outcome: v1::DirectiveOutcome) -> Result<(), End> {
        let told = told(outcome)?;
        let id = told.id;
        directives::acknowledge(&self.app, self.device, told).await?;
        self.under_way.answered(id);
        Ok(())
    }

    async fn heartbeat(&mut self, heartbeat: v1::Heartbeat) -> Result<(), End> {
        if self.health_at.is_some_and(|at| at.elapsed() < HEALTH_EVERY) {
            return Ok(());
        }
        self.health_at = Some(Instant::now());
        let health = DeviceHealth {
            capture: agent::capture(&heartbeat),
            agent_version: heartbeat.agent_version,
            spooled: i32::try_from(heartbeat.spooled).unwrap_or(i32::MAX),
            lost: i32::try_from(heartbeat.lost).unwrap_or(i32::MAX),
            clock_ahead_ms: ahead(heartbeat.at_ms, self.app.ambient.now()),
        };
        devices::heartbeat(&self.app, self.device, &health).await?;
        self.inform().await
    }

    async fn send(&self, message: Down) -> Result<(), End> {
        self.down.send(Ok(ServerMessage { message: Some(message) })).await.map_err(|_| End::Gone)
    }
}

/// By how much a clock is ahead of another, milliseconds.
fn ahead(at_ms: u64, now: OffsetDateTime) -> i64 {
    let now_ms = now.unix_timestamp_nanos() / 1_000_000;
    i64::try_from(i128::from(at_ms) - now_ms).unwrap_or(i64::MAX)
}

/// Never without a time.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The stream of records itself broke: too large, not protobuf, or the connection went.
fn broken(error: &Status) -> End {
    let error = match error.code() {
        Code::OutOfRange | Code::ResourceExhausted => {
            Error::new(ErrorKind::TooLarge, format!("a message holds at most {LARGEST_MESSAGE} bytes"))
        }
        Code::Internal | Code::Unimplemented | Code::InvalidArgument => {
            Error::invalid("the message is not a tacit.v1.AgentMessage")
        }
        _ => return End::Gone,
    };
    metrics::counter!("tacit_records_refused_total", "reason" => error.kind().name()).increment(1);
    error.into()
}

fn refused(name: Option<(SessionId, u64)>, error: &Error) -> End {
    metrics::counter!("tacit_records_refused_total", "reason" => error.kind().name()).increment(1);
    let mut status = status(error);
    if let Some((session, sequence)) = name
        && let Ok(value) = MetadataValue::try_from(format!("{session}/{sequence}"))
    {
        status.metadata_mut().insert("tacit-record", value);
    }
    End::Told(Box::new(status))
}
