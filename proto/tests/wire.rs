//! The wire is a promise: messages recorded from every released version decode for ever.
//!
//! A fixture is one message, as hexadecimal, in `fixtures/VERSION/NAME.hex`. Fixtures are added, never changed. To record
//! those of a new message: add its sample below and run the tests once with `TACIT_RECORD_FIXTURES=1`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use prost::Message;
use tacit_proto::catalogue::{self, HOLD_LEFT, HOLD_RIGHT};
use tacit_proto::wire::WindowError;
use tacit_proto::{Beginning, FeatureStats, Modality, v1};

const SESSION: [u8; 16] = [0x11; 16];

fn record(body: v1::record::Body) -> v1::Record {
    v1::Record { session_id: SESSION.to_vec(), sequence: 7, at_ms: 1_790_000_000_123, body: Some(body) }
}

fn window() -> v1::Window {
    v1::Window {
        modality: v1::Modality::Keyboard.into(),
        inputs: 50,
        active_ms: 12_345,
        feature_step: vec![1, 1, 298],
        count: vec![25, 24, 200],
        mean: vec![4_500, 4_250, -500],
        variance: vec![625, 1_250, 0],
        discarded: 1,
        ..v1::Window::default()
    }
}

fn window_after_rest() -> v1::Window {
    v1::Window { beginning: v1::Beginning::AfterRest.into(), ..window() }
}

fn touch_window() -> v1::Window {
    v1::Window {
        modality: v1::Modality::Touch.into(),
        inputs: 10,
        active_ms: 23_456,
        feature_step: vec![400, 70],
        count: vec![4, 10],
        mean: vec![5_500, 6_125],
        variance: vec![2_500, 5_000],
        discarded: 2,
        ..v1::Window::default()
    }
}

