//! The rules that protect the person at a workstation from what policy asks for. Pure.

use serde::{Deserialize, Serialize};
use tacit_engine::VerdictKind;
use time::{Duration, OffsetDateTime};

use super::policy::Response;

/// Automatic interruptions of one session lie at least this far apart, unless an analyst has confirmed the accusation.
pub const APART: Duration = Duration::hours(1);
/// Windows that a session must have shown before it is interrupted for what they say.
pub const LEAST_WINDOWS: u32 = 2;

/// What a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rests {
    /// On windows, as the session has shown so many of the kind.
    OnWindows(u32),
    /// On a fact that needs no statistics over windows.
    OnFact,
}

/// Windows that a session has shown, as far as responses rest on them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shown {
    /// On which the person was judged.
    judged: u32,
    /// The latest, as far as they were a machine's one after the other: two lone ones, hours apart, are no two.
    machine: u32,
    /// The latest, as far as none of them could be judged.
    unscored: u32,
}

impl Shown {
    /// Counts a verdict, and tells what it rests on.
    pub fn rests(&mut self, verdict: VerdictKind, on_window: bool) -> Rests {
        if !on_window {
            return Rests::OnFact;
        }
        let of = |run: u32, kind| if verdict == kind { run.saturating_add(1) } else { 0 };
        self.machine = of(self.machine, VerdictKind::Automation);
        self.unscored = of(self.unscored, VerdictKind::NotScorable);
        Rests::OnWindows(match verdict {
            VerdictKind::Automation => self.machine,
            VerdictKind::NotScorable => self.unscored,
            VerdictKind::Learning => self.judged,
            VerdictKind::Genuine
            | VerdictKind::Suspicious
            | VerdictKind::DifferentPerson
            | VerdictKind::Silent => {
                self.judged = self.judged.saturating_add(1);
                self.judged
            }
        })
    }
}

/// What is known of the session, its subject and its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What the verdict rests on.
    pub rests: Rests,
    /// The subject has a mature profile.
    pub mature: bool,
    /// The group is quiet.
    pub quiet: bool,
    /// The subject is exempt.
    pub exempt: bool,
    /// The verdict is on input of a while ago: whoever was there may have gone.
    pub late: bool,
    /// When the session was last sent anything, also by hand.
    pub spoken_at: Option<OffsetDateTime>,
    /// The session's latest automatic interruption, unless an analyst has confirmed the accusation since.
    pub interrupted_at: Option<OffsetDateTime>,
}

/// Why a response was withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Nothing is done to anyone in the group.
    Quiet,
    /// Nothing is done to the subject.
    Exempt,
    /// The verdict came too late, or the device's clock is slow. What follows in the session may yet be answered.
    Late,
    /// There is no mature profile.
    NotMature,
    /// The verdict rests on one window. More may come: the same verdict may pass later.
    OneWindow,
    /// The session was interrupted within the hour, or for a notice was sent anything.
    WithinHour,
}

impl Rule {
    /// As stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet_group",
            Self::Exempt => "exempt_subject",
            Self::Late => "too_late",
            Self::NotMature => "profile_not_mature",
            Self::OneWindow => "one_window",
            Self::WithinHour => "within_an_hour",
        }
    }
}

