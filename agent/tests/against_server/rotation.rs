//! A running agent whose new key the server has taken, and was not told so.

use std::sync::{Arc, Mutex};

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use tacit_agent::clock::now_ms;
use tacit_agent::device_key::{Keeper as _, keeper};
use tacit_agent::spool::Spool;
use tacit_agent::uplink::{SharedSpool, Uplink};
use tacit_proto::v1::enrollment_server::{Enrollment, EnrollmentServer};
use tacit_proto::v1::telemetry_server::{Telemetry, TelemetryServer};
use tacit_proto::v1::{
    AgentMessage, Capture, EnrollDeviceRequest, EnrollDeviceResponse, RotateKeyRequest, RotateKeyResponse,
    ServerMessage,
};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use crate::server::{PATIENCE, identity};

/// Knows one key, and takes another without saying so the first time.
#[derive(Clone)]
struct Lossy {
    known: Arc<Mutex<Vec<u8>>>,
    rotations: watch::Sender<usize>,
    streams: watch::Sender<usize>,
}

impl Lossy {
    fn check(&self, metadata: &MetadataMap) -> Result<(), Status> {
        let bearer = metadata.get("authorization").unwrap().to_str().unwrap();
        let assertion = bearer.strip_prefix("Bearer ").unwrap();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&["tacit"]);
        let key = DecodingKey::from_ed_der(&self.known.lock().unwrap());
        jsonwebtoken::decode::<serde_json::Value>(assertion, &key, &validation)
            .map(drop)
            .map_err(|_| Status::unauthenticated("the assertion is not this device's"))
    }
}

#[tonic::async_trait]
impl Enrollment for Lossy {
    async fn enroll_device(
        &self,
        _: Request<EnrollDeviceRequest>,
    ) -> Result<Response<EnrollDeviceResponse>, Status> {
        Err(Status::unimplemented("nobody enrols here"))
    }

    async fn rotate_key(
        &self,
        request: Request<RotateKeyRequest>,
    ) -> Result<Response<RotateKeyResponse>, Status> {
        self.check(request.metadata())?;
        *self.known.lock().unwrap() = request.into_inner().public_key;
        self.rotations.send_modify(|rotations| *rotations += 1);
        if *self.rotations.borrow() == 1 {
            return Err(Status::unavailable("the answer is lost"));
        }
        Ok(Response::new(RotateKeyResponse::default()))
    }
}

#[tonic::async_trait]
impl Telemetry for Lossy {
    type StreamStream = ReceiverStream<Result<ServerMessage, Status>>;

    async fn stream(
        &self,
        request: Request<Streaming<AgentMessage>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        self.check(request.metadata())?;
        self.streams.send_modify(|streams| *streams += 1);
        let (down, messages) = tokio::sync::mpsc::channel(1);
        tokio::spawn(async move {
            let mut up = request.into_inner();
            while let Ok(Some(_)) = up.message().await {}
            drop(down);
        });
        Ok(Response::new(ReceiverStream::new(messages)))
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_new_key_is_made_up_for_as_the_agent_connects_again() {
    let state = tempfile::tempdir().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let identity = identity(state.path(), listener.local_addr().unwrap());
    let next = keeper(state.path()).load_or_make_next().unwrap();
    let server = Lossy {
        known: Arc::new(Mutex::new(identity.key.public().to_vec())),
        rotations: watch::Sender::new(0),
        streams: watch::Sender::new(0),
    };
    tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(EnrollmentServer::new(server.clone()))
            .add_service(TelemetryServer::new(server.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    let spool = SharedSpool::new(Spool::open(state.path()).unwrap());
    let (_, capture) = watch::channel(Capture::Running);
    let (uplink, _from_server) = Uplink::new(identity, true, spool, now_ms, capture).unwrap();
    tokio::spawn(uplink.rotating(state.path().to_owned(), 90).run());
    timeout(PATIENCE, server.streams.subscribe().wait_for(|streams| *streams > 0)).await.unwrap().unwrap();
    assert_eq!(*server.rotations.borrow(), 2);
    assert!(!keeper(state.path()).has_next());
    assert_eq!(keeper(state.path()).load().unwrap().public(), next.public());
}