fn samples() -> Vec<(&'static str, Vec<u8>)> {
    use v1::record::Body;
    let device = v1::DeviceInfo {
        name: "desk-17".into(),
        os: "linux".into(),
        os_version: "12".into(),
        agent_version: "0.1.0".into(),
    };
    let opened = v1::SessionOpened { account: "CORP\\account".into(), remote: true };
    let signal = v1::Signal { kind: v1::SignalKind::KeyboardAdded.into(), count: 3, ..v1::Signal::default() };
    let machine = v1::Signal {
        kind: v1::SignalKind::MachineKeys.into(),
        count: 21,
        marks: vec![v1::Mark::NewDevice.into(), v1::Mark::EvenGaps.into()],
        strength: 31,
    };
    let heartbeat = v1::Heartbeat {
        at_ms: 1_790_000_000_456,
        agent_version: "0.1.0".into(),
        spooled: 2,
        lost: 1,
        capture: v1::Capture::Paused.into(),
    };
    let ack = v1::Ack { session_id: SESSION.to_vec(), through: 7 };
    let configuration = v1::Configuration {
        window_keystrokes: 50,
        window_strokes: 20,
        window_active_ms: 60_000,
        heartbeat_ms: 30_000,
        privacy: v1::Privacy::Standard.into(),
        longest_pause_minutes: 30,
    };
    let restriction = v1::Restriction { session_id: SESSION.to_vec(), restricted: true };
    let directive = |response| v1::Directive {
        session_id: SESSION.to_vec(),
        response: Some(response),
        ..v1::Directive::default()
    };
    let named = |response| v1::Directive {
        directive_id: vec![0x22; 16],
        expires_at_ms: 1_790_000_600_000,
        ..directive(response)
    };
    let outcome = v1::DirectiveOutcome {
        directive_id: vec![0x22; 16],
        outcome: v1::Outcome::Failed.into(),
        at_ms: 1_790_000_000_789,
        detail: "loginctl is not installed".into(),
    };
    let step_up = v1::StepUp { text: "Please log on again.".into() };
    let lock = v1::Lock { text: "Locked for safety.".into() };
    let notify = v1::Notify { text: "Please log on again.".into() };
    let up = |message| v1::AgentMessage { message: Some(message) };
    let down = |message| v1::ServerMessage { message: Some(message) };
    vec![
        (
            "EnrollDeviceRequest",
            v1::EnrollDeviceRequest {
                token: "tacit_token".into(),
                public_key: vec![2; 32],
                proof: vec![3; 64],
                device: Some(device.clone()),
            }
            .encode_to_vec(),
        ),
        ("DeviceInfo", device.encode_to_vec()),
        (
            "RotateKeyRequest",
            v1::RotateKeyRequest { public_key: vec![3; 32], proof: vec![4; 64] }.encode_to_vec(),
        ),
        ("RotateKeyResponse", v1::RotateKeyResponse {}.encode_to_vec()),
        ("EnrollDeviceResponse", v1::EnrollDeviceResponse { device_id: "0197".into() }.encode_to_vec()),
        ("AgentMessage", up(v1::agent_message::Message::Heartbeat(heartbeat.clone())).encode_to_vec()),
        (
            "AgentMessage.record",
            up(v1::agent_message::Message::Record(record(Body::Window(window())))).encode_to_vec(),
        ),
        ("Record.opened", record(Body::Opened(opened.clone())).encode_to_vec()),
        ("Record.closed", record(Body::Closed(v1::SessionClosed {})).encode_to_vec()),
        ("Record.locked", record(Body::Locked(v1::SessionLocked {})).encode_to_vec()),
        ("Record.unlocked", record(Body::Unlocked(v1::SessionUnlocked {})).encode_to_vec()),
        ("Record.signal", record(Body::Signal(signal.clone())).encode_to_vec()),
        ("Record", record(Body::Window(window())).encode_to_vec()),
        ("SessionOpened", opened.encode_to_vec()),
        ("SessionClosed", v1::SessionClosed {}.encode_to_vec()),
        ("SessionLocked", v1::SessionLocked {}.encode_to_vec()),
        ("SessionUnlocked", v1::SessionUnlocked {}.encode_to_vec()),
        ("Window", window().encode_to_vec()),
        ("Window.after_rest", window_after_rest().encode_to_vec()),
        ("Window.touch", touch_window().encode_to_vec()),
        ("Signal", signal.encode_to_vec()),
        ("Signal.machine", machine.encode_to_vec()),
        ("Heartbeat", heartbeat.encode_to_vec()),
        ("ServerMessage", down(v1::server_message::Message::Ack(ack.clone())).encode_to_vec()),
        (
            "ServerMessage.configuration",
            down(v1::server_message::Message::Configuration(configuration)).encode_to_vec(),
        ),
        ("Ack", ack.encode_to_vec()),
        ("Directive.notify", directive(v1::directive::Response::Notify(notify.clone())).encode_to_vec()),
        (
            "Directive.step_up",
            directive(v1::directive::Response::StepUp(v1::StepUp::default())).encode_to_vec(),
        ),
        ("Directive", directive(v1::directive::Response::Lock(v1::Lock::default())).encode_to_vec()),
        ("Directive.notify_named", named(v1::directive::Response::Notify(notify.clone())).encode_to_vec()),
        ("Directive.step_up_named", named(v1::directive::Response::StepUp(step_up.clone())).encode_to_vec()),
        ("Directive.lock_named", named(v1::directive::Response::Lock(lock.clone())).encode_to_vec()),
        ("Notify", notify.encode_to_vec()),
        ("StepUp.text", step_up.encode_to_vec()),
        ("Lock.text", lock.encode_to_vec()),
        ("DirectiveOutcome", outcome.encode_to_vec()),
        (
            "AgentMessage.directive_outcome",
            up(v1::agent_message::Message::DirectiveOutcome(outcome)).encode_to_vec(),
        ),
        ("StepUp", v1::StepUp::default().encode_to_vec()),
        ("Lock", v1::Lock::default().encode_to_vec()),
        ("Configuration", configuration.encode_to_vec()),
        ("Restriction", restriction.encode_to_vec()),
        (
            "ServerMessage.restriction",
            down(v1::server_message::Message::Restriction(restriction)).encode_to_vec(),
        ),
    ]
}

