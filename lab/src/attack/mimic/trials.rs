//! Every way to imitate, by the same attackers of the same victims, under populations that know neither.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use indicatif::ProgressBar;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tacit_engine::train::TrainSettings;
use tacit_engine::{Policy, Population};
use tacit_measure::Origin;
use tacit_proto::Modality;

use super::hands::{PAUSES_MS, adapted, as_typed, sampled, synthesised};
use super::judge::{Court, Outcome};
use super::manner::Manner;
use super::people::Writer;
use super::row::{By, Level};
use crate::accuracy::trials::{Person, fit, folds};
use crate::attack::typing::events;
use crate::attack::typists::{Key, Times, Typist};

/// Keys of a session.
pub(super) const KEYS: usize = 500;
/// Parts of the set that are judged under a population of the other parts.
const FOLDS: usize = 4;
/// Share of the way that a person gets; what the documents state their figures for, and half and all of it.
pub(super) const ADAPTS: f64 = 0.8;

/// Every way to type, in the order of the table.
pub(super) const WAYS: [(Level, By); 10] = [
    (Level::Own, By::Person { adapts: 0.0 }),
    (Level::ZeroEffort, By::Person { adapts: 0.0 }),
    (Level::Population, By::Person { adapts: ADAPTS }),
    (Level::Population, By::Synthesiser),
    (Level::Population, By::Sampler),
    (Level::Averages, By::Person { adapts: 0.5 }),
    (Level::Averages, By::Person { adapts: ADAPTS }),
    (Level::Averages, By::Synthesiser),
    (Level::Windows, By::Person { adapts: ADAPTS }),
    (Level::Windows, By::Synthesiser),
];

/// What became of `trials` attackers: an outcome a way, each. Fewer where people typed too little.
pub(super) fn outcomes(
    writers: &[Writer],
    others: &[Person],
    trials: u32,
    seed: u64,
    bar: &ProgressBar,
) -> Vec<[Outcome; WAYS.len()]> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // Of whom the detector of machines learned, nobody is played: the population alone knows them.
    let (learned_of, mut people): (Vec<&Writer>, Vec<&Writer>) =
        writers.iter().partition(|writer| writer.typed.learned_of);
    people.shuffle(&mut rng);
    let policy = Policy::default();
    let mut all = Vec::new();
    for ((known, tested), fold) in folds(&people, FOLDS).into_iter().zip(0..) {
        bar.set_message(format!("part {} of {FOLDS}: population", fold + 1));
        let mut training: Vec<&Person> =
            known.iter().chain(&learned_of).map(|writer| &writer.training).collect();
        training.extend(others);
        training.shuffle(&mut rng);
        let population =
            fit(Modality::Keyboard, &training, &TrainSettings::default(), &ProgressBar::hidden());
        bar.set_message(format!("part {} of {FOLDS}: sessions", fold + 1));
        let round = Round::of(&known, &tested, &population, &policy);
        let rng = ChaCha8Rng::seed_from_u64(seed.wrapping_add(1 + fold));
        all.extend(round.play(trials as usize / FOLDS, &rng, bar));
    }
    all
}

/// Victims and attackers of one part, and what attackers know of the people of the others.
struct Round<'a> {
    victims: Vec<(&'a Writer, Court<'a>)>,
    attackers: Vec<&'a Writer>,
    average: Manner,
    times: Times,
    pauses_ms: Vec<f64>,
}

impl<'a> Round<'a> {
    fn of(known: &[&Writer], tested: &[&'a Writer], population: &'a Population, policy: &'a Policy) -> Self {
        let manners: Vec<Manner> = known.iter().map(|writer| writer.manner.clone()).collect();
        let typists: Vec<&Typist> = known.iter().map(|writer| &writer.typed).collect();
        let gaps = typists.iter().flat_map(|typist| &typist.keys).filter_map(|key| key.gap_ms);
        let pauses_ms = gaps.filter(|gap| PAUSES_MS.contains(gap)).collect();
        let long: Vec<&Writer> = tested.iter().copied().filter(|w| w.typed.keys.len() > KEYS).collect();
        let court = |victim: &'a Writer| {
            Some((victim, Court::new(population, policy, victim.profile(population, policy)?)))
        };
        Self {
            victims: long.iter().filter_map(|victim| court(victim)).collect(),
            attackers: long,
            average: Manner::average(&manners),
            times: Times::of(&typists),
            pauses_ms,
        }
    }

    fn play(&self, trials: usize, rng: &ChaCha8Rng, bar: &ProgressBar) -> Vec<[Outcome; WAYS.len()]> {
        bar.set_length(trials as u64);
        bar.set_position(0);
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            loop {
                let trial = next.fetch_add(1, Ordering::Relaxed);
                if trial >= trials {
                    return done;
                }
                let mut rng = rng.clone();
                rng.set_stream(trial as u64);
                done.extend(self.trial(&mut rng).map(|outcomes| (trial, outcomes)));
                bar.inc(1);
            }
        };
        let mut done: Vec<_> = thread::scope(|scope| {
            let threads = thread::available_parallelism().map_or(1, usize::from);
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            running.into_iter().flat_map(|r| r.join().unwrap_or_default()).collect()
        });
        done.sort_by_key(|(trial, _)| *trial);
        done.into_iter().map(|(_, outcomes)| outcomes).collect()
    }

    /// One attacker of one victim, in every way. `None` where nobody can be attacked by another.
    fn trial(&self, rng: &mut ChaCha8Rng) -> Option<[Outcome; WAYS.len()]> {
        let (victim, court) = self.victims.choose(rng)?;
        let others: Vec<&&Writer> = self.attackers.iter().filter(|w| !std::ptr::eq(**w, *victim)).collect();
        let attacker = others.choose(rng)?;
        let own = text(victim, rng);
        let text = text(attacker, rng);
        let averages = victim.manner.spread_as(&self.average);
        let windows = victim.manner.completed_by(&self.average);
        Some(WAYS.map(|(level, by)| {
            let target = match level {
                Level::Own | Level::ZeroEffort | Level::Population => &self.average,
                Level::Averages => &averages,
                Level::Windows => &windows,
            };
            let strokes = match by {
                _ if level == Level::Own => as_typed(own),
                _ if level == Level::ZeroEffort => as_typed(text),
                By::Person { adapts } => {
                    adapted(text, &attacker.manner, target, adapts, level == Level::Windows)
                }
                By::Synthesiser => synthesised(text, target, &self.pauses_ms, rng),
                By::Sampler => sampled(text, &self.times, rng),
            };
            court.judge(&events(&strokes, 0, Origin::Device))
        }))
    }
}

/// As many keys in a row as a session has.
fn text<'a>(writer: &'a Writer, rng: &mut ChaCha8Rng) -> &'a [Key] {
    let keys = &writer.typed.keys;
    let from = rng.random_range(0..=keys.len() - KEYS);
    &keys[from..from + KEYS]
}
