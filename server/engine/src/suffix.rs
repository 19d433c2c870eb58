//! Takeovers so many windows ago, each a hypothesis: what speaks for them, and what follows.

use serde::{Deserialize, Serialize};

use crate::hazard::Hazard;
use crate::verdict::Cause;
use crate::{Policy, VerdictKind};

/// Suffixes of a session that are scored, in windows.
pub(crate) const SUFFIXES: [usize; 8] = [1, 2, 3, 4, 6, 8, 16, 32];
/// The evidence of one pool is drawn into this range: a ratio beyond it only says that the model is wrong.
const MOST_EVIDENCE: f64 = 25.0;
/// Share of the way from the threshold back to full trust that lifts a suspicion: verdicts do not flap.
const RELIEF: f64 = 0.4;
/// Share of what names someone else that all windows but the worst must say.
const AGREEMENT: f64 = 2.0 / 3.0;
/// Windows of a suffix whose odds count as they are. A pool of many windows stays much the same for as many windows, one of few is
/// drawn anew with each, so that at the same ratio it errs as many times more often: odds count in proportion to the windows, as far
/// as they speak against the subject by themselves. A pool that tells nothing is no doubt, however long.
const EVEN: f64 = 8.0;

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
    /// That someone else is at the controls for these windows, whoever was before: the profile alone speaks. Where there is none,
    /// the session's own start.
    pub(crate) ratio: Ratio,
    /// That the subject was at the controls until then: the session's own start speaks as well. `None` where it is not asked.
    pub(crate) taken_over: Option<Ratio>,
}

/// What some windows amount to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ratio {
    pub(crate) llr: f64,
    /// The same without the window that speaks most against the subject; nothing where no two windows speak against the
    /// subject, or they do not together.
    rest: f64,
    /// Windows that by themselves speak against the subject.
    against: usize,
}

impl Ratio {
    /// Of pools of the latest windows, given by their numbers of windows and by what these amount to. `alone` are the scores of
    /// windows alone, oldest first. `rest` is asked at most once, what pools amount to without one of their windows: given are the
    /// numbers of windows, and which of these to leave out.
    pub(crate) fn of_all(
        alone: &[f64],
        pools: &[(usize, f64)],
        rest: impl FnOnce(&[(usize, usize)]) -> Vec<f64>,
    ) -> Vec<Self> {
        let drawn = |llr: f64| llr.clamp(-MOST_EVIDENCE, MOST_EVIDENCE);
        let last = |windows: usize| &alone[alone.len() - windows..];
        let of = |&(windows, together): &(usize, f64)| {
            let against = last(windows).iter().filter(|llr| **llr < 0.0).count();
            Self { llr: drawn(together), rest: 0.0, against }
        };
        let mut ratios: Vec<Self> = pools.iter().map(of).collect();
        // Without a second window against the subject nobody is named, whatever the rest says.
        let asked = pools.iter().zip(&mut ratios).filter(|(_, ratio)| ratio.against > 1 && ratio.llr < 0.0);
        let (without, asked): (Vec<_>, Vec<_>) = asked
            .filter_map(|((windows, _), ratio)| {
                let alone = last(*windows);
                let worst = (0..alone.len()).min_by(|a, b| alone[*a].total_cmp(&alone[*b]))?;
                Some(((*windows, worst), ratio))
            })
            .unzip();
        if !without.is_empty() {
            for (ratio, rest) in asked.into_iter().zip(rest(&without)) {
                ratio.rest = drawn(rest);
            }
        }
        ratios
    }

    /// What names someone else. No single window decides: enough windows must each speak against the subject, and what names
    /// someone else must be said for the most part by all windows but the worst.
    fn agreed(&self, policy: &Policy) -> f64 {
        let enough = u32::try_from(self.against).is_ok_and(|w| w >= policy.least_windows.max(2));
        if enough { self.llr.max(self.rest / AGREEMENT) } else { f64::INFINITY }
    }
}

/// The hypothesis that speaks most against the subject.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strongest {
    pub(crate) windows: usize,
    pub(crate) llr: f64,
    /// That the subject was at the controls before.
    pub(crate) taken_over: bool,
}

/// Suffixes come with the shortest first.
pub(crate) fn strongest(suffixes: &[Suffix]) -> Strongest {
    let of = |s: &Suffix| {
        let windows = s.windows;
        let told = |taken_over| move |ratio: Ratio| Strongest { windows, llr: ratio.llr, taken_over };
        [Some(s.ratio).map(told(false)), s.taken_over.map(told(true))]
    };
    let all = suffixes.iter().flat_map(of).flatten();
    all.min_by(|a, b| a.llr.total_cmp(&b.llr)).unwrap_or(Strongest {
        windows: 1,
        llr: 0.0,
        taken_over: false,
    })
}

