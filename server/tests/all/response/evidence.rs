//! An unlock as evidence for the subject.

use axum::http::Method;
use serde_json::json;
use tacit_proto::v1;
use tacit_proto::v1::record::Body;
use tacit_server::app::silent::pronounce;
use tacit_server::domain::Role;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::Desk;
use crate::common::server::START;
use crate::common::windows::{record, window};

/// Lets the session be locked by a directive, unlocked after a while, and go on with the subject's own windows; returns the
/// verdicts of these.
async fn after_unlock(seconds: i64) -> Vec<String> {
    let mut desk = Desk::mature("lock").await;
    let session = desk.open().await;
    assert_eq!(desk.strangers(session, 2..14).await.len(), 1);
    let unlocked = START + Duration::seconds(seconds);
    desk.stream.send(&record(session, 14, START, Body::Locked(v1::SessionLocked {}))).await;
    desk.stream.send(&record(session, 15, unlocked, Body::Unlocked(v1::SessionUnlocked {}))).await;
    for sequence in 16..19 {
        desk.stream.send(&window(session, sequence, unlocked)).await;
    }
    desk.stream.acked(session, 18).await.unwrap();
    sqlx::query_scalar(
        "select verdict from verdict where session_id = $1 and sequence > 15 order by sequence",
    )
    .bind(session)
    .fetch_all(desk.api.server.app.store.pool())
    .await
    .unwrap()
}

#[tokio::test]
async fn an_unlock_within_a_minute_speaks_for_the_subject_and_a_later_one_does_not() {
    assert_eq!(after_unlock(60).await, ["genuine", "genuine", "genuine"]);
    assert_eq!(after_unlock(61).await[0], "different_person");
}

#[tokio::test]
async fn an_unlock_that_nobody_asked_for_lifts_no_doubt() {
    let mut desk = Desk::mature("notify").await;
    let session = desk.open().await;
    desk.strangers(session, 2..14).await;
    desk.stream.send(&record(session, 14, START, Body::Locked(v1::SessionLocked {}))).await;
    desk.stream.send(&record(session, 15, START, Body::Unlocked(v1::SessionUnlocked {}))).await;
    desk.stream.send(&window(session, 16, START)).await;
    desk.stream.acked(session, 16).await.unwrap();
    let last = "select verdict = 'different_person' from verdict order by id desc limit 1";
    let doubted: bool = sqlx::query_scalar(last).fetch_one(desk.api.server.app.store.pool()).await.unwrap();
    assert!(doubted, "who has stolen the secret can lock and unlock at will");
}

#[tokio::test]
async fn an_unlock_after_a_lock_by_hand_answers_it_once() {
    let mut desk = Desk::mature("observe").await;
    let session = desk.open().await;
    desk.strangers(session, 2..14).await;
    let key = desk.api.key(Role::Analyst).await;
    let lock = json!({ "response": "lock", "reason": "somebody else is at the desk" });
    let path = format!("/v1/sessions/{session}/respond");
    assert_eq!(desk.api.give(Method::POST, &path, &key, &lock).await.status, 200);
    let now = desk.api.server.app.ambient.now();
    assert_eq!(doubted_after_unlocks(&mut desk, session, [now; 2]).await, [false, true]);
}

#[tokio::test]
async fn an_unlock_after_a_step_up_for_a_silence_answers_it_once() {
    let (mut desk, session) = back_from_silence().await;
    assert_eq!(doubted_after_unlocks(&mut desk, session, [BACK; 2]).await, [false, true]);
}

#[tokio::test]
async fn an_unlock_during_the_silence_does_not_answer_the_step_up_for_it() {
    let (mut desk, session) = back_from_silence().await;
    let during = START + Duration::minutes(3);
    assert_eq!(doubted_after_unlocks(&mut desk, session, [during, BACK]).await, [true, false]);
}

/// When the agent of [`back_from_silence`] speaks again.
const BACK: OffsetDateTime = START.saturating_add(Duration::minutes(30));

/// A doubted session whose agent fell silent, speaks again and finds the step-up.
async fn back_from_silence() -> (Desk, Uuid) {
    let mut desk = Desk::mature("observe").await;
    let policy =
        json!({ "mode": "step_up", "verdicts": { "different_person": "record", "silent": "step_up" } });
    desk.policy(1, &policy).await;
    let session = desk.open().await;
    assert_eq!(desk.strangers(session, 2..14).await, []);
    desk.api.server.clock.set(START + Duration::minutes(2));
    assert_eq!(pronounce(&desk.api.server.app, START - Duration::DAY).await.unwrap(), 1);
    desk.api.server.clock.set(BACK);
    desk.stream = desk.device.stream(BACK).await.unwrap();
    assert_eq!(desk.directed(session, 0).await.len(), 1);
    (desk, session)
}

/// Locks and unlocks the screen at two times, from the session's 14th record on, with the subject at work after each and someone else
/// in between; whether the session is doubted after each.
async fn doubted_after_unlocks(desk: &mut Desk, session: Uuid, at: [OffsetDateTime; 2]) -> [bool; 2] {
    let now = desk.api.server.app.ambient.now();
    let mut doubted = [false; 2];
    for ((doubted, sequence), at) in doubted.iter_mut().zip([14, 29]).zip(at) {
        desk.stream.send(&record(session, sequence, at, Body::Locked(v1::SessionLocked {}))).await;
        desk.stream.send(&record(session, sequence + 1, at, Body::Unlocked(v1::SessionUnlocked {}))).await;
        desk.stream.send(&window(session, sequence + 2, now)).await;
        desk.stream.acked(session, sequence + 2).await.unwrap();
        let last = "select verdict = 'different_person' from verdict order by id desc limit 1";
        let last = sqlx::query_scalar::<_, bool>(last).fetch_one(desk.api.server.app.store.pool());
        *doubted = last.await.unwrap();
        desk.strangers(session, sequence + 3..29).await;
    }
    doubted
}

#[tokio::test]
async fn an_unlock_lets_nobody_else_stay_and_the_session_teach_nothing() {
    let mut desk = Desk::mature("lock").await;
    let version = desk.api.server.count("select version from profile").await;
    let session = desk.open().await;
    desk.strangers(session, 2..14).await;
    desk.stream.send(&record(session, 14, START, Body::Locked(v1::SessionLocked {}))).await;
    desk.stream.send(&record(session, 15, START, Body::Unlocked(v1::SessionUnlocked {}))).await;
    // Who knows the secret and types like someone else is accused again, and is not locked out again within the hour.
    desk.strangers(session, 16..28).await;
    let accused = "select count(*) from verdict where verdict = 'different_person' and sequence > 15";
    assert!(desk.api.server.count(accused).await > 0);
    assert_eq!(
        desk.made(session).await,
        [("lock".to_owned(), Some("within_an_hour".to_owned())), ("lock".to_owned(), None)]
    );
    desk.stream.send(&record(session, 28, START, Body::Closed(v1::SessionClosed {}))).await;
    desk.stream.acked(session, 28).await.unwrap();
    assert_eq!(desk.api.server.count("select version from profile").await, version);
}
