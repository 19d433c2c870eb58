//! Logging in with a browser, at the provider and with a key, and the sessions that follow.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tacit_server::clock::Ambient;
use tacit_server::config::AuthSettings;
use tacit_server::domain::Role;
use tacit_server::{http, tls};
use time::Duration;

use super::browser::Browser;
use super::provider::{Provider, SECRET};
use super::{Api, DEVICE, settings};
use crate::common::server::START;
use crate::http::{Answer, SESSION};

/// A server that browsers reach, and its address.
async fn reached(provider: &Provider) -> (Api, String, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("secret");
    crate::common::secret(&secret, &format!("{SECRET}\n"));
    let auth = AuthSettings {
        client_id: Some("dashboard".to_owned()),
        client_secret_file: Some(secret),
        group_claim: Some("groups".to_owned()),
        ..settings(&provider.issuer)
    };
    let api = Api::with(|settings| {
        settings.auth = auth;
        settings.insecure_loopback = true;
    })
    .await;
    api.server.clock.set(Ambient::system().now());
    let app = Arc::clone(&api.server.app);
    let loopback = "127.0.0.1:0".parse().unwrap();
    let (incoming, at) = tls::listen(loopback, None, app.stopping.clone()).await.unwrap();
    tokio::spawn(http::serve(http::router(Arc::clone(&app)).unwrap(), incoming, app.stopping.clone()));
    (api, format!("http://{at}"), directory)
}

#[tokio::test]
async fn a_person_logs_in_at_the_provider_works_and_logs_out() {
    let provider = Provider::start().await;
    let (_api, base, _directory) = reached(&provider).await;
    let mut browser = Browser::new();
    let back = browser.log_in(&format!("{base}/auth/login?to=/there"), "analyst:default", &base).await;
    assert!(back.starts_with(&format!("{base}/auth/callback?")), "{back}");
    let kept = browser.cookies["tacit-log-in"].clone();
    let there = browser.get(&back).await;
    assert_eq!((there.status().as_u16(), there.headers()["location"].to_str().unwrap()), (303, "/there"));
    assert!(!browser.cookies.contains_key("tacit-log-in"));
    let set = browser.set.iter().find(|set| set.starts_with("tacit=")).unwrap();
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{set}");

    let me: Value = browser.get(&format!("{base}/v1/me")).await.json().await.unwrap();
    assert_eq!(
        (&me["name"], &me["role"], &me["groups"]),
        (&json!("user:analyst:default"), &json!("analyst"), &json!(["default"]))
    );
    // What changes something needs the token of a page of this server.
    let feedback = format!("{base}/v1/sessions/{SESSION}/feedback");
    let body = json!({ "said": "confirmed" });
    let forged = browser.send(|client| client.post(&feedback).json(&body)).await;
    assert_eq!(forged.status(), 403);
    let csrf = me["csrf"].as_str().unwrap();
    let guessed = browser.send(|client| client.post(&feedback).header("x-tacit-csrf", "x").json(&body)).await;
    assert_eq!(guessed.status(), 403);
    let given = browser.send(|client| client.post(&feedback).header("x-tacit-csrf", csrf).json(&body)).await;
    assert_eq!(given.status(), 200);
    let revoke = format!("{base}/v1/devices/{DEVICE}/revoke");
    let beyond = browser.send(|client| client.post(&revoke).header("x-tacit-csrf", csrf)).await;
    assert_eq!(beyond.status(), 403);

    let out =
        browser.send(|client| client.post(format!("{base}/auth/logout")).header("x-tacit-csrf", csrf)).await;
    assert_eq!(out.status(), 204);
    assert!(!browser.cookies.contains_key("tacit"));
    // The code has served, also for who has stolen all of the log-in.
    browser.cookies.insert("tacit-log-in".to_owned(), kept);
    assert_eq!(browser.get(&back).await.status(), 401);
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_logs_nobody_in() {
    let provider = Provider::start().await;
    let (api, base, _directory) = reached(&provider).await;
    let login = format!("{base}/auth/login");
    let mut attacker = Browser::new();
    let attackers = attacker.log_in(&login, "admin:default", &base).await;
    // Another browser, which has begun no log-in, or one of its own.
    let mut victim = Browser::new();
    assert_eq!(victim.get(&attackers).await.status(), 401);
    let own = victim.log_in(&login, "viewer:default", &base).await;
    assert_eq!(victim.get(&attackers).await.status(), 401);
    let misled = own.replace("iss=", "iss=x");
    assert_eq!(victim.get(&misled).await.status(), 401);
    assert!(!victim.cookies.contains_key("tacit"));
    // Someone the provider knows and this server does not.
    let mut stranger = Browser::new();
    let strangers = stranger.log_in(&login, "visitor:default", &base).await;
    assert_eq!(stranger.get(&strangers).await.status(), 403);
    // A log-in that takes too long.
    api.server.clock.set(Ambient::system().now() + Duration::minutes(11));
    assert_eq!(victim.get(&own).await.status(), 401);
    for to in ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example"] {
        let away = victim.send(|client| client.get(&login).query(&[("to", to)])).await;
        assert_eq!(away.status(), 400, "{to}");
    }
    assert_eq!(api.server.count("select count(*) from web_session").await, 0);
}

