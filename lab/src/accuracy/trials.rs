//! People, and every trial of one person's profile against another person's probe.

use std::ops::Range;
use std::thread;

use indicatif::ProgressBar;
use tacit_engine::train::{TrainSettings, TrainingPerson, train};
use tacit_engine::{Calibration, Population, Profile, Reference, Shown};
use tacit_proto::{FeatureStats, Modality};

use crate::data::Sample;
use crate::metrics::{UserTrials, affine_calibration};

/// One person of a protocol.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// What the population learns of the person when the person is not in a trial, a session each.
    pub training: Vec<FeatureStats>,
    /// Windows in order, a session each, of which the population learns what is noise.
    pub windows: Vec<Vec<FeatureStats>>,
    /// What the profile learns of the person, a session each.
    pub enrolment: Vec<Sample>,
    /// What is scored, a trial each.
    pub probes: Vec<Sample>,
}

/// Parts that people are cut into to calibrate.
const CALIBRATION_FOLDS: usize = 2;

/// Learns a population from people, and its calibration from the same people by cross-validation: what is scored to
/// calibrate was scored under a population that the person was not in.
pub fn fit(
    modality: Modality,
    people: &[&Person],
    settings: &TrainSettings,
    bar: &ProgressBar,
) -> Population {
    Fit::new(modality, people, settings, bar).calibrated(people, bar)
}

/// A population before calibration, and those of parts of its people: learned once for probes of several lengths.
#[derive(Debug)]
pub(super) struct Fit {
    modality: Modality,
    whole: Population,
    /// Each of everyone but one of the parts.
    parts: Vec<Population>,
}

impl Fit {
    /// Learns from people.
    pub(super) fn new(
        modality: Modality,
        people: &[&Person],
        settings: &TrainSettings,
        bar: &ProgressBar,
    ) -> Self {
        let parts = folds(people, CALIBRATION_FOLDS);
        let parts = parts.iter().map(|(training, _)| learn(modality, training, settings, bar)).collect();
        Self { modality, whole: learn(modality, people, settings, bar), parts }
    }

    /// The population, calibrated by probes of the same people in the same order.
    pub(super) fn calibrated(&self, people: &[&Person], bar: &ProgressBar) -> Population {
        let mut pooled = UserTrials::default();
        for (part, (_, held_out)) in self.parts.iter().zip(folds(people, CALIBRATION_FOLDS)) {
            for user in run(part, self.modality, &held_out, bar) {
                pooled.genuine.extend(user.genuine);
                pooled.impostor.extend(user.impostor);
            }
        }
        let mut population = self.whole.clone();
        population.calibrate(self.modality, calibration(&pooled));
        population
    }
}

/// The calibration that trials ask for; none if they cannot tell.
#[must_use]
pub fn calibration(trials: &UserTrials) -> Calibration {
    affine_calibration(&trials.genuine, &trials.impostor)
        .map(|(slope, offset)| Calibration { slope, offset })
        .unwrap_or_default()
}

fn learn(modality: Modality, people: &[&Person], settings: &TrainSettings, bar: &ProgressBar) -> Population {
    let people: Vec<TrainingPerson> = people
        .iter()
        .filter(|p| !p.training.is_empty())
        .map(|p| TrainingPerson { sessions: p.training.clone(), windows: p.windows.clone() })
        .collect();
    train(&[(modality, people)], settings, &mut |_, round, rounds| {
        bar.set_message(format!("population, round {round} of {rounds}"));
        bar.tick();
    })
}

/// Every k-th person held out, once each: (the others, the held out).
pub fn folds<T: Copy>(people: &[T], parts: usize) -> Vec<(Vec<T>, Vec<T>)> {
    (0..parts)
        .map(|part| {
            let held = |i: usize| i % parts == part;
            let pick = |out: bool| {
                people.iter().enumerate().filter(|(i, _)| held(*i) == out).map(|(_, p)| *p).collect()
            };
            (pick(false), pick(true))
        })
        .collect()
}

/// Scores each enrolled person's profile against everyone's probes. People without enrolment are probes only.
#[must_use]
pub fn run(
    population: &Population,
    modality: Modality,
    people: &[&Person],
    bar: &ProgressBar,
) -> Vec<UserTrials> {
    bar.set_message("trials");
    let enrolled: Vec<(usize, Reference)> = people
        .iter()
        .enumerate()
        .filter(|(_, person)| !person.enrolment.is_empty())
        .map(|(user, person)| (user, profile(modality, &person.enrolment).prepare(population)))
        .collect();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = people.len().div_ceil(threads).max(1);
    let parts: Vec<Vec<UserTrials>> = thread::scope(|scope| {
        let enrolled = &enrolled;
        let running: Vec<_> = (0..people.len())
            .step_by(share)
            .map(|first| {
                let probing = first..people.len().min(first + share);
                scope.spawn(move || trials_of(population, modality, people, probing, enrolled, bar))
            })
            .collect();
        running.into_iter().filter_map(|r| r.join().ok()).collect()
    });
    let mut trials = vec![UserTrials::default(); enrolled.len()];
    for (all, part) in parts.iter().flat_map(|part| part.iter().enumerate()) {
        trials[all].genuine.extend(&part.genuine);
        trials[all].impostor.extend(&part.impostor);
    }
    trials
}

/// The probes of some of the people against every profile.
fn trials_of(
    population: &Population,
    modality: Modality,
    people: &[&Person],
    probing: Range<usize>,
    enrolled: &[(usize, Reference)],
    bar: &ProgressBar,
) -> Vec<UserTrials> {
    let mut trials = vec![UserTrials::default(); enrolled.len()];
    for other in probing {
        bar.tick();
        let probes = people[other].probes.iter().map(|probe| &probe.stats);
        let shown: Vec<_> = Shown::of_all(population, modality, probes).into_iter().flatten().collect();
        for (trials, (user, reference)) in trials.iter_mut().zip(enrolled) {
            let to = if *user == other { &mut trials.genuine } else { &mut trials.impostor };
            let scores = Shown::score_all(&shown, reference).unwrap_or_default();
            to.extend(scores.iter().map(|score| score.llr));
        }
    }
    trials
}

/// The profile of someone who enrolled with these sessions.
#[must_use]
pub fn profile(modality: Modality, enrolment: &[Sample]) -> Profile {
    let mut profile = Profile::default();
    for session in enrolment {
        profile.learn(modality, session.inputs, &session.stats);
    }
    profile
}
