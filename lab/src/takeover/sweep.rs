//! Judges one session under every threshold of trust in one pass.
//!
//! The engine runs with a threshold that nothing falls below, so that its state is the same for all. Only where trust is
//! low is it asked again, on a copy, whether a threshold is met. An accusation holds until the verdict is genuine again.

use tacit_engine::{Policy, Population, Profile, SessionState, VerdictKind};
use tacit_measure::Settings;
use tacit_proto::Modality;

use super::session::Slice;

/// What a replay is judged with.
#[derive(Debug, Clone, Copy)]
pub struct Court<'a> {
    /// The prior.
    pub population: &'a Population,
    /// Everything but the threshold.
    pub policy: &'a Policy,
    /// Trust below which a session is `different_person`, falling; none above what is suspicious.
    pub thresholds: &'a [f64],
    /// Input that is replayed.
    pub modality: Modality,
    /// How a desk is measured.
    pub settings: Settings,
}

/// A session under judgement.
#[derive(Debug, Clone)]
pub(super) struct Sweep<'a> {
    court: Court<'a>,
    state: SessionState,
    /// So many thresholds, the highest first, say `different_person` now.
    accusing: usize,
}

impl<'a> Sweep<'a> {
    pub(super) fn new(court: Court<'a>) -> Self {
        Self { court, state: SessionState::default(), accusing: 0 }
    }

    /// Takes the next window. Answers under how many thresholds, the highest first, the session is `different_person` now;
    /// `None` if there is nothing to judge against.
    pub(super) fn observe(&mut self, profile: &Profile, slice: &Slice) -> Option<usize> {
        let Court { population, policy, thresholds, modality, .. } = self.court;
        let ask = |state: &mut SessionState, different_person_below: f64| {
            let policy = Policy { different_person_below, ..*policy };
            state.begins(slice.beginning);
            state.observe(population, profile, &policy, modality, slice.inputs, &slice.stats)
        };
        let before = self.state.clone();
        let seen = ask(&mut self.state, 0.0);
        let trust = self.state.trust();
        match (seen.kind, trust) {
            // Trust in the session's own start is not told while a profile is learned, but it is there.
            (VerdictKind::Learning, None) => return None,
            _ if !self.state.in_doubt() => self.accusing = 0,
            _ => {
                let trust = trust.unwrap_or(100.0);
                let met = |threshold: &f64| {
                    let mut state = before.clone();
                    trust < *threshold && ask(&mut state, *threshold).kind == VerdictKind::DifferentPerson
                };
                // What meets a threshold meets every higher one.
                self.accusing = self.accusing.max(thresholds.partition_point(met));
            }
        }
        Some(self.accusing)
    }

    /// Teaches the profile what may be learned of the session.
    pub(super) fn close(&self, profile: &mut Profile) {
        self.state.close(self.court.population, self.court.policy, profile);
    }
}
