//! A workstation whose clock is off is heard all the same, and its clock is seen.

use tacit_agent::enrol::{device_info, enrol};
use tacit_agent::identity::Identity;
use tacit_agent::spool::Spool;
use tacit_agent::uplink::{SharedSpool, Uplink, probe};
use tacit_server::domain::Role;
use tokio::sync::watch;

use crate::common::eventually;
use crate::common::server::{START, Server};
use crate::common::windows::{opened, session_id};
use crate::http::Api;

/// Three hours ahead of the server's clock.
fn ahead_ms() -> u64 {
    u64::try_from(START.unix_timestamp_nanos() / 1_000_000).unwrap() + 3 * 3_600_000
}

#[tokio::test]
async fn a_device_whose_clock_is_hours_off_is_heard_and_its_clock_is_seen() {
    let api = Api::of(Server::start().await);
    let server = &api.server;
    let state = tempfile::tempdir().unwrap();
    let token = server.token().await;
    let identity = enrol(state.path(), &server.url, None, &token, true, device_info(None)).await.unwrap();
    let id = identity.enrolled.device_id.clone();
    let skew = probe(&Identity::load(state.path()).unwrap(), true, ahead_ms).await.unwrap();
    assert_eq!(skew.ahead_ms(), 3 * 3_600_000);

    let spool = SharedSpool::new(Spool::open(state.path()).unwrap());
    spool.append(&[opened(session_id(), START, "user-1")]).unwrap();
    let (_capture, capture) = watch::channel(tacit_proto::v1::Capture::Running);
    let (uplink, _from_server) = Uplink::new(identity, true, spool.clone(), ahead_ms, capture).unwrap();
    let sending = tokio::spawn(uplink.run());
    let key = api.key(Role::Viewer).await;
    let device = eventually("the clock is seen", async || {
        let device = api.ok(&format!("/v1/devices/{id}"), &key).await;
        (!device["clock_ahead_ms"].is_null()).then_some(device)
    })
    .await;
    assert_eq!(device["clock_ahead_ms"], 3 * 3_600_000);
    let mut waiting = spool.waiting();
    waiting.wait_for(|left| *left == 0).await.unwrap();
    sending.abort();
}
