//! Runs of keys that follow each other faster than fingers can.
//!
//! A short run that comes at once and ends is text that a program inserts: dictation, word completion, a text expander. It
//! is told of as such, and so are a code that is scanned and a chord. A run of equal steps, one that goes on, and more keys in runs
//! than these bring are a machine that types.

use crate::window::SignalKind;

use super::allowance::Allowance;
use super::{Finding, Mark, Marks};

/// No fingers follow each other this closely for long, in milliseconds.
const FAST_MS: f64 = 20.0;
/// Keys that come at once, as a clock tells it.
const AT_ONCE_MS: f64 = 3.5;
/// Gaps in a row that, all equal, tell a machine.
const EQUAL: usize = 5;
/// How equal: what a clock of milliseconds makes of equal gaps; and what is left of equality on a new keyboard.
const EQUAL_MS: f64 = 1.1;
const EQUAL_NEW_MS: f64 = 3.1;
/// Keys of a run that are too many to be inserted text; the same once text has been inserted before.
const MANY: u32 = 20;
const MANY_ASSISTED: u32 = 64;
const MANY_NEW: u32 = 6;
/// Runs on a new keyboard that are no more inserted text.
const RUNS_NEW: u32 = 2;
/// Keys in a row that a palm or an elbow does not press. People have shown two.
const PALM: u32 = 30;
/// Keys of a run that are inserted text once it has ended, and the gap that ends it, in milliseconds: a hand goes on.
const INSERTED: u32 = 4;
const ENDED_MS: f64 = 100.0;
/// What a run says, in natural-log units: it has never been seen of people.
const STRENGTH: f64 = 25.0;

/// The run in progress.
#[derive(Debug, Default)]
pub(super) struct Fast {
    gaps: [f64; EQUAL],
    /// Presses of the run; 0 where none is going on.
    keys: u32,
    at_once: u32,
    /// Presses found to be a machine's.
    told: bool,
    /// Presses of a palm in a row, as it seems.
    palm: u32,
    inserted: u32,
    allowance: Allowance,
    /// Runs on a keyboard that has just appeared.
    runs_new: u32,
}

impl Fast {
    /// Text is being inserted in this session: short runs are usual.
    pub(super) fn assisted(&self) -> bool {
        self.inserted > 1
    }

    /// A press at a time, so long after the one before it; of a palm, or of a key that repeats, which say little.
    pub(super) fn press(
        &mut self,
        at_us: u64,
        gap_ms: Option<f64>,
        palm: bool,
        repeats: bool,
        new_device: bool,
    ) -> Option<Finding> {
        if !new_device {
            self.runs_new = 0;
        }
        // Where releases were lost, keys seem to be down for ever: only presses that follow each other closely are a palm's.
        if !palm || gap_ms.is_none_or(|gap| gap > FAST_MS) {
            self.palm = 0;
        }
        let Some(gap_ms) = gap_ms.filter(|gap| *gap <= FAST_MS && !repeats && !palm) else {
            let pressed = palm && gap_ms.is_some_and(|gap| gap <= FAST_MS);
            let flood = if pressed { self.press_palm(at_us, new_device) } else { None };
            return flood.or(self.end(gap_ms.is_none_or(|gap| gap >= ENDED_MS)));
        };
        if self.keys == 0 {
            self.keys = 1;
        }
        self.keys = self.keys.saturating_add(1);
        self.at_once = self.at_once.saturating_add(u32::from(gap_ms <= AT_ONCE_MS));
        self.gaps.rotate_left(1);
        self.gaps[EQUAL - 1] = gap_ms;
        let gaps = self.keys - 1;
        let range = self.range();
        let within = if new_device { EQUAL_NEW_MS } else { EQUAL_MS };
        let steady = gaps as usize >= EQUAL && range <= within && self.at_once == 0 && !self.assisted();
        let many = if new_device {
            MANY_NEW
        } else if self.assisted() {
            MANY_ASSISTED
        } else {
            MANY
        };
        let exceeded = self.keys >= INSERTED && self.insert(at_us, new_device);
        if !(steady || exceeded || self.keys >= many || self.told) {
            return None;
        }
        let count = if self.told { 1 } else { self.keys };
        self.told = true;
        let marks = Marks::NONE
            .with(Mark::ShortGaps)
            .with_if(range <= within, Mark::EvenGaps)
            .with_if(2 * self.at_once > gaps, Mark::AtOnce)
            .with_if(new_device, Mark::NewDevice);
        Some(Finding { kind: SignalKind::MachineKeys, count, marks, strength: STRENGTH })
    }

    /// Whether so many keys are pressed while others are down that it is no palm.
    fn press_palm(&mut self, at_us: u64, new_device: bool) -> Option<Finding> {
        self.palm = self.palm.saturating_add(1);
        let exceeded = self.allowance.exceeded_by_device(at_us, 1);
        (exceeded || self.palm >= PALM).then(|| Finding {
            kind: SignalKind::MachineKeys,
            count: if self.palm == PALM { PALM } else { 1 },
            marks: Marks::NONE.with(Mark::ShortGaps).with_if(new_device, Mark::NewDevice),
            strength: STRENGTH,
        })
    }

    /// The run counts, with this key. Whether it is more than what inserts text, scans or plays chords brings.
    fn insert(&mut self, at_us: u64, new_device: bool) -> bool {
        let begins = self.keys == INSERTED;
        self.runs_new += u32::from(begins && new_device);
        let keys = if begins { INSERTED } else { 1 };
        self.allowance.exceeded_by_device(at_us, keys) || self.runs_new >= RUNS_NEW
    }

    pub(super) fn interrupt(&mut self) {
        self.end(true);
    }

    /// `by_hand` if what follows may be a hand's.
    fn end(&mut self, by_hand: bool) -> Option<Finding> {
        let (keys, told) = (std::mem::take(&mut self.keys), std::mem::take(&mut self.told));
        self.at_once = 0;
        if keys < INSERTED || told || !by_hand {
            return None;
        }
        self.inserted = self.inserted.saturating_add(1);
        let marks = Marks::NONE.with(Mark::AtOnce);
        Some(Finding { kind: SignalKind::Assisted, count: keys, marks, strength: 0.0 })
    }

    fn range(&self) -> f64 {
        let (low, high) =
            self.gaps.iter().fold((f64::MAX, f64::MIN), |(low, high), gap| (low.min(*gap), high.max(*gap)));
        high - low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_presses_far_apart_are_no_palm_where_releases_were_lost() {
        let mut fast = Fast::default();
        for pair in 1..=200u64 {
            let at_us = 3_000_000 * pair;
            for (at_us, gap_ms) in [(at_us, 2_850.0), (at_us + 150_000, 150.0), (at_us + 165_000, 15.0)] {
                assert_eq!(fast.press(at_us, Some(gap_ms), true, false, false), None, "{pair}");
            }
        }
        let flood = |n: u64| fast.press(700_000_000 + 3_000 * n, Some(3.0), true, false, false);
        assert!((0..u64::from(PALM)).filter_map(flood).count() > 0, "a flood is told all the same");
    }
}