/// What follows of the suffixes for a session that was concluded of before.
pub(crate) fn conclude(suffixes: &[Suffix], policy: &Policy, hazard: &Hazard, was: VerdictKind) -> Standing {
    let agreed = trust(suffixes, policy, hazard, |ratio| ratio.agreed(policy));
    let trust = trust(suffixes, policy, hazard, |ratio| ratio.llr);
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

/// Posterior, 0 to 100, that no takeover began at any of the suffixes, given the ratio of each. Someone who took the session over
/// and someone who never was the subject are hypotheses beside each other, so that a session which goes on as it began does not
/// speak for its subject.
fn trust(suffixes: &[Suffix], policy: &Policy, hazard: &Hazard, llr: impl Fn(&Ratio) -> f64) -> f64 {
    let mut odds = 0.0;
    let (mut before, mut before_taken_over) = (0, 0);
    for suffix in suffixes {
        // A suffix stands for every beginning since the next shorter one, of which as much is asked.
        let beginnings = hazard.beginnings(before, suffix.windows);
        before = suffix.windows;
        #[expect(clippy::cast_precision_loss, reason = "a number of windows")]
        let weight = suffix.windows as f64 / EVEN;
        let against = |ratio: &Ratio| {
            let odds = (-llr(ratio)).exp();
            (weight * odds).min(odds * odds)
        };
        odds += policy.takeover_hazard * beginnings * against(&suffix.ratio);
        if let Some(taken_over) = &suffix.taken_over {
            let beginnings = hazard.beginnings(before_taken_over, suffix.windows);
            before_taken_over = suffix.windows;
            odds += policy.takeover_hazard * beginnings * against(taken_over);
        }
    }
    100.0 / (1.0 + odds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(llr: f64) -> Ratio {
        Ratio::of_all(&[llr / 2.0, llr / 2.0], &[(2, llr)], |_| vec![llr / 2.0]).remove(0)
    }

    #[test]
    fn what_is_left_out_is_asked_for_once_and_stands_with_its_pool() {
        let alone = [1.0, -5.0, -1.0, -2.0];
        let pools = [(1, -2.0), (2, -3.0), (3, -8.0), (4, 2.0)];
        let ratios = Ratio::of_all(&alone, &pools, |without| {
            // One window alone, and what speaks for the subject together, need no rest.
            assert_eq!(without, [(2, 1), (3, 0)]);
            vec![-1.5, -40.0]
        });
        let told: Vec<_> = ratios.iter().map(|r| (r.llr, r.rest, r.against)).collect();
        assert_eq!(told, [(-2.0, 0.0, 1), (-3.0, -1.5, 2), (-8.0, -MOST_EVIDENCE, 3), (2.0, 0.0, 3)]);
    }

    fn concluded(by_profile: f64, taken_over: Option<f64>) -> Standing {
        let suffix = Suffix { windows: 2, ratio: said(by_profile), taken_over: taken_over.map(said) };
        conclude(&[suffix], &Policy::default(), &Hazard::default(), VerdictKind::Genuine)
    }

    #[test]
    fn long_pools_that_tell_nothing_are_no_doubt() {
        let suffix = |windows| Suffix { windows, ratio: said(0.0), taken_over: None };
        let suffixes = SUFFIXES.map(suffix);
        let standing = conclude(&suffixes, &Policy::default(), &Hazard::default(), VerdictKind::Genuine);
        assert_eq!(standing.kind, VerdictKind::Genuine, "{standing:?}");
    }

    #[test]
    fn a_session_that_goes_on_as_it_began_lifts_no_doubt_that_the_profile_has() {
        let alone = concluded(-12.0, None);
        let fits = concluded(-12.0, Some(20.0));
        assert_eq!((alone.kind, fits.kind), (VerdictKind::DifferentPerson, VerdictKind::DifferentPerson));
        assert!(fits.trust <= alone.trust);
    }

    #[test]
    fn a_session_that_does_not_go_on_as_it_began_names_whom_the_profile_only_doubts() {
        assert_eq!(concluded(-3.0, None).kind, VerdictKind::Genuine);
        let both = concluded(-3.0, Some(-12.0));
        assert_eq!(both.kind, VerdictKind::DifferentPerson);
        let strongest = strongest(&[Suffix { windows: 2, ratio: said(-3.0), taken_over: Some(said(-12.0)) }]);
        assert!(strongest.taken_over && strongest.windows == 2);
    }
}
