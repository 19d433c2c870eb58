//! Every task at every level, in parallel, drawn the same whatever the order.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use indicatif::ProgressBar;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tacit_engine::Population;
use tacit_engine::train::TrainSettings;
use tacit_measure::Privacy;
use tacit_proto::Modality;

use super::attack::{self, Candidates, People, Setting};
use super::desk::{Desk, windows};
use super::level::Level;
use super::row::{Cost, Row};
use super::targets::{self, Target};
use super::text::Tables;
use super::typed::Typist;
use super::{cost, keys, password, relink};
use crate::accuracy::trials::{Person, fit};

/// Keystrokes and number of the sessions that the population learns of a person, and of the windows that tell noise.
const SESSION_KEYS: u32 = 600;
const SESSIONS: usize = 3;
const WINDOW_KEYS: u32 = 50;
const WINDOWS: usize = 16;

/// What was found out, and what it costs to hide it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Of tasks.
    pub rows: Vec<Row>,
    /// Of accuracy.
    pub costs: Vec<Cost>,
}

/// Half of the people are the attacker's to learn of, the others are attacked.
struct Sides {
    learned: Vec<Typist>,
    victims: Vec<Typist>,
    tables: Tables,
    trials: usize,
    seed: u64,
}

/// Runs every task at every level. Half of the people are learned of, the others attacked.
#[must_use]
pub fn everything(
    people: &[Typist],
    trials: usize,
    window_keys: &[u32],
    tried: bool,
    seed: u64,
    bar: &ProgressBar,
) -> Found {
    let mut people = people.to_vec();
    people.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let victims = people.split_off(people.len() / 2);
    let tables = Tables::learn(&people);
    let sides = Sides { learned: people, victims, tables, trials, seed };
    let mut levels = Level::shipped().to_vec();
    bar.set_message("population");
    let population = sides.population();
    if tried {
        levels.extend(Level::tried());
    }
    let mut jobs: Vec<(&Level, Option<u32>)> = Vec::new();
    for level in &levels {
        jobs.extend(window_keys.iter().map(|keys| (level, Some(*keys))));
        jobs.push((level, None));
    }
    bar.set_message("attacks");
    bar.set_length(jobs.len() as u64);
    bar.set_position(0);
    let (next, done) = (AtomicUsize::new(0), Mutex::new(vec![Found::default(); jobs.len()]));
    let work = || {
        while let Some((level, keys)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
            let number = jobs.iter().position(|job| std::ptr::eq(job.0, level) && job.1 == keys);
            let found = match keys {
                Some(keys) => Found { rows: sides.attacked(level, keys), costs: Vec::new() },
                None => sides.judged(level, &population),
            };
            bar.inc(1);
            if let (Some(number), Ok(mut done)) = (number, done.lock()) {
                done[number] = found;
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut all = Found::default();
    for found in done.into_inner().unwrap_or_default() {
        all.rows.extend(found.rows);
        all.costs.extend(found.costs);
    }
    all
}

impl Sides {
    fn rng(&self, stream: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(stream);
        rng
    }

    /// The tasks of one level and size of window.
    fn attacked(&self, level: &Level, keys: u32) -> Vec<Row> {
        let mut rng = self.rng(u64::from(keys));
        let setting = Setting { level: &level.name, keys, tables: &self.tables, trials: self.trials };
        let desks = |of: &[Typist]| -> Vec<Desk> {
            of.iter().map(|typist| Desk::new(typist.clone(), keys, level.privacy)).collect()
        };
        let (learned, victims) = (desks(&self.learned), desks(&self.victims));
        let mut rows = Vec::new();
        let mut attack = |task: &str,
                          of: [&[Desk]; 2],
                          targets: [&[Target]; 2],
                          which: Candidates<'_>,
                          rng: &mut ChaCha8Rng| {
            let [learned, victims] = [0, 1].map(|at| People { desks: of[at], targets: targets[at] });
            rows.extend(attack::rows(task, setting, &learned, &victims, which, rng));
        };
        let both = [learned.as_slice(), victims.as_slice()];
        let of = both.map(|desks| targets::windows(desks, keys));
        attack("sentence alone", both, [&of[0], &of[1]], Candidates::Others, &mut rng);
        let of = both.map(|desks| targets::sentences(desks, &mut rng));
        attack("sentence within", both, [&of[0], &of[1]], Candidates::Others, &mut rng);

        let words =
            both.map(|desks| targets::words(&desks.iter().map(|desk| &desk.typist).collect::<Vec<_>>()));
        let [examples, words] = words;
        let (dictionary, places) = targets::dictionary(words, attack::MANY, self.trials, &mut rng);
        let (numbers, places): (Vec<usize>, Vec<Target>) = places.into_iter().unzip();
        let which = Candidates::Words(&dictionary, &numbers);
        attack("word within", both, [&examples, &places], which, &mut rng);

        let typed = [&self.learned, &self.victims].map(|typists| {
            let mut targets = Vec::new();
            let with = typists.iter().enumerate().map(|(desk, typist)| {
                let (typist, own) = password::with_passwords(typist, desk, &self.tables, &mut rng);
                targets.extend(own);
                typist
            });
            (with.collect::<Vec<_>>(), targets)
        });
        let [of_learned, of_victims] = [0, 1].map(|at| desks(&typed[at].0));
        let of = [of_learned.as_slice(), of_victims.as_slice()];
        attack("password within", of, [&typed[0].1, &typed[1].1], Candidates::Others, &mut rng);
        rows.extend(keys::row(&level.name, keys, &learned, &victims, self.trials));
        rows
    }

    /// What a level costs, and whether people are found again.
    fn judged(&self, level: &Level, population: &Population) -> Found {
        let mut rng = self.rng(1);
        let victims: Vec<&Typist> = self.victims.iter().collect();
        Found {
            rows: relink::rows(level, population, &victims, &mut rng),
            costs: cost::rows(level, population, &victims, &mut rng),
        }
    }

    /// The population of those who are learned of.
    fn population(&self) -> Population {
        let cut = |typist: &Typist, keys, most| {
            let windows = windows(typist, keys, Privacy::PLAIN).into_iter().take(most);
            windows.map(|window| window.stats).collect::<Vec<_>>()
        };
        let people: Vec<Person> = self
            .learned
            .iter()
            .map(|typist| Person {
                training: cut(typist, SESSION_KEYS, SESSIONS),
                windows: vec![cut(typist, WINDOW_KEYS, WINDOWS)],
                ..Person::default()
            })
            .collect();
        let people: Vec<&Person> = people.iter().collect();
        fit(Modality::Keyboard, &people, &TrainSettings::default(), &ProgressBar::hidden())
    }
}
