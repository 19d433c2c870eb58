//! Directives to a running agent, carried out by programs in a folder that its settings name, and what it answers.

use tacit_proto::v1::directive::Response;
use tacit_proto::v1::record::Body;
use tacit_proto::v1::server_message::Message as Down;
use tacit_proto::v1::{Directive, Lock, Notify, Outcome, StepUp};

use crate::desk::Desk;

#[tokio::test]
async fn a_lock_is_announced_carried_out_answered_and_watched_until_the_unlock() {
    let mut desk = Desk::new().await;
    let lock = desk.directive(1, Response::Lock(Lock { text: "locked; $(touch x)".into() }));
    let (outcome, first) = desk.directs(&lock).await;
    assert_eq!((outcome, first.detail.as_str()), (Outcome::Done, ""));
    assert!(first.at_ms > 0);
    let calls = "notify-send|--app-name=Tacit|--|Tacit|locked; $(touch x)|loginctl|lock-session|c7|";
    assert_eq!(desk.programs.calls(), calls);
    desk.record(|body| matches!(body, Body::Locked(_))).await;
    desk.programs.unlock();
    let unlocked = desk.record(|body| matches!(body, Body::Unlocked(_))).await;
    assert_eq!(unlocked.session_id, desk.session);

    // Asked again, it answers again, and locks nobody again.
    let (_, again) = desk.directs(&lock).await;
    assert_eq!(again, first);
    assert_eq!(desk.programs.calls(), calls);
}

#[tokio::test]
async fn a_lock_that_the_person_makes_is_told_and_so_is_the_unlock() {
    let mut desk = Desk::new().await;
    for _ in 0..2 {
        desk.programs.lock();
        let locked = desk.record(|body| matches!(body, Body::Locked(_))).await;
        desk.programs.unlock();
        let unlocked = desk.record(|body| matches!(body, Body::Unlocked(_))).await;
        assert!(locked.sequence < unlocked.sequence && locked.at_ms <= unlocked.at_ms);
    }
    assert_eq!(desk.programs.calls(), "", "the desktop is asked, and told nothing");
}

#[tokio::test]
async fn a_step_up_asks_the_system_who_is_there_and_a_notice_locks_nobody() {
    let mut desk = Desk::new().await;
    let notice = desk.directive(1, Response::Notify(Notify { text: "--hint=x".into() }));
    assert_eq!(desk.directs(&notice).await.0, Outcome::Done);
    assert_eq!(desk.programs.calls(), "notify-send|--app-name=Tacit|--|Tacit|--hint=x|");
    let step_up = desk.directive(2, Response::StepUp(StepUp { text: String::new() }));
    assert_eq!(desk.directs(&step_up).await.0, Outcome::Done);
    assert!(desk.programs.calls().ends_with("confirm that it is you.|loginctl|lock-session|c7|"));
}

#[tokio::test]
async fn what_cannot_be_done_is_said() {
    let mut desk = Desk::new().await;
    let other = Directive { session_id: vec![9; 16], ..desk.directive(1, Response::Lock(Lock::default())) };
    assert_eq!(desk.directs(&other).await.0, Outcome::SessionOver);
    let later = Directive { response: None, ..desk.directive(2, Response::Lock(Lock::default())) };
    let (outcome, told) = desk.directs(&later).await;
    assert_eq!(outcome, Outcome::NotSupported);
    assert!(told.detail.contains("no such response"), "{told:?}");
    assert_eq!(desk.programs.calls(), "");

    desk.programs.put("loginctl", "exit 3");
    let lock = desk.directive(3, Response::Lock(Lock::default()));
    let (outcome, told) = desk.directs(&lock).await;
    assert_eq!((outcome, told.detail.as_str()), (Outcome::Failed, "loginctl ended with exit status: 3"));
    // Locked, for all that is known: some desktops do not say.
    desk.programs.put("loginctl", "[ \"$1\" = lock-session ]");
    let lock = desk.directive(4, Response::Lock(Lock::default()));
    let (outcome, told) = desk.directs(&lock).await;
    assert_eq!(outcome, Outcome::Done);
    assert!(told.detail.contains("does not say"), "{told:?}");
    std::fs::remove_file(desk.programs.path("loginctl")).unwrap();
    let (outcome, told) = desk.directs(&desk.directive(5, Response::Lock(Lock::default()))).await;
    assert_eq!((outcome, told.detail.as_str()), (Outcome::NotSupported, "loginctl is not installed"));
    // An older server asks without an id, and for no answer.
    let notice = Directive {
        directive_id: Vec::new(),
        ..desk.directive(0, Response::Notify(Notify { text: "old".into() }))
    };
    desk.says(Down::Directive(notice));
    let last = desk.directive(6, Response::Notify(Notify { text: "new".into() }));
    assert_eq!(desk.directs(&last).await.1.directive_id, [6; 16]);
}
