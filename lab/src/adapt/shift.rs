//! Something about a person changes from one session to the next, and stays: a keyboard, a clock, an injured hand. Do flags end?
//!
//! The change is made to the recorded times of the second log and all later ones. The first log enrols as it is.

use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use tacit_engine::{Policy, Profile};
use tacit_measure::Zone;

use super::people::{Hearing, Part, Worker, judged, sessions};
use super::{mean, share};
use crate::data::Sample;
use crate::data::clock::Clocks;
use crate::data::ikdd::{Log, What};

/// Windows of a session: 1,000 keys.
const WINDOWS: usize = 20;
/// Sessions that are told after the change.
const SESSIONS: usize = 6;
/// The last of them, by which flags should have ended.
const LATE: usize = 2;

/// What changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    /// Nothing.
    None,
    /// Another keyboard: keys are held 15 ms longer, from press to press takes a tenth longer.
    Keyboard,
    /// Another machine: its clock ticks every 15.6 ms.
    Clock,
    /// The left hand holds keys 1.6 times as long and takes 1.8 times as long to reach them.
    InjuredHand,
    /// One hand does it all: 2.2 times as long from press to press, 2.8 times to the left half, keys held 1.2 times as long.
    OneHand,
}

/// What people say of a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feedback {
    /// Nothing, ever.
    None,
    /// That the first one was a false alarm.
    Once,
    /// That each one was a false alarm.
    Always,
}

const SHIFTS: [Shift; 5] = [Shift::None, Shift::Keyboard, Shift::Clock, Shift::InjuredHand, Shift::OneHand];
const FEEDBACKS: [Feedback; 3] = [Feedback::None, Feedback::Once, Feedback::Always];

/// One change under one feedback, over people; a JSON object a row. Shares are of sessions after the change unless they say
/// otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What changes.
    pub shift: Shift,
    /// What people say.
    pub feedback: Feedback,
    /// People judged.
    pub people: usize,
    /// Their sessions after the change.
    pub sessions: usize,
    /// Flags of `different_person` a person.
    pub flags: f64,
    /// Share of people flagged in the first session, the second, and so on.
    pub flagged: Vec<f64>,
    /// Share of people doubted in the first session, the second, and so on, flagged or not.
    pub doubted: Vec<f64>,
    /// Share of people who are flagged again in the last two sessions told: it does not end.
    pub still_flagged: f64,
    /// Session of the last flag, the median of people who had any.
    pub last_flag: Option<usize>,
    /// Share of which some window could not be judged.
    pub not_scorable: f64,
    /// Share that taught the profile.
    pub taught: f64,
}

/// One session after the change.
struct Judged {
    flags: u32,
    doubted: bool,
    not_scorable: bool,
    taught: bool,
}

impl super::Row for Row {
    const NAME: &'static str = "shift";

    fn heading() -> String {
        format!(
            "{:<13} {:<7} {:>6} {:>7} {:>15} {:>15} {:>8} {:>8} {:>8} {:>8}",
            "shift", "said", "people", "flags a", "flagged", "doubted", "still", "last", "not", "taught"
        ) + &format!(
            "\n{:<13} {:<7} {:>6} {:>7} {:>15} {:>15} {:>8} {:>8} {:>8}",
            "", "", "", "person", "first / last", "first / last", "flagged", "flag at", "scorable"
        )
    }

    fn line(&self) -> String {
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let ends = |of: &[f64]| {
            let end = |of: Option<&f64>| of.map_or_else(|| "-".to_owned(), |f| percent(*f));
            format!("{} / {}", end(of.first()), end(of.last()))
        };
        format!(
            "{:<13} {:<7} {:>6} {:>7.2} {:>15} {:>15} {:>8} {:>8} {:>8} {:>8}",
            self.shift.name(),
            self.feedback.name(),
            self.people,
            self.flags,
            ends(&self.flagged),
            ends(&self.doubted),
            percent(self.still_flagged),
            self.last_flag.map_or_else(|| "-".to_owned(), |s| s.to_string()),
            percent(self.not_scorable),
            percent(self.taught)
        )
    }

    fn of(&self) -> String {
        format!("{}, {}", self.shift.name(), self.feedback.name())
    }

    fn shares(&self) -> Vec<f64> {
        let own = [self.still_flagged, self.not_scorable, self.taught];
        [&self.flagged[..], &self.doubted, &own].concat()
    }

