//! How often people are taken for machines, and how soon programs are, at each limit.

use std::collections::HashMap;
use std::fmt::Write as _;

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use tacit_measure::automation::drawn::{Rule, Sum};
use tacit_measure::automation::learned::Judge;
use tacit_measure::automation::{Struck, strokes};
use tacit_measure::{Column, Input, TimedInput, Zone};

/// Places in a run where somebody may have begun.
const PHASES: usize = 12;
/// Limits of the curve: from the first to the last in steps.
const FIRST: f64 = 3.0;
const LAST: f64 = 16.0;
const STEP: f64 = 0.25;
/// Spread of the logarithm of how much slower another hand is, or holds keys longer; and of each of its fingers besides.
const HANDS: f64 = 0.25;
const FINGERS: f64 = 0.1;

/// Strokes of one who typed, each with the number of keys pressed when it came to its end, and all keys.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    strokes: Vec<Struck>,
    keys_then: Vec<u32>,
    pub(super) keys: u32,
}

impl Typed {
    pub(super) fn of(events: &[TimedInput]) -> Self {
        let mut typed = Self::default();
        let mut settled = strokes(events).into_iter().peekable();
        for (at, event) in events.iter().enumerate() {
            typed.keys += u32::from(matches!(event.input, Input::KeyDown { .. }));
            while let Some((_, struck)) = settled.next_if(|(event, _)| *event == at) {
                typed.strokes.push(struck);
                typed.keys_then.push(typed.keys);
            }
        }
        typed
    }

    /// Runs of so many strokes that begin every so many, each with the two after it.
    pub(super) fn runs(&self, strokes: usize, every: usize) -> impl Iterator<Item = &[Struck]> {
        self.strokes.windows(strokes + 2).step_by(every)
    }

    /// The same as another hand might have typed it: all gaps stretched alike, all holds alike, and those of each finger a little
    /// besides.
    pub(super) fn of_another_hand(&self, rng: &mut ChaCha8Rng) -> Self {
        let mut factor = |spread: f64| {
            let z: f64 = StandardNormal.sample(rng);
            (spread * z).exp()
        };
        let (gaps, holds) = (factor(HANDS), factor(HANDS));
        let mut fingers: HashMap<(Zone, Column), f64> = HashMap::new();
        let mut typed = self.clone();
        for struck in &mut typed.strokes {
            let finger = *fingers.entry(struck.place).or_insert_with(|| factor(FINGERS));
            struck.gap_ms = (gaps * struck.gap_ms).round().max(1.0);
            struck.held_ms = (holds * finger * struck.held_ms).round().max(1.0);
        }
        typed
    }

    /// What runs of so many strokes say that follow each other, and the keys at the end of each, from a phase on.
    fn said(&self, judge: &Judge, strokes: usize, phase: usize) -> Vec<(f64, u32)> {
        let from = (phase * strokes / PHASES).min(self.strokes.len());
        let ends = self.keys_then[from..].iter().skip(strokes + 1).step_by(strokes);
        let runs = self.strokes[from..].windows(strokes + 2).step_by(strokes);
        runs.zip(ends).map(|(run, keys)| (judge.said(run), *keys)).collect()
    }
}

/// What a judge says of some people, wherever their runs begin.
#[derive(Debug)]
pub(super) struct People {
    rule: Rule,
    said: Vec<Vec<(f64, u32)>>,
    pub(super) keys: u64,
}

impl People {
    pub(super) fn of(rule: Rule) -> Self {
        Self { rule, said: Vec::new(), keys: 0 }
    }

    pub(super) fn add(&mut self, judge: &Judge, strokes: usize, typed: &Typed) {
        self.keys += u64::from(typed.keys);
        self.said.extend((0..PHASES).map(|phase| typed.said(judge, strokes, phase)));
    }

    /// False alarms in a million keys.
    pub(super) fn alarms_in_a_million(&self, limit: f64) -> f64 {
        let alarms: usize = self.said.iter().map(|said| told(said, limit, self.rule).count()).sum();
        1e6 * alarms as f64 / (PHASES as f64 * self.keys as f64)
    }

    /// The lowest limit at which there are at most so many.
    pub(super) fn limit(&self, in_a_million: f64) -> f64 {
        limits().find(|limit| self.alarms_in_a_million(*limit) <= in_a_million).unwrap_or(LAST)
    }
}

