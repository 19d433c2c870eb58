//! What is sent, as the libraries that receivers use read it.

use axum::http::Method;
use serde_json::{Value, json};
use tacit_server::domain::Role;

use super::receiver::{Receiver, Request};
use super::streams::{PUSH, api as api_with_issuer, stream};
use super::{ONE, give, webhook};
use crate::common::others::judged_as_received;
use crate::common::server::START;
use crate::http::Api;

/// A webhook as a receiver that holds a secret would check it, a while after it was sent.
fn received(request: &Request, secret: &str, later: i64) -> Value {
    let headers = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers: Value =
        headers.iter().map(|name| (*name, json!(request.headers[*name].to_str().unwrap()))).collect();
    let now = START.unix_timestamp() + later;
    json!({ "judge": "webhook", "secret": secret, "headers": headers, "body": request.text, "now": now })
}

#[tokio::test]
async fn the_library_of_standard_webhooks_takes_what_is_sent_in_time_and_unaltered() {
    let api = Api::start().await;
    let receiver = Receiver::start().await;
    let (id, old) = webhook(&api, "siem", &receiver, json!({})).await;
    let (_, another) = webhook(&api, "another", &Receiver::start().await, json!({})).await;
    let key = api.key(Role::Admin).await;
    give(&api.server.app, ONE, 2, "different_person").await;
    let sent = receiver.has_taken(1).await.remove(0);
    let renewed = api.give(Method::POST, &format!("/v1/destinations/{id}/secret"), &key, &json!({})).await;
    let new = renewed.json()["secret"].as_str().unwrap().to_owned();
    give(&api.server.app, ONE, 3, "genuine").await;
    let sent_by_both = receiver.has_taken(2).await.remove(1);
    let (mut altered, mut renamed) = (sent.clone(), sent.clone());
    altered.text = altered.text.replace("different_person", "genuine");
    renamed.headers.insert("webhook-id", "another".parse().unwrap());
    let cases = [
        (received(&sent, &old, 0), Ok(&sent)),
        (received(&sent, &old, 240), Ok(&sent)),
        (received(&sent_by_both, &old, 0), Ok(&sent_by_both)),
        (received(&sent_by_both, &new, 0), Ok(&sent_by_both)),
        (received(&sent, &old, 301), Err("too old")),
        (received(&sent, &old, -301), Err("too new")),
        (received(&sent, &new, 0), Err("No matching signature")),
        (received(&sent, &another, 0), Err("No matching signature")),
        (received(&altered, &old, 0), Err("No matching signature")),
        (received(&renamed, &old, 0), Err("No matching signature")),
    ];
    let given: Vec<_> = cases.iter().map(|(case, _)| case).collect();
    for ((case, expected), answer) in cases.iter().zip(judged_as_received(&json!(given)).await) {
        match expected {
            Ok(request) => assert_eq!(answer["ok"]["data"]["id"], request.id(), "{answer} {case:#}"),
            Err(why) => assert!(answer["refused"].as_str().unwrap().contains(why), "{answer} {case:#}"),
        }
    }
}

/// Members that CAEP 1.0 requires of an event, each with the values that exist; any text where it names none.
fn required(event: &str) -> &'static [(&'static str, &'static [&'static str])] {
    match event.strip_prefix("https://schemas.openid.net/secevent/caep/event-type/") {
        Some("risk-level-change") => &[
            ("principal", &["USER", "DEVICE", "SESSION", "TENANT", "ORG_UNIT", "GROUP"]),
            ("current_level", &["LOW", "MEDIUM", "HIGH"]),
        ],
        Some("assurance-level-change") => &[("namespace", &[]), ("current_level", &[])],
        Some("session-revoked") => &[],
        _ => panic!("not of CAEP: {event}"),
    }
}

#[tokio::test]
async fn jose_takes_tokens_by_the_published_keys_and_they_say_what_caep_requires() {
    let api = api_with_issuer().await;
    let key = api.key(Role::Service).await;
    let receiver = Receiver::start().await;
    let delivery = json!({ "method": PUSH, "endpoint_url": receiver.url });
    let made = stream(&api, &key, &delivery, None).await;
    give(&api.server.app, ONE, 2, "different_person").await;
    give(&api.server.app, ONE, 3, "genuine").await;
    let tokens: Vec<_> = receiver.has_taken(5).await.into_iter().map(|request| request.text).collect();
    let configuration = api.call(Method::GET, "/.well-known/ssf-configuration", None).await.json();
    let issuer = configuration["issuer"].as_str().unwrap();
    let keys = configuration["jwks_uri"].as_str().unwrap().strip_prefix(issuer).unwrap();
    let keys = api.call(Method::GET, keys, None).await.json();
    let case = |token: &str, audience: &Value| {
        json!({
            "judge": "token", "token": token, "keys": keys, "issuer": issuer, "audience": audience,
            "now": START.unix_timestamp(),
        })
    };
    let mut cases: Vec<_> = tokens.iter().map(|token| case(token, &made["aud"])).collect();
    // Another event under the first one's signature.
    let parts = |at: usize| tokens[at].split('.').collect::<Vec<_>>();
    let mixed = format!("{}.{}.{}", parts(0)[0], parts(1)[1], parts(0)[2]);
    cases.extend([case(&mixed, &made["aud"]), case(&tokens[0], &json!("https://another.example"))]);
    let answers = judged_as_received(&json!(cases)).await;
    for answer in &answers[..tokens.len()] {
        assert!(answer["refused"].is_null(), "{answer:#}");
        let claims = &answer["ok"]["claims"];
        // RFC 8417 and SSF 1.0: no `sub` and no `exp`, and one event each.
        assert!(claims["sub"].is_null() && claims["exp"].is_null());
        assert!(claims["sub_id"]["format"].is_string() && claims["jti"].is_string());
        let [(uri, event)] = claims["events"].as_object().unwrap().iter().collect::<Vec<_>>()[..] else {
            panic!("{claims:#}");
        };
        for (name, values) in required(uri) {
            let value = event[name].as_str().unwrap_or_else(|| panic!("{uri} lacks {name}: {event:#}"));
            assert!(values.is_empty() || values.contains(&value), "{uri} {name} {value}");
        }
        assert_eq!(event["event_timestamp"], START.unix_timestamp());
        assert!(["admin", "user", "policy", "system"].map(Value::from).contains(&event["initiating_entity"]));
        assert!(event["reason_admin"]["en"].is_string());
    }
    let refused: Vec<_> =
        answers[tokens.len()..].iter().map(|answer| answer["refused"].as_str().unwrap()).collect();
    assert!(refused[0].starts_with("ERR_JWS_SIGNATURE_VERIFICATION_FAILED"), "{refused:?}");
    assert!(refused[1].starts_with("ERR_JWT_CLAIM_VALIDATION_FAILED"), "{refused:?}");
}
