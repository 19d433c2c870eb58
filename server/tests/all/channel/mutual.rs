//! Mutual TLS, where it is set: without a certificate of the clients' authority no device gets as far as its token.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tacit_agent::channel::{ClientCertificate, Means};
use tacit_agent::enrol::{device_info, enrol};
use tacit_agent::uplink::probe;
use tacit_server::clock::Ambient;
use tacit_server::config::Settings;
use tacit_server::tls::Renewal;

use super::renewal::serve;
use crate::common::server::{START, Server};

fn now_ms() -> u64 {
    u64::try_from(START.unix_timestamp_nanos() / 1_000_000).unwrap()
}

/// An authority, as PEM, and a certificate of it.
fn authority() -> (String, ClientCertificate) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let device = CertificateParams::new(vec!["desk-1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    (pem, ClientCertificate { chain_pem: device.pem(), key_pem: key.serialize_pem() })
}

/// A listener that asks for certificates of an authority; its address.
async fn listen(server: &Server, data: &Path, clients: &str) -> String {
    let ca = data.join("clients.pem");
    std::fs::write(&ca, clients).unwrap();
    let settings = Settings { data_dir: data.to_owned(), tls_client_ca: Some(ca), ..Settings::default() };
    // The handshake is at the clock of this machine.
    let renewal = Renewal::new(&settings, &Ambient::system()).unwrap();
    serve(server, &renewal).await
}

#[tokio::test]
async fn only_who_shows_a_certificate_of_the_clients_authority_reaches_the_server() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let server = Server::start().await;
    let data = tempfile::tempdir().unwrap();
    let ((clients, ours), (_, strangers)) = (authority(), authority());
    let url = listen(&server, data.path(), &clients).await;
    let ca = std::fs::read_to_string(data.path().join("tls/ca.pem")).unwrap();
    for client in [None, Some(strangers)] {
        let state = tempfile::tempdir().unwrap();
        let means = Means { insecure_loopback: false, client };
        let token = server.token().await;
        let refused = enrol(state.path(), &url, Some(ca.clone()), &token, means, device_info(None)).await;
        assert!(refused.is_err());
    }
    assert_eq!(server.count("select count(*) from device").await, 0);

    let state = tempfile::tempdir().unwrap();
    let means = Means { insecure_loopback: false, client: Some(ours) };
    let token = server.token().await;
    let device = enrol(state.path(), &url, Some(ca), &token, means.clone(), device_info(None)).await.unwrap();
    probe(&device, means, now_ms).await.unwrap();
    assert!(probe(&device, false, now_ms).await.is_err());
}
