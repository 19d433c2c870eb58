//! Something about a person changes from one session to the next, and stays: a keyboard, a clock, an injured hand. Do flags end?
//!
//! The change is made to the recorded times of the second log and all later ones. The first log enrols as it is. What
//! follows is on the device of the first log or on one that the profile does not know; other people on it are judged too.

use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use tacit_engine::{Policy, Profile};

pub use super::change::{Feedback, Place, Shift};
use super::people::{Hearing, Part, Worker, judged, sessions};
use super::{mean, share};
use crate::data::Sample;

/// Windows of a session: 1,000 keys.
const WINDOWS: usize = 20;
/// Sessions that are told after the change.
const SESSIONS: usize = 6;
/// Other people who are judged as each of them.
const OTHERS: usize = 5;
/// The last of them, by which flags should have ended.
const LATE: usize = 2;

const PLACES: [Place; 2] = [Place::Known, Place::New];
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
    /// Where they are.
    pub device: Place,
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
    /// Share of other people's sessions there, changed alike, that are flagged before the profile learns again.
    pub others_flagged: f64,
    /// Windows until they are, the median of those flagged.
    pub others_after: Option<usize>,
}

/// What comes of one change under one feedback in one place, for one person.
struct Case {
    sessions: Vec<Judged>,
    /// Windows until another person's session was flagged, if it was.
    others: Vec<Option<usize>>,
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
            "{:<13} {:<7} {:<6} {:>6} {:>7} {:>15} {:>15} {:>8} {:>8} {:>8} {:>8} {:>8} {:>6}",
            "shift",
            "said",
            "device",
            "people",
            "flags a",
            "flagged",
            "doubted",
            "still",
            "last",
            "not",
            "taught",
            "others",
            "after"
        ) + &format!(
            "\n{:<13} {:<7} {:<6} {:>6} {:>7} {:>15} {:>15} {:>8} {:>8} {:>8} {:>8} {:>8}",
            "",
            "",
            "",
            "",
            "person",
            "first / last",
            "first / last",
            "flagged",
            "flag at",
            "scorable",
            "",
            "flagged"
        )
    }

    fn line(&self) -> String {
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let count = |count: Option<usize>| count.map_or_else(|| "-".to_owned(), |c| c.to_string());
        let ends = |of: &[f64]| {
            let end = |of: Option<&f64>| of.map_or_else(|| "-".to_owned(), |f| percent(*f));
            format!("{} / {}", end(of.first()), end(of.last()))
        };
        format!(
            "{:<13} {:<7} {:<6} {:>6} {:>7.2} {:>15} {:>15} {:>8} {:>8} {:>8} {:>8} {:>8} {:>6}",
            self.shift.name(),
            self.feedback.name(),
            self.device.name(),
            self.people,
            self.flags,
            ends(&self.flagged),
            ends(&self.doubted),
            percent(self.still_flagged),
            count(self.last_flag),
            percent(self.not_scorable),
            percent(self.taught),
            percent(self.others_flagged),
            count(self.others_after)
        )
    }

    fn of(&self) -> String {
        format!("{}, {}, {} device", self.shift.name(), self.feedback.name(), self.device.name())
    }

    fn shares(&self) -> Vec<f64> {
        let own = [self.still_flagged, self.not_scorable, self.taught, self.others_flagged];
        [&self.flagged[..], &self.doubted, &own].concat()
    }

    fn measure(workers: &[Worker], bar: &ProgressBar) -> Vec<Self> {
        let people: Vec<Vec<Case>> = judged(workers, bar, person);
        let told = cases().zip(0_usize..).filter(|_| !people.is_empty());
        told.map(|(of, at)| row(of, &people.iter().map(|person| &person[at]).collect::<Vec<_>>())).collect()
    }
}

/// All that is told, in order.
fn cases() -> impl Iterator<Item = (Shift, Place, Feedback)> {
    let places = SHIFTS.into_iter().flat_map(|shift| PLACES.map(|place| (shift, place)));
    places.flat_map(|(shift, place)| FEEDBACKS.map(|feedback| (shift, place, feedback)))
}

