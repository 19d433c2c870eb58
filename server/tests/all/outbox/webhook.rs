//! What webhooks carry, and who can trust them.

use axum::http::Method;
use serde_json::{Value, json};
use tacit_server::domain::Role;
use time::Duration;

use super::receiver::{Does, Receiver};
use super::{ONE, TWO, give, make, shown, webhook};
use crate::common::server::START;
use crate::common::windows::{session_id, whole};
use crate::http::Api;
use crate::response::Desk;

#[tokio::test]
async fn what_changes_is_told_once_signed_and_in_order_to_those_who_want_it() {
    let api = Api::start().await;
    let app = &api.server.app;
    let [all, high, elsewhere] = [Receiver::start().await, Receiver::start().await, Receiver::start().await];
    let (_, secret) = webhook(&api, "all", &all, json!({ "minimum_severity": "low" })).await;
    webhook(&api, "high", &high, json!({ "minimum_severity": "high" })).await;
    webhook(&api, "elsewhere", &elsewhere, json!({ "minimum_severity": "low", "groups": ["help-desk"] }))
        .await;
    for (sequence, verdict) in [
        (2, "learning"),
        (3, "genuine"),
        (4, "suspicious"),
        (5, "suspicious"),
        (6, "not_scorable"),
        (7, "suspicious"),
        (8, "different_person"),
        (9, "suspicious"),
        (10, "genuine"),
        (11, "genuine"),
    ] {
        give(app, ONE, sequence, verdict).await;
    }
    let verdicts = |requests: &[super::receiver::Request]| -> Vec<(Value, Value)> {
        let data = requests.iter().map(|request| request.json()["data"].clone());
        data.map(|data| (data["sequence"].clone(), data["verdict"].clone())).collect()
    };
    let taken = all.has_taken(4).await;
    let expected = json!([[4, "suspicious"], [8, "different_person"], [9, "suspicious"], [10, "genuine"]]);
    assert_eq!(json!(verdicts(&taken)), expected);
    assert_eq!(json!(verdicts(&high.has_taken(2).await)), json!([[8, "different_person"], [10, "genuine"]]));
    assert_eq!(elsewhere.requests().len(), 0);

    let accused = &taken[1];
    assert_eq!(accused.verified(&secret), (1, 1));
    assert_eq!(accused.headers["webhook-timestamp"], START.unix_timestamp().to_string());
    let body = accused.json();
    assert_eq!(body["type"], "tacit.verdict.changed");
    assert_eq!(body["data"]["subject"]["pseudonym"], "subject-one");
    assert_eq!(body["data"]["before"], "suspicious");
    assert_eq!(body["data"]["device"]["name"], "desk-1");
    assert_eq!(body["data"]["id"], accused.id());
    assert_eq!(body["data"]["evidence"][0]["words"], "keys held longer");
    // Altered on the way, or another's.
    let mut altered = accused.clone();
    altered.text = altered.text.replace("different_person", "genuine");
    assert_eq!(altered.verified(&secret), (0, 1));
}

