//! Somebody else logs on as the subject: what is told, and of whom it is not.

mod enrolment;

use serde_json::Value;
use tacit_proto::v1::record::Body;
use tacit_proto::{Beginning, v1};
use tacit_server::domain::Role;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::common::device::{Device, Stream};
use crate::common::eventually;
use crate::common::server::{START, Server};
use crate::common::windows::{keyboard, opened, record, session_id, stranger, whole, window};
use crate::http::Api;
use crate::response::Desk;

const NEW_DEVICE: &str = "where: a device new to the subject";
const ELSEWHERE: &str = "where: the account is at work on another device in the same minutes";

/// Another workstation of the same company.
pub(crate) struct Seat {
    pub(crate) stream: Stream,
    _device: Device,
}

impl Seat {
    pub(crate) async fn new(server: &Server) -> Self {
        let device = server.device().await;
        Self { stream: device.stream(server.app.ambient.now()).await.unwrap(), _device: device }
    }

    /// Sends records of a session and waits until they are committed.
    pub(crate) async fn send(&mut self, session: Uuid, records: &[v1::Record]) {
        for record in records {
            self.stream.send(record).await;
        }
        self.stream.acked(session, records.last().unwrap().sequence).await.unwrap();
    }
}

/// A session of the account of [`Desk::mature`], open, with so many windows of whoever makes them.
pub(crate) fn session_of(
    make: fn(Uuid, u64, OffsetDateTime) -> v1::Record,
    windows: u64,
) -> (Uuid, Vec<v1::Record>) {
    let session = session_id();
    let mut records = vec![opened(session, START, "user-1")];
    records.extend((2..windows + 2).map(|sequence| make(session, sequence, START)));
    (session, records)
}

/// What is read of a session's verdicts, oldest first.
async fn verdicts(api: &Api, session: Uuid, expected: usize) -> Vec<Value> {
    let key = api.key(Role::Viewer).await;
    let path = format!("/v1/verdicts?session={session}");
    eventually("verdicts come", async || {
        let page = api.ok(&path, &key).await;
        Some(page["verdicts"].as_array().unwrap().clone()).filter(|all| all.len() == expected)
    })
    .await
}

fn tells(verdict: &Value, words: &str) -> bool {
    verdict["evidence"].as_array().unwrap().iter().any(|evidence| evidence["words"] == words)
}

#[tokio::test]
async fn a_stranger_who_logs_on_elsewhere_has_stolen_credentials_and_one_who_sits_down_has_not() {
    let mut desk = Desk::mature("observe").await;
    let (session, records) = session_of(stranger, 6);
    Seat::new(&desk.api.server).await.send(session, &records).await;
    let told = verdicts(&desk.api, session, 6).await;
    let last = &told[5];
    assert_eq!(
        (&last["verdict"], &last["cause"]),
        (&"different_person".into(), &"credential".into()),
        "{last}"
    );
    assert!(tells(last, NEW_DEVICE) && !tells(last, ELSEWHERE), "{last}");
    assert!(last["reason"].as_str().unwrap().contains("never was like the subject"), "{last}");
    let key = desk.api.key(Role::Analyst).await;
    let timeline = desk.api.ok(&format!("/v1/sessions/{session}/timeline"), &key).await;
    let entries = timeline["entries"].as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["cause"] == "credential"), "{timeline}");

    let (session, mut records) = session_of(window, 6);
    records.extend((8..14).map(|sequence| stranger(session, sequence, START)));
    for record in &records {
        desk.stream.send(record).await;
    }
    desk.stream.acked(session, 13).await.unwrap();
    let told = verdicts(&desk.api, session, 12).await;
    let last = &told[11];
    assert_eq!(
        (&last["verdict"], &last["cause"]),
        (&"different_person".into(), &"takeover".into()),
        "{last}"
    );
    assert!(told[..6].iter().all(|v| v["verdict"] == "genuine" && v["cause"].is_null()), "{told:?}");
}

#[tokio::test]
async fn the_subject_on_a_new_device_is_no_stranger() {
    let desk = Desk::mature("observe").await;
    let (session, records) = session_of(window, 12);
    Seat::new(&desk.api.server).await.send(session, &records).await;
    for verdict in verdicts(&desk.api, session, 12).await {
        assert_eq!((&verdict["verdict"], &verdict["cause"]), (&"genuine".into(), &Value::Null), "{verdict}");
    }
}

#[tokio::test]
async fn a_device_that_was_vouched_for_stays_known_when_the_profile_keeps_no_session_of_it() {
    let mut desk = Desk::mature("observe").await;
    desk.policy(1, &serde_json::json!({ "enrolment_guard": "off" })).await;
    let mut seat = Seat::new(&desk.api.server).await;
    let session = session_id();
    seat.send(session, &whole(session, START, "user-1", 6)).await;
    for _ in 0..12 {
        let session = session_id();
        for record in whole(session, START, "user-1", 6) {
            desk.stream.send(&record).await;
        }
        desk.stream.acked(session, 8).await.unwrap();
    }
    let (session, records) = session_of(stranger, 6);
    seat.send(session, &records).await;
    let told = verdicts(&desk.api, session, 6).await;
    assert_eq!(told[5]["cause"], "credential");
    assert!(!tells(&told[5], NEW_DEVICE), "{}", told[5]);
}

