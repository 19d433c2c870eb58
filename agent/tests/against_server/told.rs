//! What the server has told outlives the agent: it holds after a start without the server.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tacit_agent::capture::{Captured, DeviceKind};
use tacit_agent::clock::now_ms;
use tacit_agent::config::ResponseConfig;
use tacit_agent::inspect::as_json;
use tacit_agent::replay::{Replay, replay};
use tacit_agent::spool;
use tacit_agent::status::{Seeing, Status};
use tacit_agent::switch::Choice;
use tacit_agent::told::{Level, Told};
use tacit_proto::v1::agent_message::Message as Up;
use tacit_proto::v1::server_message::Message as Down;
use tacit_proto::v1::{Configuration, Privacy, Restriction};

use crate::agent::Agent;
use crate::desk::Desk;
use crate::switch::{configured, stands};

/// An agent whose server is away, from its start to its end: what it said first, and how many records it made besides the opening and
/// the closing of its session.
async fn alone(state: &Path) -> (Status, usize) {
    assert_eq!(spool::count(state).unwrap().0, 0);
    let agent = Agent::start(state, "127.0.0.1:1".parse().unwrap(), ResponseConfig::default());
    agent.captured.send(Captured::DeviceAdded(DeviceKind::Keyboard)).await.unwrap();
    let first = stands(state, |_| true).await;
    // Long enough for the server to be found away, and for whatever is seen to be measured.
    stands(state, |status| status.trouble.is_some()).await;
    agent.stop().await;
    let records = spool::count(state).unwrap().0 - 2;
    (first, records)
}

#[tokio::test]
async fn a_pause_holds_after_a_start_without_the_server() {
    let desk = Desk::new().await;
    desk.says(configured(30));
    desk.stands(|status| status.longest_pause_minutes == 30).await;
    desk.chooses(Choice::Paused { since_ms: now_ms(), minutes: 30 });
    desk.stands(|status| status.seeing == Seeing::Paused).await;
    let Desk { agent, state, .. } = desk;
    agent.stop().await;
    let (first, records) = alone(state.path()).await;
    assert_eq!((first.seeing, first.longest_pause_minutes, records), (Seeing::Paused, 30, 0));
}

#[tokio::test]
async fn a_restriction_holds_after_a_start_until_the_server_takes_the_new_session_without_one() {
    let desk = Desk::new().await;
    desk.says(configured(0));
    desk.says(Down::Restriction(Restriction { session_id: desk.session.clone(), restricted: true }));
    desk.stands(|status| status.seeing == Seeing::Restricted).await;
    let Desk { agent, state, .. } = desk;
    agent.stop().await;
    let (first, records) = alone(state.path()).await;
    assert_eq!((first.seeing, records), (Seeing::Restricted, 0));
    let desk = Desk::noticing(state, "").await;
    desk.stands(|status| status.seeing == Seeing::Running).await;
    assert!(!Told::read(desk.state.path()).unwrap().unwrap().restricted);
}

/// A trace of so many keys, typed as unevenly as people type.
fn typed(keys: u64) -> String {
    let mut lines = "t_us,event,code,x,y\n".to_owned();
    let mut at_us = 0;
    for key in 0..keys {
        let uneven = key * key * 7_919 % 90_001;
        at_us += 110_000 + uneven;
        let code = [30, 36, 18, 23, 31, 37, 57][usize::try_from(key % 7).unwrap()];
        lines += &format!("{at_us},kd,{code},,\n{},ku,{code},,\n", at_us + 50_000 + uneven / 2);
    }
    lines
}

/// What the program shows of a trace: its records without the times and the session, and what it says of them.
fn inspected(trace: &Path, state: &Path) -> (Vec<Value>, String) {
    let shown = Command::new(env!("CARGO_BIN_EXE_tacit-agent"))
        .args(["inspect", "--json", "--account", "account", "--trace"])
        .args([trace.as_os_str(), "--state-dir".as_ref(), state.as_os_str()])
        .output()
        .unwrap();
    let records = String::from_utf8(shown.stdout).unwrap();
    let records = records.lines().map(|line| comparable(serde_json::from_str(line).unwrap())).collect();
    (records, String::from_utf8(shown.stderr).unwrap())
}

fn comparable(mut record: Value) -> Value {
    let fields = record.as_object_mut().unwrap();
    assert!(fields.remove("session_id").is_some() && fields.remove("at_ms").is_some());
    record
}

#[tokio::test]
async fn what_is_inspected_of_a_trace_is_what_a_replay_sends_of_it() {
    let mut desk = Desk::new().await;
    let configuration = Down::Configuration(Configuration {
        window_keystrokes: 70,
        privacy: Privacy::Standard.into(),
        ..Configuration::default()
    });
    desk.says(configuration.clone());
    desk.stands(|status| status.privacy == Level::Standard).await;
    desk.begins_with(configuration);
    desk.agent.end().await;
    desk.forget();

    let trace = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(trace.path(), typed(900)).unwrap();
    let replay = replay(
        Replay {
            trace: trace.path(),
            state: desk.state.path(),
            account: "account",
            speed: None,
            start_ms: None,
            timeout: Duration::from_secs(30),
            means: true.into(),
        },
        now_ms,
    );
    let replayed = replay.await.unwrap();
    let mut sent = Vec::new();
    while sent.len() < replayed.records {
        let record = desk.awaited(|up| match up {
            Up::Record(record) => Some(record.clone()),
            _ => None,
        });
        sent.push(comparable(as_json(&record.await)));
    }
    assert!(sent.iter().any(|record| record.get("window").is_some()), "{sent:?}");
    let (shown, said) = inspected(trace.path(), desk.state.path());
    assert_eq!(shown, sent);
    assert!(said.contains("level of privacy standard, windows of 70 keystrokes"), "{said}");
    let (untold, said) = inspected(trace.path(), trace.path());
    assert_ne!(untold, sent);
    assert!(said.contains("as at the strictest level"), "{said}");
}