/// Whether a response may follow a verdict now.
///
/// # Errors
/// The rule that forbids it.
pub fn allow(
    response: Response,
    verdict: VerdictKind,
    facts: &Facts,
    now: OffsetDateTime,
) -> Result<(), Rule> {
    if response == Response::Record {
        return Ok(());
    }
    if facts.quiet {
        return Err(Rule::Quiet);
    }
    if facts.exempt {
        return Err(Rule::Exempt);
    }
    if facts.late {
        return Err(Rule::Late);
    }
    if !response.interrupts() {
        let lately = facts.spoken_at.is_some_and(|at| now - at < APART);
        return if lately { Err(Rule::WithinHour) } else { Ok(()) };
    }
    // What a machine does is told without the person's profile, and yet the person at the desk is who gets locked out.
    if !facts.mature {
        return Err(Rule::NotMature);
    }
    if verdict != VerdictKind::Silent
        && matches!(facts.rests, Rests::OnWindows(windows) if windows < LEAST_WINDOWS)
    {
        return Err(Rule::OneWindow);
    }
    if facts.interrupted_at.is_some_and(|at| now - at < APART) {
        return Err(Rule::WithinHour);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-03-02 09:00 UTC);
    const SOUND: Facts = Facts {
        rests: Rests::OnWindows(2),
        mature: true,
        quiet: false,
        exempt: false,
        late: false,
        spoken_at: None,
        interrupted_at: None,
    };

    fn ask(response: Response, facts: &Facts) -> Result<(), Rule> {
        allow(response, VerdictKind::DifferentPerson, facts, NOW)
    }

    #[test]
    fn each_rule_keeps_a_lock_and_a_step_up_from_the_screen() {
        for response in [Response::StepUp, Response::Lock] {
            assert_eq!(ask(response, &SOUND), Ok(()));
            for (facts, rule) in [
                (Facts { rests: Rests::OnWindows(1), ..SOUND }, Rule::OneWindow),
                (Facts { rests: Rests::OnWindows(0), ..SOUND }, Rule::OneWindow),
                (Facts { mature: false, ..SOUND }, Rule::NotMature),
                (Facts { mature: false, rests: Rests::OnFact, ..SOUND }, Rule::NotMature),
                (Facts { quiet: true, ..SOUND }, Rule::Quiet),
                (Facts { exempt: true, late: true, ..SOUND }, Rule::Exempt),
                (Facts { late: true, mature: false, ..SOUND }, Rule::Late),
                (Facts { interrupted_at: Some(NOW), ..SOUND }, Rule::WithinHour),
                (Facts { interrupted_at: Some(NOW - Duration::minutes(59)), ..SOUND }, Rule::WithinHour),
                // A clock that was set back is no leave.
                (Facts { interrupted_at: Some(NOW + Duration::DAY), ..SOUND }, Rule::WithinHour),
            ] {
                assert_eq!(ask(response, &facts), Err(rule), "{facts:?}");
            }
            assert_eq!(ask(response, &Facts { rests: Rests::OnFact, ..SOUND }), Ok(()));
            let hour_ago = Facts { interrupted_at: Some(NOW - APART), ..SOUND };
            assert_eq!(ask(response, &hour_ago), Ok(()));
        }
    }

    #[test]
    fn windows_of_machines_count_while_they_follow_each_other() {
        use VerdictKind::{Automation, DifferentPerson, Learning, NotScorable, Suspicious};
        for between in [DifferentPerson, Learning, NotScorable, Suspicious] {
            let mut shown = Shown::default();
            assert_eq!(shown.rests(Automation, true), Rests::OnWindows(1));
            shown.rests(between, true);
            assert_eq!(shown.rests(Automation, true), Rests::OnWindows(1), "{between:?}");
            assert_eq!(shown.rests(Automation, false), Rests::OnFact);
            assert_eq!(shown.rests(Automation, true), Rests::OnWindows(2));
        }
    }

    #[test]
    fn a_notice_interrupts_nobody_and_still_spares_the_quiet_and_the_exempt() {
        let facts = Facts { rests: Rests::OnWindows(1), mature: false, ..SOUND };
        assert_eq!(ask(Response::Notify, &facts), Ok(()));
        let spoken = Facts { spoken_at: Some(NOW - Duration::minutes(59)), ..SOUND };
        assert_eq!(ask(Response::Notify, &spoken), Err(Rule::WithinHour));
        assert_eq!(ask(Response::Lock, &spoken), Ok(()));
        assert_eq!(ask(Response::Notify, &Facts { quiet: true, ..SOUND }), Err(Rule::Quiet));
        assert_eq!(ask(Response::Notify, &Facts { exempt: true, ..SOUND }), Err(Rule::Exempt));
        assert_eq!(ask(Response::Record, &Facts { quiet: true, exempt: true, ..facts }), Ok(()));
    }
}