#[tokio::test]
async fn two_secrets_sign_for_a_day_after_a_change() {
    let api = Api::start().await;
    let receiver = Receiver::start().await;
    let (id, old) = webhook(&api, "siem", &receiver, json!({ "authorization": "Splunk abc" })).await;
    let key = api.key(Role::Admin).await;
    let renewed = api.give(Method::POST, &format!("/v1/destinations/{id}/secret"), &key, &json!({})).await;
    let new = renewed.json()["secret"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    let test = async || {
        let answer = api.call(Method::POST, &format!("/v1/destinations/{id}/test"), Some(&key)).await;
        assert_eq!(answer.json(), json!({ "delivered": true, "error": null }));
        receiver.requests().pop().unwrap()
    };
    let both = test().await;
    assert_eq!((both.verified(&old), both.verified(&new)), ((1, 2), (1, 2)));
    assert_eq!(
        (&both.json()["type"], &both.headers["authorization"]),
        (&json!("tacit.test"), &"Splunk abc".parse().unwrap())
    );
    api.server.clock.set(START + Duration::hours(24));
    let one = test().await;
    assert_eq!((one.verified(&old), one.verified(&new)), ((0, 1), (1, 1)));
    // What is secret is shown once, and sealed.
    let shown = shown(&api, id).await;
    assert_eq!(shown["has_authorization"], true);
    for secret in [&old, &new, "Splunk abc"] {
        assert!(!shown.to_string().contains(secret));
    }
    let stored: Vec<u8> = sqlx::query_scalar("select secrets from destination")
        .fetch_one(api.server.app.store.pool())
        .await
        .unwrap();
    assert!(!String::from_utf8_lossy(&stored).contains("Splunk"));
}

#[tokio::test]
async fn a_person_at_the_desk_of_another_is_told_without_a_name_unless_it_was_decided() {
    let mut desk = Desk::mature("observe").await;
    let [plain, named] = [Receiver::start().await, Receiver::start().await];
    webhook(&desk.api, "plain", &plain, json!({ "minimum_severity": "high" })).await;
    let reason = json!({ "minimum_severity": "high", "names_reason": "the SOC calls the person back" });
    let (_, _) = webhook(&desk.api, "named", &named, reason).await;
    let session = desk.open().await;
    desk.strangers(session, 2..14).await;
    let told = plain.has_taken(1).await[0].clone();
    assert_eq!(told.json()["data"]["verdict"], "different_person");
    assert_eq!(told.json()["data"]["session"]["id"], session.to_string());
    assert!(!told.text.contains("user-1"), "{}", told.text);
    assert_eq!(named.has_taken(1).await[0].json()["data"]["subject"]["account"], "user-1");
    // Who is erased takes what was to be told of them along.
    let pool = desk.api.server.app.store.pool();
    sqlx::query("delete from session where id = $1").bind(session).execute(pool).await.unwrap();
    assert_eq!(desk.api.server.count("select count(*) from outbox").await, 0);
    assert_eq!(desk.api.server.count("select count(*) from delivery").await, 0);

    // An agent's silence is told too.
    let silent = Receiver::start().await;
    webhook(&desk.api, "silent", &silent, json!({ "verdicts": ["silent"] })).await;
    let session = session_id();
    for record in whole(session, START, "user-1", 2).drain(..3) {
        desk.stream.send(&record).await;
    }
    desk.stream.acked(session, 3).await.unwrap();
    desk.api.server.clock.set(START + Duration::minutes(5));
    tacit_server::app::silent::pronounce(&desk.api.server.app, START - Duration::DAY).await.unwrap();
    assert_eq!(silent.has_taken(1).await[0].json()["data"]["verdict"], "silent");
}

#[tokio::test]
async fn that_someone_deals_with_an_alert_is_told_to_who_was_told_of_its_verdict() {
    let mut desk = Desk::mature("observe").await;
    let [told, other] = [Receiver::start().await, Receiver::start().await];
    webhook(
        &desk.api,
        "told",
        &told,
        json!({ "minimum_severity": "high", "verdicts": ["different_person"] }),
    )
    .await;
    webhook(&desk.api, "other", &other, json!({ "verdicts": ["silent"] })).await;
    let session = desk.open().await;
    desk.strangers(session, 2..14).await;
    let key = desk.api.key(Role::Analyst).await;
    let alerts = desk.api.ok("/v1/alerts", &key).await;
    let path = format!("/v1/alerts/{}", alerts["alerts"][0]["id"].as_str().unwrap());
    for _ in 0..2 {
        assert_eq!(desk.api.call(Method::POST, &format!("{path}/acknowledge"), Some(&key)).await.status, 200);
    }
    let outcome = json!({ "resolution": "false_alarm" });
    assert_eq!(desk.api.give(Method::POST, &format!("{path}/resolve"), &key, &outcome).await.status, 200);
    let taken: Vec<Value> = told.has_taken(3).await.iter().map(super::receiver::Request::json).collect();
    let types: Vec<_> = taken.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["tacit.verdict.changed", "tacit.alert.changed", "tacit.alert.changed"]);
    assert_eq!(taken[1]["data"]["alert"]["state"], "acknowledged");
    let resolved = &taken[2]["data"]["alert"];
    assert_eq!((&resolved["state"], &resolved["resolution"]), (&json!("resolved"), &json!("false_alarm")));
    assert_eq!(other.requests().len(), 0);
}

