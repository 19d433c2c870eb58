//! Where identity is dropped: key codes to zones, positions to movements.

use std::fmt;

use crate::input::{Column, Contact, Input, Phase, Slot, Zone};

/// Keys that can be down at once; more are ignored.
pub const SLOTS: usize = 32;
/// Fingers that can be on a screen at once; more are ignored.
pub const FINGERS: usize = 10;
/// A step from one position to the next longer than this, in pixels on either axis, is no movement.
const FARTHEST: f64 = 20_000.0;

/// Lives in the capture callback. Holds the code of a key only while that key is down, the last pointer position, and where
/// each finger is while it is on the screen.
#[derive(Default)]
pub struct Locator {
    down: [Option<u16>; SLOTS],
    position: Option<(f64, f64)>,
    fingers: [Option<Finger>; FINGERS],
}

/// The system's number of a finger that is on the screen, and where it is.
#[derive(Clone, Copy)]
struct Finger {
    code: u16,
    at: (f64, f64),
}

impl fmt::Debug for Locator {
    // What is down must not get into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locator").finish_non_exhaustive()
    }
}

impl Locator {
    /// Nothing is down.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A key went down. `code` is a Linux evdev code. `None` for auto-repeat and when too many keys are down.
    pub fn key_down(&mut self, code: u16) -> Option<Input> {
        if self.down.contains(&Some(code)) {
            return None;
        }
        let free = self.down.iter().position(Option::is_none)?;
        self.down[free] = Some(code);
        let (zone, column) = place(code);
        Some(Input::KeyDown { slot: slot(free), zone, column })
    }

    /// A key came up. `None` if its press was not seen.
    pub fn key_up(&mut self, code: u16) -> Option<Input> {
        let held = self.down.iter().position(|d| *d == Some(code))?;
        self.down[held] = None;
        Some(Input::KeyUp { slot: slot(held) })
    }

    /// The pointer is at an absolute position. `None` for the first position, and where it did not move or is not finite.
    pub fn position(&mut self, x: f64, y: f64) -> Option<Input> {
        if !x.is_finite() || !y.is_finite() {
            return None;
        }
        let old = self.position.replace((x, y))?;
        let (dx, dy) = movement(old, (x, y))?;
        Some(Input::Move { dx, dy })
    }

    /// A finger landed at an absolute position. `code` is what the system calls it until it lifts off. `None` where the
    /// position is not finite and when too many fingers are down.
    pub fn touch_down(&mut self, code: u16, x: f64, y: f64) -> Option<Input> {
        if !x.is_finite() || !y.is_finite() {
            return None;
        }
        let named = self.fingers.iter().position(|f| f.is_some_and(|f| f.code == code));
        let at = named.or_else(|| self.fingers.iter().position(Option::is_none))?;
        self.fingers[at] = Some(Finger { code, at: (x, y) });
        Some(touch(at, Phase::Land))
    }

    /// A finger is at another absolute position. `None` if its landing was not seen, and where it did not move or is not
    /// finite.
    pub fn touch_move(&mut self, code: u16, x: f64, y: f64) -> Option<Input> {
        if !x.is_finite() || !y.is_finite() {
            return None;
        }
        let mut fingers = self.fingers.iter_mut().enumerate();
        let (at, finger) = fingers.find_map(|(at, f)| Some((at, f.as_mut().filter(|f| f.code == code)?)))?;
        let old = std::mem::replace(&mut finger.at, (x, y));
        let (dx, dy) = movement(old, (x, y))?;
        Some(touch(at, Phase::Move { dx, dy }))
    }

    /// A finger lifted off. `None` if its landing was not seen.
    pub fn touch_up(&mut self, code: u16) -> Option<Input> {
        let at = self.fingers.iter().position(|f| f.is_some_and(|f| f.code == code))?;
        self.fingers[at] = None;
        Some(touch(at, Phase::Lift))
    }

