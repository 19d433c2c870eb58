//! Whether the times of keys were drawn one by one, by a program that knows how people type.
//!
//! Each run of strokes is weighed, and what runs say adds up for as long as it speaks of a machine (CUSUM, Page 1954): one
//! run is too little to be sure, and a person's next run takes back what the last one seemed to say. The runs
//! of a few people often speak of a machine and are taken back: the limit rises with what the session has shown so far, within bounds.

use crate::window::SignalKind;

use super::learned::{JUDGES, LEARNED, STROKES};
use super::struck::Struck;
use super::{Finding, Mark, Marks};

/// What one run may say.
const LEAST_SAID: f64 = -12.0;
const MOST_SAID: f64 = 30.0;
/// Runs that must have said it by then: what trickles in over more of them is a person's habit.
const RUNS: u32 = 9;
/// What each judge asks besides its limit. Those of synthesising and of jittering programs ask nothing.
pub const RULES: [Rule; JUDGES] =
    [Rule { several: 1.5, rise: 1.0 }, Rule { several: 1.0, rise: 0.0 }, Rule { several: 1.0, rise: 0.0 }];
/// Runs of a person say less than this on average, in natural-log units, in nearly every session.
const USUAL: f64 = -9.0;
/// The limit rises by no more.
const MOST_RISEN: f64 = 6.0;
/// The weight of runs that must have been taken back before it rises: three, or two together.
const LEAST_SHOWN: f64 = 2.0;
/// What is left of the weight of a run at the next.
const KEPT: f64 = 0.98;
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
    /// Another hand may type from here on.
    pub(super) fn forget(&mut self) {
        self.sums.iter_mut().for_each(|sum| sum.shown = Shown::default());
    }

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
            let tells = self.sums[at].add(judge.said(run), f64::from(judge.limit), RULES[at]);
            told = told.or(tells.map(|told| (told, strokes)));
        }
        let done = self.from.into_iter().min().unwrap_or_default();
        self.strokes.drain(..done);
        self.from = self.from.map(|from| from - done);
        let (Told { runs, above }, strokes) = told?;
        self.sums.iter_mut().for_each(Sum::begin);
        #[expect(clippy::cast_possible_truncation, reason = "some thousands")]
        let count = runs * strokes as u32;
        let marks = Marks::NONE.with(Mark::RandomTimes);
        Some(Finding { kind: SignalKind::MachineKeys, count, marks, strength: STRENGTH + above })
    }
}

/// What a judge asks besides its limit.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// What several runs must say together, over what one must.
    pub several: f64,
    /// By how much the limit rises with each natural-log unit that the session's runs say more than people's usually do.
    pub rise: f64,
}

/// What runs that follow each other have said.
#[derive(Debug, Clone, Default)]
pub struct Sum {
    said: f64,
    /// Runs that said it.
    runs: u32,
    shown: Shown,
}

/// What the runs of a session said that were taken back: a hand made them. What never is taken back teaches nothing, so that a
/// program cannot make itself usual.
#[derive(Debug, Clone, Copy, Default)]
struct Shown {
    said: f64,
    runs: f64,
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
    pub fn add(&mut self, said: f64, limit: f64, rule: Rule) -> Option<Told> {
        let said = said.clamp(LEAST_SAID, MOST_SAID);
        self.said += said;
        self.runs += 1;
        let risen = (rule.rise * self.shown.above_usual()).min(MOST_RISEN);
        let by_itself = said - limit - risen;
        let together = self.said - rule.several * limit - risen;
        let above = by_itself.max(together);
        let told = (above >= 0.0).then_some(Told { runs: self.runs, above });
        if self.said <= 0.0 {
            self.shown.add(self.said, self.runs);
        }
        if told.is_some() || self.said <= 0.0 || self.runs == RUNS {
            self.begin();
        }
        told
    }

    /// What was said so far counts no more. What the session has shown stays.
    fn begin(&mut self) {
        *self = Self { shown: self.shown, ..Self::default() };
    }
}

impl Shown {
    /// Runs that were taken back together.
    fn add(&mut self, said: f64, runs: u32) {
        let kept = KEPT.powi(runs.cast_signed());
        self.said = kept * self.said + said;
        self.runs = kept * self.runs + f64::from(runs);
    }

    /// By how much it is more than people usually say.
    fn above_usual(self) -> f64 {
        if self.runs < LEAST_SHOWN { 0.0 } else { (self.said / self.runs - USUAL).max(0.0) }
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

    const RULE: Rule = Rule { several: 1.5, rise: 1.0 };
    const PLAIN: Rule = Rule { several: 1.0, rise: 0.0 };

    fn sum(of: &[f64]) -> Sum {
        let mut sum = Sum::default();
        of.iter().for_each(|said| assert!(sum.add(*said, 10.0, RULE).is_none()));
        sum
    }

    #[test]
    fn what_runs_say_adds_up_and_an_unlike_one_takes_it_back() {
        let mut sum = Sum::default();
        assert!(sum.add(6.0, 10.0, PLAIN).is_none());
        assert_eq!(sum.add(6.0, 10.0, PLAIN), Some(Told { runs: 2, above: 2.0 }));
        assert!(sum.add(6.0, 10.0, PLAIN).is_none() && sum.add(LEAST_SAID, 10.0, PLAIN).is_none());
        assert!(sum.add(6.0, 10.0, PLAIN).is_none() && sum.add(6.0, 10.0, PLAIN).is_some());
        for _ in 0..2 * RUNS {
            assert!(sum.add(1.0, 10.0, PLAIN).is_none());
        }
    }

    #[test]
    fn several_runs_must_say_more_than_one() {
        assert_eq!(sum(&[]).add(11.0, 10.0, RULE), Some(Told { runs: 1, above: 1.0 }));
        assert_eq!(sum(&[8.0]).add(6.0, 10.0, RULE), None);
        assert_eq!(sum(&[8.0]).add(7.5, 10.0, RULE), Some(Told { runs: 2, above: 0.5 }));
    }

    #[test]
    fn the_limit_rises_with_what_was_taken_back_and_no_further_than_its_bound() {
        // People's runs, as usual: nothing changes.
        assert!(sum(&[LEAST_SAID; 30]).add(10.0, 10.0, RULE).is_some());
        let mut unusual = sum(&[-5.0, -5.0, -5.0]);
        assert!(unusual.clone().add(13.9, 10.0, RULE).is_none());
        assert!(unusual.add(14.1, 10.0, RULE).is_some());
        // Two runs show nothing yet.
        assert!(sum(&[-5.0, -5.0]).add(10.0, 10.0, RULE).is_some());
        assert!(sum(&[-0.1; 90]).add(10.1 + MOST_RISEN, 10.0, RULE).is_some());
    }

    #[test]
    fn a_program_that_types_from_the_start_does_not_make_itself_usual() {
        let mut sum = Sum::default();
        for _ in 0..RUNS {
            assert!(sum.add(1.5, 10.0, RULE).is_none());
        }
        assert!(sum.add(10.0, 10.0, RULE).is_some());
    }

    #[test]
    fn another_keyboard_is_another_hand() {
        let mut drawn = Drawn::default();
        drawn.sums[0] = sum(&[-5.0; 3]);
        assert!(drawn.sums[0].clone().add(10.0, 10.0, RULE).is_none());
        drawn.forget();
        assert!(drawn.sums[0].add(10.0, 10.0, RULE).is_some());
    }
}
