//! What a device sent, read back: verdicts with their evidence, and no name anywhere.

use tacit_proto::v1::record::Body;
use tacit_server::domain::Role;

use super::Api;
use crate::common::eventually;
use crate::common::server::START;
use crate::common::windows::{keyboard, opened, record, session_id, whole};

#[tokio::test]
async fn a_judged_session_is_read_back_without_its_name() {
    let api = Api::start().await;
    let key = api.key(Role::Admin).await;
    let device = api.server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    for _ in 0..3 {
        let session = session_id();
        for record in whole(session, START, "Somebody-Real", 5) {
            stream.send(&record).await;
        }
        stream.acked(session, 7).await.unwrap();
    }
    let session = session_id();
    stream.send(&opened(session, START, "Somebody-Real")).await;
    for sequence in 2..6 {
        stream.send(&record(session, sequence, START, Body::Window(keyboard(1.0)))).await;
    }
    stream.acked(session, 5).await.unwrap();

    let path = format!("/v1/verdicts?session={session}");
    let page = eventually("verdicts come", async || {
        let page = api.ok(&path, &key).await;
        (page["verdicts"].as_array().unwrap().len() == 4).then_some(page)
    })
    .await;
    let last = &page["verdicts"][3];
    assert_eq!(last["verdict"], "different_person", "{last}");
    assert!(last["evidence"][0]["family"].is_string() && last["evidence"][0]["words"].is_string(), "{last}");

    let subject = last["subject_id"].as_str().unwrap();
    let profile = api.ok(&format!("/v1/subjects/{subject}/profile"), &key).await;
    assert_eq!((&profile["maturity"][0]["mature"], &profile["version"]), (&true.into(), &3.into()));
    for path in [
        "/v1/subjects".to_owned(),
        format!("/v1/subjects/{subject}"),
        "/v1/sessions".to_owned(),
        format!("/v1/sessions/{session}"),
        format!("/v1/sessions/{session}/timeline"),
        "/v1/verdicts".to_owned(),
        "/metrics".to_owned(),
    ] {
        let answer = api.get(&path, &key).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.text.to_lowercase().contains("somebody"), "{path}");
    }
}
