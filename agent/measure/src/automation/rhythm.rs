//! The rhythm of the last keys: whether any hand has it.

use crate::window::SignalKind;

use super::limits::{GAP_SPREAD, HOLD_MEDIAN, HOLD_SPREAD, LONG_GAPS, SHORT_GAPS, SKEW};
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
/// A gap that few people reach, in milliseconds.
const SHORT_MS: f64 = 25.0;
/// Added to a time before its logarithm, so that the ticks of a clock weigh little in short ones.
const TICK_MS: f64 = 4.0;
/// Surprise that tells a machine: above what any window of the 1,145 people it was measured on has shown.
const MACHINE: f64 = 25.0;
/// The same on a keyboard that has just appeared.
const MACHINE_NEW: f64 = 19.0;
/// A mark is told if it weighs this much.
const WEIGHS: f64 = 4.0;
/// What equality says, in natural-log units: it has never been seen of people.
const NEVER: f64 = 30.0;
/// Keys held for less than this are no keys of a keyboard, or a screen's, where people are slow and uneven.
const HELD_MS: f64 = 10.0;
const SCREEN_GAP_MS: f64 = 200.0;
const SCREEN_SPREAD: f64 = 0.75;
/// Ticks of coarse clocks, in milliseconds: on these, equal holds say nothing.
const TICKS_MS: [f64; 4] = [8.0, 10.0, 15.625, 16.0];

/// A press with the gap before it and, once it is up, how long it was held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stroke {
    pub(super) gap_ms: f64,
    pub(super) held_ms: Option<f64>,
    /// How long the key before it was held, once that is up.
    pub(super) before_ms: Option<f64>,
}

/// The last strokes, oldest first, and how many there have been.
#[derive(Debug, Default)]
pub(super) struct Rhythm {
    strokes: std::collections::VecDeque<Stroke>,
    first: u64,
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

    pub(super) fn set_before(&mut self, number: u64, held_ms: f64) {
        if let Some(stroke) = self.numbered(number) {
            stroke.before_ms = Some(held_ms);
        }
    }

    fn numbered(&mut self, number: u64) -> Option<&mut Stroke> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.strokes.get_mut(at)
    }

    /// After a press: whether the gaps alone tell a machine.
    pub(super) fn watch_gaps(&self, new_device: bool) -> Option<Finding> {
        let from = self.strokes.len().checked_sub(EVEN_GAPS)?;
        let gaps: Vec<f64> = self.strokes.range(from..).map(|s| s.gap_ms).collect();
        let (low, high) = ends(&gaps);
        (high - low <= EQUAL_MS && low > QUICK_MS).then(|| Finding {
            kind: SignalKind::MachineKeys,
            count: EVEN_GAPS as u32,
            marks: Marks::NONE.with(Mark::EvenGaps).with_if(new_device, Mark::NewDevice),
            strength: NEVER,
        })
    }

    /// After a release: whether the last strokes tell a machine.
    pub(super) fn watch(&self, new_device: bool) -> Option<Finding> {
        let done = self.strokes.iter().rev().filter_map(|s| Some((s.gap_ms, s.held_ms?)));
        let (gaps, holds): (Vec<f64>, Vec<f64>) = done.take(WINDOW).unzip();
        if gaps.len() < WINDOW {
            return None;
        }
        let measured = Measured::of(&gaps, &holds);
        let (weight, marks) = measured.weigh(&gaps, &holds);
        let least = if new_device { MACHINE_NEW } else { MACHINE };
        (weight >= least).then(|| Finding {
            kind: SignalKind::MachineKeys,
            count: WINDOW as u32,
            marks: marks.with_if(new_device, Mark::NewDevice),
            strength: weight,
        })
    }
}

/// What a window of strokes is like.
#[derive(Debug, Clone, Copy)]
struct Measured {
    gap_spread: f64,
    gap_median: f64,
    long_gaps: f64,
    skew: f64,
    short_gaps: f64,
    hold_spread: f64,
    hold_median: f64,
    hold_range: f64,
}

