//! Any bytes as what agents and callers send, what the identity provider answers and what the server has kept, and what must hold of
//! whatever is read from them. Shared by the property tests and the fuzz target.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, header};
use prost::Message as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tacit_engine::VerdictKind;
use tacit_proto::v1::agent_message::Message as Up;
use tacit_proto::v1::{self, AgentMessage, EnrollDeviceRequest};
use tacit_server::app::devices::Enrolment;
use tacit_server::app::read::{Page, cursor};
use tacit_server::app::{alerts, destinations, feedback, keys, policies, preview, respond, rights, streams};
use tacit_server::clock::Ambient;
use tacit_server::config::Settings;
use tacit_server::domain::assertion;
use tacit_server::domain::destination::{self, Target};
use tacit_server::domain::policy::{self, GroupPolicy};
use tacit_server::domain::record::Body;
use tacit_server::domain::rights::{check_name, check_reason};
use tacit_server::grpc::{directive, record};
use tacit_server::http::cookie::Cookie;
use tacit_server::idp::keys::of_set;
use tacit_server::secrets::master::{Master, from_text};
use tacit_server::secrets::{Purpose, Secrets};
use time::OffsetDateTime;

const KEY: [u8; 32] = [7; 32];
const LIST: &str = "subjects";
/// An assertion of the device of all nines, when it was made, and the public key of whoever signed it.
pub(crate) const SIGNED: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSJ9.eyJpc3MiOiI5OTk5OTk5OS05OTk5LTQ5OTktOTk5OS05OTk5OTk5OTk5OTkiLCJzdWIiOiI5OTk5OTk5OS05OTk5LTQ5OTktOTk5OS05OTk5OTk5OTk5OTkiLCJhdWQiOiJ0YWNpdCIsImlhdCI6MTc3MjQ0MjAwMCwiZXhwIjoxNzcyNDQyMTIwLCJqdGkiOiI3Nzc3Nzc3Ny03Nzc3LTQ3NzctOTc3Ny03Nzc3Nzc3Nzc3NzcifQ.4cXeUNRcUsZz-W-_YbdbYg3KzCc4nRXZzOKDL-SHG97AdtFam699xnRkRElGy9pppXzahl1CD_n1QxdnG3FZDg";
const SIGNED_AT: OffsetDateTime = time::macros::datetime!(2026-03-02 09:00:00 UTC);
const PUBLIC_KEY: [u8; 32] = [
    253, 23, 36, 56, 90, 160, 199, 91, 100, 251, 120, 205, 96, 47, 161, 217, 145, 253, 235, 247, 107, 19,
    197, 142, 215, 2, 234, 200, 53, 233, 246, 24,
];

static SECRETS: LazyLock<Secrets> =
    LazyLock::new(|| Secrets::derive(&KEY, Ambient::system()).expect("keys can be derived"));

/// Feeds everything of the server that decodes, and says whether something took it.
pub(crate) fn drive(data: &[u8]) -> bool {
    sealed(data);
    let keys = of_set(data).unwrap_or_default();
    assert!(keys.len() <= data.len() / 10);
    let takers = [from_agent, enrolling, policies, destinations, bodies, texts];
    // Each of them, whatever the others say.
    takers.into_iter().filter(|takes| takes(data)).count() > 0 || !keys.is_empty()
}

fn texts(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    if policy::check_group(text).is_ok() {
        assert!(text.len() <= 63);
    }
    let settings = Settings::of_file(text);
    if let Ok(settings) = &settings {
        settings.validate().expect("only what is sound is read");
        same_again(settings);
    }
    let key = from_text(text);
    let came = [cursors(text), cookies(text), assertions(text)];
    if let Ok(key) = &key {
        assert_eq!(&from_text(&hex(&**key)).expect("the same in hexadecimal"), key);
    }
    settings.is_ok() || key.is_ok() || came.contains(&true)
}

/// What callers send back of the pages they had.
fn cursors(text: &str) -> bool {
    let page = |after: &str| Page { after: Some(after.to_owned()), limit: None };
    let Ok(Some(place)) = page(text).place(LIST) else { return false };
    let again = cursor(LIST, place.at.unix_timestamp_nanos() / 1_000, place.id);
    assert_eq!(page(&again).place(LIST).expect("what was read is a place"), Some(place));
    assert!(page(text).place("alerts").is_err(), "a cursor is of one list");
    true
}

