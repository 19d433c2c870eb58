//! One session of someone, judged as a server judges what an agent sends.

use std::sync::Arc;

use tacit_engine::score_against;
use tacit_engine::{
    AutomationState, Policy, Population, Profile, Reference, SessionState, Sign, SignKind, VerdictKind,
};
use tacit_measure::{Input, Measurer, Output, Settings, Signal, SignalKind, TimedInput};
use tacit_proto::Modality;

use crate::data;

/// Keys of a part that is scored by itself.
const PART_KEYS: u32 = 100;

/// What a session is judged against.
#[derive(Debug)]
pub(super) struct Court<'a> {
    population: &'a Population,
    policy: &'a Policy,
    profile: Profile,
    reference: Arc<Reference>,
}

/// What became of a session.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Outcome {
    /// Called another person.
    pub(super) different: bool,
    /// Called a machine, ever.
    pub(super) machine: bool,
    /// Score of each part of 100 keys; none from the part on in which a machine was told of.
    pub(super) scores: Vec<Option<f64>>,
}

impl<'a> Court<'a> {
    pub(super) fn new(population: &'a Population, policy: &'a Policy, profile: Profile) -> Self {
        let reference = profile.reference(population);
        Self { population, policy, profile, reference }
    }

    pub(super) fn judge(&self, events: &[TimedInput]) -> Outcome {
        let (mut measurer, mut out) = (Measurer::new(Settings::default()), Vec::new());
        let (mut state, mut automation) = (SessionState::default(), AutomationState::default());
        let (mut keys, mut told_at) = (0, None);
        let mut outcome = Outcome::default();
        let mut take = |out: &mut Vec<Output>, keys: u32| {
            for output in out.drain(..) {
                let policy = &self.policy.automation;
                let machine = match output {
                    Output::Signal(signal) => sign(&signal).and_then(|sign| automation.signal(policy, &sign)),
                    Output::Window(window) if window.modality == Modality::Keyboard => {
                        state.begins(window.beginning);
                        let machine = automation.window(policy, window.modality, &window.stats);
                        if machine.is_none() {
                            let kind = state
                                .observe(
                                    self.population,
                                    &self.profile,
                                    self.policy,
                                    window.modality,
                                    window.inputs,
                                    &window.stats,
                                )
                                .kind;
                            outcome.different |= kind == VerdictKind::DifferentPerson;
                        }
                        machine
                    }
                    Output::Window(_) => None,
                };
                if machine.is_some() {
                    told_at.get_or_insert(keys);
                }
            }
        };
        for event in events {
            keys += u32::from(matches!(event.input, Input::KeyDown { .. }));
            measurer.push(*event, &mut out);
            take(&mut out, keys);
        }
        measurer.finish(&mut out);
        take(&mut out, keys);
        outcome.machine = told_at.is_some();
        let cut = Settings { window_keystrokes: PART_KEYS, ..data::WHOLE };
        let mut end = 0;
        for part in data::windows(events, Modality::Keyboard, cut) {
            end += part.inputs;
            if part.inputs < PART_KEYS {
                break;
            }
            let score = score_against(self.population, &self.reference, Modality::Keyboard, &part.stats);
            outcome.scores.push(score.map(|s| s.llr).filter(|_| told_at.is_none_or(|told| told > end)));
        }
        outcome
    }
}

/// What the server makes of a signal; `None` of one that tells of no machine by itself.
fn sign(signal: &Signal) -> Option<Sign> {
    let kind = match signal.kind {
        SignalKind::MachineKeys => SignKind::MachineKeys,
        SignalKind::MachinePointer => SignKind::MachinePointer,
        SignalKind::Replayed => SignKind::Replayed,
        SignalKind::Assisted => SignKind::Assisted,
        SignalKind::Injected | SignalKind::ImpossibleInterval => return None,
    };
    Some(Sign { kind, count: signal.count, marks: signal.marks, strength: signal.strength })
}
