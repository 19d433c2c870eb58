//! From what an agent finds of machines to the verdict `automation`.

use tacit_engine::Assistive;
use tacit_proto::v1::record::Body;
use tacit_proto::v1::{self, Mark, SignalKind};

use crate::common::server::{START, Server};
use crate::common::windows::{opened, record, session_id, window};

fn signal(kind: SignalKind, marks: &[Mark], strength: u32) -> Body {
    let marks = marks.iter().map(|mark| (*mark).into()).collect();
    Body::Signal(v1::Signal { kind: kind.into(), count: 21, marks, strength })
}

#[tokio::test]
async fn a_machine_is_a_verdict_at_once_and_teaches_nothing() {
    let server = Server::start().await;
    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let session = session_id();
    stream.send(&opened(session, START, "user-1")).await;
    stream.send(&window(session, 2, START)).await;
    let told = signal(SignalKind::MachineKeys, &[Mark::NewDevice, Mark::EvenGaps], 31);
    stream.send(&record(session, 3, START, told)).await;
    stream.acked(session, 3).await.unwrap();
    let (reason, evidence): (String, serde_json::Value) = sqlx::query_as(
        "select reason, evidence from verdict where verdict = 'automation' and trust is null and sequence = 3",
    )
    .fetch_one(server.app.store.pool())
    .await
    .unwrap();
    assert_eq!(reason, "a newly plugged-in keyboard typed: 21 keys are timed as nobody times them");
    assert_eq!(evidence[1]["family"], "down_down");
    assert_eq!(evidence[1]["llr"], -15.5);
    assert_eq!(server.count("select count(*) from session_event where kind = 'machine_keys'").await, 1);

    // The window that holds those keys is the machine's; the next is the person's again.
    for sequence in 4..8 {
        stream.send(&window(session, sequence, START)).await;
    }
    stream.send(&record(session, 8, START, Body::Closed(v1::SessionClosed {}))).await;
    stream.acked(session, 8).await.unwrap();
    assert_eq!(server.count("select count(*) from verdict where verdict = 'automation'").await, 2);
    assert_eq!(server.count("select count(*) from verdict where verdict = 'learning'").await, 4);
    assert_eq!(server.count("select count(*) from profile").await, 0);
}

#[tokio::test]
async fn assistive_software_is_recorded_under_its_name_and_is_a_machine_only_where_policy_says_so() {
    for (assistive, verdicts) in [(Assistive::Allowed, 0), (Assistive::Forbidden, 1)] {
        let server = Server::with(|settings| settings.policy.judging.automation.assistive = assistive).await;
        let device = server.device().await;
        let mut stream = device.stream(START).await.unwrap();
        let session = session_id();
        stream.send(&opened(session, START, "user-1")).await;
        let told = signal(SignalKind::Assisted, &[Mark::Injected], 0);
        stream.send(&record(session, 2, START, told)).await;
        // The system's word alone, and evidence that is too weak, are no verdicts.
        stream.send(&record(session, 3, START, signal(SignalKind::Injected, &[], 0))).await;
        stream.send(&record(session, 4, START, signal(SignalKind::MachineKeys, &[Mark::EvenHolds], 3))).await;
        stream.acked(session, 4).await.unwrap();
        assert_eq!(server.count("select count(*) from session_event where kind = 'assisted'").await, 1);
        assert_eq!(server.count("select count(*) from verdict").await, verdicts, "{assistive:?}");
    }
}
