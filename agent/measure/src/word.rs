//! Words that look like secrets are not measured: those that mix letters with digits, or shift within.
//!
//! Whether a word is one shows when it is over. Until then its keys wait, in memory, as the zones and times they are.

use std::collections::VecDeque;

use crate::input::{Input, Slot, TimedInput, Zone};
use crate::keyboard::PAUSE_US;
use crate::locate::SLOTS;

/// Key events that may wait: more are no word.
const LONGEST: usize = 128;

/// What is measured of a key event, once that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Key {
    /// It.
    Measured(TimedInput),
    /// Nothing, nor what its time has to do with that of the key before.
    Left,
}

/// Holds back the word that is being typed.
#[derive(Debug, Default)]
pub struct Words {
    waiting: VecDeque<TimedInput>,
    letters: bool,
    secret: bool,
    last_us: Option<u64>,
    /// Keys that are down of which nothing is measured.
    left: [bool; SLOTS],
}

impl Words {
    /// Takes a key event, and appends what is measured of the events so far.
    pub fn push(&mut self, event: TimedInput, out: &mut Vec<Key>) {
        match event.input {
            // No key that can be: it is discarded where it is measured.
            Input::KeyDown { slot, .. } if usize::from(slot.0) >= SLOTS => out.push(Key::Measured(event)),
            Input::KeyDown { slot, zone, .. } => {
                let rested = self.rested(event.at_us);
                self.last_us = Some(event.at_us);
                let goes_on = continues(zone);
                if rested || !goes_on {
                    self.end(out);
                }
                self.set_left(slot, false);
                if goes_on {
                    self.look(zone);
                    self.wait(event, out);
                } else {
                    out.push(Key::Measured(event));
                }
            }
            Input::KeyUp { slot } if self.is_left(slot) => self.set_left(slot, false),
            // A release keeps its place among the presses that wait.
            _ if self.waiting.is_empty() => out.push(Key::Measured(event)),
            _ => self.wait(event, out),
        }
    }

    /// A key came up that is not to be measured.
    pub fn lift(&mut self, slot: Slot) {
        self.set_left(slot, false);
        let is_press =
            |event: &TimedInput| matches!(event.input, Input::KeyDown { slot: down, .. } if down == slot);
        if let Some(at) = self.waiting.iter().rposition(is_press) {
            self.waiting.remove(at);
        }
    }

    /// Whether nothing was pressed for so long that the word is over.
    #[must_use]
    pub fn rested(&self, at_us: u64) -> bool {
        self.last_us.is_some_and(|last| at_us > last.saturating_add(PAUSE_US))
    }

    /// The word is over.
    pub fn end(&mut self, out: &mut Vec<Key>) {
        if std::mem::take(&mut self.secret) {
            out.push(Key::Left);
        } else {
            out.extend(self.waiting.drain(..).map(Key::Measured));
        }
        self.letters = false;
    }

    fn look(&mut self, zone: Zone) {
        match zone {
            Zone::Left | Zone::Right => {
                // A digit in front of letters.
                self.secret |= !self.letters && self.waiting.iter().any(is_digit);
                self.letters = true;
            }
            // A capital comes first.
            Zone::Digit | Zone::Pad | Zone::ShiftLeft | Zone::ShiftRight => self.secret |= self.letters,
            _ => {}
        }
    }

    fn wait(&mut self, event: TimedInput, out: &mut Vec<Key>) {
        self.waiting.push_back(event);
        if self.secret {
            self.leave(out);
        } else if self.waiting.len() > LONGEST {
            out.extend(self.waiting.drain(..).map(Key::Measured));
        }
    }

    /// Forgets what waits. Releases of keys that were down before the word are measured, those of its own are not.
    fn leave(&mut self, out: &mut Vec<Key>) {
        for event in std::mem::take(&mut self.waiting) {
            match event.input {
                Input::KeyDown { slot, .. } => self.set_left(slot, true),
                Input::KeyUp { slot } if self.is_left(slot) => self.set_left(slot, false),
                _ => out.push(Key::Measured(event)),
            }
        }
    }

