//! A session that the server refuses is followed by one that it may take: measuring goes on.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tacit_agent::capture::{Captured, DeviceKind};
use tacit_agent::clock::now_ms;
use tacit_agent::config::ResponseConfig;
use tacit_agent::spool::{self, Spool};
use tacit_agent::uplink::{SharedSpool, Uplink};
use tacit_proto::v1::agent_message::Message as Up;
use tacit_proto::v1::server_message::Message as Down;
use tacit_proto::v1::telemetry_server::Telemetry;
use tacit_proto::v1::{
    Ack, AgentMessage, Capture, Record, ServerMessage, SessionOpened, Signal, record::Body,
};
use tokio::sync::{mpsc, watch};
use tokio::time::{Duration, Instant, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use crate::agent::Agent;
use crate::server::{PATIENCE, emptied, identity, message, serve};

/// Takes what the real server takes of records in order: a session must begin with its opening.
#[derive(Clone)]
struct Forgetful {
    /// Records of each known session, in order of their openings.
    known: watch::Sender<Vec<(Uuid, Vec<Record>)>>,
    /// Openings still to be refused.
    refuses: Arc<Mutex<u32>>,
}

impl Forgetful {
    async fn serve(refuses: u32) -> (Self, SocketAddr) {
        let server = Self { known: watch::Sender::new(Vec::new()), refuses: Arc::new(Mutex::new(refuses)) };
        let address = serve(server.clone()).await;
        (server, address)
    }

    fn take(&self, record: Record) -> Result<Ack, Status> {
        let id = Uuid::from_slice(&record.session_id).unwrap();
        let through = record.sequence;
        let mut taken = false;
        self.known.send_modify(|known| {
            let session = known.iter_mut().find(|(known, _)| *known == id);
            let mut refuses = self.refuses.lock().unwrap();
            taken = match session {
                Some((_, records)) => {
                    records.push(record);
                    true
                }
                None if matches!(record.body, Some(Body::Opened(_))) && *refuses == 0 => {
                    known.push((id, vec![record]));
                    true
                }
                None => {
                    *refuses = refuses.saturating_sub(1);
                    false
                }
            };
        });
        if taken {
            return Ok(Ack { session_id: id.as_bytes().to_vec(), through });
        }
        let mut status = Status::invalid_argument("the first record of a session must be its opening");
        status.metadata_mut().insert("tacit-record", format!("{id}/{through}").parse().unwrap());
        Err(status)
    }

    /// Waits until the newest session holds this many records.
    async fn holds(&self, records: usize) -> Vec<(Uuid, Vec<Record>)> {
        let mut known = self.known.subscribe();
        let holds = known.wait_for(|known| known.last().is_some_and(|(_, held)| held.len() >= records));
        timeout(PATIENCE, holds).await.unwrap().unwrap().clone()
    }
}

#[tonic::async_trait]
impl Telemetry for Forgetful {
    type StreamStream = ReceiverStream<Result<ServerMessage, Status>>;

    async fn stream(
        &self,
        request: Request<Streaming<AgentMessage>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        let mut up = request.into_inner();
        let (down, messages) = mpsc::channel(64);
        let server = self.clone();
        tokio::spawn(async move {
            while let Ok(Some(message_up)) = up.message().await {
                let Some(Up::Record(record)) = message_up.message else { continue };
                let answer = server.take(record).map(|ack| message(Down::Ack(ack)));
                let refused = answer.is_err();
                if down.send(answer).await.is_err() || refused {
                    return;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(messages)))
    }
}

/// Each device that appears is a record.
async fn sees_a_device(agent: &Agent) {
    agent.captured.send(Captured::DeviceAdded(DeviceKind::Keyboard)).await.unwrap();
}

fn kinds(records: &[Record]) -> String {
    let kind = |record: &Record| match record.body.as_ref().unwrap() {
        Body::Opened(_) => 'o',
        Body::Signal(_) => 's',
        Body::Closed(_) => 'c',
        _ => '?',
    };
    records.iter().map(kind).collect()
}

#[tokio::test]
async fn a_refused_opening_is_followed_by_another_session() {
    let state = tempfile::tempdir().unwrap();
    let (server, address) = Forgetful::serve(1).await;
    let agent = Agent::start(state.path(), address, ResponseConfig::default());
    let known = server.holds(1).await;
    sees_a_device(&agent).await;
    server.holds(2).await;
    agent.stop().await;
    let after = server.holds(3).await;
    assert_eq!(after.len(), 1, "{after:?}");
    assert_eq!((after[0].0, kinds(&after[0].1)), (known[0].0, "osc".to_owned()));
    let aside: Vec<_> = std::fs::read_dir(state.path().join("refused")).unwrap().collect();
    assert_eq!(aside.len(), 1);
    assert_eq!(spool::count(state.path()).unwrap().0, 0);
}

#[tokio::test]
async fn a_session_that_the_server_has_forgotten_is_followed_by_another() {
    let state = tempfile::tempdir().unwrap();
    let (server, address) = Forgetful::serve(0).await;
    let agent = Agent::start(state.path(), address, ResponseConfig::default());
    let first = server.holds(1).await[0].0;
    // Restored from a backup of before the session.
    server.known.send_replace(Vec::new());
    for _ in 0..3 {
        sees_a_device(&agent).await;
    }
    let known = server.holds(1).await;
    assert_ne!(known[0].0, first);
    sees_a_device(&agent).await;
    server.holds(2).await;
    agent.stop().await;
    let after = server.holds(3).await;
    assert_eq!((after.len(), kinds(&after[0].1)), (1, "osc".to_owned()), "{after:?}");
}

#[tokio::test]
async fn a_session_that_is_held_back_waits_and_holds_up_no_other() {
    let state = tempfile::tempdir().unwrap();
    let (server, address) = Forgetful::serve(0).await;
    let spool = SharedSpool::new(Spool::open(state.path()).unwrap());
    let record = |session: u128, sequence, body| Record {
        session_id: Uuid::from_u128(session).as_bytes().to_vec(),
        sequence,
        at_ms: now_ms(),
        body: Some(body),
    };
    let opened = || Body::Opened(SessionOpened { account: "account".into(), remote: false });
    spool.hold(Uuid::from_u128(2), Instant::now() + Duration::from_secs(3_600));
    let signal = Body::Signal(Signal { kind: 1, count: 1, ..Signal::default() });
    spool.append(&[record(1, 1, opened()), record(1, 2, signal), record(2, 1, opened())]).unwrap();
    let (_, capture) = watch::channel(Capture::Running);
    let identity = identity(state.path(), address);
    let (uplink, _from_server) = Uplink::new(identity, true, spool.clone(), now_ms, capture).unwrap();
    tokio::spawn(uplink.run());
    timeout(PATIENCE, spool.waiting().wait_for(|left| *left == 1)).await.unwrap().unwrap();
    assert_eq!(server.known.borrow().len(), 1);
    spool.hold(Uuid::from_u128(2), Instant::now());
    emptied(&spool).await;
    assert_eq!(server.known.borrow()[1].0, Uuid::from_u128(2));
}
