//! The research sets as people: what each protocol trains on, enrols and probes.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, ensure};
use indicatif::ProgressBar;
use tacit_measure::{Input, Origin, Settings, TimedInput};
use tacit_proto::{FeatureStats, Modality};

use super::trials::Person;
use crate::data::clock::Times;
use crate::data::{self, Sample, folder, ikdd};

/// Keystrokes of a training session made of part of a recording.
const TRAINING_KEYSTROKES: u32 = 600;
/// Training sessions taken of an essay, and of a remote-desktop session of hours: people who gave more count no more.
const KLICKE_SESSIONS: usize = 3;
const BALABIT_SESSIONS: usize = 2;
/// Strokes of a training session made of part of a recording.
const TRAINING_STROKES: u32 = 40;
/// Keystrokes of the slices that calibrate the keyboard.
pub const CALIBRATION_KEYSTROKES: usize = 100;
/// Strokes of a training session, and of a probe, made of part of a person's gesture typing.
const SWIPE_STROKES: u32 = 10;
/// Windows of a recording that tell what is noise; more tell no more.
const NOISE_WINDOWS: usize = 16;
/// How they are cut. Smaller ones, of the size that ships, tell of the noise of single values, too little of how values of a minute
/// go together: people are then told apart less well.
const NOISE: Settings =
    Settings { window_keystrokes: 50, window_strokes: 20, window_active_ms: 60_000, ..data::WHOLE };
/// What lies between two recordings of a person.
const BREAK: TimedInput = TimedInput { at_us: 0, origin: Origin::Device, input: Input::Break };

/// Aalto: fifteen copied sentences. Enrols the first ten, probes each of the rest; trains on single sentences, the size
/// of a probe. A sentence below the minimum of keystrokes is no probe.
///
/// # Errors
/// When a file cannot be read.
pub fn aalto(folder: &Path, times: Times, bar: &ProgressBar) -> anyhow::Result<Vec<Person>> {
    each_user(folder, bar, |user| {
        let mut person = Person::default();
        let mut clocks = times.of(&user.user);
        let events = data::events(one(&user.sessions)?)?;
        let mut sentences = Vec::new();
        for (at, sentence) in data::recordings(&events).enumerate() {
            let sentence = clocks.recording().restamp(sentence);
            let Some(sample) = data::whole(&sentence, Modality::Keyboard) else { continue };
            person.training.push(sample.stats.clone());
            sentences.push(sample.stats.clone());
            if at < 10 {
                person.enrolment.push(sample);
            } else {
                person.probes.push(sample);
            }
        }
        person.windows.push(sentences);
        Ok(person)
    })
}

/// Klicke: one essay each. Only for training: a few sessions of several hundred keystrokes, spread over the essay.
///
/// # Errors
/// When a file cannot be read.
pub fn klicke(folder: &Path, bar: &ProgressBar) -> anyhow::Result<Vec<Person>> {
    let cut = Settings { window_keystrokes: TRAINING_KEYSTROKES, ..data::WHOLE };
    each_user(folder, bar, |user| {
        let events = data::seen(one(&user.sessions)?)?;
        let sessions = data::windows(&events, Modality::Keyboard, cut);
        Ok(Person {
            training: spread(sessions, KLICKE_SESSIONS).into_iter().map(|s| s.stats).collect(),
            windows: vec![noise(&events, Modality::Keyboard)],
            ..Person::default()
        })
    })
}

/// Klicke beside people of other days, as some clocks would have stamped it: an essay is one session, since parts of one
/// sitting would say that people hardly change from day to day.
///
/// # Errors
/// When a file cannot be read.
pub fn klicke_sittings(folder: &Path, times: Times, bar: &ProgressBar) -> anyhow::Result<Vec<Person>> {
    each_user(folder, bar, |user| {
        let events = data::seen(one(&user.sessions)?)?;
        let events = times.of(&user.user).recording().restamp(&events);
        Ok(Person {
            training: data::whole(&events, Modality::Keyboard).map(|s| s.stats).into_iter().collect(),
            windows: vec![noise(&events, Modality::Keyboard)],
            ..Person::default()
        })
    })
}