/// A call with a cookie.
async fn with(api: &Api, method: Method, path: &str, cookie: &str, csrf: Option<&str>) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("cookie", cookie);
    if let Some(csrf) = csrf {
        request = request.header("x-tacit-csrf", csrf);
    }
    api.send(request.body(Body::empty()).unwrap()).await
}

/// The cookie of a log-in with a key, and what it says.
async fn with_key(api: &Api, key: &str) -> (String, Value) {
    let request = Request::post("/auth/key").header("content-type", "application/json");
    let answer = api.send(request.body(Body::from(json!({ "key": key }).to_string())).unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let set = answer.headers["set-cookie"].to_str().unwrap();
    assert!(
        set.starts_with("__Host-tacit=") && set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{set}"
    );
    (set.split(';').next().unwrap().to_owned(), answer.json())
}

#[tokio::test]
async fn a_key_logs_a_browser_in_for_as_long_as_it_serves() {
    let api = Api::start().await;
    let (admin, key) = (api.key(Role::Admin).await, api.key(Role::Viewer).await);
    let (cookie, me) = with_key(&api, &key).await;
    assert_eq!((&me["role"], &me["groups"]), (&json!("viewer"), &Value::Null));
    assert_eq!(with(&api, Method::GET, "/v1/devices", &cookie, None).await.status, 200);
    assert_eq!(with(&api, Method::GET, "/v1/api-keys", &cookie, None).await.status, 403);
    let twice = format!("{cookie}; {cookie}");
    assert_eq!(with(&api, Method::GET, "/v1/devices", &twice, None).await.status, 401);

    let id = me["name"].as_str().unwrap().strip_prefix("key:").unwrap();
    api.call(Method::POST, &format!("/v1/api-keys/{id}/revoke"), Some(&admin)).await;
    let ended = with(&api, Method::GET, "/v1/devices", &cookie, None).await;
    assert_eq!(ended.status, 401);
    assert!(ended.text.contains("log in again"), "{}", ended.text);
    let request = Request::post("/auth/key").header("content-type", "application/json");
    let refused = api.send(request.body(Body::from(json!({ "key": key }).to_string())).unwrap()).await;
    assert_eq!((refused.status.as_u16(), refused.headers.get("set-cookie")), (401, None));
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_when_its_time_is_over_and_when_it_is_logged_out() {
    let api = Api::start().await;
    let key = api.key(Role::Viewer).await;
    let me = async |cookie: &str| with(&api, Method::GET, "/v1/me", cookie, None).await.status.as_u16();
    let (idle, _) = with_key(&api, &key).await;
    let (used, _) = with_key(&api, &key).await;
    for minutes in (20..=600).step_by(20) {
        assert_eq!(me(&used).await, 200, "{minutes}");
        api.server.clock.set(START + Duration::minutes(minutes));
    }
    assert_eq!((me(&idle).await, me(&used).await), (401, 401));

    let (cookie, said) = with_key(&api, &key).await;
    assert_eq!(with(&api, Method::POST, "/auth/logout", &cookie, None).await.status, 403);
    let out = with(&api, Method::POST, "/auth/logout", &cookie, said["csrf"].as_str()).await;
    assert_eq!(
        (out.status.as_u16(), out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0")),
        (204, true)
    );
    assert_eq!(me(&cookie).await, 401);
    // What is kept does not let anyone in.
    let secret = cookie.split_once('=').unwrap().1;
    let kept = "select count(*) from web_session where strpos(web_session::text, $1) > 0";
    let found: i64 =
        sqlx::query_scalar(kept).bind(secret).fetch_one(api.server.app.store.pool()).await.unwrap();
    assert_eq!(found, 0);
}
