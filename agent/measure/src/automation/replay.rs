//! Keys that repeat earlier ones, time for time.
//!
//! What is remembered of earlier keys is a keyed hash of the rounded times of three keys in a row, and how many keys ago they
//! came; never a time, a key or a place. The memory is of fixed size, and what is new takes the place of what is old.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::window::SignalKind;

use super::{Finding, Mark, Marks};

/// Keys in a row that are hashed together.
const ROW: usize = 3;
/// Times are rounded to this: what jitter may not hide, in milliseconds.
const STEP_MS: f64 = 12.0;
/// A longer gap is as long as any.
const LONGEST_MS: f64 = 600.0;
/// Rows that are remembered, at most.
const REMEMBERED: usize = 16_384;
/// Rows that are looked at together, and how many of them must repeat what came equally long ago.
const RECENT: usize = 32;
const REPEATED: usize = 8;
/// Keys ago below which it is a rhythm, not a repetition.
const NEAREST: u32 = 40;
/// What it says, in natural-log units: nobody repeats themselves so.
const STRENGTH: f64 = 30.0;

/// A row that was remembered: what tells it from others in its place, and its number.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    tag: u32,
    number: u32,
}

/// The rows of earlier keys.
#[derive(Debug, Default)]
pub(super) struct Replay {
    key: u64,
    /// Empty until the first row.
    rows: Vec<Row>,
    times: VecDeque<(i16, i16)>,
    number: u32,
    /// How many keys ago each of the last rows came before; 0 if it did not.
    ago: VecDeque<u32>,
}

impl Replay {
    /// What is remembered from here on is hashed with this key.
    pub(super) fn set_key(&mut self, key: u64) {
        *self = Self { key, ..Self::default() };
    }

    /// A press, so long after the one before it, which was held for so long, or is still down.
    pub(super) fn press(&mut self, gap_ms: f64, before_ms: Option<f64>) -> Option<Finding> {
        self.times.push_back((rounded(gap_ms), before_ms.map_or(-1, rounded)));
        if self.times.len() > ROW {
            self.times.pop_front();
        }
        if self.times.len() < ROW {
            return None;
        }
        self.number = self.number.checked_add(1).unwrap_or_else(|| {
            self.rows.clear();
            1
        });
        let ago = self.remember();
        self.ago.push_back(ago);
        if self.ago.len() > RECENT {
            self.ago.pop_front();
        }
        if ago == 0 {
            return None;
        }
        let count = self.ago.iter().filter(|other| **other == ago).count();
        (count >= REPEATED).then(|| Finding {
            kind: SignalKind::Replayed,
            // The first that tells stands for those before it.
            count: if count == REPEATED { REPEATED as u32 } else { 1 },
            marks: Marks::NONE.with(Mark::RepeatedTimes),
            strength: STRENGTH,
        })
    }

    /// What follows does not continue what came before; what is remembered stays.
    pub(super) fn interrupt(&mut self) {
        self.times.clear();
        self.ago.clear();
    }

    /// Puts the last row in its place, and says how many keys ago it was there already; 0 if it was not.
    fn remember(&mut self) -> u32 {
        let mut hasher = DefaultHasher::new();
        (self.key, &self.times).hash(&mut hasher);
        let hash = hasher.finish();
        self.rows.resize(REMEMBERED, Row::default());
        #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
        let (place, tag) = ((hash >> 32) as usize % REMEMBERED, hash as u32);
        let row = Row { tag, number: self.number };
        let before = self.rows.get_mut(place).map(|kept| std::mem::replace(kept, row));
        match before {
            Some(before) if before.number > 0 && before.tag == tag => {
                let ago = self.number - before.number;
                if ago >= NEAREST { ago } else { 0 }
            }
            _ => 0,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "some tens")]
fn rounded(ms: f64) -> i16 {
    (ms.min(LONGEST_MS) / STEP_MS) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times that hang together with nothing.
    fn times(seed: u64) -> impl Iterator<Item = (f64, f64)> {
        let drawn = move |n: u64| {
            let mut hasher = DefaultHasher::new();
            (seed, n).hash(&mut hasher);
            hasher.finish()
        };
        (0..).map(move |n| (60.0 + (drawn(2 * n) % 200) as f64, 50.0 + (drawn(2 * n + 1) % 90) as f64))
    }

    fn found(replay: &mut Replay, times: impl Iterator<Item = (f64, f64)>) -> Option<usize> {
        times.into_iter().position(|(gap, held)| replay.press(gap, Some(held)).is_some())
    }

    #[test]
    fn what_came_before_is_found_and_what_is_new_is_not() {
        let mut replay = Replay::default();
        assert_eq!(found(&mut replay, times(1).take(3_000)), None);
        assert_eq!(found(&mut replay, times(2).take(3_000)), None);
        replay.interrupt();
        let again = times(1).skip(1_000).take(100);
        assert!(found(&mut replay, again).is_some_and(|at| at < 15));
        let jittered = times(2).skip(500).take(100).enumerate().map(|(n, (gap, held))| {
            let off = (n % 5) as f64 - 2.0;
            (gap + off, held - off)
        });
        replay.interrupt();
        assert!(found(&mut replay, jittered).is_some_and(|at| at < 60));
    }

    #[test]
    fn a_steady_rhythm_is_no_repetition_and_another_key_forgets() {
        let mut replay = Replay::default();
        assert_eq!(found(&mut replay, std::iter::repeat_n((100.0, 80.0), 500)), None);
        found(&mut replay, times(1).take(500));
        replay.set_key(7);
        assert_eq!(found(&mut replay, times(1).take(500)), None);
    }
}
