//! Something about a person changes from one session to the next, and stays: a keyboard, a clock, an injured hand. Do flags end?
//!
//! The change is made to the recorded times of the second log and all later ones. The first log enrols as it is. What
//! follows is on the device of the first log or on one that the profile does not know; other people on it are judged too.

use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use tacit_engine::{Drift, Policy, Profile};
use tacit_proto::{FeatureStats, Modality};

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
    /// Shares of profiles that are steady, drifting and changed after the last session, of those of which that can be told.
    #[serde(default)]
    pub drift: [f64; 3],
    /// The same of profiles that were made to follow another person's sessions instead.
    #[serde(default)]
    pub others_drift: [f64; 3],
}

/// What comes of one change under one feedback in one place, for one person.
struct Case {
    sessions: Vec<Judged>,
    /// How far the profile has moved by the last of them.
    drift: Option<Drift>,
    others: Vec<Other>,
}

/// Another person in the subject's place.
#[derive(Debug, Clone, Copy)]
struct Other {
    /// Windows until their session was flagged, if it was.
    flagged: Option<usize>,
    /// How far the profile would move if it followed them.
    drift: Option<Drift>,
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
            "{:<13} {:<7} {:<6} {:>6} {:>7} {:>15} {:>15} {:>8} {:>8} {:>8} {:>8} {:>8} {:>6} {:>23} {:>23}",
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
            "after",
            "steady/drifting/changed",
            "following others"
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
        let three = |of: &[f64; 3]| of.map(|share| format!("{:.0} %", 100.0 * share)).join(" / ");
        let ends = |of: &[f64]| {
            let end = |of: Option<&f64>| of.map_or_else(|| "-".to_owned(), |f| percent(*f));
            format!("{} / {}", end(of.first()), end(of.last()))
        };
        format!(
            "{:<13} {:<7} {:<6} {:>6} {:>7.2} {:>15} {:>15} {:>8} {:>8} {:>8} {:>8} {:>8} {:>6} {:>23} {:>23}",
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
            count(self.others_after),
            three(&self.drift),
            three(&self.others_drift)
        )
    }

    fn of(&self) -> String {
        format!("{}, {}, {} device", self.shift.name(), self.feedback.name(), self.device.name())
    }

    fn shares(&self) -> Vec<f64> {
        let own = [self.still_flagged, self.not_scorable, self.taught, self.others_flagged];
        [&self.flagged[..], &self.doubted, &own, &self.drift, &self.others_drift].concat()
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
    let mut after: Vec<usize> = others().filter_map(|other| other.flagged).collect();
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
        others_flagged: share(others().map(|other| other.flagged.is_some())),
        others_after: after.get(after.len() / 2).copied(),
        drift: words(cases.iter().filter_map(|case| case.drift)),
        others_drift: words(others().filter_map(|other| other.drift)),
    }
}

/// Shares of each word.
fn words(told: impl Iterator<Item = Drift>) -> [f64; 3] {
    let told: Vec<Drift> = told.collect();
    [Drift::Steady, Drift::Drifting, Drift::Changed].map(|word| share(told.iter().map(|of| *of == word)))
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
                let mut profile = profile.clone();
                let sessions = replay(part, &policy, &mut profile, &changed, (place, feedback));
                let drift = profile.drift(&part.population, &policy, Modality::Keyboard);
                judged.push(Case { sessions, drift, others: others.clone() });
            }
        }
    }
    Some(judged)
}

/// The sessions in order, each of which may teach.
fn replay(
    part: &Part<'_>,
    policy: &Policy,
    profile: &mut Profile,
    sessions: &[Vec<Sample>],
    (place, feedback): (Place, Feedback),
) -> Vec<Judged> {
    let mut said = false;
    let mut one = |session: &Vec<Sample>| {
        let mut hearing = Hearing::on(place.key());
        for window in session {
            let raised = hearing.observe(&part.population, profile, policy, window);
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
            taught: hearing.state.close(&part.population, policy, profile),
        }
    };
    sessions.iter().map(&mut one).collect()
}

/// The next few people of the part: each in a session of their own, and as whom the profile would follow.
fn others(
    part: &Part<'_>,
    own: usize,
    policy: &Policy,
    profile: &Profile,
    (shift, place): (Shift, Place),
) -> Vec<Other> {
    let after = part.workers.iter().cycle().skip(own + 1).take(OTHERS.min(part.workers.len() - 1));
    let sessions = |worker: &&Worker| Some(sessions(&shift.of(worker.logs.first()?), WINDOWS));
    let other = |sessions: Vec<Vec<Sample>>| {
        let mut hearing = Hearing::on(place.key());
        let at = sessions.first()?.iter().position(|w| hearing.observe(&part.population, profile, policy, w));
        let mut followed = profile.clone();
        for session in &sessions {
            let (mut inputs, mut stats) = (0, FeatureStats::new());
            for window in session {
                inputs += window.inputs;
                stats.merge(&window.stats);
            }
            followed.follow(Modality::Keyboard, inputs, &stats);
        }
        let drift = followed.drift(&part.population, policy, Modality::Keyboard);
        Some(Other { flagged: at.map(|at| at + 1), drift })
    };
    after.filter_map(sessions).filter_map(other).collect()
}
