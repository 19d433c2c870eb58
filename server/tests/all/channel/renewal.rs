//! Another certificate in the place of the first, while the server goes on.

use std::path::Path;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use tacit_server::clock::Ambient;
use tacit_server::config::Settings;
use tacit_server::grpc;
use tacit_server::tls::{self, Renewal};

use crate::common::device::Device;
use crate::common::secret;
use crate::common::server::{START, Server};

/// Serves agents with TLS settings that may change; the address.
pub(super) async fn serve(server: &Server, renewal: &Renewal) -> String {
    let loopback = "127.0.0.1:0".parse().unwrap();
    let (incoming, at) =
        tls::listen(loopback, Some(renewal.agents()), server.app.stopping.clone()).await.unwrap();
    tokio::spawn(grpc::serve(Arc::clone(&server.app), incoming));
    format!("https://localhost:{}", at.port())
}

/// A certificate that is its own authority, in the place of the one before; as PEM.
fn put(folder: &Path) -> String {
    let key = KeyPair::generate().unwrap();
    let pem = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
    std::fs::write(folder.join("server.pem"), &pem).unwrap();
    secret(&folder.join("server.key"), &key.serialize_pem());
    pem
}

#[tokio::test]
async fn a_certificate_is_replaced_without_a_restart_and_a_bad_one_is_not_taken() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let first = put(folder.path());
    let settings = Settings {
        tls_cert: Some(folder.path().join("server.pem")),
        tls_key: Some(folder.path().join("server.key")),
        ..Settings::default()
    };
    let mut renewal = Renewal::new(&settings, &Ambient::system()).unwrap();
    let url = serve(&server, &renewal).await;
    let device = Device::enrol(&url, Some(&first), &server.token().await).await.unwrap();
    let mut stream = device.stream(START).await.unwrap();
    assert!(!renewal.look().unwrap());

    let second = put(folder.path());
    assert!(renewal.look().unwrap());
    assert!(Device::enrol(&url, Some(&first), &server.token().await).await.is_err());
    Device::enrol(&url, Some(&second), &server.token().await).await.unwrap();
    // The open stream goes on.
    stream.next().await.unwrap();

    secret(&folder.path().join("server.key"), "no key");
    assert!(renewal.look().unwrap_err().to_string().contains("server.key"));
    Device::enrol(&url, Some(&second), &server.token().await).await.unwrap();
}