    /// Forgets keys and fingers that are down and the pointer position: capture was interrupted.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

#[expect(clippy::cast_possible_truncation, reason = "an index below 32")]
fn slot(index: usize) -> Slot {
    Slot(index as u8)
}

#[expect(clippy::cast_possible_truncation, reason = "an index below 10")]
fn touch(index: usize, phase: Phase) -> Input {
    Input::Touch { contact: Contact(index as u8), phase, pressure: None, area: None }
}

/// From one finite position to the next; `None` where nothing moved or nothing can move so far.
fn movement((old_x, old_y): (f64, f64), (x, y): (f64, f64)) -> Option<(f32, f32)> {
    let (dx, dy) = (x - old_x, y - old_y);
    let moved = (dx != 0.0 || dy != 0.0) && dx.abs() <= FARTHEST && dy.abs() <= FARTHEST;
    #[expect(clippy::cast_possible_truncation, reason = "a movement needs no more than single precision")]
    moved.then_some((dx as f32, dy as f32))
}

/// Zone and finger column of an evdev key code, by the key's position for a person who types with ten fingers.
///
/// The five columns of the left hand and of the right hand run from the innermost (0, two columns of the index finger
/// together make 0 and 1) outwards.
#[must_use]
pub fn place(code: u16) -> (Zone, Column) {
    let hand = |zone, column| (zone, Column(column));
    let alone = |zone| (zone, Column(0));
    match code {
        // T G B, R F V, E D C, W S X, Q A Z and the extra key beside left shift.
        20 | 34 | 48 => hand(Zone::Left, 0),
        19 | 33 | 47 => hand(Zone::Left, 1),
        18 | 32 | 46 => hand(Zone::Left, 2),
        17 | 31 | 45 => hand(Zone::Left, 3),
        16 | 30 | 44 | 86 => hand(Zone::Left, 4),
        // Y H N, U J M, I K comma, O L dot, P and all further out.
        21 | 35 | 49 => hand(Zone::Right, 0),
        22 | 36 | 50 => hand(Zone::Right, 1),
        23 | 37 | 51 => hand(Zone::Right, 2),
        24 | 38 | 52 => hand(Zone::Right, 3),
        25..=27 | 39 | 40 | 43 | 53 | 89 => hand(Zone::Right, 4),
        57 => alone(Zone::Space),
        28 | 96 => alone(Zone::Enter),
        14 | 111 => alone(Zone::Erase),
        42 => alone(Zone::ShiftLeft),
        54 => alone(Zone::ShiftRight),
        29 | 56 | 97 | 100 | 125 | 126 => alone(Zone::Modifier),
        102..=110 => alone(Zone::Navigation),
        2..=13 | 41 => alone(Zone::Digit),
        55 | 69 | 71..=83 | 98 | 117 | 121 => alone(Zone::Pad),
        _ => alone(Zone::Function),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_down_until_its_release_and_repeats_are_no_presses() {
        let mut locator = Locator::new();
        let first = locator.key_down(30);
        assert_eq!(first, Some(Input::KeyDown { slot: Slot(0), zone: Zone::Left, column: Column(4) }));
        assert_eq!(locator.key_down(30), None);
        assert_eq!(locator.key_up(30), Some(Input::KeyUp { slot: Slot(0) }));
        assert_eq!(locator.key_up(30), None);
    }

    #[test]
    fn no_code_is_held_once_every_key_is_up() {
        let mut locator = Locator::new();
        for code in [30, 57, 42] {
            locator.key_down(code);
        }
        for code in [57, 30, 42] {
            locator.key_up(code);
        }
        assert_eq!(locator.down, Locator::new().down);
    }

    #[test]
    fn more_keys_than_slots_are_ignored() {
        let mut locator = Locator::new();
        let pressed = (1..=40).filter_map(|code| locator.key_down(code)).count();
        assert_eq!(pressed, SLOTS);
        assert_eq!(locator.key_up(40), None);
    }

    #[test]
    fn positions_become_movements() {
        let mut locator = Locator::new();
        assert_eq!(locator.position(100.0, 50.0), None);
        assert_eq!(locator.position(103.0, 46.0), Some(Input::Move { dx: 3.0, dy: -4.0 }));
        assert_eq!(locator.position(f64::NAN, 0.0), None);
        assert_eq!(locator.position(103.0, 46.0), None);
        assert_eq!(locator.position(f64::MAX, 46.0), None);
    }

    #[test]
    fn fingers_are_told_apart_and_forgotten_when_off() {
        let mut locator = Locator::new();
        assert_eq!(locator.touch_move(70, 1.0, 1.0), None);
        assert_eq!(locator.touch_down(70, 10.0, 10.0), Some(touch(0, Phase::Land)));
        assert_eq!(locator.touch_down(71, 500.0, 500.0), Some(touch(1, Phase::Land)));
        assert_eq!(locator.touch_move(70, 12.0, 9.0), Some(touch(0, Phase::Move { dx: 2.0, dy: -1.0 })));
        assert_eq!(locator.touch_move(71, 501.0, 500.0), Some(touch(1, Phase::Move { dx: 1.0, dy: 0.0 })));
        assert_eq!(locator.touch_move(71, 501.0, 500.0), None);
        assert_eq!(locator.touch_move(71, f64::INFINITY, 500.0), None);
        assert_eq!(locator.touch_up(70), Some(touch(0, Phase::Lift)));
        assert_eq!(locator.touch_up(70), None);
        // A landing under the same number: its lift-off was lost.
        assert_eq!(locator.touch_down(71, 0.0, 0.0), Some(touch(1, Phase::Land)));
        assert_eq!((2..=20).filter_map(|code| locator.touch_down(code, 0.0, 0.0)).count(), FINGERS - 1);
        locator.reset();
        assert!(locator.fingers.iter().all(Option::is_none));
    }

    #[test]
    fn hands_are_those_of_a_touch_typist_and_unknown_keys_are_function_keys() {
        let columns = |codes: std::ops::RangeInclusive<u16>| codes.map(|c| place(c).1.0).collect::<Vec<_>>();
        assert_eq!(columns(16..=20), [4, 3, 2, 1, 0]);
        assert_eq!(columns(21..=27), [0, 1, 2, 3, 4, 4, 4]);
        for (code, zone) in [
            (48, Zone::Left),
            (49, Zone::Right),
            (43, Zone::Right),
            (86, Zone::Left),
            (57, Zone::Space),
            (96, Zone::Enter),
            (111, Zone::Erase),
            (54, Zone::ShiftRight),
            (103, Zone::Navigation),
            (2, Zone::Digit),
            (79, Zone::Pad),
            (15, Zone::Function),
            (240, Zone::Function),
            (u16::MAX, Zone::Function),
        ] {
            assert_eq!(place(code).0, zone, "{code}");
        }
    }

    #[test]
    fn what_is_down_is_not_shown() {
        let mut locator = Locator::new();
        locator.key_down(30);
        assert_eq!(format!("{locator:?}"), "Locator { .. }");
    }
}
