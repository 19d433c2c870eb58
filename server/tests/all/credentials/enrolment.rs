//! The enrolment guard: what holds sessions back, and what lets them teach.

use axum::http::Method;
use serde_json::{Value, json};
use tacit_proto::v1;
use tacit_proto::v1::record::Body;
use tacit_proto::v1::server_message::Message as Down;
use tacit_server::domain::Role;
use tacit_server::secrets::Purpose;
use time::Duration;
use uuid::Uuid;

use super::{Seat, session_of};
use crate::common::server::{START, Server};
use crate::common::windows::{record, session_id, stranger, whole, window};
use crate::response::Desk;

/// Lets the subject work on a device for a session.
async fn work(seat: &mut Seat) -> Uuid {
    let session = session_id();
    seat.send(session, &whole(session, START, "user-1", 6)).await;
    session
}

async fn version(server: &Server) -> i64 {
    server.count("select coalesce(max(version), 0) from profile").await
}

async fn held(server: &Server) -> i64 {
    let held = server.count("select count(*) from session where held_at is not null").await;
    let kept = "select count(*) from session where closed_at is not null and state is not null";
    assert_eq!(
        server.count(kept).await,
        held,
        "a closed session keeps its state while it is held back, and no longer"
    );
    held
}

/// Sessions that the one profile has learned: sealed, since in the open it is told no closer than to maturity.
async fn learned(server: &Server) -> i64 {
    let row = sqlx::query_as("select subject_id, body from profile").fetch_one(server.app.store.pool());
    let (subject, body): (Uuid, Vec<u8>) = row.await.unwrap();
    let plain = server.app.secrets.open(Purpose::Profile, subject, &body).unwrap();
    let profile: Value = serde_json::from_slice(&plain).unwrap();
    profile["learned"][0]["sessions"].as_i64().unwrap()
}

async fn vouched_by(server: &Server) -> Vec<String> {
    let by = "select vouched_by from vouching where vouched_by is not null order by vouched_by";
    sqlx::query_scalar(by).fetch_all(server.app.store.pool()).await.unwrap()
}

async fn say(desk: &Desk, session: Uuid, said: &str) -> bool {
    let key = desk.api.key(Role::Analyst).await;
    let path = format!("/v1/sessions/{session}/feedback");
    let answer = desk.api.give(Method::POST, &path, &key, &json!({ "said": said })).await.json();
    answer["applied"].as_bool().unwrap()
}

#[tokio::test]
async fn a_second_device_is_held_back_for_days_without_alarm_and_then_learned() {
    let desk = Desk::mature("observe").await;
    let server = &desk.api.server;
    let (before, sessions) = (version(server).await, learned(server).await);
    assert_eq!(vouched_by(server).await, ["first_device"]);
    let mut seat = Seat::new(server).await;
    let first = work(&mut seat).await;
    work(&mut seat).await;
    assert_eq!((version(server).await, held(server).await), (before, 2));
    let key = desk.api.key(Role::Viewer).await;
    assert_eq!(desk.api.ok(&format!("/v1/sessions/{first}"), &key).await["held_back"], true);

    // An alarm on the eighth day, told with the log-off, makes the days begin anew, and that session is not held back: it
    // never teaches.
    server.clock.set(START + Duration::days(8));
    let (session, mut records) = session_of(stranger, 6);
    records.push(record(session, 8, START, Body::Closed(v1::SessionClosed {})));
    seat.send(session, &records).await;
    server.clock.set(START + Duration::days(14));
    work(&mut seat).await;
    assert_eq!((version(server).await, held(server).await), (before, 3));

    server.clock.set(START + Duration::days(15));
    work(&mut seat).await;
    assert_eq!((version(server).await, held(server).await), (before + 1, 0), "one write for all of them");
    assert_eq!(learned(server).await, sessions + 4);
    assert_eq!(vouched_by(server).await, ["first_device", "time"]);
    assert_eq!(desk.api.ok(&format!("/v1/sessions/{first}"), &key).await["held_back"], false);
    work(&mut seat).await;
    assert_eq!((version(server).await, held(server).await), (before + 2, 0));
}

#[tokio::test]
async fn without_a_guard_every_device_teaches_at_once() {
    let desk = Desk::mature("observe").await;
    desk.policy(1, &json!({ "enrolment_guard": "off" })).await;
    let server = &desk.api.server;
    let before = version(server).await;
    work(&mut Seat::new(server).await).await;
    assert_eq!((version(server).await, held(server).await), (before + 1, 0));
}

#[tokio::test]
async fn an_analyst_vouches_for_a_new_account_too() {
    let desk = Desk::new(&json!({ "enrolment_guard": "analyst" })).await;
    let server = &desk.api.server;
    let mut seat = Seat::new(server).await;
    let first = work(&mut seat).await;
    work(&mut seat).await;
    server.clock.set(START + Duration::days(20));
    work(&mut seat).await;
    assert_eq!((version(server).await, held(server).await), (0, 3));
    assert!(say(&desk, first, "false_alarm").await);
    assert_eq!((version(server).await, held(server).await, learned(server).await), (1, 0, 3));
    work(&mut seat).await;
    assert_eq!((version(server).await, held(server).await, learned(server).await), (2, 0, 4));
    assert_eq!(vouched_by(server).await, ["analyst"]);

    // What a confirmed stranger typed on another device is let go of, with all that is held back there.
    let mut seat = Seat::new(server).await;
    work(&mut seat).await;
    let last = work(&mut seat).await;
    assert_eq!(held(server).await, 2);
    assert!(say(&desk, last, "confirmed").await);
    assert_eq!((version(server).await, held(server).await), (2, 0));
    assert_eq!(server.count("select count(*) from vouching where alarm_at is not null").await, 1);
    // So there is nothing left to learn when they change their mind.
    say(&desk, last, "false_alarm").await;
    assert_eq!(version(server).await, 2);
}

