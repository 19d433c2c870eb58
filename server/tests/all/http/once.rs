//! Answers that are kept for a key: not of names, not of whoever was erased, and also when nobody waits for them.

use axum::http::Method;
use serde_json::json;
use tacit_server::domain::Role;

use crate::common::eventually;
use crate::common::server::Server;
use crate::response::Desk;
use crate::rights::at_work;

const WHY: &str = "asked for by the person themselves";

async fn keys(server: &Server) -> Vec<String> {
    let keys = sqlx::query_scalar("select key from idempotency order by key");
    keys.fetch_all(server.app.store.pool()).await.unwrap()
}

#[tokio::test]
async fn a_name_is_kept_with_no_key_and_each_reading_of_it_is_in_the_log() {
    let (api, subject) = at_work("user-1").await;
    let (analyst, privacy) = (api.key(Role::Analyst).await, api.key(Role::Privacy).await);
    let path = format!("/v1/subjects/{subject}/reveal");
    for _ in 0..2 {
        let revealed = api.once(&path, &analyst, "reveal", &json!({ "reason": WHY })).await;
        assert_eq!(revealed.json()["name"], "user-1");
        assert!(revealed.headers.get("idempotency-replayed").is_none());
    }
    let log = api.ok("/v1/audit?action=name_revealed", &privacy).await;
    assert_eq!(log["entries"].as_array().unwrap().len(), 2);
    assert_eq!(keys(&api.server).await, Vec::<String>::new());
}

#[tokio::test]
async fn answers_that_tell_of_a_subject_go_with_it() {
    let mut desk = Desk::mature("observe").await;
    let session = desk.open().await;
    desk.strangers(session, 2..14).await;
    let api = &desk.api;
    let (analyst, privacy) = (api.key(Role::Analyst).await, api.key(Role::Privacy).await);
    let alert = api.ok("/v1/alerts", &analyst).await["alerts"][0].clone();
    let (id, subject) = (alert["id"].as_str().unwrap(), alert["subject_id"].as_str().unwrap());
    let exemption = json!({ "subject_id": subject, "kind": "injury", "until": "2026-04-01T00:00:00Z" });
    let made = api.once("/v1/exemptions", &privacy, "exemption", &exemption).await.json();
    let end = format!("/v1/exemptions/{}/end", made["id"].as_str().unwrap());
    for (path, key, once, body) in [
        (end, &privacy, "exemption-end", json!({})),
        (format!("/v1/alerts/{id}/notes"), &analyst, "note", json!({ "text": "seen" })),
        (format!("/v1/sessions/{session}/feedback"), &analyst, "feedback", json!({ "said": "confirmed" })),
        ("/v1/policies/default/preview".to_owned(), &analyst, "preview", json!({ "policy": {} })),
    ] {
        let answer = api.once(&path, key, once, &body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
    assert_eq!(keys(&api.server).await, ["exemption", "exemption-end", "feedback", "note", "preview"]);

    let erase = format!("/v1/subjects/{subject}/erase");
    for replayed in [false, true] {
        let erased = api.once(&erase, &privacy, "erase", &json!({ "reason": WHY })).await;
        assert_eq!(erased.json(), json!({ "subject_id": subject, "erased": true }));
        assert_eq!(erased.headers.contains_key("idempotency-replayed"), replayed);
    }
    assert_eq!(keys(&api.server).await, ["erase", "preview"]);
}

#[tokio::test]
async fn a_write_goes_on_when_its_caller_is_gone_and_is_answered_as_it_ended() {
    let mut desk = Desk::mature("observe").await;
    let session = desk.open().await;
    desk.strangers(session, 2..14).await;
    let (api, key) = (&desk.api, desk.api.key(Role::Analyst).await);
    let pool = api.server.app.store.pool();
    let alert = api.ok("/v1/alerts", &key).await["alerts"][0]["id"].as_str().unwrap().to_owned();
    let (path, note) = (format!("/v1/alerts/{alert}/notes"), json!({ "text": "seen" }));
    let mut holding = pool.begin().await.unwrap();
    sqlx::query("select id from alert for update").execute(&mut *holding).await.unwrap();
    let waits = async || {
        let sql = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        (api.server.count(sql).await > 0).then_some(())
    };
    tokio::select! {
        answer = api.once(&path, &key, "a-1", &note) => panic!("{}", answer.text),
        () = eventually("the note waits for the alert", waits) => {}
    }
    // The connection broke: nobody asks for the answer any more.
    holding.rollback().await.unwrap();
    let again = eventually("the answer is kept", async || {
        let again = api.once(&path, &key, "a-1", &note).await;
        (again.status == 200).then_some(again)
    })
    .await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(api.server.count("select count(*) from alert_note").await, 1);
    let other = api.give(Method::POST, &path, &key, &note).await;
    assert_eq!(other.json()["notes"].as_array().unwrap().len(), 2);
}