#[tokio::test]
async fn nothing_is_told_of_what_was_not_committed() {
    let api = Api::start().await;
    let app = &api.server.app;
    let receiver = Receiver::start().await;
    webhook(&api, "siem", &receiver, json!({})).await;
    let mut unit = app.store.begin().await.unwrap();
    super::tell_in(app, &mut unit, ONE, 2, "automation").await;
    drop(unit);
    give(app, TWO, 3, "automation").await;
    let taken = receiver.has_taken(1).await;
    assert_eq!(taken[0].json()["data"]["session"]["id"], TWO.to_string());
    // It was not kept as told either.
    give(app, ONE, 2, "automation").await;
    receiver.has_taken(2).await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_words_that_mend_it() {
    let api = Api::start().await;
    let key = api.key(Role::Admin).await;
    let target = |url: &str| json!({ "kind": "webhook", "url": url });
    for (body, says) in [
        (json!({ "name": "S I E M", "target": target("https://siem.example/") }), "of a-z, 0-9 and -"),
        (json!({ "name": "siem", "target": target("ftp://siem.example/") }), "must begin with https://"),
        (json!({ "name": "siem", "target": target("http://siem.example/") }), "for loopback addresses alone"),
        (
            json!({ "name": "siem", "target": target("https://me:secret@siem.example/") }),
            "credentials go into",
        ),
        (json!({ "name": "siem", "target": target("https://10.0.0.1/") }), "out.networks"),
        (json!({ "name": "siem", "target": target("https://siem.example/"), "groups": [] }), "leave it out"),
        (
            json!({ "name": "siem", "target": target("https://siem.example/"), "verdicts": ["genuine"] }),
            "genuine again",
        ),
        (
            json!({ "name": "siem", "target": target("https://siem.example/"), "names_reason": " " }),
            "say why",
        ),
        (json!({ "name": "siem", "target": { "kind": "pigeon" } }), "unknown variant"),
        (
            json!({ "name": "siem", "target": { "kind": "webhook", "url": "https://siem.example/", "ca": "none" } }),
            "PEM",
        ),
    ] {
        let answer = api.give(Method::POST, "/v1/destinations", &key, &body).await;
        assert_eq!(answer.status, 400, "{body} {}", answer.text);
        assert!(answer.text.contains(says), "{}", answer.text);
    }
    let body = json!({ "name": "siem", "target": target("https://siem.example/") });
    make(&api, &body).await;
    assert_eq!(api.give(Method::POST, "/v1/destinations", &key, &body).await.status, 409);
}

#[tokio::test]
async fn a_changed_destination_is_told_by_what_it_wants_now_and_a_removed_one_nothing() {
    let api = Api::start().await;
    let app = &api.server.app;
    let receiver = Receiver::start().await;
    let (id, _) = webhook(&api, "siem", &receiver, json!({})).await;
    receiver.does(Does::Answer(500));
    give(app, ONE, 2, "automation").await;
    let key = api.key(Role::Admin).await;
    let path = format!("/v1/destinations/{id}");
    let target = json!({ "kind": "webhook", "url": receiver.url });
    let body = json!({ "name": "siem", "target": target, "enabled": false });
    let changed = api.give(Method::PUT, &path, &key, &body).await.json();
    assert_eq!((&changed["enabled"], &changed["waiting"]), (&json!(false), &json!(1)));
    give(app, TWO, 2, "automation").await;
    assert_eq!(shown(&api, id).await["waiting"], 1);
    receiver.does(Does::Answer(200));
    let body = json!({ "name": "siem", "target": target });
    api.give(Method::PUT, &path, &key, &body).await;
    api.server.clock.set(START + Duration::minutes(6));
    receiver.has_taken(1).await;
    // More than one statement deletes.
    let backlog = "insert into outbox (id, group_name, type, severity, at, enqueued_at, body)
                   select gen_random_uuid(), 'default', 'test', 0, now(), now(), '{}' from generate_series(1, 5200);
                   insert into delivery (destination_id, seq, due_at, since)
                   select d.id, o.seq, now(), now() from destination d, outbox o where o.type = 'test'";
    sqlx::raw_sql(backlog).execute(app.store.pool()).await.unwrap();
    assert_eq!(api.call(Method::DELETE, &path, Some(&key)).await.status, 200);
    assert_eq!(api.call(Method::GET, &path, Some(&key)).await.status, 404);
    assert_eq!(api.server.count("select count(*) from delivery").await, 0);
}

#[tokio::test]
async fn the_audit_log_names_whom_events_go_to_and_keeps_no_secret_of_the_address() {
    let api = Api::start().await;
    let (admin, privacy) = (api.key(Role::Admin).await, api.key(Role::Privacy).await);
    let target =
        json!({ "kind": "webhook", "url": "https://hooks.example:8443/services/T0/s3cret?key=s3cret" });
    let body = json!({ "name": "chat", "target": target });
    assert!(api.give(Method::POST, "/v1/destinations", &admin, &body).await.status.is_success());
    let log = api.ok("/v1/audit?action=destination_made", &privacy).await;
    assert_eq!(log["entries"][0]["details"]["target"]["url"], "https://hooks.example:8443");
    assert!(!log.to_string().contains("s3cret"), "{log}");
}