impl Measured {
    fn of(gaps: &[f64], holds: &[f64]) -> Self {
        let logs =
            |times: &[f64]| times.iter().map(|t| (t.min(1_500.0) + TICK_MS).ln()).collect::<Vec<f64>>();
        let mut log_gaps = logs(gaps);
        let log_holds = logs(holds);
        let gap_spread = spread(&log_gaps);
        log_gaps.sort_by(f64::total_cmp);
        let middle = log_gaps[log_gaps.len() / 2];
        let [.., second, last] = log_gaps.as_slice() else { return Self::nothing() };
        let (low, high) = ends(holds);
        let mut sorted = holds.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self {
            gap_spread,
            gap_median: middle.exp() - TICK_MS,
            long_gaps: f64::midpoint(*second, *last) - middle,
            skew: skew(gaps),
            short_gaps: gaps.iter().map(|gap| if *gap < SHORT_MS { -1.0 } else { 0.0 }).sum(),
            hold_spread: spread(&log_holds),
            hold_median: sorted[sorted.len() / 2],
            hold_range: high - low,
        }
    }

    fn nothing() -> Self {
        let far = f64::INFINITY;
        Self {
            gap_spread: far,
            gap_median: far,
            long_gaps: far,
            skew: far,
            short_gaps: 0.0,
            hold_spread: far,
            hold_median: far,
            hold_range: far,
        }
    }

    /// Surprise in all, and what weighs in it.
    fn weigh(&self, gaps: &[f64], holds: &[f64]) -> (f64, Marks) {
        let even_gaps = GAP_SPREAD.surprise(self.gap_spread);
        let even_holds = HOLD_SPREAD.surprise(self.hold_spread);
        let short_holds = HOLD_MEDIAN.surprise(self.hold_median);
        let short_gaps = SHORT_GAPS.surprise(self.short_gaps);
        let no_long = LONG_GAPS.surprise(self.long_gaps).max(SKEW.surprise(self.skew));
        let mut marks = Marks::NONE
            .with_if(even_gaps >= WEIGHS, Mark::EvenGaps)
            .with_if(short_gaps >= WEIGHS, Mark::ShortGaps)
            .with_if(no_long >= WEIGHS, Mark::NoLongGaps)
            .with_if(short_holds >= WEIGHS, Mark::ShortHolds)
            .with_if(even_holds >= WEIGHS, Mark::EvenHolds);
        let mut weight = even_gaps + even_holds + short_holds + short_gaps + no_long;
        let screen = self.hold_median < HELD_MS
            && (self.gap_median >= SCREEN_GAP_MS || self.gap_spread >= SCREEN_SPREAD);
        if self.hold_range <= EQUAL_MS && !screen && !coarse(gaps, holds) {
            marks = marks.with(Mark::EvenHolds);
            weight = weight.max(NEVER);
        }
        (weight, marks)
    }
}

/// Whether all times are ticks of a coarse clock.
fn coarse(gaps: &[f64], holds: &[f64]) -> bool {
    let ticks = |tick: f64| gaps.iter().chain(holds).all(|t| ((t / tick).round() * tick - t).abs() <= 1.1);
    TICKS_MS.into_iter().any(ticks)
}

fn ends(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(*v), high.max(*v)))
}

#[expect(clippy::cast_precision_loss, reason = "some tens of strokes")]
fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

fn spread(values: &[f64]) -> f64 {
    let middle = mean(values.iter().copied());
    mean(values.iter().map(|v| (v - middle) * (v - middle))).sqrt()
}

fn skew(values: &[f64]) -> f64 {
    let middle = mean(values.iter().copied());
    let spread = spread(values) + 1.0;
    mean(values.iter().map(|v| ((v - middle) / spread).powi(3)))
}
