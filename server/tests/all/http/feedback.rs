//! What the security team says of a session, and what follows.

use axum::http::Method;
use serde_json::json;
use tacit_proto::v1;
use tacit_proto::v1::record::Body;
use tacit_server::domain::Role;

use super::{Api, SESSION};
use crate::common::server::START;
use crate::common::windows::{record, window};
use crate::response::Desk;

#[tokio::test]
async fn a_false_alarm_lifts_the_verdict_and_lets_the_session_teach() {
    let mut desk = Desk::mature("notify").await;
    let session = desk.open().await;
    desk.strangers(session, 2..14).await;
    let server = &desk.api.server;
    let version = server.count("select version from profile").await;
    let key = desk.api.key(Role::Analyst).await;
    let path = format!("/v1/sessions/{session}/feedback");
    let said = desk.api.give(Method::POST, &path, &key, &json!({ "said": "false_alarm" })).await.json();
    assert_eq!(said, json!({ "said": "false_alarm", "applied": true }));

    for sequence in 14..18 {
        desk.stream.send(&window(session, sequence, START)).await;
    }
    desk.stream.send(&record(session, 18, START, Body::Closed(v1::SessionClosed {}))).await;
    desk.stream.acked(session, 18).await.unwrap();
    let server = &desk.api.server;
    let genuine = "select count(*) from verdict where verdict = 'genuine' and sequence in (14, 15, 16, 17)";
    assert_eq!(server.count(genuine).await, 4);
    assert_eq!(server.count("select version from profile").await, version + 1);

    // The session has closed and taught: what is said of it now is kept, and changes nothing.
    let said = desk.api.give(Method::POST, &path, &key, &json!({ "said": "confirmed" })).await.json();
    assert_eq!(said["applied"], false);
    assert_eq!(server.count("select count(*) from feedback where said_by like 'key:%'").await, 2);
}

#[tokio::test]
async fn a_confirmed_takeover_never_teaches() {
    let mut desk = Desk::mature("notify").await;
    let session = desk.open().await;
    for sequence in 2..8 {
        desk.stream.send(&window(session, sequence, START)).await;
    }
    desk.stream.acked(session, 7).await.unwrap();
    let version = desk.api.server.count("select version from profile").await;
    let key = desk.api.key(Role::Analyst).await;
    let path = format!("/v1/sessions/{session}/feedback");
    desk.api.give(Method::POST, &path, &key, &json!({ "said": "confirmed" })).await;
    desk.stream.send(&record(session, 8, START, Body::Closed(v1::SessionClosed {}))).await;
    desk.stream.acked(session, 8).await.unwrap();
    assert_eq!(desk.api.server.count("select version from profile").await, version);
}

#[tokio::test]
async fn feedback_speaks_of_verdicts_of_its_session_alone() {
    let api = Api::start().await;
    let key = api.key(Role::Analyst).await;
    let give = async |session: &str, body| {
        api.give(Method::POST, &format!("/v1/sessions/{session}/feedback"), &key, &body).await
    };
    let own = api.server.count("select max(id) from verdict where verdict = 'different_person'").await;
    let others = api.server.count("select max(id) from verdict where verdict = 'learning'").await;
    assert_eq!(give(SESSION, json!({ "said": "confirmed", "verdict_id": own })).await.status, 200);
    let refused = give(SESSION, json!({ "said": "confirmed", "verdict_id": others })).await;
    assert_eq!(refused.status, 404);
    assert!(refused.text.contains("leave verdict_id out"), "{}", refused.text);
    let nowhere = "00000000-0000-0000-0000-00000000ffff";
    assert_eq!(give(nowhere, json!({ "said": "confirmed" })).await.status, 404);
    assert_eq!(give(SESSION, json!({ "said": "guilty" })).await.status, 400);
    assert_eq!(api.server.count("select count(*) from feedback").await, 1);
}