/// What a judge says of some programs, from their first key on.
#[derive(Debug)]
pub(super) struct Programs {
    rule: Rule,
    said: Vec<Vec<(f64, u32)>>,
}

impl Programs {
    pub(super) fn of(rule: Rule) -> Self {
        Self { rule, said: Vec::new() }
    }

    pub(super) fn add(&mut self, judge: &Judge, strokes: usize, typed: &Typed) {
        self.said.push(typed.said(judge, strokes, 0));
    }

    /// Share that is told within so many keys.
    pub(super) fn within(&self, keys: u32, limit: f64) -> f64 {
        let at = |said: &Vec<(f64, u32)>| told(said, limit, self.rule).next();
        let found = self.said.iter().filter(|said| at(said).is_some_and(|at| at <= keys));
        found.count() as f64 / self.said.len().max(1) as f64
    }
}

pub(super) fn limits() -> impl Iterator<Item = f64> {
    (0..).map(|step| FIRST + STEP * f64::from(step)).take_while(|limit| *limit <= LAST)
}

/// Keys at each time that it is told.
fn told(said: &[(f64, u32)], limit: f64, rule: Rule) -> impl Iterator<Item = u32> {
    let mut sum = Sum::default();
    said.iter().filter_map(move |(said, keys)| sum.add(*said, limit, rule).map(|_| *keys))
}

/// One limit of the curve: false alarms in a million keys of people, and shares of programs found within 70, 300 and 500 keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Of which programs the networks learned.
    pub family: String,
    /// What runs must say in all, in natural-log units.
    pub limit: f64,
    /// It ships.
    pub ships: bool,
    /// Of those learned of, each by networks that learned of others.
    pub learned: f64,
    /// Of writers of the same set of whom nothing was learned.
    pub apart: f64,
    /// Of another set.
    pub other_set: Option<f64>,
    /// Programs: name, whether the networks learned of such, and the shares.
    pub programs: Vec<(String, bool, [f64; 3])>,
}

impl Row {
    pub(super) fn line(&self) -> String {
        let mut line = format!(
            "{:<12} {}{:>6.2} {:>8.2} {:>8.2} {:>8.2}",
            self.family,
            if self.ships { "*" } else { " " },
            self.limit,
            self.learned,
            self.apart,
            self.other_set.unwrap_or(f64::NAN)
        );
        for (_, _, shares) in &self.programs {
            let [a, b, c] = shares.map(|share| 100.0 * share);
            let _ = write!(line, "  {a:>5.1} {b:>5.1} {c:>5.1}");
        }
        line
    }

    pub(super) fn heading(&self) -> String {
        let mut line =
            format!("{:<12}  {:>6} {:>8} {:>8} {:>8}", "family", "limit", "learned", "apart", "aalto");
        for (name, learned, _) in &self.programs {
            let name = if *learned { name.clone() } else { format!("({name})") };
            let _ = write!(line, "  {name:>17.17}");
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn another_hand_types_the_same_keys_at_its_own_pace() {
        let place = |at: usize| (if at.is_multiple_of(2) { Zone::Left } else { Zone::Right }, Column(0));
        let struck = |at: usize| Struck {
            gap_ms: 10_000.0,
            held_ms: 10_000.0,
            place: place(at),
            before: place(at + 1),
            follows: true,
        };
        let typed = Typed { strokes: (0..20).map(struck).collect(), keys_then: (1..21).collect(), keys: 20 };
        let other = typed.of_another_hand(&mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!((&other.keys_then, other.keys), (&typed.keys_then, 20));
        assert!(other.strokes.iter().zip(&typed.strokes).all(|(o, t)| o.place == t.place));
        let [even, odd] = [other.strokes[0], other.strokes[1]];
        assert!((even.gap_ms - 10_000.0).abs() > 1.0 && (even.held_ms - odd.held_ms).abs() > 1.0);
        for (at, struck) in other.strokes.iter().enumerate() {
            let same = if at.is_multiple_of(2) { even } else { odd };
            assert_eq!((struck.gap_ms, struck.held_ms), (even.gap_ms, same.held_ms));
        }
    }
}
