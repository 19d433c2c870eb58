//! What a group's policy states, and what follows from it for judging and responding. No clock, no SQL, no transport.

use serde::{Deserialize, Serialize};
use tacit_engine::{Assistive, VerdictKind};
use utoipa::ToSchema;

use super::enrolment::{DAYS, EnrolmentGuard, MOST_DAYS};
use super::plain::is_plain;
use crate::{Error, Result};

/// The group of devices that are in no other.
pub const DEFAULT_GROUP: &str = "default";
/// Characters of a group's name at most.
const LONGEST_GROUP: usize = 63;
/// Characters of the reason for a version at most.
const LONGEST_REASON: usize = 500;
/// Minutes of a pause at most: a working day.
const LONGEST_PAUSE_MINUTES: u32 = 480;
/// False accusations a working day of 10,000 keystrokes when accusing at even odds, as measured on typing and rounded up.
const FALSE_AT_EVEN_ODDS: f64 = 1.0;

/// What is done at a workstation, the mildest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// The verdict is kept, and nothing is done.
    #[default]
    Record,
    /// The person at the workstation reads a notice.
    Notify,
    /// The person at the workstation confirms to the system who they are.
    StepUp,
    /// The workstation is locked.
    Lock,
}

impl Response {
    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Notify => "notify",
            Self::StepUp => "step_up",
            Self::Lock => "lock",
        }
    }

    /// The response of a stored name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Record, Self::Notify, Self::StepUp, Self::Lock].into_iter().find(|r| r.name() == name)
    }

    /// Whether it takes the screen away from whoever works there.
    #[must_use]
    pub fn interrupts(self) -> bool {
        self >= Self::StepUp
    }
}

/// The strongest response that a policy allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Verdicts are kept; nobody at a workstation notices.
    #[default]
    Observe,
    /// At most a notice.
    Notify,
    /// At most a request to confirm who is there.
    StepUp,
    /// Anything, up to a lock.
    Lock,
}

impl Mode {
    /// The strongest response.
    #[must_use]
    pub fn most(self) -> Response {
        match self {
            Self::Observe => Response::Record,
            Self::Notify => Response::Notify,
            Self::StepUp => Response::StepUp,
            Self::Lock => Response::Lock,
        }
    }
}

/// What each verdict asks for; the mode may allow less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = AskedByVerdict)]
pub struct Asked {
    /// Doubt: `record` or `notify`.
    pub suspicious: Response,
    /// Someone else is at the controls.
    pub different_person: Response,
    /// A device or a program types or moves the pointer.
    pub automation: Response,
    /// It cannot be told who is at the controls: `record`, `notify` or `step_up`.
    pub not_scorable: Response,
    /// The agent of a living session is silent: `record`, or `step_up` for when it speaks again within an hour.
    pub silent: Response,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            suspicious: Response::Record,
            different_person: Response::Lock,
            automation: Response::Lock,
            not_scorable: Response::Record,
            // Fail open: a network that goes away must not stop anyone's work.
            silent: Response::Record,
        }
    }
}

/// Whether text that password managers, text expanders, dictation and on-screen keyboards type is a machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssistiveSoftware {
    /// Recorded under its name, and no verdict.
    Allowed,
    /// A machine like any other, except for subjects who are exempt because they work with it.
    Forbidden,
}

impl From<AssistiveSoftware> for Assistive {
    fn from(of: AssistiveSoftware) -> Self {
        match of {
            AssistiveSoftware::Allowed => Self::Allowed,
            AssistiveSoftware::Forbidden => Self::Forbidden,
        }
    }
}

/// One version of a group's policy.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GroupPolicy {
    /// The strongest response.
    pub mode: Mode,
    /// What each verdict asks for.
    pub verdicts: Asked,
    /// False `different_person` that are tolerated per person and working day, 0.0001 to 1. Null for the threshold of the
    /// server's settings.
    pub false_locks_per_worker_day: Option<f64>,
    /// Software that types for people. Null for what the server's settings say.
    pub assistive_software: Option<AssistiveSoftware>,
    /// Evidence that `automation` takes, 5 to 100: natural logarithm of how much likelier a machine is than a person. Null
    /// for what the server's settings say.
    pub automation_strength: Option<u32>,
    /// Nothing is done to anyone in the group, whatever the mode; verdicts are kept.
    pub quiet: bool,
    /// Who or what must vouch for an account on a device before what is typed there is learned.
    pub enrolment_guard: EnrolmentGuard,
    /// Days without an alarm that vouch where the guard is `time`, 1 to 28. Null for 7.
    pub enrolment_guard_days: Option<u32>,
    /// Minutes that the person at the workstation may pause the agent at a time, 1 to 480. Null for not at all.
    pub longest_pause_minutes: Option<u32>,
}

