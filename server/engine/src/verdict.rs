//! What the server concludes of a session at a moment.

use serde::{Deserialize, Serialize};
use tacit_proto::Family;

use crate::automation::AutomationPolicy;

/// The answers. *Wrong person*, *machine* and *cannot tell* are different answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// The profile is not mature.
    Learning,
    /// The enrolled subject is at the controls.
    Genuine,
    /// Doubt, not enough to act on.
    Suspicious,
    /// Someone else is at the controls.
    DifferentPerson,
    /// A device or a program types or moves the pointer.
    Automation,
    /// Too little input, or input that cannot be judged.
    NotScorable,
    /// The agent of a living session is silent. The engine never says so: it sees windows alone.
    Silent,
}

/// Why someone else is at the controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Someone sat down in the middle of the subject's session.
    Takeover,
    /// The session never was the subject's: someone else logged on with the subject's credentials.
    Credential,
}

/// What a policy states of judging; the thresholds follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Probability that the controls change hands in one window, for what eight windows show: what fewer show counts for less.
    pub takeover_hazard: f64,
    /// Trust below which a session is suspicious, 0 to 100.
    pub suspicious_below: f64,
    /// Trust below which someone else is at the controls, 0 to 100.
    pub different_person_below: f64,
    /// Trust below which a session never teaches the profile, 0 to 100: below what is suspicious, since doubt
    /// of a moment is common, and a profile that learned of no such session would not follow its subject.
    #[serde(default = "unteachable_below")]
    pub unteachable_below: f64,
    /// Windows that must agree before `different_person`: no single window decides.
    pub least_windows: u32,
    /// Keystrokes learned before a keyboard profile is judged against.
    pub mature_keystrokes: u64,
    /// Strokes learned before a pointer or touch profile is judged against.
    pub mature_strokes: u64,
    /// Sessions learned before a profile is judged against.
    pub mature_sessions: u32,
    /// Machines that type or point.
    #[serde(default)]
    pub automation: AutomationPolicy,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            takeover_hazard: 0.02,
            suspicious_below: 50.0,
            different_person_below: 4.0,
            unteachable_below: unteachable_below(),
            least_windows: 2,
            mature_keystrokes: 1_000,
            mature_strokes: 200,
            mature_sessions: 2,
            automation: AutomationPolicy::default(),
        }
    }
}

fn unteachable_below() -> f64 {
    5.0
}

/// One reason for a verdict, in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Feature family that moved the verdict.
    pub family: Family,
    /// Natural-log units; negative speaks against the subject.
    pub llr: f64,
    /// Direction and size in plain words.
    pub words: String,
}

/// A verdict with its trust, score, reason and evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// The answer.
    pub kind: VerdictKind,
    /// Why; `None` unless someone else is at the controls.
    pub cause: Option<Cause>,
    /// 0 to 100; `None` while learning or not scorable.
    pub trust: Option<f64>,
    /// The score that weighed most, natural log; `None` while learning or not scorable.
    pub llr: Option<f64>,
    /// Why, in one sentence.
    pub reason: String,
    /// The strongest families first, at most five.
    pub evidence: Vec<Evidence>,
}
