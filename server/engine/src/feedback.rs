//! What people say of a session, and what follows for one that they call the subject's although the profile does not fit it.
//!
//! A hand that changed or was injured stays so, and the profile cannot tell. Once people have vouched for the session and what
//! follows still does not fit the profile, the answer is `not_scorable` and no accusation: the profile is no measure until it has
//! learned. Meanwhile the session is held against itself since they spoke, so that someone else who comes is still told.
//! The session teaches. Where the profile fits again, the accusation was mistaken, nothing has changed, and it is judged by
//! the profile as ever.

use serde::{Deserialize, Serialize};

use crate::explain::told;
use crate::reason::{reason_of_change, reason_of_start};
use crate::start::{self, Beside, Sitting};
use crate::suffix::{Suffix, conclude, strongest};
use crate::verdict::Cause;
use crate::{Assessment, Policy, Population, SessionState, VerdictKind};

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Feedback {
    #[default]
    None,
    FalseAlarm,
    /// A false alarm, after which the profile fits.
    Fitting,
    /// A false alarm, after which it still does not.
    Changed,
    Confirmed,
}

impl Feedback {
    /// That it is the subject.
    pub(crate) fn vouches(self) -> bool {
        matches!(self, Self::FalseAlarm | Self::Fitting | Self::Changed)
    }
}

impl SessionState {
    /// Says that it was the subject after all: lifts the standing verdict, begins anew with what follows, and lets the
    /// session teach unless it is doubted again or a takeover has been confirmed.
    pub fn false_alarm(&mut self) {
        self.begin_anew();
        self.doubted = false;
        if self.feedback != Feedback::Confirmed {
            self.feedback = Feedback::FalseAlarm;
        }
    }

    /// Whether people said that someone else was at the controls.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.feedback == Feedback::Confirmed
    }

    /// Whether people said that it was the subject, and nobody said otherwise.
    #[must_use]
    pub fn vouched_for(&self) -> bool {
        self.feedback.vouches()
    }

    /// Says that someone else was at the controls: the session never teaches.
    pub fn confirmed(&mut self) {
        self.feedback = Feedback::Confirmed;
    }

    /// Whether what follows the people's word does not fit the profile either, by the suffixes scored against it.
    pub(crate) fn changed(&mut self, policy: &Policy, suffixes: &[Suffix]) -> bool {
        if !matches!(self.feedback, Feedback::FalseAlarm | Feedback::Changed) {
            return false;
        }
        let against = conclude(suffixes, policy, &self.hazard, VerdictKind::Genuine);
        let enough = u32::try_from(self.recent.len()).is_ok_and(|w| w >= policy.least_windows.max(2));
        if enough && against.llr >= 0.0 {
            self.feedback = Feedback::Fitting;
        } else if against.kind != VerdictKind::Genuine {
            self.feedback = Feedback::Changed;
        }
        self.feedback == Feedback::Changed
    }

    /// Cannot tell by the profile; someone else, if the session clearly does not go on as it did since people spoke.
    pub(crate) fn unlike_profile(
        &mut self,
        population: &Population,
        policy: &Policy,
        suffixes: &[Suffix],
    ) -> Assessment {
        let sitting = self.sitting(population, Beside::Nothing);
        let since = sitting.as_ref().map(Sitting::suffixes).unwrap_or_default();
        if !since.is_empty() {
            self.stand(&since, &start::policy_alone(policy), Cause::Takeover);
        }
        match self.standing {
            Some(standing) if standing.kind == VerdictKind::DifferentPerson => {
                let windows = strongest(&since).windows;
                Assessment {
                    kind: standing.kind,
                    cause: standing.cause,
                    trust: Some(standing.trust),
                    llr: Some(standing.llr),
                    reason: reason_of_start(standing.llr, windows, "the profile does not fit the subject"),
                    evidence: told(sitting.map(|s| s.evidence(windows)).unwrap_or_default(), standing.llr),
                }
            }
            _ => Assessment {
                kind: VerdictKind::NotScorable,
                cause: None,
                trust: None,
                llr: None,
                reason: reason_of_change(strongest(suffixes).windows),
                evidence: Vec::new(),
            },
        }
    }
}
