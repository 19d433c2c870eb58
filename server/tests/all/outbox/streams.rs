//! Shared Signals: streams of signed security event tokens, to receivers of the test's own that trust nothing but the keys
//! that the server publishes.

use std::collections::BTreeSet;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tacit_server::domain::Role;
use time::Duration;

use super::receiver::{Does, Receiver};
use super::{ONE, TWO, give};
use crate::common::eventually;
use crate::common::server::{START, Server};
use crate::http::Api;
use crate::response::Desk;

const ISSUER: &str = "https://tacit.example:7080";
const CAEP: &str = "https://schemas.openid.net/secevent/caep/event-type/";
pub(super) const PUSH: &str = "urn:ietf:rfc:8935";
const POLL: &str = "urn:ietf:rfc:8936";

pub(super) async fn api() -> Api {
    Api::seeded(Server::with(|settings| settings.out.issuer = Some(ISSUER.to_owned())).await).await
}

/// Verifies tokens by the published keys, and takes each once.
struct Verifier {
    keys: Value,
    audience: String,
    seen: BTreeSet<String>,
}

impl Verifier {
    async fn of(api: &Api, audience: &Value) -> Self {
        let configuration = api.call(Method::GET, "/.well-known/ssf-configuration", None).await.json();
        assert_eq!(configuration["issuer"], ISSUER);
        let path = configuration["jwks_uri"].as_str().unwrap().strip_prefix(ISSUER).unwrap().to_owned();
        let keys = api.call(Method::GET, &path, None).await.json();
        Self { keys, audience: audience.as_str().unwrap().to_owned(), seen: BTreeSet::new() }
    }

    /// The claims of a token that has not been seen before.
    fn take(&mut self, token: &str) -> Value {
        let [head, claims, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        let header: Value = serde_json::from_slice(&decode(head)).unwrap();
        assert_eq!((&header["typ"], &header["alg"]), (&json!("secevent+jwt"), &json!("ES256")));
        let key =
            self.keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).unwrap();
        let point =
            [&[4][..], &decode(key["x"].as_str().unwrap()), &decode(key["y"].as_str().unwrap())].concat();
        let signed = format!("{head}.{claims}");
        let verifier = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point);
        verifier.verify(signed.as_bytes(), &decode(signature)).unwrap();
        assert!(verifier.verify(format!("{signed}x").as_bytes(), &decode(signature)).is_err());
        let claims: Value = serde_json::from_slice(&decode(claims)).unwrap();
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!(self.audience)));
        assert!(claims["exp"].is_null() && claims["sub"].is_null());
        assert_eq!(claims["events"].as_object().unwrap().len(), 1);
        assert!(self.seen.insert(claims["jti"].as_str().unwrap().to_owned()), "seen before: {claims}");
        claims
    }
}

/// The last part of the name of a token's event, and what it says.
fn event(claims: &Value) -> (String, Value) {
    let (uri, event) = claims["events"].as_object().unwrap().iter().next().unwrap();
    (uri.rsplit('/').next().unwrap().to_owned(), event.clone())
}

