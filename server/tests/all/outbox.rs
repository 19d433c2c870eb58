//! From a verdict to other systems: what is told, to whom, in which order, and what happens when they do not listen.

mod delivery;
mod formats;
mod judged;
mod lines;
mod reach;
mod receiver;
mod slow;
mod streams;
mod webhook;

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use tacit_server::app::App;
use tacit_server::app::outbox::deliver::deliver;
use tacit_server::app::outbox::tell;
use tacit_server::domain::{DestinationId, DeviceId, Role, SessionId, SubjectId};
use tacit_server::store::Unit;
use tacit_server::store::sessions::VerdictRow;
use uuid::{Uuid, uuid};

use crate::http::Api;
use receiver::Receiver;

/// Sessions of the seed.
const ONE: Uuid = uuid!("00000000-0000-0000-0000-0000000000e1");
const TWO: Uuid = uuid!("00000000-0000-0000-0000-0000000000e2");

/// Writes a verdict of a session of the seed as ingest does, as far as the outbox is concerned.
async fn tell_in(app: &App, unit: &mut Unit, session: Uuid, sequence: i64, verdict: &'static str) {
    let row = unit.lock_sessions(&[session]).await.unwrap().pop().unwrap();
    let verdict = VerdictRow {
        session: SessionId(session),
        sequence,
        subject: SubjectId(row.subject_id.0),
        device: DeviceId(row.device_id.0),
        at: app.ambient.now(),
        verdict,
        cause: (verdict == "different_person").then_some("takeover"),
        trust: Some(12.5),
        llr: Some(-3.0),
        reason: "typing unlike this person".to_owned(),
        evidence: json!([{ "family": "key_hold", "llr": -6.25, "words": "keys held longer" }]),
    };
    tell(app, unit, "default", &[verdict]).await.unwrap();
}

async fn give(app: &App, session: Uuid, sequence: i64, verdict: &'static str) {
    let mut unit = app.store.begin().await.unwrap();
    tell_in(app, &mut unit, session, sequence, verdict).await;
    unit.commit().await.unwrap();
}

/// A destination, and the secret that verifies what it is sent.
async fn webhook(api: &Api, name: &str, receiver: &Receiver, more: Value) -> (DestinationId, String) {
    let mut body = json!({ "name": name, "target": { "kind": "webhook", "url": receiver.url } });
    let Value::Object(more) = more else { panic!("not an object: {more}") };
    body.as_object_mut().unwrap().extend(more);
    let made = make(api, &body).await;
    let id: Uuid = made["destination"]["id"].as_str().unwrap().parse().unwrap();
    (DestinationId(id), made["secret"].as_str().unwrap().to_owned())
}

async fn make(api: &Api, body: &Value) -> Value {
    let key = api.key(Role::Admin).await;
    let made = api.give(Method::POST, "/v1/destinations", &key, body).await;
    assert_eq!(made.status, 200, "{}", made.text);
    made.json()
}

async fn shown(api: &Api, id: DestinationId) -> Value {
    let key = api.key(Role::Admin).await;
    api.ok(&format!("/v1/destinations/{id}"), &key).await
}

/// Delivers now, unless the server's own job is at it.
async fn deliver_now(app: &Arc<App>, id: DestinationId) {
    deliver(app, id).await.unwrap();
}