/// IKDD: logs of several days. Enrols the first log, probes slices of `keys` keystrokes of the later ones; trains on
/// slices of several hundred.
///
/// # Errors
/// When a file cannot be read.
pub fn ikdd(folder: &Path, keys: usize, bar: &ProgressBar) -> anyhow::Result<Vec<Person>> {
    ikdd_timed(folder, keys, Times::AsRecorded, bar)
}

/// IKDD as other clocks would have stamped it.
///
/// # Errors
/// When a file cannot be read.
pub fn ikdd_timed(
    folder: &Path,
    keys: usize,
    times: Times,
    bar: &ProgressBar,
) -> anyhow::Result<Vec<Person>> {
    each_user(folder, bar, |user| {
        let mut person = Person::default();
        let mut clocks = times.of(&user.user);
        for (at, path) in user.sessions.iter().enumerate() {
            let mut clock = clocks.recording();
            let log = ikdd::Log::read(path)?.retimed(|_, _, ms| clock.span_ms(ms));
            person.training.push(log.whole().stats);
            person.windows.push(noise_of(log.slices(NOISE.window_keystrokes as usize)));
            if at == 0 {
                person.enrolment.push(log.whole());
            } else {
                person.probes.extend(log.slices(keys));
            }
        }
        // Without another day there is nothing to recognise.
        if person.probes.is_empty() {
            person.enrolment.clear();
        }
        Ok(person)
    })
}

/// SapiMouse: enrols the three minutes, probes the one minute.
///
/// # Errors
/// When a file cannot be read.
pub fn sapimouse(folder: &Path, bar: &ProgressBar) -> anyhow::Result<Vec<Person>> {
    sapimouse_probed(folder, u32::MAX, bar)
}

/// SapiMouse: enrols the three minutes, probes each `active_ms` milliseconds of use of the one minute.
///
/// # Errors
/// When a file cannot be read.
pub fn sapimouse_probed(folder: &Path, active_ms: u32, bar: &ProgressBar) -> anyhow::Result<Vec<Person>> {
    let probe = Settings { window_active_ms: active_ms, ..data::WHOLE };
    let cut = Settings { window_strokes: TRAINING_STROKES, ..data::WHOLE };
    each_user(folder, bar, |user| {
        let mut person = Person::default();
        for path in &user.sessions {
            let events = data::events(path)?;
            person
                .training
                .extend(data::windows(&events, Modality::Pointer, cut).into_iter().map(|s| s.stats));
            person.windows.push(noise(&events, Modality::Pointer));
            match folder::stem(path).as_deref() {
                Some("3min") => person.enrolment.extend(data::whole(&events, Modality::Pointer)),
                Some("1min") => person.probes.extend(data::windows(&events, Modality::Pointer, probe)),
                _ => {}
            }
        }
        Ok(person)
    })
}

/// A person of Balabit with labelled test sessions.
#[derive(Debug, Clone)]
pub struct Labelled {
    /// What the population learns and is calibrated with when the person is not tested: the first half of the training
    /// sessions enrols, parts of the second are probes.
    pub person: Person,
    /// All training sessions, whole.
    pub enrolment: Vec<Sample>,
    /// Test sessions, and whether someone else was at the controls.
    pub tests: Vec<(Sample, bool)>,
}

/// Balabit: remote desktops. Enrols the training sessions, tests each labelled session.
///
/// # Errors
/// When a file cannot be read or a label is not of the format.
pub fn balabit(folder: &Path, bar: &ProgressBar) -> anyhow::Result<Vec<Labelled>> {
    let labels = labels(&folder.join("labels.csv"))?;
    let cut = Settings { window_strokes: TRAINING_STROKES, ..data::WHOLE };
    let mut people = Vec::new();
    let users = folder::users(&folder.join("train"))?;
    bar.set_length(users.len() as u64);
    for user in users {
        let (mut person, mut enrolment) = (Person::default(), Vec::new());
        for (at, path) in user.sessions.iter().enumerate() {
            let events = data::events(path)?;
            let sessions = spread(data::windows(&events, Modality::Pointer, cut), BALABIT_SESSIONS);
            person.training.extend(sessions.iter().map(|s| s.stats.clone()));
            person.windows.push(noise(&events, Modality::Pointer));
            let whole = data::whole(&events, Modality::Pointer);
            enrolment.extend(whole.clone());
            if 2 * at < user.sessions.len() {
                person.enrolment.extend(whole);
            } else {
                person.probes.extend(sessions);
            }
        }
        let mut tests = Vec::new();
        let tested = folder::users(&folder.join("test"))?;
        for path in tested.iter().filter(|t| t.user == user.user).flat_map(|t| &t.sessions) {
            let session = folder::stem(path).unwrap_or_default();
            let Some(illegal) = labels.get(&(user.user.clone(), session)) else { continue };
            if let Some(sample) = data::whole(&data::events(path)?, Modality::Pointer) {
                tests.push((sample, *illegal));
            }
        }
        people.push(Labelled { person, enrolment, tests });
        bar.inc(1);
    }
    Ok(people)
}

