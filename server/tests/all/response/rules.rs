//! What protects the person at a workstation, rule by rule, and that policy is asked anew for each batch.

use axum::http::Method;
use serde_json::{Value, json};
use tacit_proto::v1::record::Body;
use tacit_proto::v1::{self, Mark, SignalKind};
use tacit_proto::{Family, FeatureStats, Modality, Stat, catalogue};
use tacit_server::domain::Role;
use time::Duration;
use uuid::Uuid;

use super::Desk;
use crate::common::server::START;
use crate::common::windows::{opened, record, session_id, stranger, window};

fn lock() -> Vec<(String, Option<String>)> {
    vec![("lock".to_owned(), None)]
}

fn withheld(by: &str) -> Vec<(String, Option<String>)> {
    vec![("lock".to_owned(), Some(by.to_owned()))]
}

fn machine(session: Uuid, sequence: u64) -> v1::Record {
    let marks = vec![Mark::NewDevice.into(), Mark::EvenGaps.into()];
    let signal = v1::Signal { kind: SignalKind::MachineKeys.into(), count: 21, marks, strength: 31 };
    record(session, sequence, START, Body::Signal(signal))
}

/// A window whose times differ less than anybody's.
fn even() -> v1::Window {
    let mut stats = FeatureStats::new();
    let timed = |f: &&catalogue::Feature| matches!(f.family, Family::Hold | Family::DownDown);
    for feature in catalogue::ALL.iter().filter(timed).take(12) {
        let (low, high) = feature.value_range();
        stats.add(feature.id, &Stat::new(30, low.midpoint(high), 1e-6).unwrap());
    }
    v1::Window::pack(Modality::Keyboard, 150, 60_000, 0, &stats)
}

#[tokio::test]
async fn nothing_is_done_until_a_policy_says_so_and_the_next_batch_is_under_the_next_version() {
    let mut desk = Desk::mature("observe").await;
    let session = desk.open().await;
    assert_eq!(desk.strangers(session, 2..14).await, []);
    assert_eq!(desk.directives(session).await, Vec::<Value>::new());
    desk.policy(1, &json!({ "mode": "notify" })).await;
    let notices = desk.strangers(session, 14..16).await;
    assert!(matches!(
        &notices[..],
        [v1::Directive { response: Some(v1::directive::Response::Notify(_)), .. }]
    ));
    assert_eq!(desk.directives(session).await[0]["policy_version"], 2);
    // A stronger mode makes a stronger response of the verdict that still stands; once.
    desk.policy(2, &json!({ "mode": "lock" })).await;
    assert_eq!(desk.strangers(session, 16..20).await.len(), 1);
    assert_eq!(desk.made(session).await[0], lock()[0]);
}

#[tokio::test]
async fn one_window_locks_nobody() {
    let mut desk = Desk::mature("lock").await;
    let session = desk.open().await;
    assert_eq!(desk.strangers(session, 2..3).await, []);
    assert_eq!(desk.directives(session).await, Vec::<Value>::new());
    // However sure a machine's window is, alone it locks nobody either.
    let session = desk.open().await;
    desk.stream.send(&record(session, 2, START, Body::Window(even()))).await;
    assert_eq!(desk.directed(session, 2).await, []);
    assert_eq!(desk.api.server.count("select count(*) from verdict where verdict = 'automation'").await, 1);
    assert_eq!(desk.directives(session).await, Vec::<Value>::new());
    desk.stream.send(&record(session, 3, START, Body::Window(even()))).await;
    assert_eq!(desk.directed(session, 3).await.len(), 1);
    assert_eq!(desk.made(session).await, lock());
    // Nor after people have spoken of those before it.
    let later = START + Duration::minutes(61);
    desk.api.server.clock.set(later);
    let key = desk.api.key(Role::Analyst).await;
    let path = format!("/v1/sessions/{session}/feedback");
    desk.api.give(Method::POST, &path, &key, &json!({ "said": "false_alarm" })).await;
    desk.stream.send(&record(session, 4, later, Body::Window(even()))).await;
    assert_eq!(desk.directed(session, 4).await, []);
    assert_eq!(desk.made(session).await, lock());
}

