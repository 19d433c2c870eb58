//! Passwords typed in the middle of other typing. Nobody's: drawn, and timed as the person times such keys.

use std::collections::HashMap;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::targets::Target;
use super::text::{Tables, relation_of, zone_of};
use super::typed::Typist;
use crate::simulate::{Action, RawEvent};

/// Keys of every password: the length that the attacker knows.
pub const LENGTH: usize = 10;
/// Presses from one to the next, and as many more at most.
const APART: usize = 100;
/// Letters and digits.
const KEYS: [u16; 36] = [
    2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 30, 31, 32, 33, 34, 35, 36, 37,
    38, 44, 45, 46, 47, 48, 49, 50,
];
/// Spread of gaps and holds, natural logarithm.
const GAP_SPREAD: f64 = 0.30;
const HOLD_SPREAD: f64 = 0.25;
/// Before and after a password.
const BEFORE_US: u64 = 400_000;

/// Typing with passwords in it, and where they are; `desk` is its number.
#[must_use]
pub fn with_passwords(
    typist: &Typist,
    desk: usize,
    tables: &Tables,
    rng: &mut ChaCha8Rng,
) -> (Typist, Vec<Target>) {
    let manner = Manner::of(typist);
    let (mut events, mut targets) = (Vec::new(), Vec::new());
    let (mut later, mut typed, mut next) = (0, 0, APART / 2 + rng.random_range(0..APART));
    let mut held = 0_i32;
    for event in &typist.events {
        if matches!(event.action, Action::Down(_)) {
            if typed >= next && held == 0 {
                let codes: Vec<u16> = (0..LENGTH).map(|_| KEYS[rng.random_range(0..KEYS.len())]).collect();
                let start = event.at_us + later + BEFORE_US;
                let own = manner.types(&codes, start, tables, rng);
                later = own.iter().map(|e| e.at_us).max().unwrap_or(start) + BEFORE_US - event.at_us;
                events.extend(own);
                targets.push(Target { desk, from: typed + LENGTH * targets.len(), codes });
                next = typed + APART + rng.random_range(0..APART);
            }
            typed += 1;
        }
        held += if matches!(event.action, Action::Down(_)) { 1 } else { -1 };
        events.push(RawEvent { at_us: event.at_us + later, ..*event });
    }
    events.sort_by_key(|event| event.at_us);
    (Typist::new(events), targets)
}

/// Mean logarithms of gaps by relation and of holds by zone, milliseconds.
struct Manner {
    gaps: HashMap<usize, (f64, f64)>,
    holds: HashMap<usize, (f64, f64)>,
}

impl Manner {
    fn of(typist: &Typist) -> Self {
        let mut manner = Self { gaps: HashMap::new(), holds: HashMap::new() };
        let add = |to: &mut HashMap<usize, (f64, f64)>, at: usize, us: u64, most: u64| {
            if us > 10_000 && us < most {
                // All of them under one more number, for those that are seldom.
                for at in [at, usize::MAX] {
                    let of = to.entry(at).or_default();
                    *of = (of.0 + 1.0, of.1 + (us as f64 / 1000.0).ln());
                }
            }
        };
        for two in typist.presses.windows(2) {
            let gap = two[1].down_us.saturating_sub(two[0].down_us);
            add(&mut manner.gaps, relation_of(two[0].code, two[1].code), gap, 600_000);
        }
        for press in &typist.presses {
            let held = press.up_us.map_or(0, |up| up.saturating_sub(press.down_us));
            add(&mut manner.holds, zone_of(press.code), held, 250_000);
        }
        manner
    }

    fn types(&self, codes: &[u16], start: u64, tables: &Tables, rng: &mut ChaCha8Rng) -> Vec<RawEvent> {
        let mean = |of: &HashMap<usize, (f64, f64)>, at: usize, else_: f64| {
            let seen = of.get(&at).filter(|(count, _)| *count >= 5.0).or_else(|| of.get(&usize::MAX));
            seen.map_or(else_, |(count, sum)| sum / count)
        };
        let mut draw = |mean: f64, spread: f64| {
            let drawn: f64 = StandardNormal.sample(rng);
            microseconds((mean + spread * drawn).exp())
        };
        let (mut events, mut down) = (Vec::new(), start);
        for (at, code) in codes.iter().enumerate() {
            let from = at.checked_sub(1).and_then(|before| codes.get(before)).copied();
            let (pair, held) = tables.later(from.unwrap_or(*code), *code);
            if let Some(from) = from {
                let gap = draw(mean(&self.gaps, relation_of(from, *code), 5.1) + pair, GAP_SPREAD);
                if from == *code
                    && let Some(RawEvent { at_us, .. }) = events.last_mut()
                {
                    *at_us = down + (*at_us - down).min(gap * 4 / 5);
                }
                down += gap;
            }
            let hold = draw(mean(&self.holds, zone_of(*code), 4.5) + held, HOLD_SPREAD);
            events.push(RawEvent { at_us: down, action: Action::Down(*code) });
            events.push(RawEvent { at_us: down + hold, action: Action::Up(*code) });
        }
        events
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times of keys")]
fn microseconds(ms: f64) -> u64 {
    (ms.clamp(10.0, 590.0) * 1000.0) as u64
}
