//! Whether the times of keys were drawn one by one, by a program that knows how people type.
//!
//! Each run of strokes is weighed, and what runs say adds up for as long as it speaks of a machine (CUSUM, Page 1954): one
//! run is too little to be sure, and a person's next run takes back what the last one seemed to say.

use crate::window::SignalKind;

use super::learned::{JUDGES, LEARNED, STROKES};
use super::struck::Struck;
use super::{Finding, Mark, Marks};

/// What one run may say.
const LEAST_SAID: f64 = -12.0;
const MOST_SAID: f64 = 30.0;
/// Runs that must have said it by then: what trickles in over more of them is a person's habit.
const RUNS: u32 = 9;
/// What it is told with if no more was said than must be. So far out the network's own figure is no likelihood: this one puts
/// what people have not shown above what policies ask for.
const STRENGTH: f64 = 20.0;

/// The strokes of the runs that are being gathered, and what the runs before them said.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    strokes: Vec<Struck>,
    /// Where among them each judge's run begins.
    from: [usize; JUDGES],
    sums: [Sum; JUDGES],
}

impl Drawn {
    /// The next stroke, in the order of presses.
    pub(super) fn push(&mut self, struck: Struck) -> Option<Finding> {
        self.strokes.push(struck);
        let mut told = None;
        for at in 0..JUDGES {
            let (judge, strokes) = (&LEARNED[at], STROKES[at]);
            let run = &self.strokes[self.from[at]..];
            if run.len() < strokes + 2 {
                continue;
            }
            self.from[at] += strokes;
            let tells = self.sums[at].add(judge.said(run), f64::from(judge.limit));
            told = told.or(tells.map(|told| (told, strokes)));
        }
        let done = self.from.into_iter().min().unwrap_or_default();
        self.strokes.drain(..done);
        self.from = self.from.map(|from| from - done);
        let (Told { runs, above }, strokes) = told?;
        self.sums = Default::default();
        #[expect(clippy::cast_possible_truncation, reason = "some thousands")]
        let count = runs * strokes as u32;
        let marks = Marks::NONE.with(Mark::RandomTimes);
        Some(Finding { kind: SignalKind::MachineKeys, count, marks, strength: STRENGTH + above })
    }
}

/// What runs that follow each other have said.
#[derive(Debug, Clone, Default)]
pub struct Sum {
    said: f64,
    /// Runs that said it.
    runs: u32,
}

/// Enough was said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// Runs that said it.
    pub runs: u32,
    /// By how much it is above the limit, in natural-log units.
    pub above: f64,
}

impl Sum {
    /// Adds what a run says, in natural-log units. Once it is told, it begins anew.
    pub fn add(&mut self, said: f64, limit: f64) -> Option<Told> {
        self.said += said.clamp(LEAST_SAID, MOST_SAID);
        self.runs += 1;
        let told = (self.said >= limit).then_some(Told { runs: self.runs, above: self.said - limit });
        if told.is_some() || self.said <= 0.0 || self.runs == RUNS {
            *self = Self::default();
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use crate::input::{Column, Zone};

    use super::*;

    #[test]
    fn what_waits_is_bounded() {
        let place = (Zone::Left, Column(0));
        let mut drawn = Drawn::default();
        for at in 0..2_000_u32 {
            let gap_ms = f64::from(60 + at * 37 % 101);
            drawn.push(Struck { gap_ms, held_ms: 80.0, place, before: place, follows: true });
            assert!(drawn.strokes.len() <= 242);
        }
    }

    #[test]
    fn what_runs_say_adds_up_and_an_unlike_one_takes_it_back() {
        let mut sum = Sum::default();
        assert!(sum.add(6.0, 10.0).is_none());
        assert_eq!(sum.add(6.0, 10.0), Some(Told { runs: 2, above: 2.0 }));
        assert!(sum.add(6.0, 10.0).is_none() && sum.add(LEAST_SAID, 10.0).is_none());
        assert!(sum.add(6.0, 10.0).is_none() && sum.add(6.0, 10.0).is_some());
        for _ in 0..2 * RUNS {
            assert!(sum.add(1.0, 10.0).is_none());
        }
    }
}
