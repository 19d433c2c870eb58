//! What the agent decodes, from the server and from its files.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod bytes;
#[path = "../../../proto/tests/shared/mutated.rs"]
mod mutated;

use std::io::Write as _;

use proptest::prelude::*;
use prost::Message as _;
use tacit_proto::v1::directive::Response;
use tacit_proto::v1::record::Body;
use tacit_proto::v1::server_message::Message as Down;
use tacit_proto::v1::{
    Ack, Configuration, Directive, Notify, Privacy, Record, Restriction, ServerMessage, SessionClosed,
    SessionOpened, Signal, SignalKind,
};

const TRACE: &str = "t_us,event,code,x,y\n0,mk,0,,\n5,kd,30,,\n9,ku,30,,\n10,mm,0,3,4\n11,mm,0,5,4\n12,bd,1,,\n13,bu,1,,\n14,wh,0,0,-1\n15,td,4,1,1\n16,tm,4,3.5,0\n17,tu,4,3.5,0\n";
const SESSION: &str = r#"{"session":{"id":"019cadc6-9a80-7ff2-8c34-6f0114cbd2ac","reserved":1000},"before":[{"id":"019cadc6-9a80-7ff2-8c34-6f0114cbd2ad","reserved":7}]}"#;
const STATUS: &str = r#"{"at_ms":1772442000000,"agent_version":"0.1.0","device":"d","server":"https://tacit.example:7443","trouble":null,"seeing":"running","session":"019cadc6-9a80-7ff2-8c34-6f0114cbd2ac","privacy":"standard","longest_pause_minutes":30,"waiting":3,"lost":0}"#;
const TOLD: &str = r#"{"privacy":"strict","window_keystrokes":50,"window_strokes":20,"window_active_ms":60000,"longest_pause_minutes":30,"restricted":false}"#;
const IDENTITY: &str = r#"{"device_id":"019cadc6-9a80-7ff2-8c34-6f0114cbd2ac","server":"https://tacit.example:7443","ca_pem":null}"#;
const CONFIG: &str = "state_dir = \"/var/lib/tacit-agent\"\n[server]\nurl = \"https://tacit.example:7443\"\ninsecure_loopback = false\n[key]\nrotate_after_days = 90\n[capture]\nback_end = \"rdev\"\naccount = \"user\"\nremote = true\n[response]\npath = [\"/usr/bin\"]\nsession = \"c1\"\n[notice]\ntext = \"hello\"\n";

fn messages() -> Vec<Vec<u8>> {
    let session_id = vec![7; 16];
    let directive = Directive {
        session_id: session_id.clone(),
        directive_id: vec![8; 16],
        expires_at_ms: 1,
        response: Some(Response::Notify(Notify { text: "look up".to_owned() })),
    };
    let configuration = Configuration {
        window_keystrokes: 50,
        privacy: Privacy::Strict.into(),
        heartbeat_ms: 30_000,
        ..Configuration::default()
    };
    let down = [
        Down::Ack(Ack { session_id: session_id.clone(), through: 9 }),
        Down::Directive(directive),
        Down::Configuration(configuration),
        Down::Restriction(Restriction { session_id: session_id.clone(), restricted: true }),
    ];
    let record = |body| Record { session_id: session_id.clone(), sequence: 3, at_ms: 1, body: Some(body) };
    let signal = Signal { kind: SignalKind::MachineKeys.into(), count: 2, marks: vec![1, 2], strength: 9 };
    let records = [
        record(Body::Opened(SessionOpened { account: "user".to_owned(), remote: true })),
        record(Body::Closed(SessionClosed {})),
        record(Body::Signal(signal)),
    ];
    let down = down.map(|message| ServerMessage { message: Some(message) }.encode_to_vec());
    down.into_iter().chain(records.map(|record| record.encode_to_vec())).collect()
}

fn samples() -> Vec<Vec<u8>> {
    let texts = [
        TRACE,
        SESSION,
        &SESSION.replace("1000", &u64::MAX.to_string()),
        STATUS,
        TOLD,
        IDENTITY,
        CONFIG,
        r#"{"Paused":{"since_ms":1772442000000,"minutes":30}}"#,
        "\"Off\"",
        "\"On\"",
        "019cadc6-9a80-7ff2-8c34-6f0114cbd2ac/42",
    ];
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zipped.write_all(TRACE.as_bytes()).expect("memory takes it");
    let texts = texts.into_iter().map(|text| text.as_bytes().to_vec());
    texts.chain([zipped.finish().expect("memory takes it")]).chain(messages()).collect()
}

#[test]
fn samples_are_what_they_are_taken_for() {
    for sample in samples() {
        assert!(bytes::drive(&sample), "{}", String::from_utf8_lossy(&sample));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(data in mutated::any_or_mutated(samples())) {
        bytes::drive(&data);
    }
}
