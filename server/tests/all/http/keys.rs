//! API keys and enrolment tokens over REST, and how much a key may ask.

use axum::http::Method;
use serde_json::{Value, json};
use tacit_server::app::keys::first_admin_key;
use tacit_server::config::RestSettings;
use tacit_server::domain::{Role, Scope};
use time::Duration;

use super::{Answer, Api};
use crate::common::device::Device;
use crate::common::server::START;

async fn post(api: &Api, key: &str, path: &str, body: &Value) -> Answer {
    api.give(Method::POST, path, key, body).await
}

#[tokio::test]
async fn a_key_made_over_rest_is_shown_once_serves_as_it_says_and_ends() {
    let api = Api::start().await;
    let admin = api.key(Role::Admin).await;
    let order = json!({
        "name": "SIEM", "role": "service", "groups": ["default"], "expires_at": "2026-03-02T10:00:00Z",
    });
    let made = post(&api, &admin, "/v1/api-keys", &order).await;
    assert_eq!((made.status.as_u16(), made.headers["cache-control"].to_str().unwrap()), (201, "no-store"));
    let made = made.json();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert_eq!(made["prefix"], key[..12]);
    assert!(made["created_by"].as_str().unwrap().starts_with("key:"));

    assert_eq!(api.get("/v1/devices", key).await.status, 200);
    assert_eq!(api.get("/v1/api-keys", key).await.status, 403);
    let listed = api.get("/v1/api-keys", &admin).await;
    assert!(!listed.text.contains(key), "{}", listed.text);
    let listed = listed.json()["api_keys"].as_array().unwrap().clone();
    let row = listed.iter().find(|row| row["id"] == id).unwrap();
    assert_eq!((&row["groups"], &row["last_used_at"]), (&json!(["default"]), &json!("2026-03-02T09:00:00Z")));
    // What is kept does not give the key away.
    let kept = "select count(*) from api_key where strpos(api_key::text, $1) > 0";
    let pool = api.server.app.store.pool();
    for (text, rows) in [("SIEM", 1), (key, 0)] {
        let found: i64 = sqlx::query_scalar(kept).bind(text).fetch_one(pool).await.unwrap();
        assert_eq!(found, rows, "{text}");
    }

    api.server.clock.set(START + Duration::minutes(61));
    assert_eq!(api.get("/v1/devices", key).await.status, 401);
}

#[tokio::test]
async fn the_admin_key_of_the_first_run_serves_for_an_hour_and_there_is_no_second() {
    let api = Api::start().await;
    let app = &api.server.app;
    let first = async || first_admin_key(app).await.unwrap();
    let key = first().await.unwrap();
    assert_eq!(first().await, None);
    api.server.clock.set(START + Duration::minutes(59));
    assert_eq!(api.get("/v1/api-keys", &key).await.status, 200);
    api.server.clock.set(START + Duration::minutes(60));
    assert_eq!(api.get("/v1/api-keys", &key).await.status, 401);
    assert_eq!(first().await, None);
}

#[tokio::test]
async fn a_revoked_key_serves_no_more() {
    let api = Api::start().await;
    let (admin, viewer) = (api.key(Role::Admin).await, api.key(Role::Viewer).await);
    let keys = api.ok("/v1/api-keys", &admin).await;
    let row = keys["api_keys"].as_array().unwrap().iter().find(|row| row["role"] == "viewer").unwrap();
    let revoke = format!("/v1/api-keys/{}/revoke", row["id"].as_str().unwrap());
    assert_eq!(api.get("/v1/devices", &viewer).await.status, 200);
    for _ in 0..2 {
        let revoked = api.call(Method::POST, &revoke, Some(&admin)).await.json();
        assert_eq!(revoked["revoked_at"], "2026-03-02T09:00:00Z");
    }
    assert_eq!(api.get("/v1/devices", &viewer).await.status, 401);
}

