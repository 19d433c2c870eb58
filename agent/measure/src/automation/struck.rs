//! Strokes in the order of their presses, once their keys are up.

use crate::input::{Column, Zone};

/// Strokes that wait for their keys to come up; beyond these, what is still down is left out.
const WAITING: usize = 8;

/// A press with the gap before it, where it lies, and how long it was held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Struck {
    /// Since the press before it, in milliseconds.
    pub gap_ms: f64,
    /// How long it was held, in milliseconds; above zero.
    pub held_ms: f64,
    /// Where it lies.
    pub place: (Zone, Column),
    /// Where the press before it lies.
    pub before: (Zone, Column),
    /// The press before it is the stroke before it.
    pub follows: bool,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    number: u64,
    struck: Struck,
    up: bool,
}

/// Strokes whose keys are down, and those after them.
#[derive(Debug, Default)]
pub(super) struct Settling {
    waiting: std::collections::VecDeque<Waiting>,
    /// The last press was a stroke.
    goes_on: bool,
}

impl Settling {
    /// A press: its number and the gap before it in milliseconds, if it is a stroke; where it lies, and the press before it.
    pub(super) fn press(
        &mut self,
        stroke: Option<(u64, f64)>,
        place: (Zone, Column),
        before: Option<(Zone, Column)>,
    ) {
        let follows = std::mem::replace(&mut self.goes_on, stroke.is_some());
        let Some(((number, gap_ms), before)) = stroke.zip(before) else { return };
        let struck = Struck { gap_ms, held_ms: 0.0, place, before, follows };
        self.waiting.push_back(Waiting { number, struck, up: false });
    }

    /// A release, and how long its stroke was held in milliseconds. Appends what it settles to `out`.
    pub(super) fn release(&mut self, number: u64, held_ms: f64, out: &mut Vec<Struck>) {
        if let Some(waiting) = self.waiting.iter_mut().rev().find(|waiting| waiting.number == number) {
            waiting.struck.held_ms = held_ms;
            waiting.up = true;
        }
        while let Some(first) = self.waiting.front().filter(|w| w.up || self.waiting.len() > WAITING) {
            if first.struck.held_ms > 0.0 {
                out.push(first.struck);
            }
            self.waiting.pop_front();
        }
    }

    pub(super) fn interrupt(&mut self) {
        self.goes_on = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strokes_settle_in_the_order_of_presses_and_what_waits_is_bounded() {
        let place = (Zone::Left, Column(0));
        let (mut settling, mut out) = (Settling::default(), Vec::new());
        for number in 0..3 {
            settling.press(Some((number, 100.0 + number as f64)), place, Some(place));
        }
        settling.release(1, 80.0, &mut out);
        assert_eq!(out, []);
        settling.release(0, 300.0, &mut out);
        let gaps: Vec<f64> = out.iter().map(|s| s.gap_ms).collect();
        assert_eq!(gaps, [100.0, 101.0]);
        assert!(!out[0].follows && out[1].follows);
        // One key that never comes up, and many that do.
        for number in 3..1_000 {
            settling.press(Some((number, 120.0)), place, Some(place));
            settling.release(number, 80.0, &mut out);
            assert!(settling.waiting.len() <= WAITING + 1);
        }
        assert!(out.len() > 980 && out.iter().all(|s| s.held_ms > 0.0));
    }
}