/// Swipe: gesture typing on phones. Enrols the first half of each person's strokes as one session, probes each ten of the
/// second half; trains on ten strokes, the size of a probe. Nearly everyone sat once: both halves are of one sitting, and of
/// one phone.
///
/// # Errors
/// When a file cannot be read.
pub fn swipe(folder: &Path, bar: &ProgressBar) -> anyhow::Result<Vec<Person>> {
    let cut = Settings { window_strokes: SWIPE_STROKES, ..data::WHOLE };
    each_user(folder, bar, |user| {
        let mut events = Vec::new();
        for path in &user.sessions {
            events.push(BREAK);
            events.extend(data::events(path)?);
        }
        let windows = data::windows(&events, Modality::Touch, cut);
        let (enrolment, probes) = windows.split_at(windows.len().div_ceil(2));
        Ok(Person {
            training: windows.iter().map(|w| w.stats.clone()).collect(),
            // Its sessions are windows already, so that what varies between them holds the noise.
            windows: Vec::new(),
            enrolment: Sample::pool(enrolment).into_iter().collect(),
            probes: probes.to_vec(),
        })
    })
}

/// Whether someone else was at the controls, by user and session of Balabit's test sessions.
pub(crate) fn labels(path: &Path) -> anyhow::Result<HashMap<(String, String), bool>> {
    let mut reader = csv::Reader::from_path(path).with_context(|| path.display().to_string())?;
    let mut labels = HashMap::new();
    for record in reader.records() {
        let record = record.with_context(|| path.display().to_string())?;
        let (user, session, illegal): (String, String, u8) =
            record.deserialize(None).with_context(|| path.display().to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let at = format!("{}: line {line}", path.display());
        ensure!(illegal <= 1, "{at}: {illegal} is neither 0, the subject, nor 1, someone else");
        ensure!(
            labels.insert((user, session), illegal == 1).is_none(),
            "{at}: a second label of the session"
        );
    }
    Ok(labels)
}

/// Reads everyone of a folder, with progress.
pub(crate) fn each_user<T>(
    folder: &Path,
    bar: &ProgressBar,
    read: impl Fn(&folder::UserFiles) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<T>> {
    let users = folder::users(folder)?;
    bar.set_length(users.len() as u64);
    bar.set_position(0);
    bar.set_message("reading");
    users.iter().inspect(|_| bar.inc(1)).map(read).collect()
}

/// At most `most` of the sessions, evenly spread.
fn spread(sessions: Vec<Sample>, most: usize) -> Vec<Sample> {
    let count = sessions.len();
    let chosen = |i: usize| (i + 1) * most / count.max(most) > i * most / count.max(most);
    sessions.into_iter().enumerate().filter(|(i, _)| chosen(*i)).map(|(_, s)| s).collect()
}

/// The first windows of a recording.
fn noise(events: &[TimedInput], modality: Modality) -> Vec<FeatureStats> {
    noise_of(data::windows(events, modality, NOISE))
}

fn noise_of(windows: Vec<Sample>) -> Vec<FeatureStats> {
    windows.into_iter().take(NOISE_WINDOWS).map(|w| w.stats).collect()
}

fn one(sessions: &[std::path::PathBuf]) -> anyhow::Result<&Path> {
    sessions.first().map(std::path::PathBuf::as_path).context("a person without a recording")
}
