//! What goes wrong, as its caller sees it.

use axum::body::Body;
use axum::http::{Method, Request, header};
use insta::assert_json_snapshot;
use serde_json::json;
use tacit_server::domain::Role;

use super::{Api, SESSION};

#[tokio::test]
async fn problems_say_what_is_wrong() {
    let api = Api::start().await;
    let key = api.key(Role::Admin).await;
    let mut problems = Vec::new();
    for (method, path) in [
        (Method::GET, "/v1/nothing"),
        (Method::DELETE, "/v1/verdicts"),
        (Method::GET, "/v1/sessions/not-an-id"),
        (Method::GET, "/v1/sessions/00000000-0000-0000-0000-00000000ffff"),
        (Method::GET, "/v1/sessions?opne=true"),
        (Method::GET, "/v1/sessions?open=perhaps"),
        (Method::GET, "/v1/sessions?verdict=guilty"),
        (Method::GET, "/v1/subjects?limit=0"),
        (Method::GET, "/v1/subjects?limit=1001"),
        (Method::GET, "/v1/subjects?limit=-1"),
        (Method::GET, "/v1/subjects?limit=1&limit=2"),
        (Method::GET, "/v1/verdicts?session=mine"),
        (Method::GET, "/v1/verdicts?after=nonsense"),
        (Method::GET, "/v1/devices/00000000-0000-0000-0000-0000000000d1?after=x"),
        (Method::POST, "/v1/devices/00000000-0000-0000-0000-00000000ffff/revoke"),
        (Method::GET, "/v1/subjects/00000000-0000-0000-0000-0000000000a2/profile"),
        (Method::GET, "/v1/subjects/00000000-0000-0000-0000-00000000ffff/profile"),
    ] {
        let answer = api.call(method.clone(), path, Some(&key)).await;
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json", "{path}");
        let mut problem = answer.json();
        assert_eq!(answer.status.as_u16(), problem["status"], "{path}");
        assert_eq!(answer.headers["x-request-id"].to_str().unwrap(), problem["request_id"], "{path}");
        if answer.status == 405 {
            assert_eq!(answer.headers[header::ALLOW], "GET,HEAD", "{path}");
        }
        problem["request_id"] = "ID".into();
        problems.push(json!({ "call": format!("{method} {path}"), "problem": problem }));
    }
    assert_json_snapshot!(problems);
}

#[tokio::test]
async fn every_verdict_can_be_asked_for() {
    let api = Api::start().await;
    let key = api.key(Role::Admin).await;
    for verdict in
        ["learning", "genuine", "suspicious", "different_person", "automation", "not_scorable", "silent"]
    {
        api.ok(&format!("/v1/verdicts?verdict={verdict}"), &key).await;
    }
}

#[tokio::test]
async fn a_cursor_serves_its_own_list_alone() {
    let api = Api::start().await;
    let key = api.key(Role::Admin).await;
    let cursor = api.ok("/v1/sessions?limit=1", &key).await["next"].as_str().unwrap().to_owned();
    for list in ["subjects", "devices", "verdicts", &format!("sessions/{SESSION}/timeline")] {
        let answer = api.get(&format!("/v1/{list}?after={cursor}"), &key).await;
        assert_eq!(answer.status, 400, "{list}");
    }
}

#[tokio::test]
async fn a_large_body_is_refused() {
    let api = Api::start().await;
    let request = Request::post("/v1/devices/x/revoke").header(header::CONTENT_LENGTH, "70000");
    let answer = api.send(request.body(Body::from(vec![0; 70_000])).unwrap()).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (413, &json!("too-large")));
}

#[tokio::test]
async fn without_its_database_or_schema_the_server_is_alive_and_not_ready() {
    let api = Api::start().await;
    let ready = async || api.call(Method::GET, "/readyz", None).await;
    assert_eq!(ready().await.status, 200);
    let pool = api.server.app.store.pool();
    sqlx::query("delete from _sqlx_migrations").execute(pool).await.unwrap();
    let answer = ready().await;
    assert_eq!(answer.status, 503);
    assert!(answer.text.contains("the database lacks"), "{}", answer.text);
    pool.close().await;
    let answer = ready().await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (503, &json!("unavailable")));
    assert_eq!(api.call(Method::GET, "/healthz", None).await.status, 200);
}

#[tokio::test]
async fn text_that_no_database_keeps_is_the_callers_mistake() {
    let api = Api::start().await;
    let key = api.key(Role::Admin).await;
    let delivery = json!({ "delivery": { "method": "urn:ietf:rfc:8936" } });
    let made = api.give(Method::POST, "/ssf/streams", &key, &delivery).await.json();
    let verify = json!({ "stream_id": made["stream_id"], "state": "a\u{0}b" });
    for answer in [
        api.get("/v1/alerts?group=%00", &key).await,
        api.get("/v1/verdicts?group=a%00", &key).await,
        api.give(Method::POST, "/ssf/verify", &key, &verify).await,
    ] {
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert!(answer.text.contains("U+0000"), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_callers_request_id_is_taken_only_if_it_is_harmless() {
    let api = Api::start().await;
    let id = async |given: &str| {
        let request = Request::get("/healthz").header("x-request-id", given).body(Body::empty()).unwrap();
        api.send(request).await.headers["x-request-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(id("abc-123").await, "abc-123");
    for bad in ["", "a b", "a\"b", &"x".repeat(65)] {
        assert_ne!(id(bad).await, bad);
    }
}
