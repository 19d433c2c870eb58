//! A device's key is replaced without a visit.

use std::path::Path;

use aws_lc_rs::signature::Ed25519KeyPair;
use tacit_agent::enrol::{device_info, enrol};
use tacit_agent::identity::Identity;
use tacit_agent::rotate::rotate;
use tacit_agent::uplink::probe;
use tacit_server::app::devices;
use tacit_server::domain::{Caller, DeviceId};
use tonic::Code;

use crate::common::server::{START, Server};

fn now_ms() -> u64 {
    u64::try_from(START.unix_timestamp_nanos() / 1_000_000).unwrap()
}

fn fresh() -> Ed25519KeyPair {
    Ed25519KeyPair::generate().unwrap()
}

#[tokio::test]
async fn a_device_that_holds_both_keys_changes_from_one_to_the_other() {
    let server = Server::start().await;
    let mut device = server.device().await;
    let old = device.sign(&device.claims(START));
    let next = fresh();
    let proof = device.rotation_proof(&next);
    device.rotate(next, &proof, START).await.unwrap();
    device.stream(START).await.unwrap().next().await.unwrap();
    let refused = device.stream_with(&old).await.err().unwrap();
    assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
    assert!(refused.message().contains("signature"), "{refused}");
    let acts = "select action, actor, object, details from audit order by seq";
    let acts: Vec<(String, String, String, String)> =
        sqlx::query_as(acts).fetch_all(server.app.store.pool()).await.unwrap();
    let name = format!("device:{}", device.id);
    let of_device: Vec<&str> = acts
        .iter()
        .filter(|(_, actor, object, _)| *actor == name && *object == name)
        .map(|(action, ..)| action.as_str())
        .collect();
    assert_eq!(of_device, ["device_enrolled", "device_key_rotated"]);
    assert!(acts.iter().all(|(.., details)| !details.contains("desk-1")), "{acts:?}");
    assert_eq!(server.count("select count(*) from device where key_since = '2026-03-02 09:00Z'").await, 1);
}

#[tokio::test]
async fn a_key_that_is_not_in_the_devices_hands_is_not_taken() {
    let server = Server::start().await;
    let (mut device, other) = (server.device().await, server.device().await);
    let next = fresh();
    // A proof for another device, of another key, of none.
    for proof in [other.rotation_proof(&next), device.rotation_proof(&fresh()), Vec::new()] {
        let refused = device.rotate(fresh(), &proof, START).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    }
    device.stream(START).await.unwrap().next().await.unwrap();

    let (store, ambient) = (&server.app.store, &server.app.ambient);
    devices::revoke(store, ambient, &Caller::Console, DeviceId(device.id)).await.unwrap();
    let proof = device.rotation_proof(&next);
    let refused = device.rotate(next, &proof, START).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
}

#[tokio::test]
async fn a_device_that_asks_for_keys_without_end_is_refused_alone() {
    let server = Server::start().await;
    let (mut device, mut other) = (server.device().await, server.device().await);
    for _ in 0..10 {
        let next = fresh();
        let proof = device.rotation_proof(&next);
        device.rotate(next, &proof, START).await.unwrap();
    }
    let next = fresh();
    let proof = device.rotation_proof(&next);
    let refused = device.rotate(next, &proof, START).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    assert!(refused.message().contains("more than 10 times an hour"), "{refused}");
    let next = fresh();
    let proof = other.rotation_proof(&next);
    other.rotate(next, &proof, START).await.unwrap();
    device.stream(START).await.unwrap().next().await.unwrap();
}

/// An agent's state folder, enrolled.
async fn agent(server: &Server, state: &Path) {
    let token = server.token().await;
    enrol(state, &server.url, None, &token, true, device_info(None)).await.unwrap();
}

#[tokio::test]
async fn the_agent_changes_its_key_also_if_an_answer_was_lost() {
    let server = Server::start().await;
    let state = tempfile::tempdir().unwrap();
    agent(&server, state.path()).await;
    let (key, next) = (state.path().join("device.key"), state.path().join("device.key.next"));
    let first = std::fs::read(&key).unwrap();
    rotate(state.path(), true, now_ms).await.unwrap();
    let second = std::fs::read(&key).unwrap();
    assert!(first != second && !next.exists());
    let accepted = async || probe(&Identity::load(state.path()).unwrap(), true, now_ms).await.is_ok();
    assert!(accepted().await);

    // As if the answer had been lost: the server has the second key, the agent the first, and the second beside it.
    std::fs::rename(&key, &next).unwrap();
    std::fs::write(&key, &first).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    assert!(!accepted().await);
    rotate(state.path(), true, now_ms).await.unwrap();
    assert!(std::fs::read(&key).unwrap() == second && !next.exists());
    assert!(accepted().await);
    assert_eq!(server.count("select count(*) from device").await, 1);
}
