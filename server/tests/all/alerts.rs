//! Alerts: raised with verdicts, extended by later ones, dealt with by people.

use axum::http::Method;
use serde_json::{Value, json};
use tacit_proto::v1;
use tacit_proto::v1::record::Body;
use tacit_server::domain::Role;
use time::Duration;
use uuid::Uuid;

use crate::common::eventually;
use crate::common::server::START;
use crate::common::windows::{record, session_id, window};
use crate::response::Desk;

impl Desk {
    async fn alerts(&self, query: &str) -> Vec<Value> {
        let key = self.api.key(Role::Viewer).await;
        let page = self.api.ok(&format!("/v1/alerts?{query}"), &key).await;
        page["alerts"].as_array().unwrap().clone()
    }

    async fn deal(&self, alert: &Value, act: &str, body: &Value) -> (u16, Value) {
        let key = self.api.key(Role::Analyst).await;
        let path = format!("/v1/alerts/{}/{act}", alert["id"].as_str().unwrap());
        let answer = self.api.give(Method::POST, &path, &key, body).await;
        (answer.status.as_u16(), answer.json())
    }

    async fn respond(&self, session: Uuid, response: &str) -> (u16, Value) {
        let key = self.api.key(Role::Analyst).await;
        let body = json!({ "response": response, "reason": "the alert looks right" });
        let answer =
            self.api.give(Method::POST, &format!("/v1/sessions/{session}/respond"), &key, &body).await;
        (answer.status.as_u16(), answer.json())
    }
}

#[tokio::test]
async fn a_stranger_raises_one_alert_which_later_verdicts_extend() {
    let mut desk = Desk::mature("notify").await;
    assert_eq!(desk.alerts("").await, Vec::<Value>::new());
    let session = desk.open().await;
    desk.strangers(session, 2..14).await;
    let accused = "select count(*) from verdict where verdict = 'different_person'";
    let first = desk.alerts("").await.remove(0);
    assert_eq!(first["verdicts"], desk.api.server.count(accused).await);
    assert_eq!((&first["state"], &first["verdict"]), (&json!("open"), &json!("different_person")));
    assert_eq!(first["session_id"], session.to_string());
    assert!(["high", "critical"].contains(&first["severity"].as_str().unwrap()), "{first}");
    assert!(!first["evidence"].as_array().unwrap().is_empty());

    desk.api.server.clock.set(START + Duration::minutes(3));
    desk.strangers(session, 14..18).await;
    let alerts = desk.alerts("").await;
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0]["id"], first["id"]);
    assert_eq!(alerts[0]["verdicts"], desk.api.server.count(accused).await);
    assert_eq!(alerts[0]["last_verdict_at"], "2026-03-02T09:03:00Z");
    assert_eq!(alerts[0]["opened_at"], "2026-03-02T09:00:00Z");

    // Filters.
    let subject = first["subject_id"].as_str().unwrap();
    for (query, found) in [
        (format!("subject={subject}&severity=medium&state=open&verdict=different_person&group=default"), 1),
        ("state=resolved".to_owned(), 0),
        ("verdict=silent".to_owned(), 0),
        ("group=elsewhere".to_owned(), 0),
        ("since=2026-03-02T09:00:01Z".to_owned(), 0),
        ("since=2026-03-02T09:00:00Z&until=2026-03-02T10:00:01%2B01:00".to_owned(), 1),
    ] {
        assert_eq!(desk.alerts(&query).await.len(), found, "{query}");
    }
}

#[tokio::test]
async fn an_alert_is_taken_on_commented_and_resolved_and_its_session_follows() {
    let mut desk = Desk::mature("notify").await;
    let session = desk.open().await;
    desk.strangers(session, 2..14).await;
    let alert = desk.alerts("").await.remove(0);

    let (status, taken) = desk.deal(&alert, "acknowledge", &json!({})).await;
    assert_eq!((status, &taken["state"]), (200, &json!("acknowledged")), "{taken}");
    assert_eq!(taken["assignee"], taken["acknowledged_by"]);
    let (status, assigned) = desk.deal(&alert, "assign", &json!({ "assignee": "user:second-line" })).await;
    assert_eq!((status, &assigned["assignee"]), (200, &json!("user:second-line")));
    assert_eq!(desk.deal(&alert, "notes", &json!({ "text": " \u{0} " })).await.0, 400);
    let (_, noted) = desk.deal(&alert, "notes", &json!({ "text": "asked at the desk:\nit was them" })).await;
    assert_eq!(noted["notes"][0]["text"], "asked at the desk:\nit was them");
    assert_eq!(noted["session"]["verdict"], "different_person");

    let outcome = json!({ "resolution": "false_alarm", "note": "a new keyboard" });
    let (status, resolved) = desk.deal(&alert, "resolve", &outcome).await;
    assert_eq!((status, &resolved["state"]), (200, &json!("resolved")), "{resolved}");
    assert_eq!(resolved["notes"].as_array().unwrap().len(), 2);
    let server = &desk.api.server;
    assert_eq!(server.count("select count(*) from feedback where said = 'false_alarm'").await, 1);
    // Once is as good as twice; something else is a contradiction.
    assert_eq!(desk.deal(&alert, "resolve", &outcome).await.0, 200);
    assert_eq!(desk.deal(&alert, "resolve", &json!({ "resolution": "test" })).await.0, 409);
    assert_eq!(desk.deal(&alert, "acknowledge", &json!({})).await.0, 409);
    assert_eq!(server.count("select count(*) from feedback").await, 1);
    // Each act once.
    let acts = "select count(*) from audit where action like 'alert_%'";
    assert_eq!(server.count(acts).await, 4);
    // The doubt is lifted.
    for sequence in 14..18 {
        desk.stream.send(&window(session, sequence, START)).await;
    }
    desk.stream.acked(session, 17).await.unwrap();
    assert_eq!(desk.alerts("state=open").await, Vec::<Value>::new());
    // Who comes after raises another, beside the earlier one.
    desk.api.server.clock.set(START + Duration::minutes(5));
    desk.strangers(session, 18..34).await;
    let next = desk.alerts("state=open").await.remove(0);
    let key = desk.api.key(Role::Viewer).await;
    let shown = desk.api.ok(&format!("/v1/alerts/{}", next["id"].as_str().unwrap()), &key).await;
    assert_eq!(shown["earlier"][0]["id"], alert["id"]);
    assert_eq!(shown["earlier"][0]["resolution"], "false_alarm");
}

