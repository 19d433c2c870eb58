//! Figures of simulated people, fixed by seeds: no change may make one worse by more than noise without saying so.
//!
//! People are drawn from the population that ships: typing and pointing as events that are measured, touch as stats, since
//! nobody simulates fingers. The figures say how well the product tells them apart and sees one go on in another's session, not
//! how well it does on real people; `tacit-lab accuracy` and `tacit-lab takeover` say that. `figures.jsonl` has what they were
//! when last written, each with its noise: one standard error by drawing people with replacement. The same people are
//! measured every time, so that a change that makes nothing worse moves a figure by less.
//!
//! To write them anew on purpose: `TACIT_FIGURES=write cargo test -p tacit-lab --test figures`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use indicatif::ProgressBar;
use nalgebra::{DMatrix, DVector};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use tacit_engine::{Policy, Population};
use tacit_lab::accuracy::trials::{Person, run};
use tacit_lab::data::{self, Sample};
use tacit_lab::metrics::{self, UserTrials};
use tacit_lab::simulate::{self, located};
use tacit_lab::takeover::replay::{Subject, Tally};
use tacit_lab::takeover::session::Session;
use tacit_lab::takeover::{Court, everyone, figures};
use tacit_measure::{Locator, Settings, TimedInput};
use tacit_proto::{FeatureStats, Modality};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/figures.jsonl");
const PEOPLE: u64 = 40;
/// Takeovers of each person.
const TAKEOVERS: usize = 4;
/// Draws with replacement behind a noise.
const RESAMPLES: usize = 200;

/// What of a modality is enrolled and probed.
struct Amounts {
    modality: Modality,
    name: &'static str,
    enrolled: usize,
    probed: usize,
}

const AMOUNTS: [Amounts; 3] = [
    Amounts { modality: Modality::Keyboard, name: "keyboard", enrolled: 400, probed: 50 },
    Amounts { modality: Modality::Pointer, name: "pointer", enrolled: 80, probed: 20 },
    Amounts { modality: Modality::Touch, name: "touch", enrolled: 40, probed: 5 },
];
const ENROLLED_SESSIONS: u64 = 3;
const PROBES: u64 = 3;

/// One figure, as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Figure {
    figure: String,
    value: f64,
    /// Change that means nothing.
    noise: f64,
    lower_is_better: bool,
}

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Simulated people; the same every time.
fn people(population: &Population) -> Vec<simulate::Person> {
    let mut draws = rng(21);
    (0..PEOPLE).map(|_| simulate::Person::draw(population, &mut draws).unwrap()).collect()
}

/// What someone does in one sitting.
fn sitting(person: &simulate::Person, modality: Modality, inputs: usize, seed: u64) -> Vec<TimedInput> {
    let mut sitting = person.sit_down(&Population::shipped(), 1_000_000, rng(seed));
    let events = match modality {
        Modality::Keyboard => sitting.type_keys(inputs),
        Modality::Pointer => sitting.move_pointer(inputs),
        Modality::Touch => Vec::new(),
    };
    located(&mut Locator::new(), &events)
}

/// People as stats drawn from the prior: a session's means about the person's, values about the session's.
struct Drawn {
    mean: DVector<f64>,
    session: DMatrix<f64>,
}

fn normals(size: usize, rng: &mut ChaCha8Rng) -> DVector<f64> {
    DVector::from_fn(size, |_, _| StandardNormal.sample(rng))
}

fn draw_touch(population: &Population, rng: &mut ChaCha8Rng) -> Drawn {
    let prior = population.prior(Modality::Touch).unwrap();
    let factor = |m: &DMatrix<f64>| {
        let ridge = DMatrix::identity(m.nrows(), m.nrows()) * 1e-9;
        (m + ridge).cholesky().unwrap().l()
    };
    let mean = DVector::from_vec(prior.mean.clone())
        + factor(&prior.subject_cov) * normals(prior.features.len(), rng);
    Drawn { mean, session: factor(&prior.session_cov) }
}

fn touched(drawn: &Drawn, population: &Population, strokes: usize, rng: &mut ChaCha8Rng) -> Sample {
    let prior = population.prior(Modality::Touch).unwrap();
    let means = &drawn.mean + &drawn.session * normals(prior.features.len(), rng);
    let mut stats = FeatureStats::new();
    for _ in 0..strokes {
        for ((feature, mean), sd) in prior.features.iter().zip(means.iter()).zip(&prior.within_sd) {
            let z: f64 = StandardNormal.sample(rng);
            stats.push(*feature, mean + sd * z);
        }
    }
    Sample { inputs: u32::try_from(strokes).unwrap(), stats }
}