pub(super) async fn stream(api: &Api, key: &str, delivery: &Value, events: Option<&[&str]>) -> Value {
    let mut body = json!({ "delivery": delivery, "description": "the company's identity provider" });
    if let Some(events) = events {
        body["events_requested"] = json!(events);
    }
    let made = api.give(Method::POST, "/ssf/streams", key, &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()
}

#[tokio::test]
async fn pushed_tokens_are_signed_say_what_changed_and_come_again_until_they_are_taken() {
    let api = api().await;
    let app = &api.server.app;
    let key = api.key(Role::Service).await;
    let receiver = Receiver::start().await;
    let delivery =
        json!({ "method": PUSH, "endpoint_url": receiver.url, "authorization_header": "Bearer hush" });
    let made = stream(&api, &key, &delivery, None).await;
    assert_eq!(made["events_delivered"].as_array().unwrap().len(), 3);
    assert!(!made.to_string().contains("hush"));
    receiver.does(Does::Answer(503));
    give(app, ONE, 2, "different_person").await;
    give(app, ONE, 3, "genuine").await;
    // Noted, too: what is noted later waits from then on.
    let failing = "select count(*) from destination where failing > 0";
    eventually("it was tried", async || (api.server.count(failing).await > 0).then_some(())).await;
    receiver.does(Does::Answer(202));
    api.server.clock.set(START + Duration::minutes(10));
    let taken = receiver.has_taken(5).await;
    let mut verifier = Verifier::of(&api, &made["aud"]).await;
    let claims: Vec<Value> = taken.iter().map(|request| verifier.take(&request.text)).collect();
    assert_eq!(taken[0].headers["content-type"], "application/secevent+jwt");
    assert_eq!(taken[0].headers["authorization"], "Bearer hush");
    let events: Vec<_> = claims.iter().map(event).collect();
    let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
    let accused = ["risk-level-change", "session-revoked", "assurance-level-change"];
    assert_eq!(names, [&accused[..], &["risk-level-change", "assurance-level-change"][..]].concat());
    assert_eq!(events[0].1["current_level"], "HIGH");
    assert_eq!((&events[0].1["principal"], &events[0].1["previous_level"]), (&json!("USER"), &json!("LOW")));
    assert_eq!(events[0].1["event_timestamp"], START.unix_timestamp());
    assert_eq!(events[2].1["change_direction"], "decrease");
    assert_eq!(
        (&events[3].1["current_level"], &events[4].1["change_direction"]),
        (&json!("LOW"), &json!("increase"))
    );
    for claims in &claims {
        assert_eq!(claims["sub_id"], json!({ "format": "opaque", "id": "subject-one" }));
    }
    // The same id with every attempt.
    let mut first = Verifier { seen: BTreeSet::new(), ..verifier };
    let tried = first.take(&receiver.requests()[0].text);
    assert_eq!(tried["jti"], claims[0]["jti"]);
}

#[tokio::test]
async fn a_receiver_that_polls_gets_each_token_until_it_acknowledges() {
    let api = api().await;
    let app = &api.server.app;
    let key = api.key(Role::Service).await;
    let wanted = [format!("{CAEP}risk-level-change"), "https://example.com/unknown".to_owned()];
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let made = stream(&api, &key, &json!({ "method": POLL }), Some(&wanted)).await;
    assert_eq!(made["events_delivered"], json!([wanted[0]]));
    let url = made["delivery"]["endpoint_url"].as_str().unwrap().strip_prefix(ISSUER).unwrap().to_owned();
    let poll = async |more: Value| {
        let mut body = json!({ "returnImmediately": true });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = api.give(Method::POST, &url, &key, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    };
    assert_eq!(poll(json!({})).await, json!({ "sets": {}, "moreAvailable": false }));
    give(app, ONE, 2, "different_person").await;
    give(app, ONE, 3, "genuine").await;
    give(app, TWO, 4, "silent").await;
    let id = &made["stream_id"];
    let verify = json!({ "stream_id": id, "state": "abc" });
    assert_eq!(api.give(Method::POST, "/ssf/verify", &key, &verify).await.status, 204);

    let mut verifier = Verifier::of(&api, &made["aud"]).await;
    let first = poll(json!({ "maxEvents": 1 })).await;
    assert_eq!((first["sets"].as_object().unwrap().len(), &first["moreAvailable"]), (1, &json!(true)));
    // Of each session the first, and the verification.
    let page = poll(json!({})).await;
    let sets = page["sets"].as_object().unwrap().clone();
    assert_eq!((sets.len(), &page["moreAvailable"]), (3, &json!(true)));
    let mut levels = BTreeSet::new();
    for (jti, token) in &sets {
        let claims = verifier.take(token.as_str().unwrap());
        assert_eq!(claims["jti"], jti.as_str());
        let (name, event) = event(&claims);
        levels.insert(format!("{name} {}{}", event["current_level"], event["state"]));
        if name == "verification" {
            assert_eq!(claims["sub_id"], json!({ "format": "opaque", "id": id }));
        }
    }
    let expected =
        ["risk-level-change \"HIGH\"null", "risk-level-change \"MEDIUM\"null", "verification null\"abc\""];
    assert_eq!(levels, expected.map(str::to_owned).into());
    // Not acknowledged: answered again.
    assert_eq!(poll(json!({})).await["sets"].as_object().unwrap().len(), 3);
    let mut jtis: Vec<&String> = sets.keys().collect();
    let refused = jtis.pop().unwrap();
    let errors = json!({ refused.as_str(): { "err": "invalid_audience", "description": "not for me" } });
    let rest = poll(json!({ "ack": jtis, "setErrs": errors })).await;
    let rest = rest["sets"].as_object().unwrap().clone();
    assert!(rest.keys().all(|jti| !sets.contains_key(jti)));
    let state = api
        .server
        .count(
            "select count(*) from delivery where state = 'dead' and error = 'invalid_audience: not for me'",
        )
        .await;
    assert_eq!(state, 1);
    let last = poll(json!({ "maxEvents": 0, "ack": rest.keys().collect::<Vec<_>>() })).await;
    assert_eq!(last, json!({ "sets": {}, "moreAvailable": false }));
    assert_eq!(api.server.count("select count(*) from delivery where state = 'delivered'").await, 3);
}

#[tokio::test]
async fn a_stream_is_managed_by_who_made_it_and_kept_while_it_is_paused() {
    let api = api().await;
    let app = &api.server.app;
    let (key, other, admin) =
        (api.key(Role::Service).await, api.key(Role::Service).await, api.key(Role::Admin).await);
    let receiver = Receiver::start().await;
    let delivery = json!({ "method": PUSH, "endpoint_url": receiver.url });
    let made = stream(&api, &key, &delivery, Some(&[&format!("{CAEP}session-revoked")])).await;
    let id = made["stream_id"].as_str().unwrap();
    let path = format!("/ssf/streams?stream_id={id}");
    for (key, status, count) in [(&key, 200, 1), (&admin, 200, 1), (&other, 404, 0)] {
        assert_eq!(api.call(Method::GET, &path, Some(key)).await.status, status);
        assert_eq!(api.ok("/ssf/streams", key).await.as_array().unwrap().len(), count);
    }
    assert_eq!(api.call(Method::DELETE, &path, Some(&other)).await.status, 404);

    let status = async |status: &str| {
        let body = json!({ "stream_id": id, "status": status });
        api.give(Method::POST, "/ssf/status", &key, &body).await
    };
    assert_eq!(status("asleep").await.status, 400);
    assert_eq!(status("paused").await.json()["status"], "paused");
    give(app, ONE, 2, "different_person").await;
    assert_eq!(status("enabled").await.json()["status"], "enabled");
    receiver.has_taken(1).await;
    status("disabled").await;
    give(app, TWO, 2, "different_person").await;
    status("enabled").await;
    let changed = json!({ "stream_id": id, "events_requested": [format!("{CAEP}risk-level-change")] });
    let changed = api.give(Method::PATCH, "/ssf/streams", &key, &changed).await.json();
    assert_eq!(changed["events_delivered"], json!([format!("{CAEP}risk-level-change")]));
    give(app, TWO, 3, "genuine").await;
    let mut verifier = Verifier::of(&api, &made["aud"]).await;
    let taken = receiver.has_taken(2).await;
    let names: Vec<_> = taken.iter().map(|request| event(&verifier.take(&request.text)).0).collect();
    assert_eq!(names, ["session-revoked", "risk-level-change"]);
    assert_eq!(api.call(Method::DELETE, &path, Some(&key)).await.status, 204);
    assert_eq!(api.call(Method::GET, &path, Some(&key)).await.status, 404);
    for (body, says) in [
        (json!({}), "delivery must say how"),
        (json!({ "delivery": { "method": "pigeon" } }), PUSH),
        (json!({ "delivery": { "method": PUSH } }), "where to push to"),
    ] {
        let refused = api.give(Method::POST, "/ssf/streams", &key, &body).await;
        assert_eq!(refused.status, 400);
        assert!(refused.text.contains(says), "{}", refused.text);
    }
}

#[tokio::test]
async fn accounts_are_named_only_after_an_administrator_said_why() {
    let mut desk = Desk::mature("observe").await;
    let api = &desk.api;
    let (key, admin) = (api.key(Role::Service).await, api.key(Role::Admin).await);
    let receiver = Receiver::start().await;
    let events = ["risk-level-change"].map(|name| format!("{CAEP}{name}"));
    let delivery = json!({ "method": PUSH, "endpoint_url": receiver.url });
    let made = stream(api, &key, &delivery, Some(&[&events[0]])).await;
    let path = format!("/v1/destinations/{}", made["stream_id"].as_str().unwrap());
    let mut wanted = json!({
        "name": "idp",
        "target": {
            "kind": "push_stream", "url": receiver.url, "audience": "https://idp.example",
            "events": ["risk-level-change"], "subject": { "format": "iss_sub", "iss": "https://idp.example" },
        },
    });
    let refused = api.give(Method::PUT, &path, &admin, &wanted).await;
    assert_eq!((refused.status.as_u16(), refused.json()["field"].as_str()), (400, Some("names_reason")));
    assert_eq!(api.give(Method::PUT, &path, &key, &wanted).await.status, 403);
    wanted["names_reason"] = json!("the identity provider ends sessions by account");
    let changed = api.give(Method::PUT, &path, &admin, &wanted).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let session = desk.open().await;
    desk.strangers(session, 2..14).await;
    let token = receiver.has_taken(1).await[0].text.clone();
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(
        claims["sub_id"],
        json!({ "format": "iss_sub", "iss": "https://idp.example", "sub": "user-1" })
    );
    assert_eq!(claims["aud"], "https://idp.example");
}
