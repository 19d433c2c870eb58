//! The rhythm of the last keys: whether any hand has it.

use crate::window::SignalKind;

use super::measured::Measured;
use super::shares;
use super::{Finding, Mark, Marks};

/// Strokes that are remembered.
pub(super) const KEPT: usize = 64;
/// Strokes that are looked at together.
pub(super) const WINDOW: usize = 20;
/// Gaps in a row that, all equal, tell a machine, and how equal, in milliseconds.
const EVEN_GAPS: usize = 10;
const EQUAL_MS: f64 = 3.1;
/// Below this gap it is a run of inserted text, which is judged elsewhere.
const QUICK_MS: f64 = 20.0;
/// Surprise that tells a machine: above what any window of the 1,145 people it was measured on has shown.
const MACHINE: f64 = 25.0;
/// The same on a keyboard that has just appeared.
const MACHINE_NEW: f64 = 19.0;
/// What equality says, in natural-log units: it has never been seen of people.
const NEVER: f64 = 30.0;
/// A press with the gap before it and, once it is up, how long it was held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stroke {
    pub(super) gap_ms: f64,
    /// How long the key before it was held; `None` if it was still down.
    pub(super) before_ms: Option<f64>,
    pub(super) held_ms: Option<f64>,
}

/// The last strokes, oldest first, and how many there have been.
#[derive(Debug, Default)]
pub(super) struct Rhythm {
    strokes: std::collections::VecDeque<Stroke>,
    first: u64,
    /// Strokes that were told of as a machine's.
    told: u64,
}

impl Rhythm {
    /// Takes a stroke, and returns its number.
    pub(super) fn press(&mut self, stroke: Stroke) -> u64 {
        if self.strokes.len() == KEPT {
            self.strokes.pop_front();
            self.first += 1;
        }
        self.strokes.push_back(stroke);
        self.first + self.strokes.len() as u64 - 1
    }

    pub(super) fn set_held(&mut self, number: u64, held_ms: f64) {
        if let Some(stroke) = self.numbered(number) {
            stroke.held_ms = Some(held_ms);
        }
    }

    fn numbered(&mut self, number: u64) -> Option<&mut Stroke> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.strokes.get_mut(at)
    }

    /// After a press: whether the gaps, or the holds before them, tell a machine.
    pub(super) fn watch_gaps(&mut self, new_device: bool) -> Option<Finding> {
        let from = self.strokes.len().checked_sub(EVEN_GAPS)?;
        let gaps: Vec<f64> = self.strokes.range(from..).map(|s| s.gap_ms).collect();
        let (low, high) = ends(&gaps);
        let (mark, last) = if high - low <= EQUAL_MS && low > QUICK_MS {
            (Mark::EvenGaps, EVEN_GAPS)
        } else if self.holds_are_shares() {
            (Mark::EvenHolds, WINDOW)
        } else {
            return None;
        };
        Some(Finding {
            kind: SignalKind::MachineKeys,
            count: self.untold(last),
            marks: Marks::NONE.with(mark).with_if(new_device, Mark::NewDevice),
            strength: NEVER,
        })
    }

    /// Whether each of the last keys was up before the next, after an equal share of the time until then.
    fn holds_are_shares(&self) -> bool {
        let last = self.strokes.iter().rev().take(WINDOW);
        let up: Option<Vec<shares::Pair>> = last.map(|s| Some((s.gap_ms, s.before_ms?))).collect();
        up.is_some_and(|pairs| pairs.len() == WINDOW && shares::are_equal(&pairs))
    }

    /// After a release: whether the last strokes tell a machine.
    pub(super) fn watch(&mut self, new_device: bool) -> Option<Finding> {
        let done = self.strokes.iter().rev().filter_map(|s| Some((s.gap_ms, s.held_ms?)));
        let (gaps, holds): (Vec<f64>, Vec<f64>) = done.take(WINDOW).unzip();
        if gaps.len() < WINDOW {
            return None;
        }
        let (weight, marks) = Measured::of(&gaps, &holds).weigh(new_device);
        let least = if new_device { MACHINE_NEW } else { MACHINE };
        (weight >= least).then(|| Finding {
            kind: SignalKind::MachineKeys,
            count: self.untold(WINDOW),
            marks: marks.with_if(new_device, Mark::NewDevice),
            strength: weight,
        })
    }

    /// How many of the last strokes have not been told of; they are, from here on.
    fn untold(&mut self, last: usize) -> u32 {
        let all = self.first + self.strokes.len() as u64;
        let untold = (all - self.told).min(last as u64);
        self.told = all;
        u32::try_from(untold).unwrap_or(u32::MAX)
    }
}

fn ends(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(*v), high.max(*v)))
}
