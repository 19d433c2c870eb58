//! Syslog over TLS to a receiver of the test's own, and lines in a file.

use std::sync::{Arc, Mutex};

use axum::http::Method;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tacit_server::domain::{DestinationId, Role};
use tempfile::TempDir;
use time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

use super::{ONE, TWO, deliver_now, give, make, shown};
use crate::common::eventually;
use crate::common::server::{START, Server};
use crate::http::Api;

/// A syslog server that takes octet-counted messages over TLS, or drops connections before.
struct Collector {
    lines: Arc<Mutex<Vec<String>>>,
    drops: Arc<Mutex<bool>>,
    port: u16,
    ca: String,
}

impl Collector {
    async fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (lines, drops) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(false)));
        let (kept, dropping) = (Arc::clone(&lines), Arc::clone(&drops));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                if *dropping.lock().unwrap() {
                    drop(stream);
                    continue;
                }
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut bytes = Vec::new();
                stream.read_to_end(&mut bytes).await.unwrap();
                kept.lock().unwrap().extend(frames(&bytes));
            }
        });
        Self { lines, drops, port, ca: made.cert.pem() }
    }

    async fn has(&self, count: usize) -> Vec<String> {
        let lines = async || {
            let lines = self.lines.lock().unwrap().clone();
            (lines.len() >= count).then_some(lines)
        };
        let lines = eventually("the collector has lines", lines).await;
        assert_eq!(lines.len(), count, "{lines:?}");
        lines
    }
}

/// `MSG-LEN SP SYSLOG-MSG`, one behind the other.
fn frames(mut bytes: &[u8]) -> Vec<String> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().position(|b| *b == b' ').unwrap();
        let length: usize = std::str::from_utf8(&bytes[..space]).unwrap().parse().unwrap();
        frames.push(String::from_utf8(bytes[space + 1..=space + length].to_vec()).unwrap());
        bytes = &bytes[space + 1 + length..];
    }
    frames
}

async fn destination(api: &Api, target: &Value) -> DestinationId {
    let body = json!({ "name": "syslog", "target": target, "minimum_severity": "low" });
    let made = make(api, &body).await;
    assert_eq!(made["secret"], Value::Null);
    let id: Uuid = made["destination"]["id"].as_str().unwrap().parse().unwrap();
    DestinationId(id)
}

#[tokio::test]
async fn syslog_goes_over_tls_in_frames_that_say_how_long_they_are() {
    let api = Api::start().await;
    let app = &api.server.app;
    let collector = Collector::start().await;
    let target = json!({
        "kind": "syslog", "host": "localhost", "port": collector.port, "format": "cef", "ca": collector.ca,
    });
    let id = destination(&api, &target).await;
    give(app, ONE, 2, "different_person").await;
    give(app, ONE, 3, "genuine").await;
    give(app, TWO, 4, "suspicious").await;
    let lines = collector.has(3).await;
    let accused = lines.iter().find(|line| line.contains("|different_person|")).unwrap();
    let fields: Vec<&str> = accused.splitn(7, ' ').collect();
    // Facility 10, severity 3.
    assert_eq!(
        (fields[0], fields[1], fields[3], fields[4], fields[5]),
        ("<83>1", "2026-03-02T09:00:00Z", "tacit-server", "-", "tacit.verdict.changed")
    );
    assert!(!fields[2].is_empty());
    let (data, message) = fields[6].split_once("] ").unwrap();
    assert!(data.starts_with("[origin software=\"tacit-server\" swVersion=\""), "{data}");
    assert!(message.starts_with("CEF:0|Tacit|"), "{message}");
    let place = |marker: &str| lines.iter().position(|line| line.contains(marker)).unwrap();
    assert!(place("|different_person|") < place("|genuine|"));
    assert!(lines.iter().any(|line| line.starts_with("<85>1 ")));

    // A collector that is away has taken nothing; it is told again.
    *collector.drops.lock().unwrap() = true;
    give(app, ONE, 5, "automation").await;
    let away = async || (shown(&api, id).await["failing"].as_i64() >= Some(1)).then_some(());
    eventually("the collector is away", away).await;
    *collector.drops.lock().unwrap() = false;
    api.server.clock.set(START + Duration::minutes(10));
    assert!(collector.has(4).await[3].contains("|automation|"));
}

#[tokio::test]
async fn syslog_goes_to_nobody_whose_certificate_is_not_trusted() {
    let api = Api::start().await;
    let collector = Collector::start().await;
    let id =
        destination(&api, &json!({ "kind": "syslog", "host": "localhost", "port": collector.port })).await;
    let key = api.key(Role::Admin).await;
    let trial = api.call(Method::POST, &format!("/v1/destinations/{id}/test"), Some(&key)).await.json();
    assert_eq!(trial["delivered"], false);
    assert!(trial["error"].as_str().unwrap().contains("certificate"), "{trial}");
}

#[tokio::test]
async fn lines_are_appended_to_a_file_that_may_be_moved_away() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let server = Server::with(|settings| settings.out.directory = Some(out.clone())).await;
    let api = Api::seeded(server).await;
    let app = &api.server.app;
    let id = destination(&api, &json!({ "kind": "file", "file": "siem.jsonl", "format": "ocsf" })).await;
    let path = out.join("siem.jsonl");
    let lines = async |count: usize| {
        eventually("lines are in the file", async || {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            (lines.len() == count).then_some(lines)
        })
        .await
    };
    give(app, ONE, 2, "different_person").await;
    give(app, ONE, 3, "genuine").await;
    assert_eq!(lines(2).await.iter().map(|line| line["activity_id"].clone()).collect::<Vec<_>>(), [1, 3]);
    std::fs::rename(&path, out.join("siem.jsonl.1")).unwrap();
    give(app, TWO, 4, "automation").await;
    assert_eq!(lines(1).await[0]["class_uid"], 2004);
    deliver_now(app, id).await;
    // A file elsewhere is nobody's to name.
    let key = api.key(Role::Admin).await;
    for file in ["../x", "/etc/passwd", ".hidden", "a/b"] {
        let body = json!({ "name": "x", "target": { "kind": "file", "file": file } });
        assert_eq!(api.give(Method::POST, "/v1/destinations", &key, &body).await.status, 400, "{file}");
    }
}