#[tokio::test]
async fn what_is_confirmed_or_an_exercise_raises_no_second_alert_while_it_goes_on() {
    let mut desk = Desk::mature("notify").await;
    for (resolution, feedback) in [("test", 0), ("confirmed", 1)] {
        let session = desk.open().await;
        desk.strangers(session, 2..14).await;
        let alert = desk.alerts("state=open").await.remove(0);
        assert_eq!(desk.deal(&alert, "resolve", &json!({ "resolution": resolution })).await.0, 200);
        assert_eq!(desk.api.server.count("select count(*) from feedback").await, feedback);
        desk.strangers(session, 14..18).await;
        assert_eq!(desk.alerts("state=open").await, Vec::<Value>::new());
        let extended = desk.alerts(&format!("session={session}")).await.remove(0);
        assert!(extended["verdicts"].as_i64() > alert["verdicts"].as_i64());
        assert_eq!(extended["resolution"], resolution);
    }
}

#[tokio::test]
async fn a_response_by_hand_is_sent_unless_a_rule_protects_the_person() {
    let mut desk = Desk::new(&json!({ "mode": "observe" })).await;
    let session = desk.open().await;
    let (status, asked) = desk.respond(session, "lock").await;
    assert_eq!((status, &asked["withheld"]), (200, &Value::Null), "{asked}");
    let sent = desk.directed(session, 1).await;
    assert!(matches!(
        &sent[..],
        [v1::Directive { response: Some(v1::directive::Response::Lock(v1::Lock { text })), .. }]
            if text.starts_with("Your security team asks")
    ));
    let kept = desk.directives(session).await.remove(0);
    assert_eq!(kept["asked_because"], "the alert looks right");
    assert!(kept["asked_by"].as_str().unwrap().starts_with("key:"));

    // Who has looked may ask again within the hour; in a quiet group nobody may.
    assert_eq!(desk.respond(session, "step_up").await.1["withheld"], Value::Null);
    desk.policy(1, &json!({ "mode": "lock", "quiet": true })).await;
    let other = desk.open().await;
    assert_eq!(desk.respond(other, "notify").await.1["withheld"], "quiet_group");
    assert_eq!(desk.respond(session_id(), "lock").await.0, 404);
    desk.stream.send(&record(other, 2, START, Body::Closed(v1::SessionClosed {}))).await;
    desk.stream.acked(other, 2).await.unwrap();
    assert_eq!(desk.respond(other, "lock").await.0, 409);
}

#[tokio::test]
async fn a_response_by_hand_and_one_of_policy_do_not_stand_in_each_others_way() {
    let mut desk = Desk::mature("step_up").await;
    // By hand, after policy has interrupted.
    let session = desk.open().await;
    assert_eq!(desk.strangers(session, 2..14).await.len(), 1);
    assert_eq!(desk.respond(session, "lock").await.1["withheld"], Value::Null);
    assert_eq!(desk.directed(session, 13).await.len(), 1);
    // By policy, after a person has; its own second one waits for the hour.
    desk.policy(1, &json!({ "mode": "lock" })).await;
    let session = desk.open().await;
    assert_eq!(desk.respond(session, "step_up").await.1["withheld"], Value::Null);
    assert_eq!(desk.strangers(session, 2..14).await.len(), 2);
    let text = |response: &str, withheld: Option<&str>| (response.to_owned(), withheld.map(str::to_owned));
    assert_eq!(desk.made(session).await, [text("lock", None), text("step_up", None)]);
    desk.stream.send(&record(session, 14, START, Body::Locked(v1::SessionLocked {}))).await;
    desk.stream.send(&record(session, 15, START, Body::Unlocked(v1::SessionUnlocked {}))).await;
    desk.strangers(session, 16..28).await;
    assert_eq!(desk.made(session).await[0], text("lock", Some("within_an_hour")));
}

#[tokio::test]
async fn a_silent_agent_raises_an_alert() {
    let mut desk = Desk::new(&json!({ "mode": "observe" })).await;
    let session = desk.open().await;
    sqlx::query("update device set last_seen_at = $1")
        .bind(START)
        .execute(desk.api.server.app.store.pool())
        .await
        .unwrap();
    let app = &desk.api.server.app;
    desk.api.server.clock.set(START + Duration::minutes(10));
    tacit_server::app::silent::pronounce(app, START).await.unwrap();
    let alert = eventually("an alert is there", async || desk.alerts("verdict=silent").await.pop()).await;
    assert_eq!((&alert["session_id"], &alert["severity"]), (&json!(session.to_string()), &json!("low")));
}
