//! Whether the times of keys were drawn one by one, by a program that knows how people type.
//!
//! Each run of strokes is weighed, and what runs say adds up for as long as it speaks of a machine (CUSUM, Page 1954): one
//! run is too little to be sure, and a person's next run takes back what the last one seemed to say.

use crate::input::{Column, Zone};
use crate::window::SignalKind;

use super::hanging::{MEASURES, STROKES, Struck, measures};
use super::learned::{FIRST, FIRST_BIAS, LAST, LAST_BIAS, MIDDLE, SECOND, SECOND_BIAS, SPREAD};
use super::{Finding, Mark, Marks};

/// Strokes that wait: those that are looked at together, the two after them, and a few whose keys are still down.
const WAITING: usize = STROKES + 8;
/// Further from people's mean, in spreads, no measure counts for more.
const FARTHEST: f64 = 4.0;
/// What one run may say.
const LEAST_SAID: f64 = -12.0;
const MOST_SAID: f64 = 30.0;
/// What runs must say in all: more than any of the essay writers that the weights were learned of has shown under weights learned
/// of the others.
const MACHINE: f64 = 9.0;
/// Runs that must have said it by then: what trickles in over more of them is a person's habit.
const RUNS: u32 = 9;
/// What it is told with if no more was said than must be. So far out the network's own figure is no likelihood: this one puts
/// what people have not shown above what policies ask for.
const STRENGTH: f64 = 20.0;

#[derive(Debug, Clone, Copy)]
struct Waiting {
    number: u64,
    struck: Struck,
    up: bool,
}

/// The strokes of the run that is being gathered, and what the runs before it said.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    strokes: Vec<Waiting>,
    /// The last press was a stroke.
    goes_on: bool,
    said: f64,
    /// Runs that said it.
    runs: u32,
}

impl Drawn {
    /// A press: its number and the gap before it in milliseconds, if it is a stroke; where it lies, and the press before it.
    pub(super) fn press(
        &mut self,
        stroke: Option<(u64, f64)>,
        place: (Zone, Column),
        before: Option<(Zone, Column)>,
    ) -> Option<Finding> {
        let follows = std::mem::replace(&mut self.goes_on, stroke.is_some());
        let ((number, gap_ms), before) = stroke.zip(before)?;
        let struck = Struck { gap_ms, held_ms: 0.0, place, before, follows };
        if self.strokes.len() == WAITING {
            self.strokes.remove(0);
        }
        self.strokes.push(Waiting { number, struck, up: false });
        None
    }

    /// A release, and how long its stroke was held in milliseconds.
    pub(super) fn release(&mut self, number: u64, held_ms: f64) -> Option<Finding> {
        let waiting = self.strokes.iter_mut().rev().find(|waiting| waiting.number == number)?;
        waiting.struck.held_ms = held_ms;
        waiting.up = true;
        // In the order of presses, and without those that do not come up.
        let settled = if self.strokes.len() == WAITING {
            WAITING
        } else {
            self.strokes.iter().position(|s| !s.up).unwrap_or(self.strokes.len())
        };
        if settled < STROKES + 2 {
            return None;
        }
        let up = self.strokes[..settled].iter().filter(|s| s.up && s.struck.held_ms > 0.0);
        let up: Vec<Struck> = up.map(|s| s.struck).collect();
        let run = up.first_chunk()?;
        let said = weigh(&measures(run)).clamp(LEAST_SAID, MOST_SAID);
        self.strokes.drain(..STROKES);
        self.conclude(said)
    }

    fn conclude(&mut self, said: f64) -> Option<Finding> {
        self.said += said;
        self.runs += 1;
        if self.said >= MACHINE {
            let runs = std::mem::take(&mut self.runs);
            let marks = Marks::NONE.with(Mark::RandomTimes);
            let strength = STRENGTH + std::mem::take(&mut self.said) - MACHINE;
            #[expect(clippy::cast_possible_truncation, reason = "some hundreds")]
            let count = runs * STROKES as u32;
            return Some(Finding { kind: SignalKind::MachineKeys, count, marks, strength });
        }
        if self.said <= 0.0 || self.runs == RUNS {
            (self.said, self.runs) = (0.0, 0);
        }
        None
    }

    pub(super) fn interrupt(&mut self) {
        self.goes_on = false;
    }
}

/// How much it looks as if times were drawn, and not made by a hand: natural-log units.
fn weigh(measures: &[f64; MEASURES]) -> f64 {
    let mut measured = [0.0; MEASURES];
    for (at, value) in measured.iter_mut().enumerate() {
        *value = ((measures[at] - MIDDLE[at]) / SPREAD[at]).clamp(-FARTHEST, FARTHEST);
    }
    let first = layer(&measured, &FIRST, &FIRST_BIAS);
    let second = layer(&first, &SECOND, &SECOND_BIAS);
    second.iter().zip(LAST).map(|(value, weight)| value * weight).sum::<f64>() + LAST_BIAS
}

/// Sums of the inputs by the weights of each output, negative ones cut off.
fn layer<const I: usize, const O: usize>(
    from: &[f64; I],
    weights: &[[f64; O]; I],
    bias: &[f64; O],
) -> [f64; O] {
    let mut to = *bias;
    for (value, weights) in from.iter().zip(weights) {
        for (sum, weight) in to.iter_mut().zip(weights) {
            *sum += value * weight;
        }
    }
    to.map(|sum| sum.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_say_adds_up_and_an_unlike_one_takes_it_back() {
        let mut drawn = Drawn::default();
        let half = 0.6 * MACHINE;
        assert!(drawn.conclude(half).is_none());
        let finding = drawn.conclude(half).unwrap();
        assert!(finding.count == 120 && finding.marks.has(Mark::RandomTimes) && finding.strength > STRENGTH);
        assert!(drawn.conclude(half).is_none() && drawn.conclude(LEAST_SAID).is_none());
        assert!(drawn.conclude(half).is_none() && drawn.conclude(half).is_some());
        for _ in 0..2 * RUNS {
            assert!(drawn.conclude(MACHINE / f64::from(RUNS + 1)).is_none());
        }
    }

    #[test]
    fn what_waits_is_bounded_whether_keys_come_up_or_not() {
        let place = (Zone::Left, Column(0));
        let mut drawn = Drawn::default();
        for number in 0..1_000 {
            drawn.press(Some((number, 120.0)), place, Some(place));
            if number % 5 > 0 {
                drawn.release(number, [0.0, 80.0][usize::from(number % 7 > 0)]);
            }
            assert!(drawn.strokes.len() <= WAITING);
        }
    }

    #[test]
    fn what_drawn_times_show_on_average_speaks_of_a_machine_and_what_people_show_does_not() {
        // The mean measures of gaps and holds that were drawn from all of the essay writers.
        let drawn = [
            -0.28, -0.15, 1.09, -0.73, -1.09, 1.58, 3.96, 4.58, 5.01, 4.00, 4.58, 5.06, 0.28, -2.88, -3.32,
            2.69, 4.48, 4.88, 0.24, -2.34, -0.10, -0.50, -0.11, -0.02, -0.02, 0.01,
        ];
        assert!(weigh(&drawn) > MACHINE / 2.0);
        // As people on average, but for a spread of holds and a part in it of where keys lie that are one person's.
        let mut own = MIDDLE;
        own[3] -= SPREAD[3];
        own[20] += SPREAD[20];
        assert!(weigh(&own) < LEAST_SAID / 2.0);
    }
}
