//! What the server decodes, from agents, callers and the identity provider, and of what it has kept.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use proptest::prelude::*;
use prost::Message as _;
use tacit_proto::v1::agent_message::Message as Up;
use tacit_proto::v1::record::Body;
use tacit_proto::v1::{
    AgentMessage, DeviceInfo, DirectiveOutcome, EnrollDeviceRequest, Outcome, Signal, SignalKind,
};
use uuid::Uuid;

use crate::common::server::START;
use crate::common::windows::{opened, record, window};
use crate::{bytes, mutated};

const TEXTS: [&str; 16] = [
    r#"{"mode":"lock","verdicts":{"suspicious":"notify","different_person":"lock","automation":"lock","not_scorable":"notify","silent":"step_up"},"false_locks_per_worker_day":0.01,"assistive_software":"allowed","automation_strength":10,"quiet":false,"enrolment_guard":"step_up","enrolment_guard_days":7,"longest_pause_minutes":30}"#,
    r#"{"follows":3,"policy":{"mode":"notify","false_locks_per_worker_day":0.5},"reason":"after the pilot"}"#,
    r#"{"kind":"webhook","url":"https://siem.example/tacit","format":"ocsf"}"#,
    r#"{"kind":"syslog","host":"siem.example","port":6514,"format":"cef","ca":"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}"#,
    r#"{"kind":"push_stream","url":"https://idp.example/ssf","audience":"https://idp.example","events":["risk-level-change"],"subject":{"format":"iss_sub","iss":"https://idp.example"}}"#,
    r#"{"name":"siem","target":{"kind":"file","file":"siem.jsonl"},"groups":["help-desk"],"verdicts":["silent"],"minimum_severity":"high","names_reason":"the SOC calls back","enabled":true,"authorization":"Bearer x"}"#,
    r#"{"name":"grafana","role":"analyst","groups":["help-desk"],"expires_at":"2026-12-01T00:00:00Z"}"#,
    r#"{"delivery":{"method":"urn:ietf:rfc:8935","endpoint_url":"https://idp.example/ssf"},"events_requested":["x"],"description":"d"}"#,
    r#"{"maxEvents":3,"returnImmediately":true,"ack":["a.1"],"setErrs":{"a.2":{"err":"invalid_audience"}}}"#,
    r#"{"response":"lock","reason":"called by the SOC"}"#,
    r#"{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"a","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#,
    "0707070707070707070707070707070707070707070707070707070707070707",
    r#"{"name":"user-1-married","reason":"asked for by the person themselves"}"#,
    "c3ViamVjdHMgMTc3MjQ0MjAwMDAwMDAwMCAwMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDE",
    "theme=dark; __Host-tacit=abc; __Host-tacit-log-in=def",
    bytes::SIGNED,
];
const SETTINGS: &str = "grpc_listen = \"127.0.0.1:21001\"\ndatabase_connections = 8\ntls_name = [\"tacit.example\"]\n[policy]\nresponse = \"lock\"\nsilent_after_hours = 4\n[policy.judging]\ntakeover_hazard = 0.001\n[out]\nissuer = \"https://tacit.example:7080\"\n";

/// What enrols a device.
fn enrolling() -> Vec<u8> {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
    let (token, public_key) = ("tacit_enrol_abc", pair.public_key().as_ref().to_vec());
    let signed = [b"tacit-enrol-v1\n", token.as_bytes(), b"\n", public_key.as_slice()].concat();
    let device = DeviceInfo {
        name: "desk-1".to_owned(),
        os: "linux".to_owned(),
        os_version: "12".to_owned(),
        agent_version: "0.1.0".to_owned(),
    };
    let proof = pair.sign(&signed).as_ref().to_vec();
    EnrollDeviceRequest { token: token.to_owned(), public_key, proof, device: Some(device) }.encode_to_vec()
}

fn samples() -> Vec<Vec<u8>> {
    let session = Uuid::from_u128(7);
    let signal = Signal { kind: SignalKind::MachineKeys.into(), count: 2, marks: vec![1, 2], strength: 9 };
    let outcome = DirectiveOutcome {
        directive_id: vec![7; 16],
        outcome: Outcome::Failed.into(),
        at_ms: 1_772_442_000_000,
        detail: "no desktop".to_owned(),
    };
    let records = [
        opened(session, START, "user-1"),
        window(session, 2, START),
        record(session, 3, START, Body::Signal(signal)),
    ];
    let up = records.map(Up::Record).into_iter().chain([Up::DirectiveOutcome(outcome)]);
    let up = up.map(|message| AgentMessage { message: Some(message) }.encode_to_vec());
    let texts = TEXTS.into_iter().chain([SETTINGS]).map(|text| text.as_bytes().to_vec());
    texts.chain(up).chain([enrolling()]).collect()
}

#[test]
fn samples_are_what_they_are_taken_for() {
    for sample in samples() {
        assert!(bytes::drive(&sample), "{}", String::from_utf8_lossy(&sample));
    }
    assert!(tacit_server::config::Settings::of_file(SETTINGS).is_ok());
    assert_eq!(tacit_server::idp::keys::of_set(TEXTS[10].as_bytes()).unwrap().len(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(data in mutated::any_or_mutated(samples())) {
        bytes::drive(&data);
    }
}
