//! Takeovers so many windows ago, each a hypothesis: what speaks for them, and what follows.

use serde::{Deserialize, Serialize};

use crate::hazard::Hazard;
use crate::verdict::Cause;
use crate::{Policy, VerdictKind};

/// Suffixes of a session that are scored, in windows.
pub(crate) const SUFFIXES: [usize; 5] = [1, 2, 4, 8, 16];
/// The evidence of one pool is drawn into this range: a ratio beyond it only says that the model is wrong.
const MOST_EVIDENCE: f64 = 25.0;
/// Share of the way from the threshold back to full trust that lifts a suspicion: verdicts do not flap.
const RELIEF: f64 = 0.4;

/// The latest conclusion about the person.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) kind: VerdictKind,
    /// Of someone else.
    #[serde(default)]
    pub(crate) cause: Option<Cause>,
    pub(crate) trust: f64,
    pub(crate) llr: f64,
}

/// Score of one suffix, all modalities.
pub(crate) struct Suffix {
    pub(crate) windows: usize,
    pub(crate) llr: f64,
    /// The same without the window that speaks most against the subject; nothing where no two windows speak against the
    /// subject, or they do not together.
    rest: f64,
    /// Windows that by themselves speak against the subject.
    against: usize,
}

impl Suffix {
    /// Of the scores of its windows alone, and of what they amount to together when one of them is left out or none.
    pub(crate) fn of(alone: &[f64], ratio: impl Fn(Option<usize>) -> f64) -> Self {
        let worst = (0..alone.len()).min_by(|a, b| alone[*a].total_cmp(&alone[*b]));
        let ratio = |without| ratio(without).clamp(-MOST_EVIDENCE, MOST_EVIDENCE);
        let llr = match alone {
            [only] => only.clamp(-MOST_EVIDENCE, MOST_EVIDENCE),
            _ => ratio(None),
        };
        let against = alone.iter().filter(|llr| **llr < 0.0).count();
        // Without a second window against the subject nobody is named, whatever the rest says.
        let rest = if against > 1 && llr < 0.0 { ratio(worst) } else { 0.0 };
        Self { windows: alone.len(), llr, rest, against }
    }
}

/// The suffix that speaks most against the subject; suffixes come with the shortest first.
pub(crate) fn strongest(suffixes: &[Suffix]) -> &Suffix {
    static NONE: Suffix = Suffix { windows: 1, llr: 0.0, rest: 0.0, against: 0 };
    suffixes.iter().min_by(|a, b| a.llr.total_cmp(&b.llr)).unwrap_or(&NONE)
}

/// What follows of the suffixes for a session that was concluded of before.
pub(crate) fn conclude(suffixes: &[Suffix], policy: &Policy, hazard: &Hazard, was: VerdictKind) -> Standing {
    // No single window decides: enough windows must each speak against the subject, and what names someone else must
    // be said at least half by all windows but the worst.
    let agreed = trust(suffixes, policy, hazard, |s| {
        let enough = u32::try_from(s.against).is_ok_and(|w| w >= policy.least_windows.max(2));
        if enough { s.llr.max(2.0 * s.rest) } else { f64::INFINITY }
    });
    let trust = trust(suffixes, policy, hazard, |s| s.llr);
    let relieved = if was == VerdictKind::Genuine { 0.0 } else { RELIEF * (100.0 - policy.suspicious_below) };
    let kind = if agreed < policy.different_person_below {
        VerdictKind::DifferentPerson
    } else if trust >= policy.suspicious_below + relieved {
        VerdictKind::Genuine
    } else if was == VerdictKind::DifferentPerson {
        VerdictKind::DifferentPerson
    } else {
        VerdictKind::Suspicious
    };
    Standing { kind, cause: None, trust, llr: strongest(suffixes).llr }
}

/// Posterior, 0 to 100, that no takeover began at any of the suffixes, given the ratio of each.
fn trust(suffixes: &[Suffix], policy: &Policy, hazard: &Hazard, llr: impl Fn(&Suffix) -> f64) -> f64 {
    let mut odds = 0.0;
    let mut before = 0;
    for suffix in suffixes {
        // A suffix stands for every beginning since the next shorter one.
        let beginnings = hazard.beginnings(before, suffix.windows);
        before = suffix.windows;
        odds += policy.takeover_hazard * beginnings * (-llr(suffix)).exp();
    }
    100.0 / (1.0 + odds)
}