/// Everyone as a protocol has them: sessions that enrol, stretches that are probed.
fn tried(population: &Population, people: &[simulate::Person], of: &Amounts) -> Vec<Person> {
    let mut touch = rng(22);
    let each = people.iter().zip(0_u64..).map(|(person, at)| {
        let drawn = draw_touch(population, &mut touch);
        let mut sample = |session: u64, inputs: usize| match of.modality {
            Modality::Touch => Some(touched(&drawn, population, inputs, &mut touch)),
            typed => data::whole(&sitting(person, typed, inputs, 100 * at + session), typed),
        };
        let enrolment = (0..ENROLLED_SESSIONS).filter_map(|s| sample(s, of.enrolled)).collect();
        let probes = (0..PROBES).filter_map(|s| sample(50 + s, of.probed)).collect();
        Person { enrolment, probes, ..Person::default() }
    });
    each.collect()
}

/// The standard error of what is made of people.
fn noise<T: Clone>(people: &[T], value: impl Fn(&[T]) -> Option<f64>) -> f64 {
    let mut rng = rng(23);
    let draw = |_| {
        let drawn: Vec<T> =
            (0..people.len()).map(|_| people[rng.random_range(0..people.len())].clone()).collect();
        value(&drawn)
    };
    let values: Vec<f64> = (0..RESAMPLES).filter_map(draw).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

/// What is written of people's results, and the least change of it that is any.
struct Asked<T> {
    figure: &'static str,
    lower_is_better: bool,
    step: f64,
    value: fn(&[T]) -> Option<f64>,
}

fn pooled(trials: &[UserTrials]) -> (Vec<f64>, Vec<f64>) {
    let all = |of: fn(&UserTrials) -> &Vec<f64>| trials.iter().flat_map(of).copied().collect();
    (all(|t| &t.genuine), all(|t| &t.impostor))
}

const OF_TRIALS: [Asked<UserTrials>; 3] = [
    Asked { figure: "EER", lower_is_better: true, step: 0.005, value: |t| eer(&pooled(t)) },
    Asked { figure: "AUC", lower_is_better: false, step: 0.001, value: |t| auc(&pooled(t)) },
    Asked { figure: "Cllr", lower_is_better: true, step: 0.01, value: |t| cllr(&pooled(t)) },
];

fn eer((genuine, impostor): &(Vec<f64>, Vec<f64>)) -> Option<f64> {
    metrics::eer(genuine, impostor)
}

fn auc((genuine, impostor): &(Vec<f64>, Vec<f64>)) -> Option<f64> {
    metrics::auc(genuine, impostor)
}

fn cllr((genuine, impostor): &(Vec<f64>, Vec<f64>)) -> Option<f64> {
    metrics::cllr(genuine, impostor)
}

/// Of tallies under the threshold that ships. Modality does not matter to what is asked.
fn taken(tallies: &[Tally]) -> Option<figures::Figures> {
    figures::Figures::of(Modality::Keyboard, tallies)
}

const OF_TAKEOVERS: [Asked<Tally>; 3] = [
    Asked { figure: "takeovers detected", lower_is_better: false, step: 0.02, value: |t| taken(t)?.detected },
    Asked {
        figure: "impostor's input a detection",
        lower_is_better: true,
        step: 5.0,
        value: |t| taken(t)?.ania,
    },
    Asked {
        figure: "false flags",
        lower_is_better: true,
        step: 1.0,
        value: |t| Some(f64::from(taken(t)?.false_flags)),
    },
];

fn figures_of<T: Clone>(name: &str, people: &[T], asked: &[Asked<T>], with_noise: bool) -> Vec<Figure> {
    let figure = |a: &Asked<T>| Figure {
        figure: format!("{name}: {}", a.figure),
        // Nothing detected is no figure, and worse than any.
        value: (a.value)(people).unwrap_or(f64::MAX),
        noise: if with_noise { noise(people, a.value).max(a.step) } else { 0.0 },
        lower_is_better: a.lower_is_better,
    };
    asked.iter().map(figure).collect()
}

/// Tallies of people taken over by each other, under the threshold that ships.
fn takeovers(population: &Population, people: &[simulate::Person], of: &Amounts) -> Vec<Tally> {
    let trace = |person: &simulate::Person, inputs: usize, seed: u64| {
        Session::Trace(sitting(person, of.modality, inputs, seed).into())
    };
    let subject = |(person, at): (&simulate::Person, u64)| Subject {
        enrolment: (0..ENROLLED_SESSIONS).map(|s| trace(person, of.enrolled, 100 * at + s)).collect(),
        held_out: vec![trace(person, of.enrolled, 100 * at + 60)],
        intrusions: vec![trace(person, 2 * of.enrolled, 100 * at + 70)],
    };
    let subjects: Vec<Subject> = people.iter().zip(0..).map(subject).collect();
    let policy = Policy::default();
    let thresholds = [policy.different_person_below];
    let settings = Settings::default();
    let court =
        Court { population, policy: &policy, thresholds: &thresholds, modality: of.modality, settings };
    let done =
        everyone(court, &subjects.iter().collect::<Vec<_>>(), TAKEOVERS, &rng(24), &ProgressBar::hidden());
    done.into_iter().flat_map(|[enrolled, _]| enrolled.unwrap_or_default()).collect()
}

fn measure(with_noise: bool) -> Vec<Figure> {
    let population = Population::shipped();
    let people = people(&population);
    let mut figures = Vec::new();
    for of in &AMOUNTS {
        let tried = tried(&population, &people, of);
        let tried: Vec<&Person> = tried.iter().collect();
        let trials = run(&population, of.modality, &tried, &ProgressBar::hidden());
        figures.extend(figures_of(of.name, &trials, &OF_TRIALS, with_noise));
        if of.modality != Modality::Touch {
            let tallies = takeovers(&population, &people, of);
            figures.extend(figures_of(of.name, &tallies, &OF_TAKEOVERS, with_noise));
        }
    }
    figures
}

/// What is worse than it was by more than noise, or is not there, a line each.
fn complaints(before: &[Figure], now: &[Figure]) -> Vec<String> {
    let mut complaints = Vec::new();
    for old in before {
        let Some(new) = now.iter().find(|n| n.figure == old.figure) else {
            complaints.push(format!("{}: no longer measured", old.figure));
            continue;
        };
        let worse = if old.lower_is_better { new.value - old.value } else { old.value - new.value };
        if worse > old.noise {
            complaints.push(format!(
                "{}: {:.4} was {:.4}; worse by {worse:.4}, noise is {:.4}",
                old.figure, new.value, old.value, old.noise
            ));
        }
    }
    let unknown = now.iter().filter(|n| !before.iter().any(|o| o.figure == n.figure));
    complaints.extend(unknown.map(|n| format!("{}: not written yet", n.figure)));
    complaints
}

#[test]
fn no_figure_is_worse_than_it_was() {
    let write = std::env::var("TACIT_FIGURES").is_ok_and(|v| v == "write");
    let now = measure(write);
    if write {
        let lines: String = now.iter().map(|f| serde_json::to_string(f).unwrap() + "\n").collect();
        std::fs::write(FILE, lines).unwrap();
        return;
    }
    let file = Path::new(FILE);
    let text = std::fs::read_to_string(file).unwrap();
    let before: Vec<Figure> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let complaints = complaints(&before, &now);
    assert!(
        complaints.is_empty(),
        "{}\nIf that is meant, write the figures anew: TACIT_FIGURES=write cargo test -p tacit-lab --test figures",
        complaints.join("\n")
    );
}

#[test]
fn what_got_worse_is_named_and_what_got_better_is_not() {
    let figure = |name: &str, value, lower_is_better| Figure {
        figure: name.to_owned(),
        value,
        noise: 0.01,
        lower_is_better,
    };
    let before = [figure("EER", 0.05, true), figure("AUC", 0.98, false), figure("gone", 1.0, true)];
    let same = [figure("EER", 0.055, true), figure("AUC", 0.999, false), figure("gone", 0.2, true)];
    assert!(complaints(&before, &same).is_empty());
    let worse = [figure("EER", 0.07, true), figure("AUC", 0.96, false), figure("new", 1.0, true)];
    assert_eq!(
        complaints(&before, &worse),
        [
            "EER: 0.0700 was 0.0500; worse by 0.0200, noise is 0.0100",
            "AUC: 0.9600 was 0.9800; worse by 0.0200, noise is 0.0100",
            "gone: no longer measured",
            "new: not written yet",
        ]
    );
}
