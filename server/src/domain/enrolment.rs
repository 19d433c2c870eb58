//! The enrolment guard: when what is typed under an account on a device is learned as the subject. Pure.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

/// Days without an alarm that vouch for an account on a device, unless the policy says otherwise.
pub const DAYS: u32 = 7;
/// Days that a policy may ask for at most. Less than [`HELD_FOR`], so that the first session is still there to be learned.
pub const MOST_DAYS: u32 = 28;
/// A session is held back no longer than this: what nobody has vouched for by then is never learned.
pub const HELD_FOR: Duration = Duration::days(30);
/// Sessions of an account on a device that are held back at most, the latest.
pub const MOST_HELD: i64 = 12;

/// Who or what must vouch for an account on a device before its sessions teach the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentGuard {
    /// Nobody: every undoubted session teaches.
    Off,
    /// Days without an alarm. The first device of an account teaches at once.
    #[default]
    Time,
    /// The person, by unlocking the screen at once after a step-up or lock that Tacit asked for. The first device of an account
    /// teaches at once, since nobody is asked before a profile is mature.
    StepUp,
    /// An analyst, by feedback on a session. The first device waits for them too.
    Analyst,
}

/// What vouched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VouchedBy {
    /// A policy without a guard.
    Off,
    /// That the account was seen nowhere before.
    FirstDevice,
    /// Days without an alarm.
    Time,
    /// An unlock that was asked for.
    StepUp,
    /// Feedback.
    Analyst,
}

impl VouchedBy {
    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::FirstDevice => "first_device",
            Self::Time => "time",
            Self::StepUp => "step_up",
            Self::Analyst => "analyst",
        }
    }
}

/// How an account stands on a device that nobody has vouched for yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unvouched {
    /// The account was seen nowhere before.
    pub first_device: bool,
    /// Since when it is seen there.
    pub since: OffsetDateTime,
    /// The latest verdict there that someone else or a machine is at work.
    pub alarm_at: Option<OffsetDateTime>,
}

/// What a session there has shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shown {
    /// The screen was unlocked at once after Tacit had asked for it.
    pub stepped_up: bool,
    /// An analyst said that it is the subject.
    pub confirmed: bool,
}

impl EnrolmentGuard {
    /// What vouches now, if anything does. An analyst's word always does.
    #[must_use]
    pub fn vouched(self, days: u32, of: &Unvouched, shown: Shown, now: OffsetDateTime) -> Option<VouchedBy> {
        let calm = now - of.alarm_at.map_or(of.since, |alarm| alarm.max(of.since));
        match self {
            _ if shown.confirmed => Some(VouchedBy::Analyst),
            Self::Off => Some(VouchedBy::Off),
            Self::Time | Self::StepUp if of.first_device => Some(VouchedBy::FirstDevice),
            Self::Time => (calm >= Duration::days(days.into())).then_some(VouchedBy::Time),
            Self::StepUp => shown.stepped_up.then_some(VouchedBy::StepUp),
            Self::Analyst => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-03-09 09:00 UTC);
    const SINCE: OffsetDateTime = datetime!(2026-03-02 09:00 UTC);
    const SECOND: Unvouched = Unvouched { first_device: false, since: SINCE, alarm_at: None };
    const NOTHING: Shown = Shown { stepped_up: false, confirmed: false };

    #[test]
    fn each_guard_takes_its_own_word_and_an_analysts() {
        use EnrolmentGuard as G;
        let soon = SINCE + Duration::days(1);
        for (guard, first, second, stepped_up) in [
            (G::Off, Some(VouchedBy::Off), Some(VouchedBy::Off), Some(VouchedBy::Off)),
            (G::Time, Some(VouchedBy::FirstDevice), None, None),
            (G::StepUp, Some(VouchedBy::FirstDevice), None, Some(VouchedBy::StepUp)),
            (G::Analyst, None, None, None),
        ] {
            let of = |first_device| Unvouched { first_device, ..SECOND };
            let said = |shown| guard.vouched(DAYS, &of(false), shown, soon);
            assert_eq!(guard.vouched(DAYS, &of(true), NOTHING, soon), first, "{guard:?}");
            assert_eq!(said(NOTHING), second, "{guard:?}");
            assert_eq!(said(Shown { stepped_up: true, ..NOTHING }), stepped_up, "{guard:?}");
            assert_eq!(said(Shown { confirmed: true, ..NOTHING }), Some(VouchedBy::Analyst), "{guard:?}");
        }
    }

    #[test]
    fn an_alarm_makes_the_days_begin_anew() {
        let at = |of: &Unvouched, now| EnrolmentGuard::Time.vouched(DAYS, of, NOTHING, now);
        assert_eq!(at(&SECOND, NOW), Some(VouchedBy::Time));
        assert_eq!(at(&SECOND, NOW - Duration::SECOND), None);
        let alarmed = Unvouched { alarm_at: Some(SINCE + Duration::HOUR), ..SECOND };
        assert_eq!(at(&alarmed, NOW), None);
        assert_eq!(at(&alarmed, NOW + Duration::HOUR), Some(VouchedBy::Time));
    }
}
