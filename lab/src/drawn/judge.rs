//! How often people are taken for machines, and how soon programs are, at each limit.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use tacit_measure::automation::drawn::Sum;
use tacit_measure::automation::learned::Judge;
use tacit_measure::automation::{Struck, strokes};
use tacit_measure::{Input, TimedInput};

/// Places in a run where somebody may have begun.
const PHASES: usize = 12;
/// Limits of the curve: from the first to the last in steps.
const FIRST: f64 = 3.0;
const LAST: f64 = 16.0;
const STEP: f64 = 0.25;

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

    /// What runs of so many strokes say that follow each other, and the keys at the end of each, from a phase on.
    fn said(&self, judge: &Judge, strokes: usize, phase: usize) -> Vec<(f64, u32)> {
        let from = (phase * strokes / PHASES).min(self.strokes.len());
        let ends = self.keys_then[from..].iter().skip(strokes + 1).step_by(strokes);
        let runs = self.strokes[from..].windows(strokes + 2).step_by(strokes);
        runs.zip(ends).map(|(run, keys)| (judge.said(run), *keys)).collect()
    }
}

/// What a judge says of some people, wherever their runs begin.
#[derive(Debug, Default)]
pub(super) struct People {
    said: Vec<Vec<(f64, u32)>>,
    pub(super) keys: u64,
}

impl People {
    pub(super) fn add(&mut self, judge: &Judge, strokes: usize, typed: &Typed) {
        self.keys += u64::from(typed.keys);
        self.said.extend((0..PHASES).map(|phase| typed.said(judge, strokes, phase)));
    }

    /// False alarms in a million keys.
    pub(super) fn alarms_in_a_million(&self, limit: f64) -> f64 {
        let alarms: usize = self.said.iter().map(|said| told(said, limit).count()).sum();
        1e6 * alarms as f64 / (PHASES as f64 * self.keys as f64)
    }

    /// The lowest limit at which there are at most so many.
    pub(super) fn limit(&self, in_a_million: f64) -> f64 {
        limits().find(|limit| self.alarms_in_a_million(*limit) <= in_a_million).unwrap_or(LAST)
    }
}

/// What a judge says of some programs, from their first key on.
#[derive(Debug, Default)]
pub(super) struct Programs(Vec<Vec<(f64, u32)>>);

impl Programs {
    pub(super) fn add(&mut self, judge: &Judge, strokes: usize, typed: &Typed) {
        self.0.push(typed.said(judge, strokes, 0));
    }

    /// Share that is told within so many keys.
    pub(super) fn within(&self, keys: u32, limit: f64) -> f64 {
        let found = self.0.iter().filter(|said| told(said, limit).next().is_some_and(|at| at <= keys));
        found.count() as f64 / self.0.len().max(1) as f64
    }
}

pub(super) fn limits() -> impl Iterator<Item = f64> {
    (0..).map(|step| FIRST + STEP * f64::from(step)).take_while(|limit| *limit <= LAST)
}

/// Keys at each time that it is told.
fn told(said: &[(f64, u32)], limit: f64) -> impl Iterator<Item = u32> {
    let mut sum = Sum::default();
    said.iter().filter_map(move |(said, keys)| sum.add(*said, limit).map(|_| *keys))
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