/// Decodes as the message of that name and encodes again: what a reader of this version understands of the bytes.
fn understood(name: &str, bytes: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
    fn as_message<M: Message + Default>(bytes: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
        M::decode(bytes).map(|m| m.encode_to_vec())
    }
    match name.split('.').next().unwrap() {
        "EnrollDeviceRequest" => as_message::<v1::EnrollDeviceRequest>(bytes),
        "DeviceInfo" => as_message::<v1::DeviceInfo>(bytes),
        "RotateKeyResponse" => as_message::<v1::RotateKeyResponse>(bytes),
        "RotateKeyRequest" => as_message::<v1::RotateKeyRequest>(bytes),
        "EnrollDeviceResponse" => as_message::<v1::EnrollDeviceResponse>(bytes),
        "AgentMessage" => as_message::<v1::AgentMessage>(bytes),
        "Record" => as_message::<v1::Record>(bytes),
        "SessionOpened" => as_message::<v1::SessionOpened>(bytes),
        "SessionClosed" => as_message::<v1::SessionClosed>(bytes),
        "SessionLocked" => as_message::<v1::SessionLocked>(bytes),
        "SessionUnlocked" => as_message::<v1::SessionUnlocked>(bytes),
        "Window" => as_message::<v1::Window>(bytes),
        "Signal" => as_message::<v1::Signal>(bytes),
        "Heartbeat" => as_message::<v1::Heartbeat>(bytes),
        "ServerMessage" => as_message::<v1::ServerMessage>(bytes),
        "Ack" => as_message::<v1::Ack>(bytes),
        "Directive" => as_message::<v1::Directive>(bytes),
        "DirectiveOutcome" => as_message::<v1::DirectiveOutcome>(bytes),
        "Notify" => as_message::<v1::Notify>(bytes),
        "StepUp" => as_message::<v1::StepUp>(bytes),
        "Lock" => as_message::<v1::Lock>(bytes),
        "Configuration" => as_message::<v1::Configuration>(bytes),
        "Restriction" => as_message::<v1::Restriction>(bytes),
        other => panic!("no message {other}"),
    }
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

#[test]
fn recorded_messages_decode_to_what_they_meant() {
    for (name, bytes) in samples() {
        let path = fixtures().join("v1").join(format!("{name}.hex"));
        if std::env::var_os("TACIT_RECORD_FIXTURES").is_some() && !path.exists() {
            std::fs::write(&path, format!("{}\n", hex::encode(&bytes))).unwrap();
        }
        let recorded = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let recorded = hex::decode(recorded.trim()).unwrap();
        assert_eq!(understood(name, &recorded).unwrap(), bytes, "{name} no longer means what it meant");
    }
}

#[test]
fn every_message_of_the_contract_has_a_fixture() {
    let mut messages = BTreeSet::new();
    for file in ["enrollment.proto", "telemetry.proto"] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tacit/v1").join(file);
        for line in std::fs::read_to_string(path).unwrap().lines() {
            if let Some(rest) = line.strip_prefix("message ") {
                messages.insert(rest.split([' ', '{']).next().unwrap().to_owned());
            }
        }
    }
    let sampled: BTreeSet<String> = samples().iter().map(|(name, _)| (*name).to_owned()).collect();
    let lacking: Vec<_> = messages.difference(&sampled).collect();
    assert!(lacking.is_empty(), "messages without a fixture: {lacking:?}");
}

#[test]
fn unknown_fields_are_ignored() {
    // Field 2000, length-delimited, three bytes: what a newer peer may add to any message.
    let unknown = [0x82, 0x7d, 0x03, b'n', b'e', b'w'];
    for (name, bytes) in samples() {
        let newer = [bytes.as_slice(), &unknown].concat();
        assert_eq!(understood(name, &newer).unwrap(), bytes, "{name}");
    }
}

