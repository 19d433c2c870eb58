//! Input that the operating system says a program made.
//!
//! Few keys at a steady, unhurried pace are what password managers and text expanders type; keys that follow a click are an
//! on-screen keyboard's. They are told of as such. Anything else, and more of it than such software types, is a program that types
//! or points.

use crate::input::Input;
use crate::window::SignalKind;

use super::allowance::Allowance;
use super::{Finding, Mark, Marks};

/// A longer silence ends a run.
const RUN_US: u64 = 500_000;
/// A key so soon after a click of a device is an on-screen keyboard's.
const CLICKED_US: u64 = 150_000;
/// Keys of a run that may come in any rhythm: an abbreviation expanded, a word dictated.
const WORD: u32 = 12;
/// Keys of a run at a steady pace: a password typed for its owner.
const PASSWORD: u32 = 64;
/// Gaps of a steady pace, and how much they may differ.
const STEADY_US: std::ops::RangeInclusive<u64> = 15_000..=60_000;
const STEADY_RANGE_US: u64 = 10_000;
/// Keys from which on a run counts: single ones are a keyboard's on a screen, without clicks.
const COUNTS: u32 = 3;
/// Pointer events of a run that are no more a single nudge.
const NUDGES: u32 = 8;
/// The system's word, in natural-log units.
const STRENGTH: f64 = 30.0;

/// The run in progress.
#[derive(Debug, Default)]
pub(super) struct Injected {
    last_us: Option<u64>,
    keys: u32,
    moves: u32,
    shortest_us: u64,
    longest_us: u64,
    told: bool,
    touched_us: Option<u64>,
    /// Keys since then that were an on-screen keyboard's.
    clicked: u32,
    allowance: Allowance,
}

impl Injected {
    /// A button of a device went down, or a finger is on the screen.
    pub(super) fn touched(&mut self, at_us: u64) {
        self.touched_us = Some(at_us);
        self.clicked = 0;
    }

    /// Time went on.
    pub(super) fn pass(&mut self, at_us: u64, found: &mut Vec<Finding>) {
        if self.last_us.is_some_and(|last| at_us.saturating_sub(last) > RUN_US) {
            found.extend(self.end());
        }
    }

    pub(super) fn push(&mut self, at_us: u64, input: Input, found: &mut Vec<Finding>) {
        match input {
            Input::KeyDown { .. } => found.extend(self.key(at_us)),
            Input::Move { .. } | Input::ButtonDown(_) | Input::Wheel { .. } | Input::Touch { .. } => {
                self.moves = self.moves.saturating_add(1);
                self.last_us = Some(at_us);
                // A click is no nudge.
                let clicks = matches!(input, Input::ButtonDown(_));
                if clicks || self.moves >= NUDGES {
                    let marks = Marks::NONE.with(Mark::Injected);
                    let count = std::mem::take(&mut self.moves);
                    found.push(Finding {
                        kind: SignalKind::MachinePointer,
                        count,
                        marks,
                        strength: STRENGTH,
                    });
                }
            }
            _ => {}
        }
    }

    fn key(&mut self, at_us: u64) -> Option<Finding> {
        let clicked = self.touched_us.is_some_and(|touched| at_us.saturating_sub(touched) <= CLICKED_US);
        if clicked && self.clicked < WORD && !self.allowance.exceeded(at_us, 0, 1) {
            self.clicked += 1;
            return Some(assisted(1));
        }
        if self.keys > 0
            && let Some(last) = self.last_us
        {
            let gap = at_us.saturating_sub(last);
            self.shortest_us = if self.keys == 1 { gap } else { self.shortest_us.min(gap) };
            self.longest_us = if self.keys == 1 { gap } else { self.longest_us.max(gap) };
        }
        self.last_us = Some(at_us);
        self.keys = self.keys.saturating_add(1);
        let exceeded = self.allowance.exceeded(at_us, u32::from(self.keys == COUNTS), 1);
        let even = self.longest_us.saturating_sub(self.shortest_us) <= STEADY_RANGE_US;
        let steady = even && STEADY_US.contains(&self.shortest_us) && STEADY_US.contains(&self.longest_us);
        let most = if steady { PASSWORD } else { WORD };
        if self.keys <= most && !exceeded && !self.told {
            return None;
        }
        let count = if self.told { 1 } else { self.keys };
        self.told = true;
        let marks = Marks::NONE.with(Mark::Injected).with_if(even, Mark::EvenGaps);
        Some(Finding { kind: SignalKind::MachineKeys, count, marks, strength: STRENGTH })
    }

    /// What follows does not continue what came before; what has been inserted stays.
    pub(super) fn interrupt(&mut self) {
        *self = Self { allowance: self.allowance, ..Self::default() };
    }

    fn end(&mut self) -> Option<Finding> {
        let (touched_us, clicked, allowance) = (self.touched_us, self.clicked, self.allowance);
        let next = Self { touched_us, clicked, allowance, ..Self::default() };
        let ended = std::mem::replace(self, next);
        (ended.keys > 0 && !ended.told).then(|| assisted(ended.keys))
    }
}

fn assisted(keys: u32) -> Finding {
    Finding {
        kind: SignalKind::Assisted,
        count: keys,
        marks: Marks::NONE.with(Mark::Injected),
        strength: 0.0,
    }
}
