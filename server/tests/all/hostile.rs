//! An agent that is wrong or hostile: a clear status, nothing stored of the bad record, nothing crashed.

use tacit_proto::v1::record::Body;
use tacit_proto::v1::{self, Record};
use time::Duration;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Status};
use uuid::Uuid;

use crate::common::device::{Device, channel};
use crate::common::server::{START, Server};
use crate::common::windows::{keyboard, opened, record, session_id, window};

/// Sends an opening, a sound window and then the bad record; the answer to the bad one.
async fn refused(device: &Device, bad: impl FnOnce(Uuid) -> Record) -> (Uuid, Status) {
    let session = session_id();
    let mut stream = device.stream(START).await.unwrap();
    stream.send(&opened(session, START, "user-1")).await;
    stream.send(&window(session, 2, START)).await;
    stream.send(&bad(session)).await;
    let status = stream.end().await;
    // What came before the bad record is committed and acknowledged first.
    assert_eq!(stream.acked.get(&session), Some(&2), "{status}");
    (session, status)
}

#[tokio::test]
async fn a_bad_record_ends_the_stream_by_name_and_stores_nothing() {
    let server = Server::start().await;
    let device = server.device().await;
    let altered = |alter: fn(&mut v1::Window)| {
        let mut window = keyboard(0.0);
        alter(&mut window);
        Body::Window(window)
    };
    let signal = |kind, count| Body::Signal(v1::Signal { kind, count, ..v1::Signal::default() });
    let bodies = [
        (altered(|w| *w.feature_step.last_mut().unwrap() = 60_000), "not in the catalogue"),
        (altered(|w| *w.feature_step.last_mut().unwrap() = u32::MAX), "not in the catalogue"),
        (altered(|w| w.count[3] = u32::MAX), "count"),
        (altered(|w| w.count[3] = 0), "count"),
        (altered(|w| w.inputs = u32::MAX), "inputs"),
        (altered(|w| w.inputs = 5), "inputs"),
        (altered(|w| w.mean[0] = i32::MIN), "mean or variance"),
        (altered(|w| w.variance[0] = u32::MAX), "mean or variance"),
        (altered(|w| w.mean.truncate(1)), "one length"),
        (altered(|w| w.feature_step[1] = 0), "must rise"),
        (altered(|w| w.modality = 99), "unknown modality"),
        (signal(99, 1), "unknown signal kind"),
        (signal(1, 0), "count of a signal"),
        (signal(1, u32::MAX), "count of a signal"),
        (Body::Opened(v1::SessionOpened { account: "user-2".to_owned(), remote: false }), "already open"),
    ];
    for (body, reason) in bodies {
        let (session, status) = refused(&device, |session| record(session, 3, START, body)).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert!(status.message().contains(reason), "{status} should say {reason}");
        let name = status.metadata().get("tacit-record").unwrap().to_str().unwrap();
        assert_eq!(name, format!("{session}/3"));
    }
    assert_eq!(server.count("select max(last_sequence) from session").await, 2);
    assert_eq!(server.count("select max(sequence) from feature_window").await, 2);
}

#[tokio::test]
async fn times_that_cannot_be_are_refused_with_the_reason() {
    let server = Server::start().await;
    let device = server.device().await;
    let (_, status) = refused(&device, |session| window(session, 3, START - Duration::days(3_650))).await;
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert!(status.message().contains("315360000 s old"), "{status}");
    let (_, status) =
        refused(&device, |session| Record { at_ms: u64::MAX, ..window(session, 3, START) }).await;
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
}

#[tokio::test]
async fn another_devices_session_is_out_of_reach() {
    let server = Server::start().await;
    let (owner, thief) = (server.device().await, server.device().await);
    let session = session_id();
    let mut stream = owner.stream(START).await.unwrap();
    stream.send(&opened(session, START, "user-1")).await;
    stream.acked(session, 1).await.unwrap();

    for sequence in [1, 2] {
        let (_, status) = refused(&thief, |_| window(session, sequence, START)).await;
        assert_eq!(status.code(), Code::PermissionDenied, "{status}");
        assert!(status.metadata().get("tacit-record").is_some());
    }
    stream.send(&window(session, 2, START)).await;
    stream.acked(session, 2).await.unwrap();
}

#[tokio::test]
async fn a_session_begins_with_its_opening_and_ends_with_its_closing() {
    let server = Server::start().await;
    let device = server.device().await;
    let (_, status) = refused(&device, |_| window(session_id(), 1, START)).await;
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");

    let session = session_id();
    let mut stream = device.stream(START).await.unwrap();
    stream.send(&opened(session, START, "user-1")).await;
    stream.send(&record(session, 2, START, Body::Closed(v1::SessionClosed {}))).await;
    stream.send(&window(session, 3, START)).await;
    let status = stream.end().await;
    assert_eq!((status.code(), stream.acked.get(&session)), (Code::InvalidArgument, Some(&2)), "{status}");
    assert_eq!(server.count("select count(*) from feature_window where sequence = 3").await, 0);
}

#[tokio::test]
async fn a_record_without_a_session_or_a_body_is_refused() {
    let server = Server::start().await;
    let device = server.device().await;
    for bad in [
        Record { session_id: vec![1, 2, 3], ..window(session_id(), 3, START) },
        Record { session_id: vec![0; 16], ..window(session_id(), 3, START) },
        Record { sequence: 0, ..window(session_id(), 3, START) },
        Record { sequence: u64::MAX, ..window(session_id(), 3, START) },
        Record { body: None, ..window(session_id(), 3, START) },
    ] {
        let (_, status) = refused(&device, |_| bad).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }
}

#[tokio::test]
async fn an_oversized_message_is_refused() {
    let server = Server::start().await;
    let device = server.device().await;
    let account = "a".repeat(100_000);
    let (_, status) = refused(&device, |_| opened(session_id(), START, &account)).await;
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert!(status.message().contains("65536"), "{status}");
}

/// Sends bytes as they are.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        prost::bytes::BufMut::put_slice(buffer, &item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let length = prost::bytes::Buf::remaining(buffer);
        Ok(Some(prost::bytes::Buf::copy_to_bytes(buffer, length).to_vec()))
    }
}

#[tokio::test]
async fn bytes_that_are_not_protobuf_are_refused() {
    let server = Server::start().await;
    let device = server.device().await;
    for bytes in [vec![0xff; 64], vec![0x0a, 0x7f, 0x01], vec![0x0a, 0x02, 0x0a, 0xff]] {
        let mut grpc = Grpc::new(channel(&server.url, None).await.unwrap());
        grpc.ready().await.unwrap();
        let mut request = Request::new(tokio_stream::iter([bytes]));
        let assertion = device.sign(&device.claims(START));
        request.metadata_mut().insert("authorization", format!("Bearer {assertion}").parse().unwrap());
        let path = "/tacit.v1.Telemetry/Stream".parse().unwrap();
        let mut answer = grpc.streaming(request, path, Raw).await.unwrap().into_inner();
        let status = loop {
            match answer.message().await {
                Ok(Some(_configuration)) => {}
                Ok(None) => panic!("taken"),
                Err(status) => break status,
            }
        };
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }
    assert_eq!(server.count("select count(*) from session").await, 0);
}
