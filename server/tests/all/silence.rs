//! Sessions that nothing more is heard of.

use tacit_proto::v1;
use tacit_proto::v1::record::Body;
use tacit_server::app::ingest::silence::close_silent;
use time::Duration;
use uuid::Uuid;

use crate::common::device::Stream;
use crate::common::server::{START, Server};
use crate::common::windows::{keyboard, opened, record, session_id, whole, window};

const SILENT: &str = "select count(*) from session where ended_by_silence and closed_at is not null";
const OPEN: &str = "select count(*) from session where not ended_by_silence and closed_at is null";
const VERSION: &str = "select coalesce(max(version), 0) from profile";

/// Opens a session and sends windows up to a sequence.
async fn begin(stream: &mut Stream, upto: u64) -> Uuid {
    let session = session_id();
    stream.send(&opened(session, START, "user-1")).await;
    for sequence in 2..=upto {
        stream.send(&window(session, sequence, START)).await;
    }
    stream.acked(session, upto).await.unwrap();
    session
}

#[tokio::test]
async fn a_session_of_a_device_that_never_comes_back_closes_and_teaches_as_any() {
    let server = Server::start().await;
    let device = server.device().await;
    begin(&mut device.stream(START).await.unwrap(), 6).await;
    server.clock.set(START + Duration::hours(24));
    assert_eq!(close_silent(&server.app).await.unwrap(), 0);
    server.clock.set(START + Duration::hours(24) + Duration::SECOND);
    assert_eq!(close_silent(&server.app).await.unwrap(), 1);
    assert_eq!(close_silent(&server.app).await.unwrap(), 0);
    // It ended when it was last heard of, not when that was noticed.
    let there = "select count(*) from session where ended_by_silence and state is null
                 and closed_at = '2026-03-02 09:00Z'";
    assert_eq!(server.count(there).await, 1);
    let inputs = "select (maturity->0->>'inputs')::bigint from profile where version = 1";
    assert_eq!(server.count(inputs).await, 750);
}

#[tokio::test]
async fn policy_says_how_long_silence_is_and_a_device_that_still_calls_keeps_its_session() {
    let server = Server::with(|settings| settings.policy.silent_after_hours = 48).await;
    let (away, idle) = (server.device().await, server.device().await);
    begin(&mut away.stream(START).await.unwrap(), 2).await;
    begin(&mut idle.stream(START).await.unwrap(), 2).await;
    server.clock.set(START + Duration::hours(47));
    assert_eq!(close_silent(&server.app).await.unwrap(), 0);
    let monday = START + Duration::hours(72);
    server.clock.set(monday);
    let mut stream = idle.stream(monday).await.unwrap();
    assert_eq!(close_silent(&server.app).await.unwrap(), 1);
    assert_eq!((server.count(SILENT).await, server.count(OPEN).await), (1, 1));

    // Its agent lost its state and went on to another session.
    begin(&mut stream, 2).await;
    assert_eq!(close_silent(&server.app).await.unwrap(), 1);
    assert_eq!((server.count(SILENT).await, server.count(OPEN).await), (2, 1));
}

#[tokio::test]
async fn a_device_that_comes_back_loses_nothing_and_teaches_nothing_twice() {
    let server = Server::start().await;
    let device = server.device().await;
    let session = begin(&mut device.stream(START).await.unwrap(), 4).await;
    let back = START + Duration::days(5);
    server.clock.set(back);
    assert_eq!(close_silent(&server.app).await.unwrap(), 1);

    let mut stream = device.stream(back).await.unwrap();
    stream.send(&window(session, 5, START + Duration::days(1))).await;
    stream.acked(session, 5).await.unwrap();
    assert_eq!((server.count(SILENT).await, server.count(OPEN).await), (0, 1));
    assert_eq!(server.count("select count(*) from feature_window").await, 4);
    // It has been heard of just now.
    assert_eq!(close_silent(&server.app).await.unwrap(), 0);
    stream.send(&window(session, 6, back)).await;
    stream.send(&record(session, 7, back, Body::Closed(v1::SessionClosed {}))).await;
    stream.acked(session, 7).await.unwrap();
    let inputs = "select (maturity->0->>'inputs')::bigint from profile where version = 2";
    assert_eq!(server.count(inputs).await, 5 * 150);
    assert_eq!(
        server.count("select count(*) from session where closed_at is not null and state is null").await,
        1
    );

    // Closed by its agent, it stays closed.
    stream.send(&window(session, 8, back)).await;
    assert!(stream.end().await.message().contains("the session is closed"));
}

#[tokio::test]
async fn a_doubtful_session_teaches_nothing_when_it_falls_silent_nor_when_it_goes_on() {
    let server = Server::start().await;
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
    for sequence in 2..=13 {
        stream.send(&record(session, sequence, START, Body::Window(keyboard(0.9)))).await;
    }
    stream.acked(session, 13).await.unwrap();
    let version = server.count(VERSION).await;

    let back = START + Duration::days(2);
    server.clock.set(back);
    assert_eq!(close_silent(&server.app).await.unwrap(), 1);
    assert_eq!(server.count(VERSION).await, version);
    let mut stream = device.stream(back).await.unwrap();
    for sequence in 14..=40 {
        stream.send(&window(session, sequence, back)).await;
    }
    stream.send(&record(session, 41, back, Body::Closed(v1::SessionClosed {}))).await;
    stream.acked(session, 41).await.unwrap();
    assert_eq!(server.count(VERSION).await, version);
}
