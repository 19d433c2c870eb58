//! What the person at the desk decides: off, a pause, a restriction; and what they are told.

use std::path::Path;

use tacit_agent::capture::{Captured, DeviceKind};
use tacit_agent::clock::now_ms;
use tacit_agent::status::{Seeing, Status};
use tacit_agent::switch::Choice;
use tacit_proto::v1::agent_message::Message as Up;
use tacit_proto::v1::record::Body;
use tacit_proto::v1::server_message::Message as Down;
use tacit_proto::v1::{Capture, Configuration, Restriction};
use tokio::time::{Duration, sleep, timeout};

use crate::agent::Agent;
use crate::desk::{Desk, Programs};
use crate::server::PATIENCE;

/// Waits until the agent of a state folder says to the person that it is so.
pub(crate) async fn stands(state: &Path, wanted: impl Fn(&Status) -> bool) -> Status {
    let look = async {
        loop {
            if let Ok(status) = Status::read(state, now_ms())
                && wanted(&status)
            {
                return status;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, look).await.unwrap()
}

impl Desk {
    /// Waits until the agent says to the person that it is so.
    pub(crate) async fn stands(&self, wanted: impl Fn(&Status) -> bool) -> Status {
        stands(self.state.path(), wanted).await
    }

    pub(crate) fn chooses(&self, choice: Choice) {
        choice.keep(self.state.path()).unwrap();
    }

    /// Waits for a heartbeat that says so.
    async fn beats(&mut self, capture: Capture) {
        self.awaited(|up| matches!(up, Up::Heartbeat(beat) if beat.capture() == capture).then_some(())).await;
    }

    /// A keyboard is plugged in: something that is told, if anything is.
    async fn something_happens(&self) {
        self.agent.captured.send(Captured::DeviceAdded(DeviceKind::Keyboard)).await.unwrap();
    }
}

/// Heartbeats as fast as they go, and pauses of so many minutes.
pub(crate) fn configured(longest_pause_minutes: u32) -> Down {
    Down::Configuration(Configuration {
        heartbeat_ms: 1_000,
        longest_pause_minutes,
        ..Configuration::default()
    })
}

#[tokio::test]
async fn switched_off_the_agent_ends_its_session_and_says_so_until_it_is_switched_on() {
    let mut desk = Desk::new().await;
    desk.says(configured(0));
    desk.something_happens().await;
    desk.record(|body| matches!(body, Body::Signal(_))).await;
    desk.chooses(Choice::Off);
    let closed = desk.record(|body| matches!(body, Body::Closed(_))).await;
    assert_eq!(closed.session_id, desk.session);
    desk.beats(Capture::Off).await;
    assert_eq!(desk.stands(|status| status.seeing == Seeing::Off).await.session, None);
    desk.something_happens().await;
    desk.programs.lock();

    desk.chooses(Choice::On);
    let opened = desk.awaited(|up| match up {
        Up::Record(record) => Some(record.clone()),
        _ => None,
    });
    let opened = opened.await;
    assert!(matches!(opened.body, Some(Body::Opened(_))), "nothing came meanwhile: {opened:?}");
    assert_ne!(opened.session_id, desk.session);
    desk.stands(|status| status.seeing == Seeing::Running).await;
    desk.something_happens().await;
    desk.record(|body| matches!(body, Body::Signal(_))).await;
}

#[tokio::test]
async fn a_pause_is_as_long_as_policy_lets_it_be() {
    let mut desk = Desk::new().await;
    desk.says(configured(30));
    assert_eq!(desk.stands(|status| status.longest_pause_minutes > 0).await.longest_pause_minutes, 30);
    desk.chooses(Choice::Paused { since_ms: now_ms(), minutes: 480 });
    desk.beats(Capture::Paused).await;
    let status = desk.stands(|status| status.seeing == Seeing::Paused).await;
    assert_eq!(status.session.unwrap().as_bytes()[..], desk.session);
    desk.something_happens().await;
    // It began as long ago as it may last.
    desk.chooses(Choice::Paused { since_ms: now_ms() - 30 * 60_000, minutes: 480 });
    desk.stands(|status| status.seeing == Seeing::Running).await;
    desk.chooses(Choice::Paused { since_ms: now_ms(), minutes: 480 });
    desk.stands(|status| status.seeing == Seeing::Paused).await;
    desk.says(configured(0));
    desk.stands(|status| status.seeing == Seeing::Running).await;
    assert!(
        !desk.came_yet(|up| matches!(up, Up::Record(record) if matches!(record.body, Some(Body::Signal(_)))))
    );
}

#[tokio::test]
async fn nothing_is_measured_of_whoever_has_asked_for_that_and_no_heartbeat_tells() {
    let mut desk = Desk::new().await;
    desk.says(configured(0));
    desk.stands(|status| status.seeing == Seeing::Running).await;
    let restriction =
        |restricted| Down::Restriction(Restriction { session_id: desk.session.clone(), restricted });
    let (made, lifted) = (restriction(true), restriction(false));
    desk.says(made);
    desk.stands(|status| status.seeing == Seeing::Restricted).await;
    desk.something_happens().await;
    desk.forget();
    desk.beats(Capture::Running).await;
    desk.says(lifted);
    desk.stands(|status| status.seeing == Seeing::Running).await;
    assert!(!desk.came_yet(|up| matches!(up, Up::Record(_))));
    desk.something_happens().await;
    desk.record(|body| matches!(body, Body::Signal(_))).await;
}

#[tokio::test]
async fn the_first_run_tells_the_person_once_and_again_when_the_text_has_changed() {
    let mut state = tempfile::tempdir().unwrap();
    for (text, shown) in [("we measure", true), ("we measure", false), ("we measure less", true)] {
        let mut desk = Desk::noticing(state, text).await;
        desk.record(|body| matches!(body, Body::Opened(_))).await;
        let calls = format!("notify-send|--app-name=Tacit|--|Tacit|{text}|");
        let kept = desk.state.path().join("noticed.json");
        let told = async {
            while !std::fs::read_to_string(&kept).is_ok_and(|kept| kept.contains(&format!("\"{text}\""))) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, told).await.unwrap();
        assert_eq!(desk.programs.calls(), if shown { calls } else { String::new() });
        desk.agent.stop().await;
        state = desk.state;
    }
}

#[tokio::test]
async fn nobody_is_measured_before_the_notice_and_one_that_cannot_be_shown_keeps_nobody_from_it() {
    let programs = Programs::new();
    for can_be_shown in [true, false] {
        let state = tempfile::tempdir().unwrap();
        let fails = if can_be_shown { "" } else { "exit 1" };
        let looks = format!("ls '{}' >\"$here/saw\"\n{fails}", state.path().display());
        programs.put("notify-send", &looks);
        let away = "127.0.0.1:1".parse().unwrap();
        let agent = Agent::noticing(state.path(), away, programs.response(), "we measure");
        stands(state.path(), |status| status.session.is_some()).await;
        let saw = std::fs::read_to_string(programs.path("saw")).unwrap();
        assert!(saw.contains("identity.json") && !saw.contains("session.json"), "{saw}");
        assert_eq!(state.path().join("noticed.json").exists(), can_be_shown);
        agent.stop().await;
        std::fs::remove_file(programs.path("saw")).unwrap();
    }
}