#[tokio::test]
async fn two_windows_of_a_machine_with_a_persons_in_between_lock_nobody() {
    let mut desk = Desk::mature("lock").await;
    desk.policy(1, &json!({ "mode": "lock", "verdicts": { "different_person": "record" } })).await;
    let session = desk.open().await;
    desk.strangers(session, 2..8).await;
    for first in [8, 11] {
        desk.stream.send(&record(session, first, START, Body::Window(even()))).await;
        desk.strangers(session, first + 1..first + 3).await;
    }
    let verdicts = "select verdict from verdict where session_id = $1 and sequence > 7 order by sequence";
    let verdicts = sqlx::query_scalar::<_, String>(verdicts).bind(session);
    let verdicts = verdicts.fetch_all(desk.api.server.app.store.pool()).await.unwrap();
    assert_eq!(verdicts.iter().filter(|verdict| *verdict == "automation").count(), 2);
    assert!(!verdicts.contains(&"genuine".to_owned()), "{verdicts:?}");
    assert_eq!(desk.directives(session).await, Vec::<Value>::new());
    for sequence in [14, 15] {
        desk.stream.send(&record(session, sequence, START, Body::Window(even()))).await;
    }
    assert_eq!(desk.directed(session, 15).await.len(), 1);
    assert_eq!(desk.made(session).await, lock());
}

#[tokio::test]
async fn a_profile_that_is_not_mature_locks_nobody() {
    let mut desk = Desk::new(&json!({ "mode": "lock" })).await;
    let session = session_id();
    desk.stream.send(&opened(session, START, "user-2")).await;
    for sequence in 2..16 {
        desk.stream.send(&window(session, sequence, START)).await;
    }
    assert_eq!(desk.strangers(session, 16..32).await, []);
    // Told by the session's own start.
    assert!(
        desk.api.server.count("select count(*) from verdict where verdict = 'different_person'").await > 0
    );
    assert_eq!(desk.made(session).await, withheld("profile_not_mature"));
    desk.stream.send(&machine(session, 32)).await;
    desk.stream.acked(session, 32).await.unwrap();
    assert_eq!(desk.made(session).await, withheld("profile_not_mature"));
}

#[tokio::test]
async fn a_machine_that_types_at_the_desk_of_a_known_subject_is_answered_at_once() {
    let mut desk = Desk::mature("lock").await;
    let session = desk.open().await;
    desk.stream.send(&machine(session, 2)).await;
    assert_eq!(desk.directed(session, 2).await.len(), 1);
    assert_eq!(desk.made(session).await, lock());
}

#[tokio::test]
async fn a_session_is_locked_once_an_hour_unless_an_analyst_confirms() {
    let mut desk = Desk::mature("lock").await;
    let session = desk.open().await;
    assert_eq!(desk.strangers(session, 2..14).await.len(), 1);
    // Unlocked by who knows the secret, and accused again.
    desk.stream.send(&record(session, 14, START, Body::Locked(v1::SessionLocked {}))).await;
    desk.stream.send(&record(session, 15, START, Body::Unlocked(v1::SessionUnlocked {}))).await;
    desk.api.server.clock.set(START + Duration::minutes(5));
    desk.strangers(session, 16..28).await;
    assert_eq!(desk.made(session).await[0], withheld("within_an_hour")[0]);
    desk.api.server.clock.set(START + Duration::minutes(6));
    let key = desk.api.key(Role::Analyst).await;
    let path = format!("/v1/sessions/{session}/feedback");
    desk.api.give(Method::POST, &path, &key, &json!({ "said": "confirmed" })).await;
    desk.strangers(session, 28..30).await;
    let made = desk.made(session).await;
    assert_eq!((made.len(), &made[0]), (3, &lock()[0]));

    // Another session has an hour of its own.
    let other = desk.open().await;
    let now = desk.api.server.app.ambient.now();
    for sequence in 2..14 {
        desk.stream.send(&stranger(other, sequence, now)).await;
    }
    desk.stream.acked(other, 13).await.unwrap();
    assert_eq!(desk.made(other).await, lock());
}

#[tokio::test]
async fn a_hand_that_has_changed_is_asked_once_where_policy_says_so_and_never_locked_out() {
    let mut desk = Desk::mature("lock").await;
    let policy = json!({ "mode": "lock", "verdicts": { "not_scorable": "step_up" } });
    desk.policy(1, &policy).await;
    let session = desk.open().await;
    assert_eq!(desk.strangers(session, 2..14).await.len(), 1);
    let key = desk.api.key(Role::Analyst).await;
    let path = format!("/v1/sessions/{session}/feedback");
    desk.api.give(Method::POST, &path, &key, &json!({ "said": "false_alarm" })).await;
    desk.api.server.clock.set(START + Duration::minutes(61));
    let asked = desk.strangers(session, 14..20).await;
    assert!(
        matches!(&asked[..], [v1::Directive { response: Some(v1::directive::Response::StepUp(step_up)), .. }]
            if step_up.text.starts_with("It cannot be told")),
        "{asked:?}"
    );
    let kept = desk.directives(session).await.remove(0);
    assert_eq!((&kept["verdict"], &kept["response"]), (&json!("not_scorable"), &json!("step_up")));
    // Not on the first such window.
    let unscored = "select count(*) from verdict v join directive d on d.session_id = v.session_id
                    where v.verdict = 'not_scorable' and d.verdict = 'not_scorable' and v.sequence <= d.sequence";
    assert_eq!(desk.api.server.count(unscored).await, 2);
    // The rules stand for it as for any other, and an hour later it is still the same answer.
    desk.api.server.clock.set(START + Duration::minutes(125));
    assert_eq!(desk.strangers(session, 20..24).await, []);
    desk.policy(2, &json!({ "mode": "lock", "verdicts": { "not_scorable": "step_up" }, "quiet": true }))
        .await;
    desk.api.give(Method::POST, &path, &key, &json!({ "said": "false_alarm" })).await;
    assert_eq!(desk.strangers(session, 24..30).await, []);
    assert_eq!(desk.made(session).await[0], ("step_up".to_owned(), Some("quiet_group".to_owned())));
}

