//! Serving, and what every test needs of it.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tacit_agent::device_key::{Keeper as _, keeper};
use tacit_agent::identity::{Enrolled, Identity};
use tacit_agent::uplink::SharedSpool;
use tacit_proto::v1::ServerMessage;
use tacit_proto::v1::server_message::Message;
use tacit_proto::v1::telemetry_server::{Telemetry, TelemetryServer};
use tokio_stream::wrappers::TcpListenerStream;
use uuid::Uuid;

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn serve(telemetry: impl Telemetry) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(TelemetryServer::new(telemetry))
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    address
}

pub(crate) fn message(message: Message) -> ServerMessage {
    ServerMessage { message: Some(message) }
}

/// An enrolled device, in memory and in its state folder.
pub(crate) fn identity(state: &Path, address: SocketAddr) -> Identity {
    let key = keeper(state).load_or_make().unwrap();
    let enrolled =
        Enrolled { device_id: Uuid::nil().to_string(), server: format!("http://{address}"), ca_pem: None };
    Identity::save(state, &enrolled).unwrap();
    Identity { key, enrolled }
}

pub(crate) async fn emptied(spool: &SharedSpool) {
    let mut waiting = spool.waiting();
    let empty = tokio::time::timeout(PATIENCE, waiting.wait_for(|left| *left == 0)).await;
    assert!(empty.is_ok(), "{} records were never acknowledged", *spool.waiting().borrow());
}
