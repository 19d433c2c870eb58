//! The server knocks at no door that only it can reach.

use axum::http::Method;
use serde_json::json;
use tacit_server::domain::Role;

use super::receiver::{Does, Receiver};
use super::webhook;
use crate::common::server::Server;
use crate::http::Api;

#[tokio::test]
async fn private_addresses_are_called_only_where_the_settings_open_them_by_name_or_by_number() {
    let api = Api::of(Server::with(|settings| settings.out.networks.clear()).await);
    let key = api.key(Role::Admin).await;
    let receiver = Receiver::start().await;
    let body = json!({ "name": "inside", "target": { "kind": "webhook", "url": receiver.url } });
    let refused = api.give(Method::POST, "/v1/destinations", &key, &body).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("out.networks"), "{}", refused.text);
    // A name says nothing before it is resolved.
    let url = receiver.url.replace("http", "https").replace("127.0.0.1", "localhost");
    let body = json!({ "name": "inside", "target": { "kind": "webhook", "url": url } });
    let made = api.give(Method::POST, "/v1/destinations", &key, &body).await.json();
    let path = format!("/v1/destinations/{}/test", made["destination"]["id"].as_str().unwrap());
    let trial = api.call(Method::POST, &path, Some(&key)).await.json();
    assert_eq!(trial["delivered"], false);
    assert!(trial["error"].as_str().unwrap().contains("out.networks"), "{trial}");
    assert_eq!(receiver.requests().len(), 0);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let api = Api::start().await;
    let [receiver, other] = [Receiver::start().await, Receiver::start().await];
    let (id, _) = webhook(&api, "siem", &receiver, json!({})).await;
    receiver.does(Does::Redirect(other.url.clone()));
    let key = api.key(Role::Admin).await;
    let trial = api.call(Method::POST, &format!("/v1/destinations/{id}/test"), Some(&key)).await.json();
    assert_eq!(trial["delivered"], false);
    assert!(trial["error"].as_str().unwrap().contains("307"), "{trial}");
    assert_eq!((receiver.requests().len(), other.requests().len()), (1, 0));
}