#[test]
fn a_window_of_every_feature_of_a_modality_passes_and_stays_within_a_kibibyte() {
    for modality in Modality::ALL {
        let mut stats = FeatureStats::new();
        for feature in catalogue::ALL.iter().filter(|f| f.modality == modality) {
            let (low, high) = feature.value_range();
            stats.push(feature.id, low + 0.4 * (high - low));
            stats.push(feature.id, low + 0.6 * (high - low));
        }
        let window = v1::Window::pack(modality, 50, 12_000, 0, &stats);
        assert_eq!(window.check().unwrap().stats.iter().count(), stats.iter().count());
        let record = record(v1::record::Body::Window(window));
        let message = v1::AgentMessage { message: Some(v1::agent_message::Message::Record(record)) };
        assert!(message.encoded_len() <= 1024, "{modality:?}: {} bytes", message.encoded_len());
    }
}

#[test]
fn a_packed_window_passes_every_check_and_keeps_its_stats() {
    let mut stats = FeatureStats::new();
    for value in [4.1, 4.7, 4.3] {
        stats.push(HOLD_LEFT, value);
        stats.push(HOLD_RIGHT, value + 0.2);
    }
    let checked = v1::Window::pack(Modality::Keyboard, 30, 9_000, 0, &stats).check().unwrap();
    assert_eq!((checked.modality, checked.inputs, checked.active_ms), (Modality::Keyboard, 30, 9_000));
    for s in stats.iter() {
        let got = checked.stats.get(s.feature).unwrap();
        assert_eq!(got.count(), s.stat.count());
        assert!((got.mean() - s.stat.mean()).abs() <= 5e-4 + 1e-12);
        assert!((got.variance() - s.stat.variance()).abs() <= 5e-5 + 1e-12);
    }
}

#[test]
fn windows_that_no_agent_could_measure_are_refused() {
    let sound = || {
        let mut stats = FeatureStats::new();
        stats.push(HOLD_LEFT, 4.5);
        stats.push(HOLD_RIGHT, 4.5);
        v1::Window::pack(Modality::Keyboard, 30, 9_000, 0, &stats)
    };
    let refused = |change: &dyn Fn(&mut v1::Window)| {
        let mut window = sound();
        change(&mut window);
        window.check().unwrap_err()
    };
    assert_eq!(refused(&|w| w.modality = 9), WindowError::Modality(9));
    assert_eq!(refused(&|w| w.inputs = 29), WindowError::Inputs { inputs: 29, least: 30 });
    assert_eq!(refused(&|w| w.mean.truncate(1)), WindowError::Length);
    assert_eq!(refused(&|w| w.feature_step[1] = 0), WindowError::Order(1));
    assert_eq!(refused(&|w| w.feature_step[1] = 70_000), WindowError::UnknownFeature(70_001));
    assert!(matches!(refused(&|w| w.feature_step[1] = 199), WindowError::WrongModality(_)));
    assert!(matches!(refused(&|w| w.modality = 3), WindowError::WrongModality(_)));
    let few = v1::Window { inputs: 9, ..touch_window() };
    assert_eq!(few.check(), Err(WindowError::Inputs { inputs: 9, least: 10 }));
    assert!(matches!(refused(&|w| w.count[0] = 0), WindowError::Count(_, 0)));
    assert!(matches!(refused(&|w| w.count[0] = u32::MAX), WindowError::Count(..)));
    assert!(matches!(refused(&|w| w.mean[0] = i32::MAX), WindowError::Range(_)));
    assert!(matches!(refused(&|w| w.mean[0] = i32::MIN), WindowError::Range(_)));
    assert!(matches!(refused(&|w| w.variance[0] = u32::MAX), WindowError::Range(_)));
}

#[test]
fn what_came_before_a_window_is_told_or_is_not() {
    let mut stats = FeatureStats::new();
    (0..30).for_each(|_| stats.push(HOLD_LEFT, 4.5));
    let window = v1::Window::pack(Modality::Keyboard, 30, 9_000, 0, &stats);
    let checked = |beginning| v1::Window { beginning, ..window.clone() }.check().unwrap().beginning;
    for told in [Beginning::Untold, Beginning::AfterRest, Beginning::GoesOn] {
        assert_eq!(checked(v1::Beginning::from(told).into()), told);
    }
    assert_eq!(checked(77), Beginning::Untold, "a later version's word");
}
