//! The uplink against a server that misbehaves: what is not acknowledged is sent again, what is refused is set aside.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tacit_agent::clock::{Skew, now_ms};
use tacit_agent::spool::{self, Spool};
use tacit_agent::uplink::{FromServer, SharedSpool, Uplink, probe};
use tacit_proto::v1::agent_message::Message as Up;
use tacit_proto::v1::server_message::Message as Down;
use tacit_proto::v1::telemetry_server::Telemetry;
use tacit_proto::v1::{
    Ack, AgentMessage, Configuration, Record, ServerMessage, SessionOpened, Signal, record::Body,
};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use crate::server::{self, emptied, identity, message};

const SESSION: [u8; 16] = [7; 16];

/// What the server does with one stream.
#[derive(Clone)]
enum Act {
    /// Takes this many records and then breaks the stream without acknowledging.
    BreakAfter(usize),
    /// Acknowledges every record twice.
    AcknowledgeTwice,
    /// Refuses the record of this sequence for good.
    Refuse(u64),
}

#[derive(Clone)]
struct Misbehaving {
    acts: Arc<Mutex<VecDeque<Act>>>,
    /// Sequences received, a list a stream.
    received: Arc<Mutex<Vec<Vec<u64>>>>,
}

#[tonic::async_trait]
impl Telemetry for Misbehaving {
    type StreamStream = ReceiverStream<Result<ServerMessage, Status>>;

    async fn stream(
        &self,
        request: Request<Streaming<AgentMessage>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        let bearer = request.metadata().get("authorization").and_then(|v| v.to_str().ok());
        assert!(bearer.is_some_and(|b| b.starts_with("Bearer ")));
        let act = self.acts.lock().unwrap().pop_front().unwrap_or(Act::AcknowledgeTwice);
        let received = Arc::clone(&self.received);
        received.lock().unwrap().push(Vec::new());
        let mut up = request.into_inner();
        let (down, messages) = mpsc::channel(64);
        tokio::spawn(async move {
            let configuration = Configuration { window_keystrokes: 77, ..Configuration::default() };
            let _ = down.send(Ok(message(Down::Configuration(configuration)))).await;
            let mut taken = 0;
            while let Ok(Some(message_up)) = up.message().await {
                let Some(Up::Record(record)) = message_up.message else { continue };
                received.lock().unwrap().last_mut().unwrap().push(record.sequence);
                taken += 1;
                match act {
                    Act::BreakAfter(records) if taken >= records => return,
                    Act::BreakAfter(_) => {}
                    Act::Refuse(sequence) if record.sequence == sequence => {
                        let mut status = Status::invalid_argument("no such feature");
                        let named = format!("{}/{sequence}", Uuid::from_bytes(SESSION));
                        status.metadata_mut().insert("tacit-record", named.parse().unwrap());
                        let _ = down.send(Err(status)).await;
                        return;
                    }
                    Act::AcknowledgeTwice | Act::Refuse(_) => {
                        for _ in 0..2 {
                            let ack = Ack { session_id: SESSION.to_vec(), through: record.sequence };
                            let _ = down.send(Ok(message(Down::Ack(ack)))).await;
                        }
                    }
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(messages)))
    }
}

fn record(sequence: u64) -> Record {
    let body = if sequence == 1 {
        Body::Opened(SessionOpened { account: "account".into(), remote: false })
    } else {
        Body::Signal(Signal { kind: 1, count: 1, ..Signal::default() })
    };
    Record { session_id: SESSION.to_vec(), sequence, at_ms: now_ms(), body: Some(body) }
}

async fn serve(acts: &[Act]) -> (Misbehaving, SocketAddr) {
    let server = Misbehaving {
        acts: Arc::new(Mutex::new(acts.iter().cloned().collect())),
        received: Arc::new(Mutex::new(Vec::new())),
    };
    let address = server::serve(server.clone()).await;
    (server, address)
}

fn connect(state: &Path, address: SocketAddr, spool: &SharedSpool) -> FromServer {
    let identity = identity(state, address);
    let (_, capture) = watch::channel(tacit_proto::v1::Capture::Running);
    let (uplink, from_server) = Uplink::new(identity, true, spool.clone(), now_ms, capture).unwrap();
    tokio::spawn(uplink.run());
    from_server
}

#[tokio::test]
async fn what_a_broken_stream_did_not_acknowledge_is_sent_again_in_order() {
    let state = tempfile::tempdir().unwrap();
    let (server, address) = serve(&[Act::BreakAfter(3), Act::BreakAfter(1)]).await;
    let spool = SharedSpool::new(Spool::open(state.path()).unwrap());
    spool.append(&(1..=5).map(record).collect::<Vec<_>>()).unwrap();
    let from_server = connect(state.path(), address, &spool);
    emptied(&spool).await;
    let received = server.received.lock().unwrap().clone();
    assert_eq!(received.len(), 3, "{received:?}");
    assert_eq!(received[0][..3], [1, 2, 3]);
    assert_eq!(received[1][..1], [1]);
    assert_eq!(received[2], [1, 2, 3, 4, 5]);
    assert_eq!(spool.lost(), 0);
    assert_eq!(from_server.settings.borrow().window_keystrokes, 77);
}

#[tokio::test]
async fn a_refused_record_is_set_aside_and_holds_up_nothing() {
    let state = tempfile::tempdir().unwrap();
    let (server, address) = serve(&[Act::Refuse(3)]).await;
    let spool = SharedSpool::new(Spool::open(state.path()).unwrap());
    spool.append(&(1..=5).map(record).collect::<Vec<_>>()).unwrap();
    let _from_server = connect(state.path(), address, &spool);
    emptied(&spool).await;
    let received = server.received.lock().unwrap().clone();
    let again = received.last().unwrap();
    assert!(!again.contains(&3) && again.ends_with(&[4, 5]), "{received:?}");
    assert_eq!(spool.lost(), 1);
    assert_eq!(std::fs::read_dir(state.path().join("refused")).unwrap().count(), 1);
}

#[tokio::test]
async fn records_made_while_connected_are_sent_at_once() {
    let state = tempfile::tempdir().unwrap();
    let (server, address) = serve(&[]).await;
    let spool = SharedSpool::new(Spool::open(state.path()).unwrap());
    let _from_server = connect(state.path(), address, &spool);
    for sequence in 1..=4 {
        spool.append(&[record(sequence)]).unwrap();
        emptied(&spool).await;
    }
    assert_eq!(*server.received.lock().unwrap(), [vec![1, 2, 3, 4]]);
}

#[tokio::test]
async fn a_probe_asks_without_sending_while_the_agent_holds_the_spool() {
    let state = tempfile::tempdir().unwrap();
    let (server, address) = serve(&[]).await;
    let mut spool = Spool::open(state.path()).unwrap();
    spool.append(&record(1)).unwrap();
    assert_eq!(probe(&identity(state.path(), address), true, now_ms).await, Ok(Skew::default()));
    assert_eq!(*server.received.lock().unwrap(), [vec![0u64; 0]]);
    assert_eq!(spool::count(state.path()).unwrap(), (1, 0));
    let refused = probe(&identity(state.path(), address), false, now_ms).await.unwrap_err();
    assert!(refused.contains("is not encrypted"), "{refused}");
}
