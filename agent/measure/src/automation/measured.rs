//! What a window of strokes is like, and how seldom people's are so.

use super::limits::{GAP_SPREAD, HOLD_MEDIAN, HOLD_SPREAD, LONG_GAPS, SHORT_GAPS, SKEW};
use super::{Mark, Marks};

/// Times within this of each other are equal: two ticks of a clock of milliseconds, in milliseconds.
const EQUAL_MS: f64 = 2.1;
/// So many of 20 holds, or gaps, are never equal of people.
const EQUAL_HOLDS: usize = 18;
const EQUAL_GAPS: usize = 13;
/// What equality says, in natural-log units: it has never been seen of people.
const NEVER: f64 = 30.0;
/// A gap that few people reach, in milliseconds.
const SHORT_MS: f64 = 25.0;
/// Added to a time before its logarithm, so that the ticks of a clock weigh little in short ones.
const TICK_MS: f64 = 4.0;
/// A mark is told if it weighs this much.
const WEIGHS: f64 = 4.0;
/// Keys held for less than this are no keys of a keyboard, or a screen's.
const HELD_MS: f64 = 10.0;
/// People on screens are slow, and uneven: gaps in milliseconds, spread and longest gaps in logarithms. Whole words come at
/// once.
const SCREEN_GAP_MS: std::ops::Range<f64> = 12.0..200.0;
const SCREEN_SPREAD: f64 = 1.15;
const SCREEN_LONG: f64 = 0.7;
/// Gaps of less than this are close, in milliseconds, and so many of 20 people on screens do not have.
const CLOSE_MS: f64 = 90.0;
const SCREEN_CLOSE: usize = 8;
/// Ticks of coarse clocks, in milliseconds: on these, equal times say nothing.
const TICKS_MS: [f64; 4] = [8.0, 10.0, 15.625, 16.0];

/// What a window of strokes is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    gap_spread: f64,
    gap_median: f64,
    long_gaps: f64,
    skew: f64,
    short_gaps: f64,
    hold_spread: f64,
    hold_median: f64,
    equal_gaps: usize,
    equal_holds: usize,
    close_gaps: usize,
    coarse: bool,
}

impl Measured {
    pub(super) fn of(gaps: &[f64], holds: &[f64]) -> Self {
        let logs =
            |times: &[f64]| times.iter().map(|t| (t.min(1_500.0) + TICK_MS).ln()).collect::<Vec<f64>>();
        let mut log_gaps = logs(gaps);
        let log_holds = logs(holds);
        let gap_spread = spread(&log_gaps);
        log_gaps.sort_by(f64::total_cmp);
        let middle = log_gaps[log_gaps.len() / 2];
        let [.., second, last] = log_gaps.as_slice() else { return Self::nothing() };
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
            equal_gaps: equal(gaps),
            equal_holds: equal(holds),
            close_gaps: gaps.iter().filter(|gap| **gap < CLOSE_MS).count(),
            coarse: coarse(gaps, holds),
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
            equal_gaps: 0,
            equal_holds: 0,
            close_gaps: 0,
            coarse: true,
        }
    }

    /// Whether a finger on a picture of a keyboard may have typed so: it holds no key.
    fn on_screen(&self) -> bool {
        self.hold_median < HELD_MS
            && !(SCREEN_GAP_MS.contains(&self.gap_median)
                && self.gap_spread < SCREEN_SPREAD
                && (self.long_gaps < SCREEN_LONG || self.close_gaps >= SCREEN_CLOSE))
    }

    /// Surprise in all, and what weighs in it.
    pub(super) fn weigh(&self, new_device: bool) -> (f64, Marks) {
        let even_gaps = GAP_SPREAD.surprise(self.gap_spread);
        // A screen's keyboard tells nothing of holds.
        let held = new_device || !self.on_screen();
        let even_holds = if held { HOLD_SPREAD.surprise(self.hold_spread) } else { 0.0 };
        let short_holds = if held { HOLD_MEDIAN.surprise(self.hold_median) } else { 0.0 };
        let short_gaps = SHORT_GAPS.surprise(self.short_gaps);
        let no_long = LONG_GAPS.surprise(self.long_gaps).max(SKEW.surprise(self.skew));
        let mut marks = Marks::NONE
            .with_if(even_gaps >= WEIGHS, Mark::EvenGaps)
            .with_if(short_gaps >= WEIGHS, Mark::ShortGaps)
            .with_if(no_long >= WEIGHS, Mark::NoLongGaps)
            .with_if(short_holds >= WEIGHS, Mark::ShortHolds)
            .with_if(even_holds >= WEIGHS, Mark::EvenHolds);
        let mut weight = even_gaps + even_holds + short_holds + short_gaps + no_long;
        if !self.coarse && held && self.equal_holds >= EQUAL_HOLDS {
            marks = marks.with(Mark::EvenHolds);
            weight = weight.max(NEVER);
        }
        if !self.coarse && self.equal_gaps >= EQUAL_GAPS && self.gap_median < SCREEN_GAP_MS.end {
            marks = marks.with(Mark::EvenGaps);
            weight = weight.max(NEVER);
        }
        (weight, marks)
    }
}

/// The largest number of times that are all equal.
fn equal(times: &[f64]) -> usize {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let until = |low: &f64| sorted.partition_point(|time| *time <= low + EQUAL_MS);
    sorted.iter().enumerate().map(|(at, low)| until(low) - at).max().unwrap_or_default()
}

/// Whether all times are ticks of a coarse clock.
fn coarse(gaps: &[f64], holds: &[f64]) -> bool {
    let ticks = |tick: f64| gaps.iter().chain(holds).all(|t| ((t / tick).round() * tick - t).abs() <= 1.1);
    TICKS_MS.into_iter().any(ticks)
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