    fn is_left(&self, slot: Slot) -> bool {
        self.left.get(usize::from(slot.0)).copied().unwrap_or(false)
    }

    fn set_left(&mut self, slot: Slot, left: bool) {
        if let Some(at) = self.left.get_mut(usize::from(slot.0)) {
            *at = left;
        }
    }
}

/// Whether a key goes on with a word: letters, digits, what makes them capitals and symbols, and what corrects them.
fn continues(zone: Zone) -> bool {
    match zone {
        Zone::Left | Zone::Right | Zone::Digit | Zone::Pad | Zone::Erase => true,
        Zone::ShiftLeft | Zone::ShiftRight => true,
        Zone::Space | Zone::Enter | Zone::Modifier | Zone::Navigation | Zone::Function => false,
    }
}

fn is_digit(event: &TimedInput) -> bool {
    matches!(event.input, Input::KeyDown { zone: Zone::Digit | Zone::Pad, .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Column, Origin};

    const L: Zone = Zone::Left;
    const D: Zone = Zone::Digit;
    const S: Zone = Zone::ShiftLeft;
    const E: Zone = Zone::Erase;
    const SPACE: Zone = Zone::Space;

    /// Presses that are measured, by their place among all; each key is released while the next one is down.
    fn measured(zones: &[Zone]) -> Vec<usize> {
        let event =
            |at: usize, input| TimedInput { at_us: 100_000 * at as u64, origin: Origin::Device, input };
        let slot = |at: usize| Slot(u8::try_from(at % 2).unwrap());
        let (mut words, mut known) = (Words::default(), Vec::new());
        for (at, zone) in zones.iter().enumerate() {
            words.push(
                event(at, Input::KeyDown { slot: slot(at), zone: *zone, column: Column(0) }),
                &mut known,
            );
            if let Some(before) = at.checked_sub(1) {
                words.push(event(at, Input::KeyUp { slot: slot(before) }), &mut known);
            }
        }
        words.end(&mut known);
        let (mut down, mut pressed) = ([false; 2], Vec::new());
        for key in known {
            let Key::Measured(event) = key else { continue };
            match event.input {
                Input::KeyDown { slot, .. } => {
                    assert!(!std::mem::replace(&mut down[usize::from(slot.0)], true), "{zones:?}");
                    pressed.push(usize::try_from(event.at_us / 100_000).unwrap());
                }
                Input::KeyUp { slot } => assert!(std::mem::take(&mut down[usize::from(slot.0)]), "{zones:?}"),
                _ => {}
            }
        }
        pressed
    }

    #[test]
    fn words_are_measured_and_secrets_are_not() {
        let all = |count: usize| (0..count).collect::<Vec<_>>();
        assert_eq!(measured(&[L, L, SPACE, S, L, L, E, L, SPACE, D, D]), all(11));
        assert_eq!(measured(&[L, L, SPACE, L, D, L, SPACE, L, L]), [0, 1, 2, 6, 7, 8]);
        assert_eq!(measured(&[SPACE, D, L, L, SPACE]), [0, 4]);
        assert_eq!(measured(&[L, S, L, SPACE, L]), [3, 4]);
        assert_eq!(measured(&[L, E, D]), [0_usize; 0]);
        assert_eq!(measured(&[L, Zone::Pad, SPACE]), [2]);
        assert_eq!(measured(&[L; 500]), all(500));
    }

    #[test]
    fn a_rest_ends_a_word() {
        let (mut words, mut known) = (Words::default(), Vec::new());
        for (at_us, zone) in [(0, L), (PAUSE_US + 1, D), (PAUSE_US + 2, SPACE)] {
            let input = Input::KeyDown { slot: Slot(u8::from(zone == D)), zone, column: Column(0) };
            words.push(TimedInput { at_us, origin: Origin::Device, input }, &mut known);
        }
        assert_eq!(known.len(), 3);
    }
}