#[tokio::test]
async fn keys_come_in_pages() {
    let api = Api::start().await;
    let admin = api.key(Role::Admin).await;
    for _ in 0..3 {
        api.key(Role::Viewer).await;
    }
    let (mut got, mut after) = (Vec::new(), String::new());
    loop {
        let page = api.ok(&format!("/v1/api-keys?limit=1&after={after}"), &admin).await;
        got.extend(page["api_keys"].as_array().unwrap().iter().map(|row| row["id"].clone()));
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    let whole = api.ok("/v1/api-keys", &admin).await["api_keys"].as_array().unwrap().clone();
    assert_eq!((got.len(), got), (4, whole.iter().map(|row| row["id"].clone()).collect()));
}

#[tokio::test]
async fn nobody_makes_a_key_that_may_more_than_they() {
    let api = Api::start().await;
    let limited = api.key_of(Role::Admin, Scope::of(vec!["default".to_owned()])).await;
    let order = |groups: &Value| json!({ "name": "x", "role": "admin", "groups": groups });
    for (groups, expected) in [
        (Value::Null, 403),
        (json!(["elsewhere"]), 404),
        (json!([]), 400),
        (json!(["Not a Group"]), 400),
        (json!(["default"]), 201),
    ] {
        let answer = post(&api, &limited, "/v1/api-keys", &order(&groups)).await;
        assert_eq!(answer.status, expected, "{groups}: {}", answer.text);
    }
    let admin = api.key(Role::Admin).await;
    for (order, says) in [
        (json!({ "name": " ", "role": "admin" }), "1 to 100 characters"),
        (json!({ "name": "a\u{1b}[2J", "role": "admin" }), "plain text"),
        (json!({ "name": "x", "role": "owner" }), "admin"),
        (json!({ "name": "x", "role": "admin", "expires_at": "2026-03-02T09:00:00Z" }), "expires after"),
        (json!({ "name": "x", "role": "admin", "group": "y" }), "unknown field `group`"),
    ] {
        let answer = post(&api, &admin, "/v1/api-keys", &order).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert!(answer.text.contains(says), "{}", answer.text);
    }
}

#[tokio::test]
async fn an_enrolment_token_made_over_rest_enrols_until_it_is_revoked() {
    let api = Api::start().await;
    let admin = api.key(Role::Admin).await;
    let made = post(&api, &admin, "/v1/enrolment-tokens", &json!({ "uses": 2 })).await.json();
    let token = made["token"].as_str().unwrap();
    assert_eq!((&made["group"], &made["expires_at"]), (&json!("default"), &json!("2026-03-02T10:00:00Z")));
    let device = Device::enrol(&api.server.url, None, token).await.unwrap();
    assert_eq!(api.get(&format!("/v1/devices/{}", device.id), &admin).await.status, 200);

    let listed = api.get("/v1/enrolment-tokens", &admin).await;
    assert!(!listed.text.contains(token), "{}", listed.text);
    assert_eq!(listed.json()["enrolment_tokens"][0]["uses_left"], 1);
    let revoke = format!("/v1/enrolment-tokens/{}/revoke", made["id"].as_str().unwrap());
    let revoked = api.call(Method::POST, &revoke, Some(&admin)).await.json();
    assert_eq!(revoked["revoked_at"], "2026-03-02T09:00:00Z");
    assert!(Device::enrol(&api.server.url, None, token).await.is_err());

    for (order, says) in [
        (json!({ "uses": 0 }), "uses must lie"),
        (json!({ "expires_at": "2028-03-02T10:00:00Z" }), "366 d"),
        (json!({ "group": "nowhere" }), "no such group"),
    ] {
        let answer = post(&api, &admin, "/v1/enrolment-tokens", &order).await;
        assert!(answer.text.contains(says), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_caller_who_asks_too_much_is_told_when_to_come_back_and_others_do_not_notice() {
    let api = Api::with(|settings| settings.rest = RestSettings { requests_per_minute: 1, burst: 3 }).await;
    let (greedy, other) = (api.key(Role::Viewer).await, api.key(Role::Viewer).await);
    for left in [2, 1, 0] {
        let answer = api.get("/v1/devices", &greedy).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["ratelimit-policy"], "\"caller\";q=3;w=180");
        let state = answer.headers["ratelimit"].to_str().unwrap();
        assert!(state.starts_with(&format!("\"caller\";r={left};t=")), "{state}");
    }
    let refused = api.get("/v1/devices", &greedy).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (429, &json!("rate-limited")));
    let again: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&again), "{again}");
    assert_eq!(api.get("/v1/devices", &other).await.status, 200);
    // Nobody's bucket: health is asked as often as anyone likes.
    for _ in 0..5 {
        assert_eq!(api.call(Method::GET, "/healthz", None).await.status, 200);
    }
}
