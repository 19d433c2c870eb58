//! The verdict `silent`: an agent is not heard of while its session lives.

use serde_json::json;
use tacit_proto::v1;
use tacit_proto::v1::record::Body;
use tacit_proto::v1::server_message::Message as Down;
use tacit_server::app::silent::{LISTEN_FIRST, SILENT, pronounce};
use tacit_server::domain::Role;
use time::Duration;

use crate::common::eventually;
use crate::common::server::{START, Server};
use crate::common::windows::{opened, record, session_id, stranger, window};
use crate::http::Api;
use crate::response::Desk;

const SILENT_VERDICTS: &str = "select count(*) from verdict where verdict = 'silent'";

#[tokio::test]
async fn a_silence_is_a_verdict_within_two_minutes_and_once() {
    assert!(SILENT + Duration::seconds(20) < Duration::minutes(2));
    let server = Server::start().await;
    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let session = session_id();
    stream.send(&opened(session, START, "user-1")).await;
    stream.send(&window(session, 2, START)).await;
    stream.acked(session, 2).await.unwrap();
    let long_ago = START - Duration::DAY;
    let at = async |seconds: i64| {
        server.clock.set(START + Duration::seconds(seconds));
        pronounce(&server.app, long_ago).await.unwrap()
    };
    assert_eq!(at(90).await, 0);
    assert_eq!(at(91).await, 1);
    assert_eq!((at(100).await, at(5_000).await), (0, 0));

    // It is read like any other, and stands beside the verdict of the same record.
    let api = Api::of(server);
    let key = api.key(Role::Service).await;
    let page = eventually("verdicts", async || {
        let page = api.ok("/v1/verdicts?verdict=silent", &key).await;
        (page["verdicts"].as_array().unwrap().len() == 1).then_some(page)
    })
    .await;
    let verdict = &page["verdicts"][0];
    assert_eq!((&verdict["sequence"], &verdict["trust"]), (&json!(2), &json!(null)));
    assert_eq!(verdict["reason"], "the agent has not been heard of for 91 s while the session lives");
    let shown = api.ok(&format!("/v1/sessions/{session}"), &key).await;
    assert_eq!(shown["verdict"], "silent");

    // Heard of again, and silent again: another silence.
    let back = START + Duration::seconds(6_000);
    api.server.clock.set(back);
    let _stream = device.stream(back).await.unwrap();
    assert_eq!(pronounce(&api.server.app, long_ago).await.unwrap(), 0);
    api.server.clock.set(back + Duration::seconds(91));
    assert_eq!(pronounce(&api.server.app, long_ago).await.unwrap(), 1);
    assert_eq!(api.server.count(SILENT_VERDICTS).await, 2);
}

#[tokio::test]
async fn no_silence_is_that_of_a_locked_closed_or_left_session_nor_of_a_server_that_did_not_listen() {
    let server = Server::start().await;
    let end = |session, sequence, body| record(session, sequence, START, body);
    for body in [Body::Locked(v1::SessionLocked {}), Body::Closed(v1::SessionClosed {})] {
        let device = server.device().await;
        let mut stream = device.stream(START).await.unwrap();
        let session = session_id();
        stream.send(&opened(session, START, "user-1")).await;
        stream.send(&end(session, 2, body)).await;
        stream.acked(session, 2).await.unwrap();
    }
    let later = START + Duration::minutes(10);
    server.clock.set(later);
    assert_eq!(pronounce(&server.app, START - Duration::DAY).await.unwrap(), 0);

    server.clock.set(START);
    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let left = session_id();
    stream.send(&opened(left, START, "user-1")).await;
    stream.acked(left, 1).await.unwrap();
    server.clock.set(START + Duration::SECOND);
    let next = session_id();
    stream.send(&opened(next, START, "user-1")).await;
    stream.acked(next, 1).await.unwrap();
    server.clock.set(later);
    assert_eq!(pronounce(&server.app, later - LISTEN_FIRST + Duration::SECOND).await.unwrap(), 0);
    assert_eq!(pronounce(&server.app, later - LISTEN_FIRST).await.unwrap(), 1);
    let of_next = "select count(*) from verdict v join session s on s.id = v.session_id
                   where v.verdict = 'silent' and s.heard_at > '2026-03-02 09:00Z'";
    assert_eq!(server.count(of_next).await, 1);
}