#[tokio::test]
async fn work_on_two_devices_in_the_same_minutes_raises_the_doubt_in_both_and_is_told() {
    let mut desk = Desk::mature("observe").await;
    let unraised = unclear_at(&mut desk, START).await;
    let (session, records) = session_of(stranger, 6);
    Seat::new(&desk.api.server).await.send(session, &records).await;
    let told = verdicts(&desk.api, session, 6).await;
    assert_eq!(told[5]["cause"], "credential");
    assert!(tells(&told[5], NEW_DEVICE) && tells(&told[5], ELSEWHERE), "{}", told[5]);

    let both = unclear_at(&mut desk, START + Duration::minutes(2)).await;
    assert!(trust(&both) < trust(&unraised), "{both} {unraised}");
    assert!(tells(&both, ELSEWHERE) && !tells(&both, NEW_DEVICE), "{both}");
    // Minutes later nobody is at work there any more.
    let after = unclear_at(&mut desk, START + Duration::seconds(121)).await;
    assert!((trust(&after) - trust(&unraised)).abs() < 1e-6, "{after} {unraised}");
}

/// The verdict on one window of a new session that is a little unlike the subject.
async fn unclear_at(desk: &mut Desk, at: OffsetDateTime) -> Value {
    let session = desk.open().await;
    desk.stream.send(&unclear(session, 2, at)).await;
    desk.stream.acked(session, 2).await.unwrap();
    verdicts(&desk.api, session, 1).await.remove(0)
}

fn unclear(session: Uuid, sequence: u64, at: OffsetDateTime) -> v1::Record {
    record(session, sequence, at, Body::Window(keyboard(0.2)))
}

fn trust(verdict: &Value) -> f64 {
    verdict["trust"].as_f64().unwrap()
}

#[tokio::test]
async fn a_session_shown_on_another_machine_is_the_same_hands() {
    let mut desk = Desk::mature("observe").await;
    let (session, mut records) = session_of(stranger, 6);
    let body = Body::Opened(v1::SessionOpened { account: "user-1".to_owned(), remote: true });
    records[0] = record(session, 1, START, body);
    Seat::new(&desk.api.server).await.send(session, &records).await;
    // Neither for the one that shows it, nor for the one that is shown.
    let here = unclear_at(&mut desk, START).await;
    assert!(trust(&here) > 50.0 && !tells(&here, ELSEWHERE), "{here}");
    let mut remote = records.clone();
    let again = session_id();
    remote.iter_mut().for_each(|record| record.session_id = again.as_bytes().to_vec());
    Seat::new(&desk.api.server).await.send(again, &remote).await;
    let told = verdicts(&desk.api, again, 6).await;
    assert!(told.iter().all(|verdict| !tells(verdict, ELSEWHERE)), "{told:?}");
}

/// Trust in the subject at a window that is a little unlike them, after an occasion.
async fn trust_after(desk: &mut Desk, between: &[(i64, Body)], at: i64) -> f64 {
    let session = desk.open().await;
    desk.stream.send(&window(session, 2, START)).await;
    let mut sequence = 3;
    for (seconds, body) in between {
        desk.stream.send(&record(session, sequence, START + Duration::seconds(*seconds), body.clone())).await;
        sequence += 1;
    }
    desk.stream.send(&unclear(session, sequence, START + Duration::seconds(at))).await;
    desk.stream.acked(session, sequence).await.unwrap();
    trust(&verdicts(&desk.api, session, 2).await[1])
}

#[tokio::test]
async fn a_long_rest_and_a_late_unlock_raise_the_doubt_of_what_follows() {
    let mut desk = Desk::mature("observe").await;
    // No record is from the future.
    desk.api.server.clock.set(START + Duration::HOUR);
    let locked = || (60, Body::Locked(v1::SessionLocked {}));
    let unlocked = |at| (at, Body::Unlocked(v1::SessionUnlocked {}));
    let plain = trust_after(&mut desk, &[], 120).await;
    let late = trust_after(&mut desk, &[locked(), unlocked(121)], 180).await;
    assert!(late < plain, "{late} {plain}");
    // A window holds a minute of use: it began ten minutes after the one before.
    let short = trust_after(&mut desk, &[], 660).await;
    assert!((short - plain).abs() < 1e-6, "{short} {plain}");
    let rested = trust_after(&mut desk, &[], 661).await;
    assert!(rested < plain && rested > late, "{rested} {plain} {late}");
}

#[tokio::test]
async fn what_an_agent_says_came_before_a_window_weighs_its_doubt() {
    let mut desk = Desk::mature("observe").await;
    let mut trusts = Vec::new();
    for beginning in [Beginning::AfterRest, Beginning::Untold, Beginning::GoesOn] {
        let session = desk.open().await;
        let told = v1::Window { beginning: v1::Beginning::from(beginning).into(), ..keyboard(0.2) };
        desk.stream.send(&record(session, 2, START, Body::Window(told))).await;
        desk.stream.acked(session, 2).await.unwrap();
        trusts.push(trust(&verdicts(&desk.api, session, 1).await[0]));
    }
    assert!(trusts.is_sorted() && trusts[0] < trusts[1] && trusts[1] < trusts[2], "{trusts:?}");
}
