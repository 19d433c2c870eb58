//! From records to windows, verdicts and profiles.

use tacit_proto::v1::record::Body;
use tacit_proto::v1::server_message::Message as Down;
use tacit_proto::{FeatureStats, Modality, Stat, catalogue, v1};
use tacit_server::config::ResponseKind;
use tacit_server::secrets::Purpose;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::common::eventually;
use crate::common::server::{START, Server};
use crate::common::windows::{keyboard, opened, record, session_id, whole, window};

#[tokio::test]
async fn a_session_becomes_windows_verdicts_and_a_profile() {
    let server = Server::start().await;
    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let session = session_id();
    let records = whole(session, START, "User-1", 5);
    for record in &records {
        stream.send(record).await;
    }
    stream.acked(session, 7).await.unwrap();

    assert_eq!(server.count("select count(*) from feature_window").await, 5);
    assert_eq!(server.count("select count(*) from verdict where verdict = 'learning'").await, 5);
    assert_eq!(server.count("select count(*) from session_event").await, 2);
    assert_eq!(
        server.count("select last_sequence from session where state is null and closed_at is not null").await,
        7
    );
    let inputs = "select (maturity->0->>'inputs')::bigint from profile where version = 1";
    assert_eq!(server.count(inputs).await, 750);
}

#[tokio::test]
async fn touch_is_stored_and_learned_under_its_name() {
    let server = Server::start().await;
    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let session = session_id();
    stream.send(&opened(session, START, "user-1")).await;
    let mut stats = FeatureStats::new();
    stats.add(catalogue::TOUCH_LENGTH, &Stat::new(20, 6.0, 0.2).unwrap());
    for sequence in 2..=4 {
        let touched = v1::Window::pack(Modality::Touch, 20, 60_000, 0, &stats);
        stream.send(&record(session, sequence, START, Body::Window(touched))).await;
    }
    stream.send(&record(session, 5, START, Body::Closed(v1::SessionClosed {}))).await;
    stream.acked(session, 5).await.unwrap();

    assert_eq!(server.count("select count(*) from feature_window where modality = 'touch'").await, 3);
    let learned =
        "select (maturity->0->>'inputs')::bigint from profile where maturity->0->>'modality' = 'touch'";
    assert_eq!(server.count(learned).await, 60);
}

#[tokio::test]
async fn the_account_is_stored_as_a_pseudonym_and_a_sealed_name() {
    let server = Server::start().await;
    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    // Directories compare names without case.
    for account in ["User-1", "user-1"] {
        let session = session_id();
        stream.send(&opened(session, START, account)).await;
        stream.acked(session, 1).await.unwrap();
    }
    let (id, pseudonym, sealed): (Uuid, String, Vec<u8>) =
        sqlx::query_as("select id, pseudonym, ciphertext from subject join subject_name on subject_id = id")
            .fetch_one(server.app.store.pool())
            .await
            .unwrap();
    assert!(pseudonym.starts_with("s_") && !pseudonym.contains("user"));
    assert!(!sealed.windows(4).any(|w| w.eq_ignore_ascii_case(b"user")));
    assert_eq!(server.app.secrets.open(Purpose::Name, id, &sealed).unwrap(), b"User-1");
    assert!(server.app.secrets.open(Purpose::Profile, id, &sealed).is_err());
    assert!(server.app.secrets.open(Purpose::Name, session_id(), &sealed).is_err());
}

#[tokio::test]
async fn what_was_seen_is_acknowledged_again_and_counted_once() {
    let server = Server::start().await;
    let device = server.device().await;
    let session = session_id();
    let records = whole(session, START, "user-1", 4);
    for upto in [3, 5, 6] {
        // Each stream ends without the agent knowing what arrived, so that it begins anew.
        let mut stream = device.stream(START).await.unwrap();
        for record in &records[..upto] {
            stream.send(record).await;
        }
        stream.acked(session, upto as u64).await.unwrap();
    }
    assert_eq!(server.count("select count(*) from feature_window").await, 4);
    assert_eq!(server.count("select count(*) from verdict").await, 4);
    assert_eq!(server.count("select version from profile").await, 1);
}

#[tokio::test]
async fn a_record_set_aside_by_the_agent_leaves_a_gap_that_is_accepted() {
    let server = Server::start().await;
    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let session = session_id();
    stream.send(&opened(session, START, "user-1")).await;
    stream.send(&window(session, 2, START)).await;
    stream.send(&window(session, 9, START)).await;
    stream.acked(session, 9).await.unwrap();
    assert_eq!(server.count("select count(*) from feature_window").await, 2);
}

