//! The real agent at the real server: a machine types, the screen is locked, and what was done is stored.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use serde_json::json;
use tacit_agent::capture::{BackEnd, Captured, Running};
use tacit_agent::config::ResponseConfig;
use tacit_agent::enrol::{device_info, enrol};
use tacit_agent::run::{Run, run_on};
use tacit_measure::{Locator, Origin, TimedInput};
use tacit_proto::v1;
use tacit_proto::v1::server_message::Message as Down;
use tokio::sync::{mpsc, oneshot};

use super::Desk;
use crate::common::eventually;
use crate::common::server::START;

fn start_ms() -> u64 {
    u64::try_from(START.unix_timestamp_nanos() / 1_000_000).unwrap()
}

/// Programs that do as asked, and say what they were asked.
fn programs(folder: &Path) {
    let calls = "printf '%s ' \"$@\" >>\"$(dirname \"$0\")/calls\"";
    let hint =
        "[ \"$1\" = show-session ] && { [ -e \"$(dirname \"$0\")/locked\" ] && echo yes || echo no; exit; }";
    let lock = ": >\"$(dirname \"$0\")/locked\"";
    for (name, script) in
        [("notify-send", "exit 0".to_owned()), ("loginctl", format!("{hint}\n{calls}\n{lock}"))]
    {
        let path = folder.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// Keys as no hand types them.
fn machine() -> Vec<TimedInput> {
    let mut locator = Locator::new();
    let mut at = |at_us, code, down| {
        let input = if down { locator.key_down(code) } else { locator.key_up(code) };
        TimedInput { at_us, origin: Origin::Device, input: input.unwrap() }
    };
    let key = |i: u64| {
        let code = if i.is_multiple_of(2) { 30 } else { 36 };
        [at(i * 20_000, code, true), at(i * 20_000 + 5_000, code, false)]
    };
    (0..40).flat_map(key).collect()
}

#[tokio::test]
async fn a_machine_that_types_locks_the_screen_and_the_outcome_is_stored() {
    // The subject is known from another workstation.
    let desk = Desk::mature("lock").await;
    let (state, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    programs(folder.path());
    let server = &desk.api.server;
    let token = server.token().await;
    enrol(state.path(), &server.url, None, &token, true, device_info(None)).await.unwrap();

    let (captured, captured_of) = mpsc::channel(1_000);
    let mut given = Some(captured_of);
    let source = move || {
        let captured = given.take().ok_or(std::io::ErrorKind::NotFound)?;
        let (_, ended) = oneshot::channel();
        Ok(Running { captured, overflowed: Arc::new(AtomicU32::new(0)), ended })
    };
    let settings = Run {
        state: state.path().to_owned(),
        account: "user-1".to_owned(),
        back_end: BackEnd::default(),
        remote: false,
        means: true.into(),
        rotate_after_days: 0,
        response: ResponseConfig { path: vec![folder.path().to_owned()], session: Some("c7".to_owned()) },
        notice: String::new(),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let agent = tokio::spawn(run_on(Box::new(source), settings, start_ms, async { drop(stopped.await) }));
    for event in machine() {
        captured.send(Captured::Input(event)).await.unwrap();
    }
    let done = "select count(*) from directive where verdict = 'automation' and response = 'lock'
                and outcome = 'done' and acknowledged_at is not null and acted_at = '2026-03-02 09:00Z'";
    eventually("the lock is done", async || (server.count(done).await == 1).then_some(())).await;
    assert_eq!(std::fs::read_to_string(folder.path().join("calls")).unwrap(), "lock-session c7 ");
    let locked = "select count(*) from session_event where kind = 'locked'";
    eventually("the lock is told", async || (server.count(locked).await == 1).then_some(())).await;
    std::fs::remove_file(folder.path().join("locked")).unwrap();
    let unlocked = "select count(*) from session where not locked and closed_at is null
                    and id in (select session_id from session_event where kind = 'unlocked')";
    eventually("the unlock is told", async || (server.count(unlocked).await == 1).then_some(())).await;
    // However much more the machine types, once is enough for an hour.
    assert_eq!(server.count("select count(*) from directive where withheld is null").await, 1);
    stop.send(()).unwrap();
    agent.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_agent_is_told_how_long_a_pause_may_be() {
    let mut desk = Desk::new(&json!({ "longest_pause_minutes": 30 })).await;
    // The stream is older than the policy.
    let beat = v1::agent_message::Message::Heartbeat(v1::Heartbeat::default());
    desk.stream.up.send(v1::AgentMessage { message: Some(beat) }).await.unwrap();
    let mut told = 0;
    while told == 0 {
        if let Down::Configuration(configuration) = desk.stream.next().await.unwrap() {
            told = configuration.longest_pause_minutes;
        }
    }
    assert_eq!(told, 30);
}
