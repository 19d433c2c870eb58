//! The protocol of each research set. Nobody is both in the population that is learned and in the trials that are counted.

use std::path::Path;

use anyhow::bail;
use indicatif::ProgressBar;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tacit_engine::train::TrainSettings;
use tacit_engine::{Population, score_against};
use tacit_proto::Modality;

use super::align::aligned;
use super::row::{Row, Trained};
use super::sets::{self, Labelled};
use super::trials::{Fit, Person, fit, folds, profile, run};
use crate::data::clock::Times;
use crate::metrics::{Figures, UserTrials};

/// Order in which people are dealt to folds.
const SEED: u64 = 2;
const AALTO_TRAINING_PEOPLE: usize = 500;
const IKDD_FOLDS: usize = 5;
/// Keystrokes of a probe; what the population is learned from does not depend on it.
const IKDD_KEYS: [usize; 4] = [50, 100, 200, 500];
/// Keystrokes that other clocks are tried with.
const IKDD_CLOCK_KEYS: usize = 100;
const SAPIMOUSE_FOLDS: usize = 4;
/// Use in a short probe: what the published figures of the set are given for.
const SAPIMOUSE_SHORT_MS: u32 = 15_000;
const BALABIT_FOLDS: usize = 5;
const SWIPE_FOLDS: usize = 4;

/// What is done to the times of typing: every way has a population of its own, as people of a fleet have clocks of all kinds.
const TIMES: [Times; 4] = [Times::AsRecorded, Times::Noise, Times::ClockAPerson, Times::ClockARecording];

/// The sets, in the order they are run.
pub(super) const SETS: [&str; 5] = ["aalto", "ikdd", "sapimouse", "balabit", "swipe"];

/// Runs the protocols of one set of `data`, the folder of all sets.
///
/// # Errors
/// When the set is not known, cannot be read or is too small.
pub(super) fn rows(data: &Path, set: &str, bar: &ProgressBar) -> anyhow::Result<Vec<Row>> {
    match set {
        "aalto" => aalto(data, bar),
        "ikdd" => ikdd(data, bar),
        "sapimouse" => sapimouse(data, bar),
        "balabit" => balabit(data, bar),
        "swipe" => swipe(data, bar),
        _ => bail!("unknown set {set}: {}", SETS.join(", ")),
    }
}

fn aalto(data: &Path, bar: &ProgressBar) -> anyhow::Result<Vec<Row>> {
    let protocol = "enrol 10 sentences, probe one";
    let mut rows = Vec::new();
    for times in TIMES {
        let people = sets::aalto(&data.join("aalto"), times, bar)?;
        let people = dealt(&people);
        if people.len() <= AALTO_TRAINING_PEOPLE {
            bail!("aalto: {} people, more than {AALTO_TRAINING_PEOPLE} needed", people.len());
        }
        let (training, tested) = people.split_at(AALTO_TRAINING_PEOPLE);
        let own = fit(Modality::Keyboard, training, &TrainSettings::default(), bar);
        let mut put = |population: &Population, trained| {
            let trials = run(population, Modality::Keyboard, tested, bar);
            let row = row("aalto", protocol, trained, Modality::Keyboard, &trials)?;
            rows.push(Row { times, ..row });
            anyhow::Ok(())
        };
        put(&own, Trained::InSet)?;
        let shipped = Population::shipped();
        if times.as_recorded() && shipped.model(Modality::Keyboard).is_some() {
            put(&shipped, Trained::Shipped)?;
        }
    }
    Ok(rows)
}

fn ikdd(data: &Path, bar: &ProgressBar) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for times in TIMES {
        let all = IKDD_KEYS.into_iter().filter(|keys| times.as_recorded() || *keys == IKDD_CLOCK_KEYS);
        let lengths: Vec<(usize, Vec<Person>)> = all
            .map(|keys| Ok((keys, sets::ikdd_timed(&data.join("ikdd"), keys, times, bar)?)))
            .collect::<anyhow::Result<_>>()?;
        let people: Vec<&[Person]> = lengths.iter().map(|(_, people)| people.as_slice()).collect();
        let klicke = sets::klicke_sittings(&data.join("klicke"), times, bar)?;
        let mut put = |others: &[Person], trained| {
            let trials = folded(Modality::Keyboard, &people, others, IKDD_FOLDS, bar);
            for ((keys, _), trials) in lengths.iter().zip(&trials) {
                let protocol = format!("enrol first log, probe {keys} keys of later logs");
                let row = row("ikdd", &protocol, trained, Modality::Keyboard, trials)?;
                rows.push(Row { times, ..row });
            }
            anyhow::Ok(())
        };
        put(&klicke, Trained::InSetAndOther)?;
        if times.as_recorded() {
            put(&[], Trained::InSet)?;
        }
    }
    Ok(rows)
}

