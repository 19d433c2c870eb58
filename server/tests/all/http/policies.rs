//! Policies over REST: versions, what is refused, who is in which group, exemptions.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use tacit_server::domain::Role;

use super::{Api, DEVICE, SUBJECT};

fn change(follows: i32, policy: &Value) -> Value {
    json!({ "follows": follows, "policy": policy, "reason": "a trial in one department" })
}

#[tokio::test]
async fn versions_follow_each_other_and_are_never_changed() {
    let api = Api::start().await;
    let key = api.key(Role::Admin).await;
    let before = api.ok("/v1/policies/default", &key).await;
    assert_eq!((&before["current"]["version"], &before["devices"]), (&json!(0), &json!(2)));
    assert_eq!(before["current"]["policy"]["mode"], "observe");
    assert_eq!(before["current"]["policy"]["verdicts"]["not_scorable"], "record");
    assert_eq!(before["current"]["different_person_below"], 4.0);

    let put = async |group: &str, body: &Value| {
        api.give(Method::PUT, &format!("/v1/policies/{group}"), &key, body).await
    };
    let first = put("default", &change(0, &json!({ "mode": "notify" }))).await.json();
    assert_eq!(
        (&first["current"]["version"], &first["current"]["policy"]["mode"]),
        (&json!(1), &json!("notify"))
    );
    let tolerant = json!({ "mode": "lock", "false_locks_per_worker_day": 0.5, "quiet": true });
    let second = put("default", &change(1, &tolerant)).await.json();
    assert_eq!(second["current"]["version"], 2);
    assert!((second["current"]["different_person_below"].as_f64().unwrap() - 20.0).abs() < 1e-9);
    assert!(second["current"]["made_by"].as_str().unwrap().starts_with("key:"));

    // Someone else has read version 1 and does not know of version 2.
    let late = put("default", &change(1, &json!({ "mode": "observe" }))).await;
    assert_eq!((late.status, &late.json()["code"]), (StatusCode::CONFLICT, &json!("conflict")));
    assert!(late.text.contains("read it again"), "{}", late.text);

    let history = api.ok("/v1/policies/default/versions", &key).await;
    let versions = history["versions"].as_array().unwrap();
    assert_eq!(versions.iter().map(|v| v["version"].clone()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!((&versions[1]["policy"]["mode"], &history["next"]), (&json!("notify"), &Value::Null));
    assert_eq!(versions[0]["reason"], "a trial in one department");
    let pool = api.server.app.store.pool();
    for sql in
        ["update policy_version set reason = 'x'", "delete from policy_version", "truncate policy_version"]
    {
        let refused = sqlx::query(sql).execute(pool).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{refused}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_words_that_mend_it() {
    let api = Api::start().await;
    let key = api.key(Role::Admin).await;
    for (group, body, field, says) in [
        ("default", change(0, &json!({ "mode": "explode" })), None, "observe"),
        ("default", change(0, &json!({ "mod": "lock" })), None, "unknown field `mod`"),
        (
            "default",
            change(0, &json!({ "false_locks_per_worker_day": 2 })),
            Some("policy.false_locks_per_worker_day"),
            "from 0.0001",
        ),
        (
            "default",
            change(0, &json!({ "verdicts": { "suspicious": "lock" } })),
            Some("policy.verdicts.suspicious"),
            "record or notify",
        ),
        (
            "default",
            change(0, &json!({ "verdicts": { "not_scorable": "lock" } })),
            Some("policy.verdicts.not_scorable"),
            "record, notify or step_up",
        ),
        ("default", json!({ "follows": 0, "policy": {}, "reason": " " }), Some("reason"), "say why"),
        ("default", change(-1, &json!({})), Some("follows"), "the version that was read"),
        ("Help_Desk", change(0, &json!({})), Some("group"), "a-z, 0-9 and -"),
    ] {
        let answer = api.give(Method::PUT, &format!("/v1/policies/{group}"), &key, &body).await;
        let problem = answer.json();
        assert_eq!(answer.status, 400, "{problem}");
        assert_eq!(problem["field"].as_str(), field, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
    }
    let bodiless = api.call(Method::PUT, "/v1/policies/default", Some(&key)).await;
    assert!(bodiless.text.contains("application/json"), "{}", bodiless.text);
    assert_eq!(api.get("/v1/policies/nowhere", &key).await.status, 404);
    assert_eq!(api.get("/v1/policies/nowhere/versions", &key).await.status, 404);
}

#[tokio::test]
async fn a_group_comes_to_be_with_its_first_policy_and_devices_move_between_groups() {
    let api = Api::start().await;
    let key = api.key(Role::Admin).await;
    let path = format!("/v1/devices/{DEVICE}/group");
    let nowhere = api.give(Method::PUT, &path, &key, &json!({ "group": "help-desk" })).await;
    assert_eq!(nowhere.status, 404);
    assert!(nowhere.text.contains("its first policy"), "{}", nowhere.text);
    api.give(Method::PUT, "/v1/policies/help-desk", &key, &change(0, &json!({ "mode": "lock" }))).await;
    let moved = api.give(Method::PUT, &path, &key, &json!({ "group": "help-desk" })).await.json();
    assert_eq!(moved["group"], "help-desk");
    let groups = api.ok("/v1/policies", &key).await;
    let devices =
        |at: usize| (groups["groups"][at]["group"].clone(), groups["groups"][at]["devices"].clone());
    assert_eq!((devices(0), devices(1)), ((json!("default"), json!(1)), (json!("help-desk"), json!(1))));

    // A token enrols into the group it was made for.
    let token = api.server.token_of("help-desk").await;
    let device = crate::common::device::Device::enrol(&api.server.url, None, &token).await.unwrap();
    let device = api.ok(&format!("/v1/devices/{}", device.id), &key).await;
    assert_eq!(device["group"], "help-desk");
}

#[tokio::test]
async fn an_exemption_says_no_more_than_it_must_and_ends() {
    let api = Api::start().await;
    let privacy = api.key(Role::Privacy).await;
    let make = async |until: &str, kind: &str| {
        let body = json!({ "subject_id": SUBJECT, "kind": kind, "until": until });
        api.give(Method::POST, "/v1/exemptions", &privacy, &body).await
    };
    let made = make("2026-04-01T00:00:00Z", "injury").await.json();
    assert_eq!((&made["kind"], &made["ended_at"]), (&json!("injury"), &Value::Null));
    assert!(make("2026-03-01T00:00:00Z", "injury").await.text.contains("in the future"));
    assert!(make("2028-01-01T00:00:00Z", "injury").await.text.contains("renewed"));
    assert_eq!(make("2026-04-01T00:00:00Z", "broken wrist").await.status, 400);
    // There is nowhere to write a diagnosis.
    let body =
        json!({ "subject_id": SUBJECT, "kind": "injury", "until": "2026-04-01T00:00:00Z", "note": "x" });
    assert_eq!(api.give(Method::POST, "/v1/exemptions", &privacy, &body).await.status, 400);

    let listed = api.ok(&format!("/v1/exemptions?subject={SUBJECT}"), &privacy).await;
    assert_eq!(listed["exemptions"].as_array().unwrap().len(), 1);
    let end = format!("/v1/exemptions/{}/end", made["id"].as_str().unwrap());
    for _ in 0..2 {
        let ended = api.call(Method::POST, &end, Some(&privacy)).await.json();
        assert_eq!(ended["ended_at"], "2026-03-02T09:00:00Z");
    }
    let listed = api.ok("/v1/exemptions", &privacy).await;
    assert_eq!(listed["exemptions"], json!([]));
}
