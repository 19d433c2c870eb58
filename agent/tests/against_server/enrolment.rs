//! Enrolling at an address that is not the server's says which one is wanted.

use std::net::SocketAddr;
use std::path::Path;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tacit_agent::enrol::{device_info, enrol};
use tacit_proto::v1::enrollment_server::{Enrollment, EnrollmentServer};
use tacit_proto::v1::{EnrollDeviceRequest, EnrollDeviceResponse, RotateKeyRequest, RotateKeyResponse};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status};

/// Enrols everybody, or nobody.
struct Office {
    refuses: Option<Status>,
}

#[tonic::async_trait]
impl Enrollment for Office {
    async fn enroll_device(
        &self,
        request: Request<EnrollDeviceRequest>,
    ) -> Result<Response<EnrollDeviceResponse>, Status> {
        assert_eq!(request.get_ref().token, "token");
        match &self.refuses {
            Some(status) => Err(status.clone()),
            None => Ok(Response::new(EnrollDeviceResponse { device_id: "device".into() })),
        }
    }

    async fn rotate_key(&self, _: Request<RotateKeyRequest>) -> Result<Response<RotateKeyResponse>, Status> {
        Err(Status::unimplemented("nobody rotates here"))
    }
}

/// Serves with a certificate for `name`; returns the port and the certificate.
async fn office(name: &str, refuses: Option<Status>) -> (u16, String) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let identity = Identity::from_pem(cert.pem(), signing_key.serialize_pem());
    tokio::spawn(
        Server::builder()
            .tls_config(ServerTlsConfig::new().identity(identity))
            .unwrap()
            .add_service(EnrollmentServer::new(Office { refuses }))
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    (port, cert.pem())
}

/// Answers everything as a web server without TLS does.
async fn web() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    address
}

async fn refusal(state: &Path, server: &str, ca: Option<String>) -> String {
    let refused = enrol(state, server, ca, " token\n", true, device_info(None)).await;
    format!("{:#}", refused.err().unwrap())
}

#[tokio::test]
async fn a_port_that_is_no_grpc_is_said_to_be_none() {
    let state = tempfile::tempdir().unwrap();
    let web = web().await;
    let plain = refusal(state.path(), &format!("http://{web}"), None).await;
    assert!(plain.contains("does not speak Tacit's gRPC") && plain.contains("7443"), "{plain}");
    let (_, ca) = office("localhost", None).await;
    let tls = refusal(state.path(), &format!("https://{web}"), Some(ca)).await;
    assert!(tls.contains("does not speak TLS") && tls.contains("7443"), "{tls}");
}

#[tokio::test]
async fn a_certificate_that_does_not_serve_is_said_to_be_whose() {
    let state = tempfile::tempdir().unwrap();
    let (port, ca) = office("other.example", None).await;
    let server = format!("https://localhost:{port}");
    let named = refusal(state.path(), &server, Some(ca)).await;
    assert!(named.contains("is for other.example, not for localhost"), "{named}");
    assert!(named.contains("--tls-name localhost"), "{named}");
    let (_, stranger) = office("localhost", None).await;
    let distrusted = refusal(state.path(), &server, Some(stranger)).await;
    assert!(distrusted.contains("enrol with --ca FILE"), "{distrusted}");
    let none = refusal(state.path(), &server, Some("no certificate".into())).await;
    assert!(none.contains("holds no certificate"), "{none}");
}

#[tokio::test]
async fn what_a_server_refuses_says_the_mend() {
    let state = tempfile::tempdir().unwrap();
    let (port, ca) = office("localhost", Some(Status::permission_denied("this device was revoked"))).await;
    let server = format!("https://localhost:{port}");
    let revoked = refusal(state.path(), &server, Some(ca)).await;
    assert!(revoked.contains("revoked; to have a new key made, delete "), "{revoked}");
    let (port, ca) = office("localhost", Some(Status::unauthenticated("used up"))).await;
    let used = refusal(state.path(), &format!("https://localhost:{port}"), Some(ca)).await;
    assert!(used.contains("used up; make another"), "{used}");
    let (port, ca) = office("localhost", None).await;
    let server = format!("https://localhost:{port}");
    let enrolled = enrol(state.path(), &server, Some(ca), "token", false, device_info(None)).await.unwrap();
    assert_eq!(enrolled.enrolled.device_id, "device");
}
