//! Directives on their way: written with the verdict, sent until they are answered, once.

use serde_json::json;
use tacit_proto::v1;
use tacit_proto::v1::directive::Response;
use tacit_proto::v1::server_message::Message as Down;
use time::Duration;

use super::Desk;
use crate::common::eventually;
use crate::common::server::START;
use crate::common::windows::stranger;

#[tokio::test]
async fn a_lock_is_written_with_its_verdict_sent_and_answered() {
    let mut desk = Desk::mature("lock").await;
    let session = desk.open().await;
    let directives = desk.strangers(session, 2..14).await;
    assert_eq!(directives.len(), 1, "{directives:?}");
    let Some(Response::Lock(lock)) = &directives[0].response else { panic!("{directives:?}") };
    assert!(lock.text.contains("If it is you"), "{}", lock.text);
    let expires_ms = (START + Duration::minutes(10)).unix_timestamp_nanos() / 1_000_000;
    assert_eq!(i128::from(directives[0].expires_at_ms), expires_ms);
    // Both are of one transaction.
    let together = "select count(*) from directive d join verdict v using (session_id, sequence)
                    where d.xmin = v.xmin and v.verdict = 'different_person' and d.verdict = v.verdict";
    assert_eq!(desk.api.server.count(together).await, 1);

    desk.answer(&directives[0], v1::Outcome::Done).await;
    let told = eventually("the outcome is kept", async || {
        desk.directives(session).await.into_iter().find(|d| d["outcome"] == "done")
    })
    .await;
    assert_eq!((&told["group"], &told["policy_version"]), (&json!("default"), &json!(1)));
    assert_eq!(told["acted_at"], "2026-03-02T09:00:01Z");
    // The first word stands.
    desk.answer(&directives[0], v1::Outcome::Failed).await;
    let directives = desk.strangers(session, 14..16).await;
    assert_eq!(directives, []);
    assert_eq!(desk.directives(session).await[0]["outcome"], "done");
}

#[tokio::test]
async fn what_is_not_answered_is_sent_again_to_the_next_stream_under_its_id_until_it_expires() {
    let mut desk = Desk::mature("step_up").await;
    let session = desk.open().await;
    let first = desk.strangers(session, 2..14).await.remove(0);
    assert!(matches!(first.response, Some(Response::StepUp(_))), "{first:?}");
    let again = async |desk: &mut Desk| {
        desk.stream = desk.device.stream(desk.api.server.app.ambient.now()).await.unwrap();
        let Down::Configuration(_) = desk.stream.next().await.unwrap() else { panic!("no configuration") };
        let Down::Directive(directive) = desk.stream.next().await.unwrap() else { panic!("no directive") };
        directive
    };
    for _ in 0..2 {
        assert_eq!(again(&mut desk).await, first);
    }
    desk.api.server.clock.set(START + Duration::minutes(10));
    let pending =
        desk.api.server.app.store.pending_directives(
            tacit_server::domain::DeviceId(desk.device.id),
            START + Duration::minutes(10),
        );
    assert_eq!(pending.await.unwrap(), []);
    // Answered late, it is answered.
    desk.answer(&first, v1::Outcome::SessionOver).await;
    eventually("the outcome is kept", async || {
        desk.directives(session).await.into_iter().find(|d| d["outcome"] == "session_over")
    })
    .await;
}

#[tokio::test]
async fn an_agent_that_answers_nothing_is_sent_each_directive_once() {
    let mut desk = Desk::mature("lock").await;
    desk.stream = desk.device.stream_of_old(START).await.unwrap();
    let session = desk.open().await;
    assert_eq!(desk.strangers(session, 2..14).await.len(), 1);
    desk.stream = desk.device.stream_of_old(START).await.unwrap();
    // What is read before the next acknowledgement is no directive.
    for sequence in 14..17 {
        desk.stream.send(&stranger(session, sequence, START)).await;
    }
    while desk.stream.acked.get(&session).is_none_or(|through| *through < 16) {
        let message = desk.stream.next().await.unwrap();
        assert!(!matches!(message, Down::Directive(_)), "{message:?}");
    }
}

#[tokio::test]
async fn a_device_answers_for_its_own_directives_alone() {
    let mut desk = Desk::mature("lock").await;
    let session = desk.open().await;
    let lock = desk.strangers(session, 2..14).await.remove(0);
    let other = desk.api.server.device().await;
    let mut stream = other.stream(START).await.unwrap();
    let told = v1::DirectiveOutcome {
        directive_id: lock.directive_id,
        outcome: v1::Outcome::Done.into(),
        ..v1::DirectiveOutcome::default()
    };
    let message = Some(v1::agent_message::Message::DirectiveOutcome(told));
    stream.up.send(v1::AgentMessage { message }).await.unwrap();
    assert!(stream.end().await.message().contains("no such directive"));
    assert_eq!(desk.directives(session).await[0]["outcome"], json!(null));
}
