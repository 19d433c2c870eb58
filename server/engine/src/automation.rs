//! The verdict `automation`: a device or a program types or moves the pointer.
//!
//! Two detectors meet here: signals, which the agent raises at once, and the stats of windows ([`window`]). What assistive
//! software types is a class of its own and no attack, unless a policy says so.

mod window;

use serde::{Deserialize, Serialize};
use tacit_proto::{FeatureStats, Mark, Marks, Modality};

use crate::{Assessment, Evidence, VerdictKind};

/// What a policy makes of text that password managers, text expanders, dictation and on-screen keyboards type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assistive {
    /// Recorded under its name, and nothing else.
    #[default]
    Allowed,
    /// A machine like any other.
    Forbidden,
}

/// What a policy states of machines that type or point.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutomationPolicy {
    /// Evidence that a verdict takes: natural logarithm of how much likelier a machine is than a person.
    pub least_strength: u32,
    /// Assistive software.
    pub assistive: Assistive,
}

impl Default for AutomationPolicy {
    fn default() -> Self {
        Self { least_strength: 15, assistive: Assistive::Allowed }
    }
}

/// What an agent told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignKind {
    /// Keys timed as people do not time them.
    MachineKeys,
    /// A pointer moved as hands do not move one.
    MachinePointer,
    /// Keys that repeat earlier ones, time for time.
    Replayed,
    /// Keys as assistive software types them.
    Assisted,
}

/// A signal that tells of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sign {
    /// Which.
    pub kind: SignKind,
    /// Inputs it stands for.
    pub count: u32,
    /// What it rests on.
    pub marks: Marks,
    /// Natural logarithm of how much likelier a machine is.
    pub strength: u32,
}

/// What a session has shown of machines. Serialises with serde, as the session's state does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutomationState {
    /// Modalities whose open window holds input of a machine.
    tainted: Vec<Modality>,
    /// A verdict was `automation`.
    seen: bool,
}

impl AutomationState {
    /// Takes a signal. `Some` if it is a verdict.
    pub fn signal(&mut self, policy: &AutomationPolicy, sign: &Sign) -> Option<Assessment> {
        if sign.kind == SignKind::Assisted && policy.assistive == Assistive::Allowed {
            return None;
        }
        let certain = sign.kind == SignKind::Assisted || sign.marks.has(Mark::Injected);
        if !certain && sign.strength < policy.least_strength {
            return None;
        }
        let modality = match sign.kind {
            SignKind::MachinePointer => Modality::Pointer,
            _ => Modality::Keyboard,
        };
        // Injected input is never in a window.
        if !sign.marks.has(Mark::Injected) && !self.tainted.contains(&modality) {
            self.tainted.push(modality);
        }
        Some(self.conclude(reason(sign), sign.strength, sign.marks))
    }

    /// Takes the next window. `Some` if it is a machine's, and then it says nothing of the person.
    pub fn window(
        &mut self,
        policy: &AutomationPolicy,
        modality: Modality,
        stats: &FeatureStats,
    ) -> Option<Assessment> {
        let told = self.tainted.iter().position(|m| *m == modality).map(|at| self.tainted.remove(at));
        let found = window::examine(modality, stats);
        if found.strength >= f64::from(policy.least_strength) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some tens")]
            let strength = found.strength.min(1000.0) as u32;
            return Some(self.conclude(window::reason(modality), strength, found.marks));
        }
        told?;
        let what = if modality == Modality::Keyboard { "typed" } else { "moved" };
        let reason = format!("a machine {what} in this window; it says nothing of the person");
        Some(self.conclude(reason, 0, Marks::NONE))
    }

    /// Says that it was no machine after all: the session may teach, unless one is seen again.
    pub fn false_alarm(&mut self) {
        self.seen = false;
    }

    /// Whether a machine was ever at the controls: such a session teaches nothing.
    #[must_use]
    pub fn seen(&self) -> bool {
        self.seen
    }

    fn conclude(&mut self, reason: String, strength: u32, marks: Marks) -> Assessment {
        self.seen = true;
        #[expect(clippy::cast_precision_loss, reason = "fifteen marks at most")]
        let share = f64::from(strength) / marks.iter().count().max(1) as f64;
        let evidence =
            |mark: Mark| Evidence { family: mark.family(), llr: -share, words: mark.words().to_owned() };
        Assessment {
            kind: VerdictKind::Automation,
            cause: None,
            // Of the person it says nothing, neither for nor against.
            trust: None,
            llr: (strength > 0).then(|| -f64::from(strength)),
            reason,
            evidence: marks.iter().map(evidence).collect(),
        }
    }
}

fn reason(sign: &Sign) -> String {
    let count = sign.count;
    let program = sign.marks.has(Mark::Injected);
    let device = if sign.marks.has(Mark::NewDevice) { "a newly plugged-in keyboard" } else { "a machine" };
    match sign.kind {
        SignKind::MachineKeys if program => format!("a program typed {count} keys"),
        SignKind::MachineKeys => format!("{device} typed: {count} keys are timed as nobody times them"),
        SignKind::MachinePointer if program => format!("a program moved the pointer ({count} events)"),
        SignKind::MachinePointer => {
            format!("a machine moved the pointer: {count} strokes are as no hand makes them")
        }
        SignKind::Replayed => format!("earlier input was played again: {count} keys, time for time"),
        SignKind::Assisted => {
            format!("assistive software typed {count} keys, which the policy does not allow here")
        }
    }
}
