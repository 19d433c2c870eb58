//! What a policy comes to.

use super::*;

#[test]
fn the_mode_is_the_most_that_any_verdict_gets() {
    let of = |mode| GroupPolicy { mode, ..GroupPolicy::default() };
    assert_eq!(GroupPolicy::default().response(VerdictKind::DifferentPerson), Response::Record);
    for (mode, response) in [
        (Mode::Observe, Response::Record),
        (Mode::Notify, Response::Notify),
        (Mode::StepUp, Response::StepUp),
        (Mode::Lock, Response::Lock),
    ] {
        assert_eq!(of(mode).response(VerdictKind::DifferentPerson), response);
        assert_eq!(of(mode).response(VerdictKind::Automation), response);
        for harmless in [VerdictKind::Genuine, VerdictKind::Learning, VerdictKind::NotScorable] {
            assert_eq!(of(mode).response(harmless), Response::Record);
        }
        let asks = Asked { not_scorable: Response::StepUp, ..Asked::default() };
        let asks = GroupPolicy { verdicts: asks, ..of(mode) };
        assert_eq!(asks.response(VerdictKind::NotScorable), response.min(Response::StepUp));
    }
    assert_eq!(of(Mode::Lock).response(VerdictKind::Suspicious), Response::Record);
    assert_eq!(of(Mode::Lock).response(VerdictKind::Silent), Response::Record);
}

#[test]
fn a_stored_policy_that_says_nothing_of_what_cannot_be_judged_records_it() {
    let stored = serde_json::json!({ "mode": "lock", "verdicts": {
        "suspicious": "notify", "different_person": "lock", "automation": "lock", "silent": "step_up",
    } });
    let policy: GroupPolicy = serde_json::from_value(stored).unwrap();
    assert_eq!(policy.response(VerdictKind::NotScorable), Response::Record);
    assert_eq!(policy.response(VerdictKind::Silent), Response::StepUp);
}

#[test]
fn tolerance_becomes_a_threshold_of_trust() {
    let settings = tacit_engine::Policy::default();
    let below = |tolerated| {
        let policy = GroupPolicy { false_locks_per_worker_day: tolerated, ..GroupPolicy::default() };
        policy.judging(&settings).different_person_below
    };
    assert!((below(None) - settings.different_person_below).abs() < 1e-9);
    // About one in 6 working days is what ships.
    assert!((below(Some(0.176)) - 3.0).abs() < 0.05, "{}", below(Some(0.176)));
    assert!(below(Some(0.0001)) < 0.06);
    assert!(below(Some(1.0)) <= settings.suspicious_below);
}

#[test]
fn what_no_policy_may_say_is_named() {
    let wrong = |change: fn(&mut GroupPolicy)| {
        let mut policy = GroupPolicy::default();
        change(&mut policy);
        policy.validate().unwrap_err().field().unwrap().to_owned()
    };
    GroupPolicy::default().validate().unwrap();
    assert_eq!(wrong(|p| p.false_locks_per_worker_day = Some(f64::NAN)), "policy.false_locks_per_worker_day");
    assert_eq!(wrong(|p| p.automation_strength = Some(4)), "policy.automation_strength");
    assert_eq!(wrong(|p| p.enrolment_guard_days = Some(0)), "policy.enrolment_guard_days");
    assert_eq!(wrong(|p| p.enrolment_guard_days = Some(29)), "policy.enrolment_guard_days");
    assert_eq!(wrong(|p| p.enrolment_guard = EnrolmentGuard::StepUp), "policy.enrolment_guard");
    assert_eq!(wrong(|p| p.verdicts.suspicious = Response::Lock), "policy.verdicts.suspicious");
    assert_eq!(wrong(|p| p.verdicts.not_scorable = Response::Lock), "policy.verdicts.not_scorable");
    assert_eq!(wrong(|p| p.verdicts.silent = Response::Lock), "policy.verdicts.silent");
    for name in ["", "-a", "A", "a b", &"a".repeat(64)] {
        assert!(check_group(name).is_err(), "{name}");
    }
    check_group("help-desk-2").unwrap();
    for unread in [" ", "a\u{1b}", "a\u{200b}", "\u{202e}a"] {
        assert!(check_reason(unread).is_err(), "{unread:?}");
    }
    assert_eq!(check_reason(" trial ").unwrap(), "trial");
}
