//! Replays everyone of a set under every threshold: people in parallel, drawn the same whatever the order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use indicatif::ProgressBar;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tacit_engine::train::TrainSettings;
use tacit_engine::{Policy, Population};
use tacit_measure::Settings;

use super::figures::Figures;
use super::replay::{Basis, Case, Subject, Tally, replay};
use super::row::Row;
use super::sets::{Known, Set};
use super::sweep::Court;
use crate::accuracy::trials::{Person, fit, folds};
use crate::privacy::level::Level;

/// Trust below which a session is `different_person`, beside what ships; up to what is suspicious.
const THRESHOLDS: [f64; 12] = [50.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.1, 0.01, 1e-3, 1e-4, 1e-5];
const BASES: [Basis; 2] = [Basis::Profile, Basis::OwnStart];

/// The rows of one set at a level of privacy: every basis, every threshold.
pub(super) fn rows(name: &str, set: &Set, level: &Level, seed: u64, bar: &ProgressBar) -> Vec<Row> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut people: Vec<&(Person, Subject)> = set.people.iter().collect();
    people.shuffle(&mut rng);
    let shipped = Policy::default().different_person_below;
    let thresholds = thresholds(shipped);
    let mut tallies = vec![vec![Vec::new(); thresholds.len()]; BASES.len()];
    for ((training, tested), fold) in folds(&people, set.folds).into_iter().zip(0_u64..) {
        bar.set_message(format!("part {} of {}: population", fold + 1, set.folds));
        let population = match &set.population {
            Known::Learned(others) => {
                let mut training: Vec<&Person> = training.iter().map(|(person, _)| person).collect();
                training.extend(others);
                training.shuffle(&mut rng);
                fit(set.modality, &training, &TrainSettings::default(), &ProgressBar::hidden())
            }
            Known::Shipped => Population::shipped(),
        };
        bar.set_message(format!("part {} of {}: replay", fold + 1, set.folds));
        let subjects: Vec<&Subject> = tested.iter().map(|(_, subject)| subject).collect();
        let court = Court {
            population: &population,
            policy: &set.policy,
            thresholds: &thresholds,
            modality: set.modality,
            settings: Settings { privacy: level.privacy, ..Settings::default() },
        };
        let rng = ChaCha8Rng::seed_from_u64(seed.wrapping_add(fold));
        for person in everyone(court, &subjects, set.takeovers, &rng, bar) {
            for (all, own) in tallies.iter_mut().zip(person) {
                for (all, own) in all.iter_mut().zip(own.unwrap_or_default()) {
                    all.push(own);
                }
            }
        }
    }
    let judged = BASES.iter().zip(&tallies);
    judged
        .flat_map(|(basis, tallies)| thresholds.iter().zip(tallies).map(move |(t, of)| (*basis, *t, of)))
        .filter_map(|(basis, threshold, tallies)| {
            Some(Row {
                set: name.to_owned(),
                modality: set.modality,
                privacy: level.name.clone(),
                enrolled: basis == Basis::Profile,
                figures: Figures::of(set.modality, tallies)?,
                threshold,
                shipped_threshold: threshold.total_cmp(&shipped).is_eq(),
            })
        })
        .collect()
}

/// From the one that accuses most readily; what ships is among them.
fn thresholds(shipped: f64) -> Vec<f64> {
    let mut thresholds = THRESHOLDS.to_vec();
    thresholds.push(shipped);
    thresholds.sort_by(|a, b| b.total_cmp(a));
    thresholds.dedup_by(|a, b| a.total_cmp(b).is_eq());
    thresholds
}

/// Replays each person, taken over so many times by the others: for each basis, what `replay` says.
#[must_use]
pub fn everyone(
    court: Court<'_>,
    people: &[&Subject],
    takeovers: usize,
    rng: &ChaCha8Rng,
    bar: &ProgressBar,
) -> Vec<[Option<Vec<Tally>>; 2]> {
    bar.set_length(people.len() as u64);
    bar.set_position(0);
    let next = AtomicUsize::new(0);
    let one = |own: usize| {
        let mut rng = rng.clone();
        rng.set_stream(own as u64);
        let case = Case::draw(people, own, (court.modality, court.settings), takeovers, &mut rng);
        BASES.map(|basis| replay(court, &case, basis))
    };
    let mut done: Vec<(usize, _)> = thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            loop {
                let own = next.fetch_add(1, Ordering::Relaxed);
                if own >= people.len() {
                    return done;
                }
                done.push((own, one(own)));
                bar.inc(1);
            }
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running.into_iter().flat_map(|r| r.join().unwrap_or_default()).collect()
    });
    done.sort_by_key(|(own, _)| *own);
    done.into_iter().map(|(_, person)| person).collect()
}
