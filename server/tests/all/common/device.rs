//! A device as an agent would be one: enrols, signs assertions, sends records, collects acknowledgements.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tacit_proto::v1::agent_message::Message as Up;
use tacit_proto::v1::enrollment_client::EnrollmentClient;
use tacit_proto::v1::server_message::Message as Down;
use tacit_proto::v1::telemetry_client::TelemetryClient;
use tacit_proto::v1::{
    self, AgentMessage, DeviceInfo, EnrollDeviceRequest, Record, RotateKeyRequest, ServerMessage,
};
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status, Streaming};
use uuid::Uuid;

use super::PATIENCE;

pub(crate) struct Device {
    pub(crate) id: Uuid,
    key: Ed25519KeyPair,
    url: String,
    ca: Option<String>,
}

pub(crate) async fn channel(url: &str, ca: Option<&str>) -> Result<Channel, tonic::transport::Error> {
    let mut endpoint = Endpoint::from_shared(url.to_owned())?;
    if let Some(ca) = ca {
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca)).domain_name("localhost");
        endpoint = endpoint.tls_config(tls)?;
    }
    endpoint.connect().await
}

fn unavailable(error: &tonic::transport::Error) -> Status {
    Status::unavailable(format!("{error:?}"))
}

pub(crate) fn enrol_request(key: &Ed25519KeyPair, token: &str) -> EnrollDeviceRequest {
    let public_key = key.public_key().as_ref().to_vec();
    let signed = [b"tacit-enrol-v1\n", token.as_bytes(), b"\n", &public_key].concat();
    EnrollDeviceRequest {
        token: token.to_owned(),
        proof: key.sign(&signed).as_ref().to_vec(),
        public_key,
        device: Some(DeviceInfo {
            name: "desk-1".to_owned(),
            os: "linux".to_owned(),
            os_version: "12".to_owned(),
            agent_version: "0.1.0".to_owned(),
        }),
    }
}

pub(crate) async fn enrol(url: &str, ca: Option<&str>, request: EnrollDeviceRequest) -> Result<Uuid, Status> {
    let channel = channel(url, ca).await.map_err(|e| unavailable(&e))?;
    let answer = EnrollmentClient::new(channel).enroll_device(request).await?.into_inner();
    Ok(answer.device_id.parse().unwrap())
}

impl Device {
    pub(crate) async fn enrol(url: &str, ca: Option<&str>, token: &str) -> Result<Self, Status> {
        let key = Ed25519KeyPair::generate().unwrap();
        let id = enrol(url, ca, enrol_request(&key, token)).await?;
        Ok(Self { id, key, url: url.to_owned(), ca: ca.map(str::to_owned) })
    }

    /// Has the server take another key, with a proof of the caller's making; the device signs with it from then on.
    pub(crate) async fn rotate(
        &mut self,
        to: Ed25519KeyPair,
        proof: &[u8],
        now: OffsetDateTime,
    ) -> Result<(), Status> {
        let channel = channel(&self.url, self.ca.as_deref()).await.map_err(|e| unavailable(&e))?;
        let public_key = to.public_key().as_ref().to_vec();
        let mut request = Request::new(RotateKeyRequest { public_key, proof: proof.to_vec() });
        let bearer = format!("Bearer {}", self.sign(&self.claims(now)));
        request.metadata_mut().insert("authorization", bearer.parse().unwrap());
        EnrollmentClient::new(channel).rotate_key(request).await?;
        self.key = to;
        Ok(())
    }

    /// What shows that a key is to be this device's.
    pub(crate) fn rotation_proof(&self, to: &Ed25519KeyPair) -> Vec<u8> {
        let id = self.id.to_string();
        let signed = [b"tacit-rotate-v1\n", id.as_bytes(), b"\n", to.public_key().as_ref()].concat();
        to.sign(&signed).as_ref().to_vec()
    }

    /// The server has moved.
    pub(crate) fn moved(&mut self, url: &str) {
        self.url = url.to_owned();
    }

    pub(crate) fn claims(&self, now: OffsetDateTime) -> Value {
        let mut jti = [0; 16];
        getrandom::fill(&mut jti).unwrap();
        let id = self.id.to_string();
        let now = now.unix_timestamp();
        let jti = uuid::Builder::from_random_bytes(jti).into_uuid().to_string();
        json!({ "iss": id, "sub": id, "aud": "tacit", "jti": jti, "iat": now, "exp": now + 120 })
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_under(&Header::new(Algorithm::EdDSA), claims)
    }

    pub(crate) fn sign_under(&self, header: &Header, claims: &Value) -> String {
        let der = self.key.to_pkcs8v1().unwrap();
        let key = EncodingKey::from_ed_der(der.as_ref());
        jsonwebtoken::encode(header, claims, &key).unwrap()
    }

    pub(crate) async fn stream(&self, now: OffsetDateTime) -> Result<Stream, Status> {
        self.stream_with(&self.sign(&self.claims(now))).await
    }

    pub(crate) async fn stream_with(&self, assertion: &str) -> Result<Stream, Status> {
        self.call(assertion, true).await
    }

    /// As an agent that knows of no outcomes.
    pub(crate) async fn stream_of_old(&self, now: OffsetDateTime) -> Result<Stream, Status> {
        self.call(&self.sign(&self.claims(now)), false).await
    }

    async fn call(&self, assertion: &str, answers: bool) -> Result<Stream, Status> {
        let channel = channel(&self.url, self.ca.as_deref()).await.map_err(|e| unavailable(&e))?;
        let (up, messages) = mpsc::channel(1_024);
        let mut request = Request::new(ReceiverStream::new(messages));
        request.metadata_mut().insert("authorization", format!("Bearer {assertion}").parse().unwrap());
        if answers {
            request.metadata_mut().insert("tacit-answers", "directives".parse().unwrap());
        }
        let down = TelemetryClient::new(channel).stream(request).await?.into_inner();
        Ok(Stream { up, down, acked: BTreeMap::new() })
    }
}

/// An open stream.
pub(crate) struct Stream {
    pub(crate) up: mpsc::Sender<AgentMessage>,
    down: Streaming<ServerMessage>,
    /// Highest acknowledged sequence by session.
    pub(crate) acked: BTreeMap<Uuid, u64>,
}

impl Stream {
    pub(crate) async fn send(&self, record: &Record) {
        let message = Some(Up::Record(record.clone()));
        // The server may have ended the stream; that is found when its answer is read.
        let _ = self.up.send(AgentMessage { message }).await;
    }

    /// The next message, or how the stream ended.
    pub(crate) async fn next(&mut self) -> Result<Down, Status> {
        let message =
            tokio::time::timeout(PATIENCE, self.down.message()).await.expect("the server is silent")?;
        let message = message.ok_or_else(|| Status::ok("ended"))?.message.unwrap();
        if let Down::Ack(v1::Ack { session_id, through }) = &message {
            self.acked.insert(Uuid::from_slice(session_id).unwrap(), *through);
        }
        Ok(message)
    }

    /// Waits until the session is acknowledged up to `through`.
    pub(crate) async fn acked(&mut self, session: Uuid, through: u64) -> Result<(), Status> {
        while self.acked.get(&session).copied().unwrap_or(0) < through {
            self.next().await?;
        }
        Ok(())
    }

    /// Waits until the server ends the stream.
    pub(crate) async fn end(&mut self) -> Status {
        loop {
            if let Err(status) = self.next().await {
                return status;
            }
        }
    }
}