#[tokio::test]
async fn quiet_groups_and_exempt_subjects_are_left_alone_and_judged_all_the_same() {
    let mut desk = Desk::mature("lock").await;
    desk.policy(1, &json!({ "mode": "lock", "quiet": true })).await;
    let session = desk.open().await;
    assert_eq!(desk.strangers(session, 2..14).await, []);
    assert_eq!(desk.made(session).await, withheld("quiet_group"));
    desk.policy(2, &json!({ "mode": "lock" })).await;

    let key = desk.api.key(Role::Privacy).await;
    let subjects = desk.api.ok("/v1/subjects", &key).await;
    let subject = &subjects["subjects"][0]["id"];
    let body = json!({ "subject_id": subject, "kind": "agreement", "until": "2026-03-02T10:00:00Z" });
    let made = desk.api.give(Method::POST, "/v1/exemptions", &key, &body).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let session = desk.open().await;
    assert_eq!(desk.strangers(session, 2..14).await, []);
    assert_eq!(desk.made(session).await, withheld("exempt_subject"));
    // It ends by itself.
    desk.api.server.clock.set(START + Duration::hours(1));
    let session = desk.open().await;
    assert_eq!(desk.strangers(session, 2..14).await.len(), 1);
}

#[tokio::test]
async fn records_that_come_late_are_judged_and_nothing_follows() {
    let mut desk = Desk::mature("lock").await;
    let session = desk.open().await;
    desk.api.server.clock.set(START + Duration::minutes(11));
    for sequence in 2..14 {
        desk.stream.send(&stranger(session, sequence, START)).await;
    }
    desk.stream.acked(session, 13).await.unwrap();
    assert_eq!(desk.made(session).await, withheld("too_late"));
    // Whoever is still there now is answered now.
    assert_eq!(desk.strangers(session, 14..16).await.len(), 1);
}

#[tokio::test]
async fn assistive_software_of_who_works_with_it_is_no_machine_anywhere() {
    let mut desk = Desk::mature("lock").await;
    desk.policy(1, &json!({ "mode": "notify", "assistive_software": "forbidden" })).await;
    let assisted = |session, sequence| {
        let signal = v1::Signal {
            kind: SignalKind::Assisted.into(),
            count: 21,
            marks: vec![Mark::Injected.into()],
            strength: 0,
        };
        record(session, sequence, START, Body::Signal(signal))
    };
    let verdicts = "select count(*) from verdict where verdict = 'automation'";
    let session = desk.open().await;
    desk.stream.send(&assisted(session, 2)).await;
    assert_eq!(desk.directed(session, 2).await.len(), 1);
    assert_eq!(desk.api.server.count(verdicts).await, 1);
    let key = desk.api.key(Role::Privacy).await;
    let subject = desk.api.ok("/v1/subjects", &key).await["subjects"][0]["id"].clone();
    let body =
        json!({ "subject_id": subject, "kind": "assistive_technology", "until": "2026-06-01T00:00:00Z" });
    desk.api.give(Method::POST, "/v1/exemptions", &key, &body).await;
    desk.stream.send(&assisted(session, 3)).await;
    desk.stream.acked(session, 3).await.unwrap();
    assert_eq!(desk.api.server.count(verdicts).await, 1);
}

#[tokio::test]
async fn without_its_database_nothing_is_sent() {
    let mut desk = Desk::mature("lock").await;
    let session = desk.open().await;
    desk.api.server.app.store.pool().close().await;
    for sequence in 2..14 {
        desk.stream.send(&stranger(session, sequence, START)).await;
    }
    loop {
        match desk.stream.next().await {
            Ok(message) => {
                assert!(!matches!(message, v1::server_message::Message::Directive(_)), "{message:?}");
            }
            Err(status) => break assert_eq!(status.code(), tonic::Code::Unavailable),
        }
    }
}
