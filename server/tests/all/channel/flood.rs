//! A device that sends too much is cut off alone.

use tacit_proto::v1::agent_message::Message as Up;
use tacit_proto::v1::record::Body;
use tacit_proto::v1::{AgentMessage, Heartbeat, SessionClosed};
use tacit_server::app::ingest::ingest;
use tacit_server::config::BoundsSettings;
use tacit_server::domain::record::{self as domain, Record};
use tacit_server::domain::{DeviceId, SessionId};
use time::Duration;
use tonic::Code;

use crate::common::device::Device;
use crate::common::eventually;
use crate::common::server::{START, Server};
use crate::common::windows::{opened, record, session_id, window};

/// Little enough for a test to reach.
async fn narrow(change: impl FnOnce(&mut BoundsSettings)) -> Server {
    let mut bounds =
        BoundsSettings { messages_per_second: 1, messages_at_once: 200, ..BoundsSettings::default() };
    change(&mut bounds);
    Server::with(|settings| settings.bounds = bounds).await
}

fn heartbeat(version: &str) -> AgentMessage {
    let beat = Heartbeat { agent_version: version.to_owned(), ..Heartbeat::default() };
    AgentMessage { message: Some(Up::Heartbeat(beat)) }
}

#[tokio::test]
async fn a_device_that_floods_is_cut_off_and_the_other_does_not_notice() {
    let server = narrow(|_| {}).await;
    let (noisy, quiet) = (server.device().await, server.device().await);
    let (ours, theirs) = (session_id(), session_id());
    let mut calm = quiet.stream(START).await.unwrap();
    calm.send(&opened(theirs, START, "user-2")).await;
    calm.acked(theirs, 1).await.unwrap();

    let mut flood = noisy.stream(START).await.unwrap();
    flood.send(&opened(ours, START, "user-1")).await;
    flood.acked(ours, 1).await.unwrap();
    let up = flood.up.clone();
    let sending = tokio::spawn(async move { while up.send(heartbeat("0.1.0")).await.is_ok() {} });
    let cut = flood.end().await;
    assert_eq!(cut.code(), Code::ResourceExhausted, "{cut}");
    assert!(cut.message().contains("more than 1 messages a second"), "{cut}");
    sending.await.unwrap();
    // It does not come back at once.
    let again = noisy.stream(START).await.err().unwrap();
    assert_eq!(again.code(), Code::ResourceExhausted, "{again}");

    for sequence in 2..=20 {
        calm.send(&window(theirs, sequence, START)).await;
        calm.acked(theirs, sequence).await.unwrap();
    }
    // What came before the flood is kept.
    assert_eq!(server.count("select count(*) from session").await, 2);
}

#[tokio::test]
async fn bytes_count_too() {
    let server = narrow(|bounds| {
        bounds.kib_at_once = 50;
        bounds.kib_per_second = 1;
    })
    .await;
    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let large = "x".repeat(60 * 1_024);
    let _ = stream.up.send(heartbeat(&large)).await;
    let cut = stream.end().await;
    assert_eq!(cut.code(), Code::ResourceExhausted, "{cut}");
    assert!(cut.message().contains("KiB"), "{cut}");
}

#[tokio::test]
async fn no_device_lists_what_accounts_became_by_opening_sessions_of_them() {
    let server = narrow(|bounds| bounds.accounts_per_hour = 2).await;
    let (device, other) = (server.device().await, server.device().await);
    let open = async |device: &Device, at, account: &str| {
        let mut stream = device.stream(at).await.unwrap();
        let session = session_id();
        stream.send(&opened(session, at, account)).await;
        stream.acked(session, 1).await.map(|()| session)
    };
    let first = open(&device, START, "user-1").await.unwrap();
    open(&device, START, "user-2").await.unwrap();
    let refused = open(&device, START, "user-3").await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    assert!(refused.message().contains("2 accounts within an hour"), "{refused}");
    // Nor by other streams at the same time.
    let (one, two) = tokio::join!(open(&device, START, "user-4"), open(&device, START, "user-5"));
    assert!(one.is_err() && two.is_err());
    assert_eq!(server.count("select count(*) from subject").await, 2);
    // Whom it knows goes on, as do other devices.
    open(&device, START, "user-1").await.unwrap();
    let mut stream = device.stream(START).await.unwrap();
    stream.send(&window(first, 2, START)).await;
    stream.acked(first, 2).await.unwrap();
    for account in ["user-1", "user-3"] {
        open(&other, START, account).await.unwrap();
    }
    let later = START + Duration::minutes(61);
    server.clock.set(later);
    open(&device, later, "user-3").await.unwrap();

    let met = "select actor from audit where action = 'subject_met' and subject is not null order by seq";
    let met: Vec<String> = sqlx::query_scalar(met).fetch_all(server.app.store.pool()).await.unwrap();
    let (device, other) = (format!("device:{}", device.id), format!("device:{}", other.id));
    assert_eq!(met, [&device, &device, &other, &other, &device].map(String::as_str));
}

#[tokio::test]
async fn more_accounts_in_one_batch_than_in_an_hour_are_taken_and_the_next_one_waits() {
    let server = narrow(|bounds| bounds.accounts_per_hour = 2).await;
    let device = DeviceId(server.device().await.id);
    let take = async |accounts: &[&str]| {
        let opened = |account: &&str| Record {
            session: SessionId(session_id()),
            sequence: 1,
            at: START,
            body: domain::Body::Opened { account: (*account).to_owned(), remote: false },
        };
        ingest(&server.app, device, accounts.iter().map(opened).collect()).await
    };
    assert_eq!(take(&["user-1", "user-2", "user-3"]).await.unwrap().acks.len(), 3);
    let refused = take(&["user-4"]).await.unwrap_err();
    assert!(refused.public().contains("2 accounts within an hour"), "{refused}");
    assert_eq!(take(&["user-1"]).await.unwrap().acks.len(), 1);
    assert_eq!(server.count("select count(*) from subject").await, 3);
}

#[tokio::test]
async fn streams_and_open_sessions_are_bounded_and_come_free_again() {
    let server = narrow(|bounds| {
        bounds.streams = 2;
        bounds.sessions = 2;
    })
    .await;
    let device = server.device().await;
    let (mut first, second) = (device.stream(START).await.unwrap(), device.stream(START).await.unwrap());
    let third = device.stream(START).await.err().unwrap();
    assert_eq!(third.code(), Code::ResourceExhausted, "{third}");
    assert!(third.message().contains("2 streams"), "{third}");
    drop(second);
    let mut second = eventually("a stream is free", async || device.stream(START).await.ok()).await;

    let sessions = [session_id(), session_id(), session_id()];
    for session in &sessions[..2] {
        first.send(&opened(*session, START, "user-1")).await;
        first.acked(*session, 1).await.unwrap();
    }
    second.send(&opened(sessions[2], START, "user-1")).await;
    let refused = second.end().await;
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    assert!(refused.message().contains("2 sessions"), "{refused}");
    first.send(&record(sessions[0], 2, START, Body::Closed(SessionClosed {}))).await;
    first.acked(sessions[0], 2).await.unwrap();
    drop(second);
    let mut second = eventually("a stream is free", async || device.stream(START).await.ok()).await;
    second.send(&opened(sessions[2], START, "user-1")).await;
    second.acked(sessions[2], 1).await.unwrap();
}
