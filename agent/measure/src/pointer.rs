//! Pointer features: strokes, rests, clicks, drags and the wheel.

use tacit_proto::catalogue as c;

use crate::input::Button;
use crate::keyboard::milliseconds;
use crate::open::Values;
use crate::shape::{Ids, Shape};
use crate::stroke::{MAX_MOVE, Stroke};
use crate::within::{CLICK_HOLD, CLICK_REST, STROKE_DURATION, STROKE_REST};

/// Without movement for this long a stroke has ended. Remote desktops report a moving pointer every 110 ms only.
const REST_US: u64 = 200_000;
/// A rest longer than this is an absence.
const ABSENCE_US: u64 = 5_000_000;
/// A longer press is a lost release.
const LONG_PRESS_US: u64 = 30_000_000;
/// Two presses of a button this close, without a stroke between them, are a double click.
const DOUBLE_CLICK_US: u64 = 500_000;
/// Wheel steps further apart are two turns.
const WHEEL_REST_US: u64 = 1_000_000;
/// Movement, in pixels, with a button down beyond which it is a drag.
const SLIP_PX: f64 = 12.0;
/// A single turn of the wheel, in notches, that is none.
const MAX_NOTCHES: f64 = 1_000.0;

/// A button that is down.
#[derive(Debug, Clone, Copy)]
struct Press {
    at_us: u64,
    path: f64,
}

/// The wheel turning in one direction.
#[derive(Debug, Clone, Copy)]
struct Turn {
    at_us: u64,
    forward: bool,
    notches: f64,
}

/// The stroke, presses and wheel turn in progress.
#[derive(Debug, Default)]
pub(crate) struct Pointer {
    stroke: Stroke,
    /// End of the last stroke, until a click or another stroke tells how it ended.
    stroke_end_us: Option<u64>,
    /// Last movement of any size.
    moved_us: Option<u64>,
    presses: [Option<Press>; 3],
    /// Last click, unless a stroke followed: button and time of its press.
    click: Option<(Button, u64)>,
    turn: Option<Turn>,
}

impl Pointer {
    /// A movement. Returns `None`, and changes nothing, if it cannot be one, else how many strokes it completed.
    pub(crate) fn moved(&mut self, at_us: u64, dx: f32, dy: f32, values: &mut Values<'_>) -> Option<u32> {
        let (dx, dy) = (f64::from(dx), f64::from(dy));
        let length = dx.hypot(dy);
        if !(length > 0.0 && length <= MAX_MOVE) {
            return None;
        }
        self.moved_us = Some(at_us);
        if self.presses.iter().any(Option::is_some) {
            for press in self.presses.iter_mut().flatten() {
                press.path += length;
            }
            return Some(0);
        }
        let strokes = if self.stroke.is_full() { self.end_stroke(values) } else { 0 };
        self.stroke.extend(at_us, dx, dy);
        Some(strokes)
    }

    /// A button went down. Returns `None`, and changes nothing, if it was down, else how many strokes it completed.
    pub(crate) fn pressed(&mut self, at_us: u64, button: Button, values: &mut Values<'_>) -> Option<u32> {
        if self.presses[index(button)].is_some() {
            return None;
        }
        let strokes = self.end_stroke(values);
        if self.stroke_end_us.take().is_some() {
            values.push(c::STROKE_CLICK_SHARE, 1.0);
            let rest = at_us.saturating_sub(self.moved_us.unwrap_or(at_us));
            if rest <= ABSENCE_US {
                values.push(c::CLICK_REST, milliseconds(rest));
                values.push_within(CLICK_REST, milliseconds(rest));
            }
        }
        if let Some((last, last_us)) = self.click.take()
            && last == button
            && at_us.saturating_sub(last_us) <= DOUBLE_CLICK_US
        {
            values.push(c::DOUBLE_CLICK, milliseconds(at_us.saturating_sub(last_us)));
        }
        self.presses[index(button)] = Some(Press { at_us, path: 0.0 });
        Some(strokes)
    }

    /// A button came up. Returns false, and measures nothing, if its press was not seen.
    pub(crate) fn released(&mut self, at_us: u64, button: Button, values: &mut Values<'_>) -> bool {
        let Some(press) = self.presses[index(button)].take() else { return false };
        let held = at_us.saturating_sub(press.at_us);
        if held == 0 || held > LONG_PRESS_US {
            return true;
        }
        let held = milliseconds(held);
        if press.path > SLIP_PX {
            values.push(c::DRAG_DURATION, held);
            values.push(c::DRAG_SPEED, press.path / held * 1000.0);
        } else {
            let id = if button == Button::Left { c::CLICK_HOLD_LEFT } else { c::CLICK_HOLD_OTHER };
            values.push(id, held);
            if button == Button::Left {
                values.push_within(CLICK_HOLD, held);
            }
            values.push(c::CLICK_SLIP, press.path);
            self.click = Some((button, press.at_us));
        }
        true
    }

