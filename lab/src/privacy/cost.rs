//! What a level costs: how well people are told apart so many keystrokes after someone else went on.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tacit_engine::{Population, Profile, score_against};
use tacit_proto::{FeatureStats, Modality};

use super::desk::windows;
use super::level::Level;
use super::row::Cost;
use super::typed::Typist;
use crate::metrics::{Figures, UserTrials};

/// Keystrokes of a window, as shipped.
const KEYS: u32 = 50;
/// Keystrokes after which is judged.
const TYPED: [usize; 4] = [100, 200, 400, 1_000];
/// Keystrokes before the controls change hands.
const BEFORE: usize = 400;
/// From one person's last key to the next person's first.
const SEATING_US: u64 = 10_000_000;
/// Others who go on, and places where the person does.
const OTHERS: usize = 8;
const PLACES: usize = 2;

/// A row for every number of keystrokes typed since. The first half of everyone's typing enrols.
#[must_use]
pub fn rows(level: &Level, population: &Population, people: &[&Typist], rng: &mut ChaCha8Rng) -> Vec<Cost> {
    let most = TYPED[TYPED.len() - 1];
    let mut trials = vec![vec![UserTrials::default(); people.len()]; TYPED.len()];
    let mut tried = 0;
    for (own, person) in people.iter().enumerate() {
        let half = person.presses.len() / 2;
        if half < BEFORE + most {
            continue;
        }
        let mut profile = Profile::default();
        let (mut stats, mut inputs) = (FeatureStats::new(), 0);
        for window in windows(&person.part(0, half), KEYS, level.privacy) {
            stats.merge(&window.stats);
            inputs += window.inputs;
        }
        profile.learn(Modality::Keyboard, inputs, &stats);
        let reference = profile.prepare(population);
        for trial in 0..OTHERS + PLACES {
            let from = half + rng.random_range(0..=half - BEFORE - most);
            let other = if trial < PLACES { own } else { rng.random_range(0..people.len()) };
            if trial >= PLACES && other == own {
                continue;
            }
            let before = person.part(from, BEFORE);
            let goes_on = if other == own {
                from + BEFORE
            } else {
                rng.random_range(0..=people[other].presses.len().saturating_sub(most))
            };
            let spliced = before.then(&people[other].part(goes_on, most), SEATING_US);
            let sent = windows(&spliced, KEYS, level.privacy);
            tried += 1;
            for (typed, trials) in TYPED.iter().zip(&mut trials) {
                let mut pooled = FeatureStats::new();
                let since = sent.iter().filter(|w| w.until > BEFORE && w.until <= BEFORE + typed);
                since.for_each(|window| pooled.merge(&window.stats));
                let score = score_against(population, &reference, Modality::Keyboard, &pooled);
                let to = if other == own { &mut trials[own].genuine } else { &mut trials[own].impostor };
                to.extend(score.map(|score| score.llr));
            }
        }
    }
    let rows = TYPED.iter().zip(&trials).filter_map(|(typed, trials)| {
        let figures = Figures::of(trials)?;
        Some(Cost {
            task: "accuracy".to_owned(),
            level: level.name.clone(),
            window_keys: KEYS,
            typed_keys: *typed,
            judged: (figures.genuine + figures.impostor) as f64 / f64::from(tried),
            genuine: figures.genuine,
            impostor: figures.impostor,
            eer: figures.eer_global,
            fnmr_at_fmr_1pct: figures.fnmr_at_fmr_1pct,
        })
    });
    rows.collect()
}
