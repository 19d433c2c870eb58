//! What a policy would have made of verdicts that were given: the responses of a session, replayed. Pure.
//!
//! Approximate where verdicts do not keep what was known: whether a profile was mature is told by the verdicts around, an unlock
//! that vouched for the subject is not seen, and machines are those of the policy that was in force.

use std::collections::BTreeMap;

use tacit_engine::{Policy, VerdictKind};
use time::{Duration, OffsetDateTime};

use super::directive;
use super::guard::{self, Facts, Rule, Shown};
use super::policy::{GroupPolicy, Response};

/// A verdict as it was given.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    /// The answer.
    pub kind: VerdictKind,
    /// 0 to 100.
    pub trust: Option<f64>,
    /// When, by the server's clock.
    pub at: OffsetDateTime,
    /// How late it came.
    pub late: Duration,
    /// A window brought it.
    pub on_window: bool,
}

/// What is known of a session besides its verdicts.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// The subject has a mature profile.
    pub mature: bool,
    /// The subject is exempt.
    pub exempt: bool,
}

/// What would have followed in a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Responses that would have been sent.
    pub sent: BTreeMap<Response, u32>,
    /// Responses that a rule would have withheld.
    pub withheld: BTreeMap<&'static str, u32>,
}

/// Replays a session's verdicts, oldest first, under a policy and the thresholds that follow from it.
#[must_use]
pub fn replay(verdicts: &[Given], known: Known, policy: &GroupPolicy, judging: &Policy) -> Replayed {
    let mut replayed = Replayed::default();
    let (mut answered, mut told_late): (Option<Response>, bool) = (None, false);
    let mut shown = Shown::default();
    let (mut spoken_at, mut interrupted_at) = (None, None);
    let mut mature = known.mature;
    for given in verdicts {
        let kind = graded(given, judging);
        let rests = shown.rests(kind, given.on_window);
        mature &= !(given.on_window && kind == VerdictKind::Learning);
        if matches!(kind, VerdictKind::Genuine | VerdictKind::Learning) {
            (answered, told_late) = (None, false);
            continue;
        }
        let response = policy.response(kind);
        if response == Response::Record || answered.is_some_and(|made| made >= response) {
            continue;
        }
        let (quiet, exempt) = (policy.quiet, known.exempt);
        let late = given.late > directive::SERVES;
        let facts = Facts { rests, mature, quiet, exempt, late, spoken_at, interrupted_at };
        match guard::allow(response, kind, &facts, given.at) {
            Err(Rule::OneWindow) => continue,
            // Kept once, and what follows may yet be answered.
            Err(Rule::Late) => {
                if !std::mem::replace(&mut told_late, true) {
                    *replayed.withheld.entry(Rule::Late.name()).or_default() += 1;
                }
                continue;
            }
            Err(rule) => *replayed.withheld.entry(rule.name()).or_default() += 1,
            Ok(()) => {
                *replayed.sent.entry(response).or_default() += 1;
                spoken_at = Some(given.at);
                if response.interrupts() {
                    interrupted_at = Some(given.at);
                }
            }
        }
        answered = Some(response);
    }
    replayed
}

/// The answer under other thresholds: of a person's trust alone.
fn graded(given: &Given, judging: &Policy) -> VerdictKind {
    let of_person =
        matches!(given.kind, VerdictKind::Genuine | VerdictKind::Suspicious | VerdictKind::DifferentPerson);
    match given.trust.filter(|_| of_person) {
        Some(trust) if trust < judging.different_person_below => VerdictKind::DifferentPerson,
        Some(trust) if trust < judging.suspicious_below => VerdictKind::Suspicious,
        Some(_) => VerdictKind::Genuine,
        None => given.kind,
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::domain::policy::Mode;

    fn given(minute: i64, kind: VerdictKind, trust: f64) -> Given {
        let at = datetime!(2026-03-02 09:00 UTC) + Duration::minutes(minute);
        Given { kind, trust: Some(trust), at, late: Duration::ZERO, on_window: true }
    }

    #[test]
    fn a_doubt_that_stands_is_answered_once_and_a_stricter_threshold_answers_less() {
        use VerdictKind::{DifferentPerson as Other, Genuine as Own, Suspicious as Doubt};
        let verdicts = [
            given(0, Own, 99.0),
            given(1, Doubt, 30.0),
            given(2, Other, 1.5),
            given(3, Other, 1.0),
            given(4, Own, 95.0),
            given(10, Other, 1.8),
            given(80, Own, 95.0),
            given(81, Other, 1.9),
        ];
        let known = Known { mature: true, exempt: false };
        let judging = Policy::default();
        let lock = GroupPolicy { mode: Mode::Lock, ..GroupPolicy::default() };
        let replayed = replay(&verdicts, known, &lock, &lock.judging(&judging));
        assert_eq!(replayed.sent, BTreeMap::from([(Response::Lock, 2)]));
        assert_eq!(replayed.withheld, BTreeMap::from([("within_an_hour", 1)]));

        let strict = GroupPolicy { false_locks_per_worker_day: Some(0.02), ..lock };
        assert_eq!(replay(&verdicts, known, &strict, &strict.judging(&judging)), Replayed::default());
        let exempt = Known { exempt: true, ..known };
        let replayed = replay(&verdicts, exempt, &lock, &lock.judging(&judging));
        assert_eq!((replayed.sent.len(), replayed.withheld["exempt_subject"]), (0, 3));
        let young = Known { mature: false, ..known };
        let replayed = replay(&verdicts, young, &lock, &lock.judging(&judging));
        assert_eq!((replayed.sent.len(), replayed.withheld["profile_not_mature"]), (0, 3));
    }
}
