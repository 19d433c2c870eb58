//! How far a profile has moved: learned of what agents send and people say, and told to those who may know.

use axum::http::Method;
use serde_json::{Value, json};
use tacit_proto::v1;
use tacit_proto::v1::record::Body;
use tacit_server::domain::Role;

use super::Api;
use crate::common::server::START;
use crate::common::windows::{record, stranger};
use crate::response::Desk;

/// The one subject's profile, as its own resource and the list of subjects tell of it.
async fn told(api: &Api, role: Role) -> Value {
    let key = api.key(role).await;
    let listed = api.ok("/v1/subjects", &key).await["subjects"][0].clone();
    let id = listed["id"].as_str().unwrap();
    let of_itself = api.ok(&format!("/v1/subjects/{id}/profile"), &key).await;
    assert_eq!(listed["profile"], of_itself["maturity"]);
    assert_eq!(listed["profile"][0]["mature"], true);
    listed["profile"][0]["drift"].clone()
}

/// A session of a hand that has changed, of which an analyst says that it is the subject's.
async fn vouched_for(desk: &mut Desk) {
    let session = desk.open().await;
    for sequence in 2..10 {
        desk.stream.send(&stranger(session, sequence, START)).await;
    }
    desk.stream.acked(session, 9).await.unwrap();
    let key = desk.api.key(Role::Analyst).await;
    let (path, said) = (format!("/v1/sessions/{session}/feedback"), json!({ "said": "false_alarm" }));
    let answer = desk.api.give(Method::POST, &path, &key, &said).await;
    assert_eq!(answer.json()["applied"], true, "{}", answer.text);
    desk.stream.send(&record(session, 10, START, Body::Closed(v1::SessionClosed {}))).await;
    desk.stream.acked(session, 10).await.unwrap();
}

#[tokio::test]
async fn drift_is_told_to_those_who_may_know() {
    let mut desk = Desk::mature("observe").await;
    assert_eq!(told(&desk.api, Role::Analyst).await, "steady");
    for _ in 0..2 {
        vouched_for(&mut desk).await;
    }
    let api = &desk.api;
    for role in [Role::Admin, Role::Analyst, Role::Privacy] {
        assert_eq!(told(api, role).await, "changed", "{}", role.name());
        let key = api.key(role).await;
        for (filter, found) in
            [("drift=changed", 1), ("drift=steady", 0), ("mature=true&drift=changed", 1), ("mature=false", 0)]
        {
            let page = api.ok(&format!("/v1/subjects?{filter}"), &key).await;
            assert_eq!(page["subjects"].as_array().unwrap().len(), found, "{filter}");
        }
    }
    for role in [Role::Viewer, Role::Service] {
        assert_eq!(told(api, role).await, Value::Null, "{}", role.name());
        let key = api.key(role).await;
        assert_eq!(api.ok("/v1/subjects?mature=true", &key).await["subjects"].as_array().unwrap().len(), 1);
        for drift in ["steady", "drifting", "changed"] {
            let answer = api.get(&format!("/v1/subjects?drift={drift}"), &key).await;
            assert_eq!(answer.status, 403, "a filter tells what the list does not: {}", answer.text);
        }
    }
}
