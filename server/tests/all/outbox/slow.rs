//! A receiver that takes what it is pushed, and its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;
use tacit_server::domain::Role;
use time::Duration;

use super::streams::{PUSH, api, stream};
use super::{ONE, TWO, give};
use crate::common::eventually;
use crate::common::server::{START, TestClock};

struct Slow {
    clock: Arc<TestClock>,
    pool: PgPool,
    taken: AtomicI64,
    under_lease: AtomicI64,
}

/// Takes 50 s, and looks whether whoever calls may still deliver then.
async fn take(State(slow): State<Arc<Slow>>) -> StatusCode {
    let taken = slow.taken.fetch_add(1, Ordering::Relaxed) + 1;
    let now = START + Duration::seconds(50 * taken);
    slow.clock.set(now);
    let leased = sqlx::query_scalar("select count(*) from destination where leased_until > $1").bind(now);
    let leased: i64 = leased.fetch_one(&slow.pool).await.unwrap();
    slow.under_lease.fetch_add(leased, Ordering::Relaxed);
    StatusCode::ACCEPTED
}

#[tokio::test]
async fn whoever_delivers_to_a_slow_receiver_holds_its_lease_all_the_time() {
    let api = api().await;
    let (app, key) = (&api.server.app, api.key(Role::Service).await);
    let slow = Arc::new(Slow {
        clock: Arc::clone(&api.server.clock),
        pool: app.store.pool().clone(),
        taken: AtomicI64::new(0),
        under_lease: AtomicI64::new(0),
    });
    let router = Router::new().fallback(take).with_state(Arc::clone(&slow));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let made = stream(&api, &key, &json!({ "method": PUSH, "endpoint_url": url }), None).await;
    let status = async |status: &str| {
        let body = json!({ "stream_id": made["stream_id"], "status": status });
        assert_eq!(api.give(Method::POST, "/ssf/status", &key, &body).await.status, 200);
    };
    // Both wait, so that one batch could hold both: three tokens each.
    status("paused").await;
    give(app, ONE, 2, "different_person").await;
    give(app, TWO, 2, "different_person").await;
    status("enabled").await;
    let taken = async || (slow.taken.load(Ordering::Relaxed) == 6).then_some(());
    eventually("all tokens are taken", taken).await;
    let done = "select count(*) from delivery where state = 'delivered'";
    eventually("all is noted", async || (api.server.count(done).await == 2).then_some(())).await;
    assert_eq!((slow.taken.load(Ordering::Relaxed), slow.under_lease.load(Ordering::Relaxed)), (6, 6));
}