impl GroupPolicy {
    /// Checks what types cannot.
    ///
    /// # Errors
    /// Invalid argument that names the field and what it must be.
    pub fn validate(&self) -> Result<()> {
        if self.false_locks_per_worker_day.is_some_and(|f| !(0.0001..=1.0).contains(&f)) {
            return Err(Error::of_field(
                "policy.false_locks_per_worker_day",
                "false_locks_per_worker_day must lie from 0.0001 (one in 10,000 working days) to 1, or be null",
            ));
        }
        if self.automation_strength.is_some_and(|s| !(5..=100).contains(&s)) {
            return Err(Error::of_field(
                "policy.automation_strength",
                "automation_strength must lie from 5 to 100, or be null",
            ));
        }
        if self.enrolment_guard_days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
            return Err(Error::of_field(
                "policy.enrolment_guard_days",
                format!("enrolment_guard_days must lie from 1 to {MOST_DAYS}, or be null"),
            ));
        }
        if self.longest_pause_minutes.is_some_and(|minutes| !(1..=LONGEST_PAUSE_MINUTES).contains(&minutes)) {
            return Err(Error::of_field(
                "policy.longest_pause_minutes",
                format!("longest_pause_minutes must lie from 1 to {LONGEST_PAUSE_MINUTES}, or be null"),
            ));
        }
        if self.enrolment_guard == EnrolmentGuard::StepUp && self.mode < Mode::StepUp {
            return Err(Error::of_field(
                "policy.enrolment_guard",
                "where enrolment_guard is step_up, mode must be step_up or lock: else nobody is ever asked",
            ));
        }
        if self.verdicts.suspicious > Response::Notify {
            return Err(Error::of_field(
                "policy.verdicts.suspicious",
                "doubt is not enough to interrupt anyone: verdicts.suspicious must be record or notify",
            ));
        }
        if self.verdicts.not_scorable > Response::StepUp {
            return Err(Error::of_field(
                "policy.verdicts.not_scorable",
                "what cannot be judged accuses nobody: verdicts.not_scorable must be record, notify or step_up",
            ));
        }
        if !matches!(self.verdicts.silent, Response::Record | Response::StepUp) {
            return Err(Error::of_field(
                "policy.verdicts.silent",
                "a silent agent can be told nothing until it speaks again: verdicts.silent must be record or step_up",
            ));
        }
        Ok(())
    }

    /// Days without an alarm that vouch for an account on a device.
    #[must_use]
    pub fn enrolment_days(&self) -> u32 {
        self.enrolment_guard_days.unwrap_or(DAYS)
    }

    /// What follows a verdict, before any rule that protects the person ([`crate::domain::guard`]).
    #[must_use]
    pub fn response(&self, verdict: VerdictKind) -> Response {
        let asked = match verdict {
            VerdictKind::Suspicious => self.verdicts.suspicious,
            VerdictKind::DifferentPerson => self.verdicts.different_person,
            VerdictKind::Automation => self.verdicts.automation,
            VerdictKind::NotScorable => self.verdicts.not_scorable,
            VerdictKind::Silent => self.verdicts.silent,
            VerdictKind::Learning | VerdictKind::Genuine => Response::Record,
        };
        asked.min(self.mode.most())
    }

    /// How sessions are judged under it, on a server with these settings.
    #[must_use]
    pub fn judging(&self, settings: &tacit_engine::Policy) -> tacit_engine::Policy {
        let mut judging = *settings;
        if let Some(tolerated) = self.false_locks_per_worker_day {
            judging.different_person_below = threshold(tolerated, settings);
        }
        if let Some(assistive) = self.assistive_software {
            judging.automation.assistive = assistive.into();
        }
        if let Some(strength) = self.automation_strength {
            judging.automation.least_strength = strength;
        }
        judging
    }
}

/// Trust below which a session is someone else's, so that no more than so many false accusations are expected a working day.
///
/// On recordings, false accusations grow with the root of the odds of the trust that is accused below (docs/accuracy.md).
/// Solved for the trust, and never above the threshold of suspicion.
fn threshold(tolerated: f64, settings: &tacit_engine::Policy) -> f64 {
    let odds = (tolerated / FALSE_AT_EVEN_ODDS).powi(2);
    (100.0 * odds / (1.0 + odds)).min(settings.suspicious_below)
}

/// Checks the name of a group.
///
/// # Errors
/// Invalid argument that says what a name is.
pub fn check_group(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let sound = (1..=LONGEST_GROUP).contains(&name.len())
        && name.starts_with(plain)
        && name.chars().all(|c| plain(c) || c == '-');
    if sound {
        return Ok(());
    }
    Err(Error::of_field(
        "group",
        format!("the name of a group must be 1 to {LONGEST_GROUP} of a-z, 0-9 and -, not beginning with -"),
    ))
}

/// Checks why a version was made.
///
/// # Errors
/// Invalid argument that says what is expected.
pub fn check_reason(reason: &str) -> Result<String> {
    let reason = reason.trim();
    let length = reason.chars().count();
    if !(1..=LONGEST_REASON).contains(&length) || !is_plain(reason) {
        return Err(Error::of_field(
            "reason",
            format!("reason must be 1 to {LONGEST_REASON} characters of plain text that say why"),
        ));
    }
    Ok(reason.to_owned())
}

#[cfg(test)]
mod tests;
