//! A policy, tried on what is left of what was.

use axum::http::Method;
use serde_json::{Value, json};
use sqlx::Executor as _;
use tacit_server::domain::Role;

use super::Api;

#[tokio::test]
async fn a_preview_counts_windows_also_when_they_are_no_longer_kept() {
    let api = Api::start().await;
    let key = api.key(Role::Analyst).await;
    let pool = api.server.app.store.pool();
    let locks = async || -> Value {
        let trial = json!({ "policy": { "mode": "lock" } });
        let tried = api.give(Method::POST, "/v1/policies/default/preview", &key, &trial).await.json();
        tried["tried"]["lock"]["responses"].clone()
    };
    // An accusation that rests on one window locks nobody.
    pool.execute("delete from verdict where verdict = 'genuine'").await.unwrap();
    assert_eq!(locks().await, 0);
    pool.execute("delete from feature_window").await.unwrap();
    assert_eq!(locks().await, 0);
    // One that rests on a fact does.
    let fact = "update verdict set sequence = 3, verdict = 'automation', cause = null where verdict = 'different_person'";
    pool.execute(fact).await.unwrap();
    assert_eq!(locks().await, 1);
}
