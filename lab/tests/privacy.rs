//! Attacks on simulated people: an attacker finds out what a plain window tells, and next to nothing at the other levels.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use indicatif::ProgressBar;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::Population;
use tacit_lab::privacy::row::{Row, wilson};
use tacit_lab::privacy::typed::Typist;
use tacit_lab::privacy::{Found, everything};
use tacit_lab::simulate::Person;

const KEYS: u32 = 60;

fn people(count: u64, keys: usize) -> Vec<Typist> {
    let population = Population::shipped();
    (0..count)
        .map(|seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let person = Person::draw(&population, &mut rng).unwrap();
            Typist::new(person.sit_down(&population, 1_000_000, rng).type_keys(keys))
        })
        .collect()
}

fn attacked() -> Found {
    everything(&people(20, 2_400), 200, &[KEYS], false, 2, &ProgressBar::hidden())
}

fn row<'a>(found: &'a Found, task: &str, level: &str, attacker: &str) -> &'a Row {
    let is = |r: &&Row| r.task.starts_with(task) && r.level == level && r.attacker == attacker;
    found.rows.iter().find(is).unwrap()
}

#[test]
fn what_a_window_tells_is_found_and_what_is_not_sent_is_not() {
    let found = attacked();
    let success = |task: &str, level: &str| row(&found, task, level, "window").success;
    assert!(success("sentence alone, 1 of 2", "plain") > 0.95);
    for level in ["standard", "strict"] {
        for task in ["sentence alone, 1 of 2", "sentence within, 1 of 2", "password within, 1 of 2"] {
            let success = success(task, level);
            assert!(success < 0.64, "{task}, {level}: {success}");
        }
    }
}

#[test]
fn an_interval_is_wilsons() {
    // Newcombe 1998: 81 of 263, 0 of 20.
    let near =
        |(low, high): (f64, f64), (a, b): (f64, f64)| (low - a).abs() < 5e-4 && (high - b).abs() < 5e-4;
    assert!(near(wilson(81, 263), (0.2553, 0.3662)));
    assert!(near(wilson(0, 20), (0.0, 0.1611)));
    assert_eq!(wilson(0, 0), (0.0, 1.0));
}
