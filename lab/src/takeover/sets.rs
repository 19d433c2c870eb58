//! The research sets as people with sessions: what each enrols, is judged by, and takes others' sessions over with.

use std::path::{Path, PathBuf};

use anyhow::Context;
use indicatif::ProgressBar;
use tacit_engine::Policy;
use tacit_measure::Settings;
use tacit_proto::Modality;

use super::replay::Subject;
use super::session::{Session, Slice, parts};
use crate::accuracy::sets::{self, CALIBRATION_KEYSTROKES, each_user};
use crate::accuracy::trials::Person;
use crate::data::{self, folder, ikdd};

/// Takeovers of each person; more where there are few people.
pub(super) const TAKEOVERS: usize = 8;
const BALABIT_TAKEOVERS: usize = 36;
const KLICKE_FOLDS: usize = 4;
const SAPIMOUSE_FOLDS: usize = 4;
/// Sessions that the three minutes enrol.
const SAPIMOUSE_SESSIONS: usize = 2;
const SAPIMOUSE_STROKES: u64 = 60;
/// Training sessions of hours that enrol; the others are judged.
const BALABIT_SESSIONS: usize = 4;
const IKDD_FOLDS: usize = 5;
/// Logs of other days that enrol, a session each: as many as a shipped policy asks for.
const IKDD_SESSIONS: usize = 2;

/// The sets, in the order they are run.
pub(super) const SETS: [&str; 4] = ["klicke", "ikdd", "sapimouse", "balabit"];

/// Where the population of a set comes from.
pub(super) enum Known {
    /// Learned of the people of the set who are not replayed, and of these, of whom none is of the set.
    Learned(Vec<Person>),
    /// The one that ships.
    Shipped,
}

/// A set, ready to be replayed.
pub(super) struct Set {
    /// What it holds.
    pub modality: Modality,
    /// What it is judged under, but for the thresholds of trust.
    pub policy: Policy,
    /// Under which population.
    pub population: Known,
    /// Everyone of the set: what the population learns of them when they are not replayed, and their sessions.
    pub people: Vec<(Person, Subject)>,
    /// Takeovers of each person.
    pub takeovers: usize,
    /// Parts that are replayed under a population of the other parts.
    pub folds: usize,
}

impl Set {
    /// Whether it holds events, which can be measured in other ways.
    pub(super) fn traces(&self) -> bool {
        let sessions = self.people.iter().flat_map(|(_, subject)| &subject.held_out);
        sessions.into_iter().all(|session| matches!(session, Session::Trace(_)))
    }
}

/// Reads one set of `data`, the folder of all sets.
///
/// # Errors
/// When the set is not known or cannot be read.
pub(super) fn read(data: &Path, set: &str, bar: &ProgressBar) -> anyhow::Result<Set> {
    match set {
        "klicke" => klicke(data, bar),
        "ikdd" => ikdd(data, bar),
        "sapimouse" => sapimouse(data, bar),
        "balabit" => balabit(data, bar),
        _ => anyhow::bail!("unknown set {set}: {}", SETS.join(", ")),
    }
}

/// Klicke: the first half of an essay enrols, the second is one session. One sitting: easier than another day.
fn klicke(data: &Path, bar: &ProgressBar) -> anyhow::Result<Set> {
    let training = sets::klicke(&data.join("klicke"), bar)?;
    let subjects = each_user(&data.join("klicke"), bar, |user| {
        let path = user.sessions.first().context("a person without a recording")?;
        Ok(Subject::of_lone(&data::seen(path)?))
    })?;
    Ok(Set {
        modality: Modality::Keyboard,
        policy: Policy::default(),
        population: Known::Learned(sets::ikdd(&data.join("ikdd"), CALIBRATION_KEYSTROKES, bar)?),
        people: training.into_iter().zip(subjects).collect(),
        takeovers: TAKEOVERS,
        folds: KLICKE_FOLDS,
    })
}

