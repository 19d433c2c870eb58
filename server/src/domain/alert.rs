//! What someone of the security team has to look at: how much it weighs, and the states it goes through. Pure.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tacit_engine::VerdictKind;
use time::Duration;
use utoipa::ToSchema;

use super::plain::{is_plain, is_plain_lines};
use super::policy::{GroupPolicy, Response};
use crate::{Error, Result};

/// A session that was dealt with raises no second alert of the kind until so long has passed without one of its verdicts: they
/// extend the one that was resolved.
pub const GOES_ON: Duration = Duration::hours(1);
/// Characters of a note at most.
pub const LONGEST_NOTE: usize = 2_000;
/// Characters of an assignee at most.
pub const LONGEST_ASSIGNEE: usize = 200;

/// How much an alert weighs, the least first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema, sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[repr(i16)]
pub enum Severity {
    /// To be known.
    Info = 0,
    /// When there is time.
    Low = 1,
    /// Today.
    Medium = 2,
    /// Soon.
    High = 3,
    /// Now.
    Critical = 4,
}

impl Severity {
    /// Every severity, the least first.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// As shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// As stored, 0 to 4.
    #[must_use]
    pub fn level(self) -> i16 {
        self as i16
    }

    /// Of a stored level; the nearest there is.
    #[must_use]
    pub fn of_level(level: i16) -> Self {
        Self::ALL.into_iter().find(|severity| severity.level() >= level).unwrap_or(Self::Critical)
    }
}

impl FromStr for Severity {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|severity| severity.name() == name).ok_or(())
    }
}

/// How much a verdict weighs where a policy stands; `None` if nobody has to look at it.
///
/// Someone else at a session of the subject's weighs more than a silence; who logged on with stolen credentials, more than who
/// sat down at an open desk. What the group's policy would lock a screen for weighs one step more, and what happens in a group that is
/// left alone, such as one in training, one step less.
#[must_use]
pub fn severity(verdict: VerdictKind, cause: Option<&str>, policy: &GroupPolicy) -> Option<Severity> {
    let of_itself = match verdict {
        VerdictKind::DifferentPerson if cause == Some("credential") => Severity::Critical,
        VerdictKind::DifferentPerson | VerdictKind::Automation => Severity::High,
        VerdictKind::Silent => Severity::Low,
        VerdictKind::Learning | VerdictKind::Genuine | VerdictKind::Suspicious | VerdictKind::NotScorable => {
            return None;
        }
    };
    let step = if policy.quiet { -1 } else { i16::from(policy.response(verdict) >= Response::StepUp) };
    Some(Severity::of_level((of_itself.level() + step).clamp(0, 4)))
}

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Nobody has looked at it.
    Open,
    /// Someone is looking at it.
    Acknowledged,
    /// Dealt with.
    Resolved,
}

impl AlertState {
    const ALL: [Self; 3] = [Self::Open, Self::Acknowledged, Self::Resolved];

    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }
}

impl FromStr for AlertState {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.name() == name).ok_or(())
    }
}

/// What an alert turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// It was someone or something else.
    Confirmed,
    /// It was the subject.
    FalseAlarm,
    /// It was an exercise; the engine learns nothing of it.
    Test,
}

impl Resolution {
    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::FalseAlarm => "false_alarm",
            Self::Test => "test",
        }
    }
}

/// Checks the text of a note.
///
/// # Errors
/// Invalid argument that says what is expected.
pub fn check_note(text: &str) -> Result<&str> {
    let text = text.trim();
    if (1..=LONGEST_NOTE).contains(&text.chars().count()) && is_plain_lines(text) {
        return Ok(text);
    }
    Err(Error::of_field("text", format!("a note must be 1 to {LONGEST_NOTE} characters of plain text")))
}

/// Checks to whom an alert is assigned.
///
/// # Errors
/// Invalid argument that says what is expected.
pub fn check_assignee(name: &str) -> Result<&str> {
    let name = name.trim();
    if (1..=LONGEST_ASSIGNEE).contains(&name.chars().count()) && is_plain(name) {
        return Ok(name);
    }
    Err(Error::of_field(
        "assignee",
        format!(
            "assignee must be 1 to {LONGEST_ASSIGNEE} characters, such as `user:` and a token's subject; null is for nobody"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::Mode;

    #[test]
    fn notes_and_assignees_can_be_read() {
        assert_eq!(check_note(" seen\n\tand asked ").unwrap(), "seen\n\tand asked");
        assert_eq!(check_assignee("user:ada").unwrap(), "user:ada");
        for hidden in ["\u{202e}nees", "se\u{200b}en", "\u{1b}[2J"] {
            assert!(check_note(hidden).is_err() && check_assignee(hidden).is_err(), "{hidden:?}");
        }
    }

    #[test]
    fn what_a_policy_locks_for_weighs_more_and_what_is_quiet_less() {
        let observe = GroupPolicy::default();
        let lock = GroupPolicy { mode: Mode::Lock, ..observe };
        let quiet = GroupPolicy { quiet: true, ..lock };
        let of = |kind, cause, policy| severity(kind, cause, policy).map(Severity::name);
        let other = VerdictKind::DifferentPerson;
        assert_eq!(of(other, Some("takeover"), &observe), Some("high"));
        assert_eq!(of(other, Some("takeover"), &lock), Some("critical"));
        assert_eq!(of(other, Some("takeover"), &quiet), Some("medium"));
        assert_eq!(of(other, Some("credential"), &observe), Some("critical"));
        assert_eq!(of(other, Some("credential"), &lock), Some("critical"));
        assert_eq!(of(VerdictKind::Silent, None, &lock), Some("low"));
        assert_eq!(of(VerdictKind::Silent, None, &quiet), Some("info"));
        assert_eq!(of(VerdictKind::Suspicious, None, &lock), None);
    }
}