    fn measure(workers: &[Worker], bar: &ProgressBar) -> Vec<Self> {
        let people: Vec<Vec<Vec<Judged>>> = judged(workers, bar, person);
        let each = SHIFTS.into_iter().flat_map(|shift| FEEDBACKS.map(|feedback| (shift, feedback)));
        each.zip(0_usize..)
            .filter(|_| !people.is_empty())
            .map(|((shift, feedback), at)| {
                row(shift, feedback, &people.iter().map(|person| &person[at]).collect::<Vec<_>>())
            })
            .collect()
    }
}

impl Shift {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Keyboard => "keyboard",
            Self::Clock => "clock",
            Self::InjuredHand => "injured hand",
            Self::OneHand => "one hand",
        }
    }

    /// A log as it would have been.
    fn of(self, log: &Log) -> Log {
        let mut clocks = Clocks::ticking(15.6);
        let mut clock = clocks.recording();
        log.retimed(|what, zone, ms| {
            let left = zone == Zone::Left;
            match (self, what) {
                (Self::Clock, _) => clock.span_ms(ms),
                (Self::Keyboard, What::Hold) => ms + 15.0,
                (Self::Keyboard, What::DownDown) => 1.1 * ms,
                (Self::InjuredHand, What::Hold) if left => 1.6 * ms,
                (Self::InjuredHand, What::DownDown) if left => 1.8 * ms,
                (Self::OneHand, What::Hold) => 1.2 * ms,
                (Self::OneHand, What::DownDown) if left => 2.8 * ms,
                (Self::OneHand, What::DownDown) => 2.2 * ms,
                (Self::None | Self::InjuredHand, _) => ms,
            }
        })
    }
}

impl Feedback {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Once => "once",
            Self::Always => "always",
        }
    }
}

fn row(shift: Shift, feedback: Feedback, people: &[&Vec<Judged>]) -> Row {
    let all = || people.iter().copied().flatten();
    let each = |is: fn(&Judged) -> bool| {
        let at = |at: usize| share(people.iter().filter_map(|p| p.get(at)).map(is));
        (0..SESSIONS).map(at).collect()
    };
    let last = people.iter().filter_map(|p| p.iter().rposition(|s| s.flags > 0)).map(|at| at + 1);
    let mut last: Vec<usize> = last.collect();
    last.sort_unstable();
    Row {
        shift,
        feedback,
        people: people.len(),
        sessions: all().count(),
        flags: mean(people.iter().map(|p| p.iter().map(|s| f64::from(s.flags)).sum::<f64>())),
        flagged: each(|s| s.flags > 0),
        doubted: each(|s| s.doubted),
        still_flagged: share(people.iter().map(|p| p.iter().rev().take(LATE).any(|s| s.flags > 0))),
        last_flag: last.get(last.len() / 2).copied(),
        not_scorable: share(all().map(|s| s.not_scorable)),
        taught: share(all().map(|s| s.taught)),
    }
}

/// Each change under each feedback of one person. `None` if there are too few sessions.
fn person(part: &Part<'_>, own: usize) -> Option<Vec<Vec<Judged>>> {
    let (first, later) = part.workers[own].logs.split_first()?;
    let policy = Policy::default();
    let mut profile = Profile::default();
    for session in sessions(first, WINDOWS) {
        Hearing::of(&part.population, &profile, &policy, &session).state.close(&mut profile);
    }
    if !profile.maturity(&policy).iter().any(|m| m.mature) {
        return None;
    }
    let mut judged = Vec::new();
    for shift in SHIFTS {
        let changed = later.iter().flat_map(|log| sessions(&shift.of(log), WINDOWS));
        let changed: Vec<Vec<Sample>> = changed.take(SESSIONS).collect();
        if changed.len() < SESSIONS {
            return None;
        }
        for feedback in FEEDBACKS {
            judged.push(replay(part, &policy, profile.clone(), &changed, feedback));
        }
    }
    Some(judged)
}

/// The sessions in order, each of which may teach.
fn replay(
    part: &Part<'_>,
    policy: &Policy,
    mut profile: Profile,
    sessions: &[Vec<Sample>],
    feedback: Feedback,
) -> Vec<Judged> {
    let mut said = false;
    let mut one = |session: &Vec<Sample>| {
        let mut hearing = Hearing::default();
        for window in session {
            let raised = hearing.observe(&part.population, &profile, policy, window);
            let speaks = feedback == Feedback::Always || (feedback == Feedback::Once && !said);
            if raised && speaks {
                hearing.false_alarm();
                said = true;
            }
        }
        let Hearing { flags, doubted, not_scorable, .. } = hearing;
        Judged { flags, doubted, not_scorable, taught: hearing.state.close(&mut profile) }
    };
    sessions.iter().map(&mut one).collect()
}