#[tokio::test]
async fn records_of_a_clock_that_was_ahead_are_kept_under_the_servers_time() {
    let server = Server::start().await;
    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let session = session_id();
    let ahead = START + Duration::hours(2);
    stream.send(&opened(session, ahead, "user-1")).await;
    stream.send(&window(session, 2, ahead)).await;
    stream.send(&window(session, 3, START + Duration::days(730))).await;
    // Set right, or nearly.
    stream.send(&window(session, 4, START + Duration::minutes(9))).await;
    stream.send(&window(session, 5, START - Duration::MINUTE)).await;
    stream.send(&record(session, 6, START, Body::Closed(v1::SessionClosed {}))).await;
    stream.acked(session, 6).await.unwrap();
    let at: Vec<OffsetDateTime> = sqlx::query_scalar("select at from feature_window order by sequence")
        .fetch_all(server.app.store.pool())
        .await
        .unwrap();
    assert_eq!(at, [START, START, START + Duration::minutes(9), START - Duration::MINUTE]);
    assert_eq!(server.count("select count(*) from session where opened_at = '2026-03-02 09:00Z'").await, 1);
    assert_eq!(server.count("select (maturity->0->>'inputs')::bigint from profile").await, 600);
}

#[tokio::test]
async fn two_streams_of_one_session_at_once_count_each_window_once() {
    let server = Server::start().await;
    let device = server.device().await;
    let session = session_id();
    let records = whole(session, START, "user-1", 40);
    let deliver = async || {
        // A call that meets the other one at the opening is told to come again.
        eventually("delivery", async || {
            let mut stream = device.stream(START).await.unwrap();
            for record in &records {
                stream.send(record).await;
            }
            stream.acked(session, 42).await.ok()
        })
        .await;
    };
    tokio::join!(deliver(), deliver());
    assert_eq!(server.count("select count(*) from feature_window").await, 40);
    assert_eq!(server.count("select count(*) from verdict").await, 40);
    assert_eq!(server.count("select (maturity->0->>'sessions')::bigint from profile").await, 1);
}

#[tokio::test]
async fn a_lock_follows_when_policy_says_so_and_someone_else_takes_over() {
    let server = Server::with(|settings| settings.policy.response = ResponseKind::Lock).await;
    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    for _ in 0..6 {
        let session = session_id();
        for record in whole(session, START, "user-1", 12) {
            stream.send(&record).await;
        }
        stream.acked(session, 14).await.unwrap();
    }
    let session = session_id();
    stream.send(&opened(session, START, "user-1")).await;
    for i in 0..12 {
        stream.send(&record(session, i + 2, START, Body::Window(keyboard(0.9)))).await;
    }
    let locked = loop {
        if let Down::Directive(directive) = stream.next().await.unwrap() {
            break directive;
        }
    };
    assert_eq!(locked.session_id, session.as_bytes());
    assert!(matches!(locked.response, Some(v1::directive::Response::Lock(_))), "{locked:?}");
    stream.acked(session, 13).await.unwrap();
    assert!(server.count("select count(*) from verdict where verdict = 'different_person'").await > 0);
    // What another person typed teaches nothing.
    let version = server.count("select version from profile").await;
    stream.send(&record(session, 14, START, Body::Closed(v1::SessionClosed {}))).await;
    stream.acked(session, 14).await.unwrap();
    assert_eq!(server.count("select version from profile").await, version);
}

#[tokio::test]
async fn a_heartbeat_is_seen_on_the_device() {
    let server = Server::start().await;
    let device = server.device().await;
    server.clock.set(START + Duration::MINUTE);
    let stream = device.stream(START + Duration::MINUTE).await.unwrap();
    let heartbeat = v1::Heartbeat {
        at_ms: 0,
        agent_version: "0.1.1".to_owned(),
        spooled: 3,
        lost: u32::MAX,
        capture: v1::Capture::Off.into(),
    };
    let message = Some(v1::agent_message::Message::Heartbeat(heartbeat));
    stream.up.send(v1::AgentMessage { message }).await.unwrap();
    let there = "select count(*) from device where capture = 'off' and spooled = 3 and lost = 2147483647
                 and agent_version = '0.1.1'";
    eventually("heartbeat", async || (server.count(there).await == 1).then_some(())).await;
}