fn row((shift, device, feedback): (Shift, Place, Feedback), cases: &[&Case]) -> Row {
    let people: Vec<&Vec<Judged>> = cases.iter().map(|case| &case.sessions).collect();
    let others = || cases.iter().flat_map(|case| &case.others);
    let all = || people.iter().copied().flatten();
    let each = |is: fn(&Judged) -> bool| {
        let at = |at: usize| share(people.iter().filter_map(|p| p.get(at)).map(is));
        (0..SESSIONS).map(at).collect()
    };
    let last = people.iter().filter_map(|p| p.iter().rposition(|s| s.flags > 0)).map(|at| at + 1);
    let mut last: Vec<usize> = last.collect();
    last.sort_unstable();
    let mut after: Vec<usize> = others().copied().flatten().collect();
    after.sort_unstable();
    Row {
        shift,
        feedback,
        device,
        people: people.len(),
        sessions: all().count(),
        flags: mean(people.iter().map(|p| p.iter().map(|s| f64::from(s.flags)).sum::<f64>())),
        flagged: each(|s| s.flags > 0),
        doubted: each(|s| s.doubted),
        still_flagged: share(people.iter().map(|p| p.iter().rev().take(LATE).any(|s| s.flags > 0))),
        last_flag: last.get(last.len() / 2).copied(),
        not_scorable: share(all().map(|s| s.not_scorable)),
        taught: share(all().map(|s| s.taught)),
        others_flagged: share(others().map(Option::is_some)),
        others_after: after.get(after.len() / 2).copied(),
    }
}

/// Each case of one person. `None` if there are too few sessions.
fn person(part: &Part<'_>, own: usize) -> Option<Vec<Case>> {
    let (first, later) = part.workers[own].logs.split_first()?;
    let policy = Policy::default();
    let mut profile = Profile::default();
    for session in sessions(first, WINDOWS) {
        let mut hearing = Hearing::on(Place::Known.key());
        for window in &session {
            hearing.observe(&part.population, &profile, &policy, window);
        }
        hearing.state.close(&part.population, &policy, &mut profile);
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
        for place in PLACES {
            let others = others(part, own, &policy, &profile, (shift, place));
            for feedback in FEEDBACKS {
                let sessions = replay(part, &policy, profile.clone(), &changed, (place, feedback));
                judged.push(Case { sessions, others: others.clone() });
            }
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
    (place, feedback): (Place, Feedback),
) -> Vec<Judged> {
    let mut said = false;
    let mut one = |session: &Vec<Sample>| {
        let mut hearing = Hearing::on(place.key());
        for window in session {
            let raised = hearing.observe(&part.population, &profile, policy, window);
            let speaks = feedback == Feedback::Always || (feedback == Feedback::Once && !said);
            if raised && speaks {
                hearing.false_alarm();
                said = true;
            }
        }
        let Hearing { flags, doubted, not_scorable, .. } = hearing;
        Judged {
            flags,
            doubted,
            not_scorable,
            taught: hearing.state.close(&part.population, policy, &mut profile),
        }
    };
    sessions.iter().map(&mut one).collect()
}

/// Windows until the next few people of the part are flagged, each in a session of their own.
fn others(
    part: &Part<'_>,
    own: usize,
    policy: &Policy,
    profile: &Profile,
    (shift, place): (Shift, Place),
) -> Vec<Option<usize>> {
    let after = part.workers.iter().cycle().skip(own + 1).take(OTHERS.min(part.workers.len() - 1));
    let session = |worker: &&Worker| sessions(&shift.of(worker.logs.first()?), WINDOWS).into_iter().next();
    let flagged = |session: Vec<Sample>| {
        let mut hearing = Hearing::on(place.key());
        let at = session.iter().position(|w| hearing.observe(&part.population, profile, policy, w));
        at.map(|at| at + 1)
    };
    after.filter_map(session).map(flagged).collect()
}
