//! Enrolment and device assertions.

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use serde_json::json;
use tacit_server::app::devices;
use tacit_server::domain::{Caller, DeviceId};
use time::Duration;
use tonic::Code;

use crate::common::device::{enrol, enrol_request};
use crate::common::server::{START, Server};
use crate::common::windows::{opened, session_id};

#[tokio::test]
async fn a_token_enrols_as_many_devices_as_it_says_and_no_more() {
    let server = Server::start().await;
    let token = server.token().await;
    let first = Ed25519KeyPair::generate().unwrap();
    let id = enrol(&server.url, None, enrol_request(&first, &token)).await.unwrap();
    // The answer was lost, and the agent asks again.
    assert_eq!(enrol(&server.url, None, enrol_request(&first, &token)).await.unwrap(), id);

    let second = Ed25519KeyPair::generate().unwrap();
    let refused = enrol(&server.url, None, enrol_request(&second, &token)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
    assert_eq!(server.count("select count(*) from device").await, 1);
}

#[tokio::test]
async fn a_wrong_an_expired_or_a_stolen_request_enrols_nothing() {
    let server = Server::start().await;
    let key = Ed25519KeyPair::generate().unwrap();
    let wrong = enrol(&server.url, None, enrol_request(&key, "tacit_enrol_wrong")).await.unwrap_err();
    assert_eq!(wrong.code(), Code::Unauthenticated, "{wrong}");

    let token = server.token().await;
    let mut stolen = enrol_request(&key, &token);
    let other = Ed25519KeyPair::generate().unwrap();
    stolen.public_key = enrol_request(&other, &token).public_key;
    let stolen = enrol(&server.url, None, stolen).await.unwrap_err();
    assert_eq!(stolen.code(), Code::InvalidArgument, "{stolen}");

    server.clock.set(START + Duration::hours(2));
    let late = enrol(&server.url, None, enrol_request(&key, &token)).await.unwrap_err();
    assert_eq!(late.code(), Code::Unauthenticated, "{late}");
    assert_eq!(server.count("select count(*) from device").await, 0);
}

#[tokio::test]
async fn a_key_under_which_anyone_can_sign_is_not_enrolled_nor_changed_to_nor_does_it_serve() {
    let server = Server::start().await;
    let device = server.device().await;
    // The identity; R = identity and S = 0 sign any text under it.
    let weak: Vec<u8> = std::iter::once(1).chain([0; 31]).collect();
    let anyones = [weak.clone(), vec![0; 32]].concat();
    let mut request = enrol_request(&Ed25519KeyPair::generate().unwrap(), &server.token().await);
    (request.public_key, request.proof) = (weak.clone(), anyones.clone());
    let refused = enrol(&server.url, None, request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    let refused = devices::rotate_key(&server.app, DeviceId(device.id), &weak, &anyones).await.unwrap_err();
    assert!(refused.public().contains("not a weak one"), "{refused}");
    assert_eq!(server.count("select count(*) from device").await, 1);
    device.stream(START).await.unwrap().next().await.unwrap();

    // Nor does one serve that a device has all the same.
    let genuine = device.sign(&device.claims(START));
    let signed = genuine.rsplit_once('.').unwrap().0;
    let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&anyones));
    sqlx::query("update device set public_key = $1")
        .bind(&weak)
        .execute(server.app.store.pool())
        .await
        .unwrap();
    let refused = device.stream_with(&forged).await.err().unwrap();
    assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
}

#[tokio::test]
async fn an_assertion_serves_once() {
    let server = Server::start().await;
    let device = server.device().await;
    let assertion = device.sign(&device.claims(START));
    let mut stream = device.stream_with(&assertion).await.unwrap();
    let session = session_id();
    stream.send(&opened(session, START, "user-1")).await;
    stream.acked(session, 1).await.unwrap();
    let again = device.stream_with(&assertion).await.err().unwrap();
    assert_eq!(again.code(), Code::Unauthenticated);
    assert!(again.message().contains("used before"), "{again}");
}

#[tokio::test]
async fn an_assertion_that_does_not_hold_is_refused_with_its_reason() {
    let server = Server::start().await;
    let (device, other) = (server.device().await, server.device().await);
    let with = |name: &str, value: serde_json::Value| {
        let mut claims = device.claims(START);
        claims[name] = value;
        claims
    };
    let now = START.unix_timestamp();
    let ahead = device.claims(START + Duration::hours(3));
    let behind = device.claims(START - Duration::days(3_650));
    let mut long = device.claims(START);
    long["exp"] = json!(now + 3_600);
    let demanding = Header { crit: Some(vec!["b64".to_owned()]), ..Header::new(Algorithm::EdDSA) };
    let unknown = with("iss", json!(session_id().to_string()));
    for (assertion, reason) in [
        (device.sign(&ahead), "10800 s ahead"),
        (device.sign(&behind), "315360000 s ago"),
        (device.sign(&long), "300 s"),
        (device.sign(&with("aud", json!("other"))), "audience"),
        (device.sign(&with("sub", json!(other.id.to_string()))), "differ"),
        (device.sign(&with("jti", json!("once"))), "jti"),
        (device.sign(&with("nbf", json!(now + 100))), "nbf"),
        (device.sign_under(&demanding, &device.claims(START)), "crit"),
        (device.sign(&unknown), "no such device"),
        // Signed by a device in another's name.
        (other.sign(&device.claims(START)), "signature"),
        ("nonsense".to_owned(), "malformed"),
        (String::new(), "malformed"),
    ] {
        let refused = device.stream_with(&assertion).await.err().unwrap();
        assert_eq!(refused.code(), Code::Unauthenticated, "{reason}");
        assert!(refused.message().contains(reason), "{refused} should say {reason}");
    }
}

#[tokio::test]
async fn a_revoked_device_is_cut_off_and_never_comes_back() {
    let server = Server::start().await;
    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    stream.next().await.unwrap();
    let (store, ambient) = (&server.app.store, &server.app.ambient);
    devices::revoke(store, ambient, &Caller::Console, DeviceId(device.id)).await.unwrap();
    let cut = stream.end().await;
    assert_eq!(cut.code(), Code::PermissionDenied, "{cut}");
    let again = device.stream(START).await.err().unwrap();
    assert_eq!(again.code(), Code::PermissionDenied, "{again}");
}