/// IKDD: a log is a session of another day. Not a trace: its windows are slices of the size of a shipped window.
fn ikdd(data: &Path, bar: &ProgressBar) -> anyhow::Result<Set> {
    let training = sets::ikdd(&data.join("ikdd"), CALIBRATION_KEYSTROKES, bar)?;
    let keys = Settings::default().window_keystrokes as usize;
    let subjects = each_user(&data.join("ikdd"), bar, |user| {
        let mut subject = Subject::default();
        for (at, path) in user.sessions.iter().enumerate() {
            let slices = ikdd::Log::read(path)?.slices(keys).into_iter();
            let slices = slices.map(|s| Slice { inputs: s.inputs, stats: s.stats, ..Slice::default() });
            let to = if at < IKDD_SESSIONS { &mut subject.enrolment } else { &mut subject.held_out };
            to.push(Session::Windows(slices.collect()));
        }
        Ok(subject)
    })?;
    Ok(Set {
        modality: Modality::Keyboard,
        policy: Policy::default(),
        population: Known::Learned(sets::klicke(&data.join("klicke"), bar)?),
        people: training.into_iter().zip(subjects).collect(),
        takeovers: TAKEOVERS,
        folds: IKDD_FOLDS,
    })
}

/// SapiMouse: the three minutes enrol, the one minute is judged; the three minutes of others take it over. Few make as many
/// strokes in three minutes as a shipped policy asks for, so that less is asked for here.
fn sapimouse(data: &Path, bar: &ProgressBar) -> anyhow::Result<Set> {
    let training = sets::sapimouse(&data.join("sapimouse"), bar)?;
    let subjects = each_user(&data.join("sapimouse"), bar, |user| {
        let mut subject = Subject::default();
        for path in &user.sessions {
            let events = data::events(path)?;
            match folder::stem(path).as_deref() {
                Some("3min") => {
                    subject.enrolment =
                        parts(&events, SAPIMOUSE_SESSIONS).into_iter().map(Session::of).collect();
                    subject.intrusions = vec![Session::of(&events)];
                }
                Some("1min") => subject.held_out.push(Session::of(&events)),
                _ => {}
            }
        }
        Ok(subject)
    })?;
    Ok(Set {
        modality: Modality::Pointer,
        policy: Policy { mature_strokes: SAPIMOUSE_STROKES, ..Policy::default() },
        population: Known::Learned(Vec::new()),
        people: training.into_iter().zip(subjects).collect(),
        takeovers: TAKEOVERS,
        folds: SAPIMOUSE_FOLDS,
    })
}

/// Balabit: the first training sessions enrol; the other ones, of hours, and the test sessions labelled genuine, of minutes,
/// are judged; the training sessions of others take them over. The population is of SapiMouse alone.
fn balabit(data: &Path, bar: &ProgressBar) -> anyhow::Result<Set> {
    let folder = data.join("balabit");
    let labels = sets::labels(&folder.join("labels.csv"))?;
    let tests = folder::users(&folder.join("test"))?;
    let subjects = each_user(&folder.join("train"), bar, |user| {
        let trace = |path: &PathBuf| anyhow::Ok(Session::of(&data::events(path)?));
        let genuine = |path: &&PathBuf| {
            let session = folder::stem(path).unwrap_or_default();
            labels.get(&(user.user.clone(), session)) == Some(&false)
        };
        let tests = tests.iter().filter(|t| t.user == user.user).flat_map(|t| &t.sessions);
        let training = user.sessions.iter().map(trace).collect::<anyhow::Result<Vec<_>>>()?;
        let (enrolment, held_out) = training.split_at(BALABIT_SESSIONS.min(training.len()));
        let mut held_out = held_out.to_vec();
        for path in tests.filter(genuine) {
            held_out.push(trace(path)?);
        }
        Ok(Subject { enrolment: enrolment.to_vec(), held_out, intrusions: training })
    })?;
    Ok(Set {
        modality: Modality::Pointer,
        policy: Policy::default(),
        population: Known::Learned(sets::sapimouse(&data.join("sapimouse"), bar)?),
        people: subjects.into_iter().map(|subject| (Person::default(), subject)).collect(),
        takeovers: BALABIT_TAKEOVERS,
        folds: 1,
    })
}