    /// The wheel turned. Returns false, and changes nothing, if it cannot have.
    pub(crate) fn wheel(&mut self, at_us: u64, notches: f32, values: &mut Values<'_>) -> bool {
        let notches = f64::from(notches);
        if !(notches.abs() > 0.0 && notches.abs() <= MAX_NOTCHES) {
            return false;
        }
        let forward = notches > 0.0;
        let mut turned = notches.abs();
        if let Some(turn) = self.turn {
            let gap = at_us.saturating_sub(turn.at_us);
            if gap <= WHEEL_REST_US && turn.forward == forward {
                values.push(c::WHEEL_INTERVAL, milliseconds(gap));
                turned += turn.notches;
            } else {
                values.push(c::WHEEL_BURST, turn.notches);
            }
        }
        self.turn = Some(Turn { at_us, forward, notches: turned });
        true
    }

    /// Time went on: ends a stroke that has rested. Returns how many strokes that completed.
    pub(crate) fn pass(&mut self, at_us: u64, values: &mut Values<'_>) -> u32 {
        let rested = self.stroke.last_us().is_some_and(|last| at_us.saturating_sub(last) >= REST_US);
        if rested { self.end_stroke(values) } else { 0 }
    }

    /// What follows does not continue what came before. Returns how many strokes it completed.
    pub(crate) fn interrupt(&mut self, values: &mut Values<'_>) -> u32 {
        let strokes = self.end_stroke(values);
        *self = Self::default();
        strokes
    }

    fn end_stroke(&mut self, values: &mut Values<'_>) -> u32 {
        let counted = self.stroke.counts();
        if counted && let (Some(first_us), Some(last_us)) = (self.stroke.first_us(), self.stroke.last_us()) {
            let shape = Shape::of(&self.stroke);
            values.push(c::STROKE_LENGTH, shape.path);
            values.push(c::STROKE_HORIZONTAL, shape.horizontal);
            values.push_within(STROKE_DURATION, milliseconds(self.stroke.duration_us()));
            shape.push_manner(values);
            shape.push(&ids(shape.path), values);
            self.click = None;
            if let Some(before_us) = self.stroke_end_us.replace(last_us) {
                values.push(c::STROKE_CLICK_SHARE, 0.0);
                let rest = first_us.saturating_sub(before_us);
                if rest <= ABSENCE_US {
                    values.push(c::STROKE_REST, milliseconds(rest));
                    values.push_within(STROKE_REST, milliseconds(rest));
                }
            }
        }
        self.stroke.clear();
        u32::from(counted)
    }
}

pub(crate) fn index(button: Button) -> usize {
    match button {
        Button::Left => 0,
        Button::Right => 1,
        Button::Other => 2,
    }
}

/// The features of a length class: short below 100 px, long from 400 px on.
fn ids(path: f64) -> Ids {
    macro_rules! class {
        ($first:ident $last:ident, $($field:ident $id:ident),*) => {
            Ids { quarters: Some((c::$first, c::$last)), $($field: c::$id),* }
        };
    }
    if path < 100.0 {
        class!(FIRST_QUARTER_SHORT LAST_QUARTER_SHORT, duration DURATION_SHORT, speed_mean SPEED_MEAN_SHORT, speed_peak SPEED_PEAK_SHORT,
            acceleration ACCELERATION_SHORT, straightness STRAIGHTNESS_SHORT, deviation DEVIATION_SHORT,
            turning TURNING_SHORT, time_to_peak TIME_TO_PEAK_SHORT)
    } else if path < 400.0 {
        class!(FIRST_QUARTER_MIDDLE LAST_QUARTER_MIDDLE, duration DURATION_MIDDLE, speed_mean SPEED_MEAN_MIDDLE, speed_peak SPEED_PEAK_MIDDLE,
            acceleration ACCELERATION_MIDDLE, straightness STRAIGHTNESS_MIDDLE, deviation DEVIATION_MIDDLE,
            turning TURNING_MIDDLE, time_to_peak TIME_TO_PEAK_MIDDLE)
    } else {
        class!(FIRST_QUARTER_LONG LAST_QUARTER_LONG, duration DURATION_LONG, speed_mean SPEED_MEAN_LONG, speed_peak SPEED_PEAK_LONG,
            acceleration ACCELERATION_LONG, straightness STRAIGHTNESS_LONG, deviation DEVIATION_LONG,
            turning TURNING_LONG, time_to_peak TIME_TO_PEAK_LONG)
    }
}
