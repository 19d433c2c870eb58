//! The access table against the routes, row by row, both ways.

use std::collections::BTreeSet;

use axum::http::{Method, header};
use serde_json::Value;
use tacit_server::domain::Role;
use tacit_server::domain::access::{RULES, Who, rule};

use super::{Api, DEVICE};
use crate::common::eventually;
use crate::common::server::START;

/// `METHOD /path` of every route that the description names.
pub(super) fn routes() -> BTreeSet<String> {
    let api: Value = serde_json::to_value(tacit_server::http::openapi()).unwrap();
    let paths = api["paths"].as_object().unwrap();
    let calls = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    calls.collect()
}

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    let rows = RULES.iter().map(|rule| rule.call).filter(|call| !call.starts_with("/tacit.v1."));
    let mut offered = routes();
    // The dashboard is no part of the API that the description is about.
    offered.extend(tacit_server::web::CALLS.map(str::to_owned));
    assert_eq!(offered, rows.map(str::to_owned).collect());
}

#[tokio::test]
async fn every_row_lets_in_exactly_who_it_names() {
    let api = Api::start().await;
    let mut callers = vec![(None, None)];
    for role in Role::ALL {
        callers.push((Some(role), Some(api.key(role).await)));
    }
    for call in routes() {
        let who = rule(&call).unwrap().who;
        let (method, path) = call.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        let path = path.replace("{id}", DEVICE).replace("{group}", "default");
        let path = path.replace("{file}", "swagger-ui.css");
        for (role, key) in &callers {
            let answer = api.call(method.clone(), &path, key.as_deref()).await;
            let status = answer.status.as_u16();
            match (who, role) {
                (Who::Anyone, _) => assert!(![401, 403].contains(&status), "{call} {role:?}: {status}"),
                (Who::Roles(roles), Some(role)) if roles.contains(role) => {
                    // Let in, and then told that a body is wanted.
                    assert!([200, 400, 404].contains(&status), "{call} {role:?}: {status}");
                }
                (_, Some(_)) => assert_eq!(status, 403, "{call} {role:?}"),
                (_, None) => {
                    assert_eq!(status, 401, "{call}");
                    assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer realm=\"tacit\"");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_key_serves_until_it_expires_or_is_revoked() {
    let api = Api::start().await;
    let key = api.key(Role::Viewer).await;
    let status = async |key: &str| api.get("/v1/devices", key).await.status.as_u16();
    // What changes is told, and heard a moment later.
    let becomes = async |expected: u16| {
        eventually("the key is judged anew", async || (status(&key).await == expected).then_some(())).await;
    };
    let change = async |sql: &'static str| {
        sqlx::query(sql).bind(START).execute(api.server.app.store.pool()).await.unwrap();
    };
    assert_eq!(status(&key).await, 200);
    assert_eq!(status(&format!("{key}x")).await, 401);
    assert_eq!(status("tacit_").await, 401);
    change("update api_key set expires_at = $1::timestamptz + interval '1 second'").await;
    assert_eq!(status(&key).await, 200);
    change("update api_key set expires_at = $1").await;
    becomes(401).await;
    change("update api_key set expires_at = null").await;
    becomes(200).await;
    change("update api_key set revoked_at = $1").await;
    becomes(401).await;
    change("update api_key set revoked_at = null, expires_at = $1::timestamptz + interval '1 second'").await;
    becomes(200).await;
    // Nobody need tell of this.
    api.server.clock.set(START + time::Duration::seconds(1));
    assert_eq!(status(&key).await, 401);
}