/// What browsers send.
fn cookies(text: &str) -> bool {
    let Ok(value) = HeaderValue::from_str(text) else { return false };
    let headers: HeaderMap = [(header::COOKIE, value)].into_iter().collect();
    let settings = Settings::default();
    let found = [Cookie::Session, Cookie::LogIn].map(|cookie| cookie.of(&headers, &settings));
    for value in found.into_iter().flatten() {
        assert!(text.contains(value) && !value.contains(';'));
    }
    found.iter().any(Option::is_some)
}

/// What devices sign: nothing holds but the one that was signed.
fn assertions(text: &str) -> bool {
    let held = assertion::check(text, &PUBLIC_KEY, SIGNED_AT);
    assert_eq!(held.is_ok(), text == SIGNED, "{text}");
    let claimed = assertion::claimed(text);
    assert!(held.is_err() || claimed.is_ok());
    claimed.is_ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read<T: DeserializeOwned>(data: &[u8]) -> Option<T> {
    serde_json::from_slice(data).ok()
}

/// What was read reads back as itself.
fn same_again<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_vec(value).expect("what was read is JSON");
    let again: T = serde_json::from_slice(&text).expect("and is read again");
    assert_eq!(&again, value);
}

fn from_agent(data: &[u8]) -> bool {
    let bare = v1::Record::decode(data).is_ok_and(|record| taken(&record, data.len()));
    let Ok(message) = AgentMessage::decode(data) else { return bare };
    match message.message {
        Some(Up::Record(record)) => taken(&record, data.len()) || bare,
        Some(Up::DirectiveOutcome(outcome)) => {
            let told = directive::told(outcome.clone());
            assert_eq!(told.is_ok(), outcome.directive_id.len() == 16);
            if let Ok(told) = told {
                assert_eq!(
                    (told.id.0.as_bytes().as_slice(), told.detail),
                    (&*outcome.directive_id, outcome.detail)
                );
                return true;
            }
            bare
        }
        Some(Up::Heartbeat(_)) | None => bare,
    }
}

/// A record of a message of so many bytes.
fn taken(wire: &v1::Record, length: usize) -> bool {
    let Ok(mut record) = record::convert(wire.clone()) else { return false };
    assert!(!record.session.0.is_nil() && record.sequence > 0);
    let again = v1::Record::decode(wire.encode_to_vec().as_slice()).expect("what was read is written");
    assert_eq!(record::convert(again).ok().as_ref(), Some(&record));
    match &record.body {
        Body::Opened { account, .. } => assert!(!account.is_empty() && account.len() <= 512),
        Body::Window { window, encoded } => {
            assert!(encoded.len() <= length);
            let kept = v1::Window::decode(encoded.as_slice()).expect("what is kept is a window");
            assert_eq!(kept.check().ok().as_ref(), Some(window));
        }
        Body::Signal { count, strength, .. } => assert!(*count > 0 && *strength <= 1_000),
        Body::Closed | Body::Locked | Body::Unlocked => {}
    }
    let now = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
    if record.settle_time(now).is_ok() {
        assert!(record.at <= now + tacit_server::domain::record::AHEAD);
    }
    true
}

fn enrolling(data: &[u8]) -> bool {
    let Ok(EnrollDeviceRequest { token, public_key, proof, device }) = EnrollDeviceRequest::decode(data)
    else {
        return false;
    };
    let device = device.unwrap_or_default();
    let request = Enrolment {
        token: token.trim(),
        public_key: &public_key,
        proof: &proof,
        name: &device.name,
        os: &device.os,
        os_version: &device.os_version,
        agent_version: &device.agent_version,
    };
    let sound = request.check().is_ok();
    if sound {
        assert!(public_key.len() == 32 && device.name.len() <= 255 && !token.is_empty());
        // Not even one bit of what is signed may differ.
        let other = [&public_key[..31], &[public_key[31] ^ 1]].concat();
        assert!(Enrolment { public_key: &other, ..request }.check().is_err());
    }
    sound
}