#[tokio::test]
async fn a_fleet_that_speaks_seldom_is_given_longer() {
    let server = Server::with(|settings| settings.agent.heartbeat_ms = 60_000).await;
    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let session = session_id();
    stream.send(&opened(session, START, "user-1")).await;
    stream.acked(session, 1).await.unwrap();
    for (seconds, silent) in [(91, 0), (180, 0), (181, 1)] {
        server.clock.set(START + Duration::seconds(seconds));
        assert_eq!(pronounce(&server.app, START - Duration::DAY).await.unwrap(), silent, "{seconds}");
    }
}

#[tokio::test]
async fn where_policy_does_not_let_it_pass_the_agent_finds_a_step_up_when_it_is_back() {
    let mut desk = Desk::mature("lock").await;
    desk.policy(1, &json!({ "mode": "lock", "verdicts": { "silent": "step_up" } })).await;
    let session = desk.open().await;
    let back = START + Duration::minutes(30);
    desk.api.server.clock.set(START + Duration::minutes(2));
    assert_eq!(pronounce(&desk.api.server.app, START - Duration::DAY).await.unwrap(), 1);
    desk.api.server.clock.set(back);
    desk.stream = desk.device.stream(back).await.unwrap();
    let directive = loop {
        if let Down::Directive(directive) = desk.stream.next().await.unwrap() {
            break directive;
        }
    };
    assert_eq!(directive.session_id, session.as_bytes());
    let Some(v1::directive::Response::StepUp(step_up)) = &directive.response else { panic!("{directive:?}") };
    assert!(step_up.text.contains("was not heard of"), "{}", step_up.text);
}

#[tokio::test]
async fn who_kills_the_agent_and_starts_it_anew_finds_the_step_up_once() {
    let mut desk = Desk::mature("lock").await;
    desk.policy(1, &json!({ "mode": "lock", "verdicts": { "silent": "step_up" } })).await;
    let left = desk.open().await;
    desk.api.server.clock.set(START + Duration::minutes(2));
    assert_eq!(pronounce(&desk.api.server.app, START - Duration::DAY).await.unwrap(), 1);

    // The agent is in another session when what waited for it comes.
    let back = START + Duration::minutes(30);
    desk.api.server.clock.set(back);
    desk.stream = desk.device.stream(back).await.unwrap();
    let again = session_id();
    desk.stream.send(&record(left, 1_001, back, Body::Closed(v1::SessionClosed {}))).await;
    desk.stream.send(&opened(again, back, "user-1")).await;
    for sequence in 2..14 {
        desk.stream.send(&stranger(again, sequence, back)).await;
    }
    let mut asked = Vec::new();
    while asked.len() < 2 || desk.stream.acked.get(&again) != Some(&13) {
        if let Down::Directive(directive) = desk.stream.next().await.unwrap() {
            asked.push(directive);
        }
    }
    assert!(
        asked.iter().all(|d| matches!(d.response, Some(v1::directive::Response::StepUp(_)))),
        "{asked:?}"
    );
    for directive in &asked {
        let over = directive.session_id == left.as_bytes();
        let outcome = if over { v1::Outcome::SessionOver } else { v1::Outcome::Done };
        desk.answer(directive, outcome).await;
    }
    // Nor is whoever is there locked out within the hour after it.
    let step_up = ("step_up".to_owned(), None);
    let withheld = ("lock".to_owned(), Some("within_an_hour".to_owned()));
    assert_eq!(desk.made(again).await, [withheld, step_up.clone()]);
    assert_eq!(desk.made(left).await, [step_up]);
    eventually("the step-up is done", async || {
        (desk.directives(again).await[1]["outcome"] == "done").then_some(())
    })
    .await;

    let next = session_id();
    desk.stream.send(&opened(next, back, "user-1")).await;
    desk.stream.acked(next, 1).await.unwrap();
    assert_eq!(desk.made(next).await, []);
}