fn sapimouse(data: &Path, bar: &ProgressBar) -> anyhow::Result<Vec<Row>> {
    let probes = [("enrol 3 min, probe 1 min", u32::MAX), ("enrol 3 min, probe 15 s", SAPIMOUSE_SHORT_MS)];
    let lengths = probes
        .into_iter()
        .map(|(_, active_ms)| sets::sapimouse_probed(&data.join("sapimouse"), active_ms, bar))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let people: Vec<&[Person]> = lengths.iter().map(Vec::as_slice).collect();
    let trials = folded(Modality::Pointer, &people, &[], SAPIMOUSE_FOLDS, bar);
    let rows = probes.iter().zip(&trials);
    rows.map(|((protocol, _), trials)| row("sapimouse", protocol, Trained::InSet, Modality::Pointer, trials))
        .collect()
}

/// Two populations. The strict one is of SapiMouse alone: neither a test session's subject nor an intruder is in it. The
/// other adds people of Balabit who are not the subject; who an intruder is, the set does not say.
fn balabit(data: &Path, bar: &ProgressBar) -> anyhow::Result<Vec<Row>> {
    let others = sets::sapimouse(&data.join("sapimouse"), bar)?;
    let labelled = sets::balabit(&data.join("balabit"), bar)?;
    let settings = TrainSettings::default();
    let strict = fit(Modality::Pointer, &dealt(&others), &settings, bar);
    let alone: Vec<UserTrials> = labelled.iter().map(|user| labelled_trials(&strict, user)).collect();
    let mut joined = Vec::new();
    for (training, tested) in folds(&labelled.iter().collect::<Vec<_>>(), BALABIT_FOLDS) {
        let mut people = dealt(&others);
        people.extend(training.iter().map(|user| &user.person));
        let population = fit(Modality::Pointer, &people, &settings, bar);
        joined.extend(tested.iter().map(|user| labelled_trials(&population, user)));
    }
    let row = |protocol, trained, trials: &[UserTrials]| {
        row("balabit", protocol, trained, Modality::Pointer, trials)
    };
    Ok(vec![
        row("labelled sessions, subject not in population", Trained::InSet, &joined)?,
        row("labelled sessions, SapiMouse population", Trained::OtherSet, &alone)?,
    ])
}

fn labelled_trials(population: &Population, user: &Labelled) -> UserTrials {
    let mut trials = UserTrials::default();
    let reference = profile(Modality::Pointer, &user.enrolment).prepare(population);
    for (sample, illegal) in &user.tests {
        let score = score_against(population, &reference, Modality::Pointer, &sample.stats);
        let to = if *illegal { &mut trials.impostor } else { &mut trials.genuine };
        to.extend(score.map(|s| s.llr));
    }
    trials
}

fn swipe(data: &Path, bar: &ProgressBar) -> anyhow::Result<Vec<Row>> {
    let people = sets::swipe(&data.join("swipe"), bar)?;
    let protocol = "enrol half a sitting, probe 10 strokes";
    let trials = folded(Modality::Touch, &[&people], &[], SWIPE_FOLDS, bar);
    trials.iter().map(|trials| row("swipe", protocol, Trained::InSet, Modality::Touch, trials)).collect()
}

/// Every person in one fold's trials, under a population of the other folds' people and of others of another set. `people`
/// are the same people with probes of several lengths: trials of each.
fn folded(
    modality: Modality,
    people: &[&[Person]],
    others: &[Person],
    parts: usize,
    bar: &ProgressBar,
) -> Vec<Vec<UserTrials>> {
    let lengths: Vec<_> = people.iter().map(|people| folds(&dealt(people), parts)).collect();
    let mut trials = vec![Vec::new(); people.len()];
    for part in 0..parts {
        let Some((training, _)) = lengths.first().map(|length| &length[part]) else { break };
        let others = aligned(others, training);
        let all: Vec<&Person> = training.iter().copied().chain(&others).collect();
        let fit = Fit::new(modality, &all, &TrainSettings::default(), bar);
        for (trials, length) in trials.iter_mut().zip(&lengths) {
            let (training, tested) = &length[part];
            let calibrating: Vec<&Person> = training.iter().copied().chain(&others).collect();
            trials.extend(run(&fit.calibrated(&calibrating, bar), modality, tested, bar));
        }
    }
    trials
}

/// People in an order that has nothing to do with their names, the same every time.
fn dealt(people: &[Person]) -> Vec<&Person> {
    let mut dealt: Vec<&Person> = people.iter().collect();
    dealt.shuffle(&mut ChaCha8Rng::seed_from_u64(SEED));
    dealt
}

pub(super) fn row(
    set: &str,
    protocol: &str,
    population: Trained,
    modality: Modality,
    trials: &[UserTrials],
) -> anyhow::Result<Row> {
    let Some(figures) = Figures::of(trials) else { bail!("{set}: no genuine or no impostor trial") };
    let (set, protocol) = (set.to_owned(), protocol.to_owned());
    Ok(Row { set, protocol, population, modality, times: Times::AsRecorded, figures })
}