fn policies(data: &[u8]) -> bool {
    let mut taken = false;
    let changed = read::<policies::Change>(data).map(|change| change.policy);
    for policy in [read::<GroupPolicy>(data), changed].into_iter().flatten() {
        same_again(&policy);
        if policy.validate().is_err() {
            continue;
        }
        taken = true;
        let judging = policy.judging(&tacit_engine::Policy::default());
        assert!((0.0..=100.0).contains(&judging.different_person_below));
        assert!((1..=28).contains(&policy.enrolment_days()));
        for verdict in [VerdictKind::DifferentPerson, VerdictKind::Suspicious, VerdictKind::Silent] {
            assert!(policy.response(verdict) <= policy.mode.most());
        }
        assert!(!policy.response(VerdictKind::Suspicious).interrupts());
    }
    taken
}

fn destinations(data: &[u8]) -> bool {
    let mut taken = false;
    let wanted = read::<destinations::Wanted>(data);
    if let Some(wanted) = &wanted {
        let _ = destination::check_name(&wanted.name);
        let _ = destination::check_names_reason(wanted.names_reason.as_deref());
        let (groups, verdicts) = (wanted.groups.as_deref(), wanted.verdicts.as_deref());
        if let Ok(filter) = destination::filter(groups, verdicts, wanted.minimum_severity) {
            assert_eq!(filter.groups.as_deref(), groups);
        }
    }
    for target in [read::<Target>(data), wanted.map(|wanted| wanted.target)].into_iter().flatten() {
        same_again(&target);
        if target.validate().is_ok() {
            let calls =
                !matches!(target, Target::File { .. } | Target::Stdout { .. } | Target::PollStream { .. });
            assert_eq!(target.host().is_some(), calls);
            taken = true;
        }
    }
    taken
}

/// Bodies of which the types check all that needs no state.
fn bodies(data: &[u8]) -> bool {
    // These two take any object.
    let asked = read::<streams::Asked>(data).is_some_and(|asked| asked.delivery.is_some());
    let poll = read::<streams::Poll>(data).is_some_and(|poll| !poll.ack.is_empty());
    let strict = [
        read::<keys::KeyOrder>(data).is_some(),
        read::<streams::StreamStatus>(data).is_some(),
        read::<respond::NewResponse>(data).is_some(),
        read::<feedback::NewFeedback>(data).is_some(),
        read::<alerts::Assignment>(data).is_some(),
        read::<alerts::NewNote>(data).is_some(),
        read::<alerts::AlertOutcome>(data).is_some(),
        read::<preview::Trial>(data).is_some(),
        read::<rights::Reason>(data).is_some(),
        named(data),
    ];
    asked || poll || strict.contains(&true)
}

/// What was not sealed does not open, and what was opens as itself alone.
fn sealed(data: &[u8]) {
    let open = |purpose, sealed: &[u8]| SECRETS.open(purpose, b"row", sealed);
    for purpose in [Purpose::Name, Purpose::Profile, Purpose::Destination, Purpose::LogIn] {
        assert!(open(purpose, data).is_err());
    }
    let mut sealed = SECRETS.seal(Purpose::Profile, b"row", data).expect("it is sealed");
    assert_eq!(open(Purpose::Profile, &sealed).expect("it opens"), data);
    assert!(
        open(Purpose::Window, &sealed).is_err() && SECRETS.open(Purpose::Profile, b"other", &sealed).is_err()
    );
    let at = data.first().map_or(0, |byte| usize::from(*byte)) % sealed.len();
    sealed[at] ^= 1;
    assert!(open(Purpose::Profile, &sealed).is_err());
    assert!(Master::Key(zeroize::Zeroizing::new(KEY)).unwrap(data).is_err());
}

fn named(data: &[u8]) -> bool {
    let Some(new) = read::<rights::NewName>(data) else { return false };
    if let Ok(name) = check_name(&new.name) {
        assert!((1..=256).contains(&name.chars().count()) && !name.contains(char::is_control));
    }
    if let Ok(reason) = check_reason(&new.reason) {
        assert!((10..=500).contains(&reason.chars().count()));
    }
    true
}