#[tokio::test]
async fn a_step_up_that_is_answered_vouches() {
    let desk = Desk::mature("step_up").await;
    let policy = json!({ "mode": "step_up", "enrolment_guard": "step_up" });
    desk.policy(1, &policy).await;
    let server = &desk.api.server;
    let before = version(server).await;
    let mut seat = Seat::new(server).await;
    // Asked, and not answered.
    work(&mut seat).await;
    assert_eq!((version(server).await, held(server).await), (before, 1));
    // An unlock that nobody asked for says nothing: whoever has stolen the secret can unlock as well.
    let session = session_id();
    let mut records = whole(session, START, "user-1", 6);
    records[1] = record(session, 2, START, Body::Locked(v1::SessionLocked {}));
    records[2] = record(session, 3, START, Body::Unlocked(v1::SessionUnlocked {}));
    seat.send(session, &records).await;
    assert_eq!((version(server).await, held(server).await), (before, 2));

    let (session, records) = session_of(window, 3);
    seat.send(session, &records).await;
    let asked = loop {
        if let Down::Directive(directive) = seat.stream.next().await.unwrap()
            && directive.session_id == session.as_bytes()
        {
            break directive.response.unwrap();
        }
    };
    let v1::directive::Response::StepUp(asked) = asked else { panic!("{asked:?}") };
    assert!(asked.text.contains("new to its user"), "{}", asked.text);
    assert_eq!(desk.made(session).await, [("step_up".to_owned(), None)], "once");
    let mut records = vec![
        record(session, 5, START, Body::Locked(v1::SessionLocked {})),
        record(session, 6, START + Duration::seconds(20), Body::Unlocked(v1::SessionUnlocked {})),
    ];
    records.extend((7..10).map(|sequence| window(session, sequence, START + Duration::minutes(1))));
    records.push(record(session, 10, START, Body::Closed(v1::SessionClosed {})));
    seat.send(session, &records).await;
    assert_eq!((version(server).await, held(server).await), (before + 1, 0));
    assert_eq!(vouched_by(server).await, ["first_device", "step_up"]);
    assert_eq!(desk.made(session).await.len(), 1, "nobody is asked again");
}

#[tokio::test]
async fn a_guard_that_asks_needs_a_mode_that_may() {
    let desk = Desk::new(&json!({ "mode": "notify" })).await;
    let key = desk.api.key(Role::Admin).await;
    let policy = json!({ "mode": "notify", "enrolment_guard": "step_up" });
    let body = json!({ "follows": 1, "policy": policy, "reason": "a trial" });
    let answer = desk.api.give(Method::PUT, "/v1/policies/default", &key, &body).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert!(answer.text.contains("policy.enrolment_guard"), "{}", answer.text);
}

#[tokio::test]
async fn what_is_held_back_is_bounded_in_number_and_time() {
    let desk = Desk::mature("observe").await;
    let server = &desk.api.server;
    let before = version(server).await;
    let mut seat = Seat::new(server).await;
    let oldest = work(&mut seat).await;
    server.clock.set(START + Duration::HOUR);
    for _ in 0..12 {
        work(&mut seat).await;
    }
    assert_eq!(held(server).await, 12);
    let key = desk.api.key(Role::Viewer).await;
    assert_eq!(desk.api.ok(&format!("/v1/sessions/{oldest}"), &key).await["held_back"], false);
    let store = &server.app.store;
    assert_eq!(store.forget_held(START + Duration::HOUR).await.unwrap(), 0);
    assert_eq!(store.forget_held(START + Duration::HOUR * 2).await.unwrap(), 12);
    assert_eq!((held(server).await, version(server).await), (0, before));
}

#[tokio::test]
async fn a_session_that_fell_silent_is_held_back_and_may_go_on() {
    let desk = Desk::mature("observe").await;
    let server = &desk.api.server;
    let before = version(server).await;
    let mut seat = Seat::new(server).await;
    let (session, records) = session_of(window, 6);
    seat.send(session, &records).await;
    server.clock.set(START + Duration::days(3));
    sqlx::query("update device set last_seen_at = null").execute(server.app.store.pool()).await.unwrap();
    assert_eq!(tacit_server::app::ingest::silence::close_silent(&server.app).await.unwrap(), 1);
    assert_eq!((version(server).await, held(server).await), (before, 1));
    seat.send(session, &[window(session, 8, START)]).await;
    assert_eq!(server.count("select count(*) from session where held_at is not null").await, 0);
    let verdict = sqlx::query_scalar("select verdict from verdict where session_id = $1 and sequence = 8");
    let verdict: String = verdict.bind(session).fetch_one(server.app.store.pool()).await.unwrap();
    assert_eq!(verdict, "genuine");
    seat.send(session, &[record(session, 9, START, Body::Closed(v1::SessionClosed {}))]).await;
    assert_eq!((version(server).await, held(server).await), (before, 1));
}
