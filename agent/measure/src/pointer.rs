//! Pointer features: strokes, rests, clicks, drags and the wheel.

use tacit_proto::catalogue as c;

use crate::input::Button;
use crate::keyboard::milliseconds;
use crate::stroke::Stroke;
use crate::values::Values;

/// Without movement for this long a stroke has ended.
const REST_US: u64 = 200_000;
/// A rest longer than this is an absence.
const ABSENCE_US: u64 = 5_000_000;
const CLICK_REST_US: u64 = 3_000_000;
const DOUBLE_CLICK_US: u64 = 500_000;
const LONG_PRESS_US: u64 = 10_000_000;
const WHEEL_REST_US: u64 = 1_000_000;
/// Movement with a button down beyond which it is a drag.
const SLIP_PX: f64 = 12.0;
/// A single movement longer than any screen is no movement.
const MAX_MOVE: f32 = 20_000.0;

#[derive(Debug)]
struct Held {
    button: Button,
    at_us: u64,
    path: Stroke,
}

/// The stroke, press and wheel turn in progress.
#[derive(Debug, Default)]
pub(crate) struct Pointer {
    stroke: Stroke,
    /// When the last stroke that counts ended.
    rested_since_us: Option<u64>,
    held: Option<Held>,
    last_press: Option<(Button, u64)>,
    wheel: Option<(u64, u32)>,
}

impl Pointer {
    /// A movement. Returns `None` if it cannot be one, else how many strokes it completed.
    pub(crate) fn moved(&mut self, at_us: u64, dx: f32, dy: f32, values: &mut Values<'_>) -> Option<u32> {
        let sound = dx.is_finite() && dy.is_finite() && dx.abs() <= MAX_MOVE && dy.abs() <= MAX_MOVE;
        if !sound {
            return None;
        }
        let (dx, dy) = (f64::from(dx), f64::from(dy));
        if let Some(held) = &mut self.held {
            if !held.path.is_full() {
                held.path.extend(at_us, dx, dy);
            }
            return Some(0);
        }
        let rested = self.stroke.last_us().is_some_and(|last| at_us.saturating_sub(last) >= REST_US);
        let strokes = if rested || self.stroke.is_full() { self.end_stroke(false, values) } else { 0 };
        if self.stroke.is_empty()
            && let Some(since) = self.rested_since_us.take()
            && at_us.saturating_sub(since) <= ABSENCE_US
        {
            values.push(c::STROKE_REST, milliseconds(at_us.saturating_sub(since)));
        }
        self.stroke.extend(at_us, dx, dy);
        Some(strokes)
    }

    /// A button went down. Returns how many strokes it completed.
    pub(crate) fn pressed(&mut self, at_us: u64, button: Button, values: &mut Values<'_>) -> u32 {
        let moved_us = self.stroke.last_us().or(self.rested_since_us);
        if let Some(last) = moved_us
            && at_us.saturating_sub(last) <= CLICK_REST_US
        {
            values.push(c::CLICK_REST, milliseconds(at_us.saturating_sub(last)));
        }
        let strokes = self.end_stroke(true, values);
        if let Some((last, last_us)) = self.last_press
            && last == button
            && at_us.saturating_sub(last_us) <= DOUBLE_CLICK_US
        {
            values.push(c::DOUBLE_CLICK, milliseconds(at_us.saturating_sub(last_us)));
            self.last_press = None;
        } else {
            self.last_press = Some((button, at_us));
        }
        if self.held.is_none() {
            self.held = Some(Held { button, at_us, path: Stroke::default() });
        }
        strokes
    }

    /// A button came up. Returns false, and measures nothing, if its press was not seen.
    pub(crate) fn released(&mut self, at_us: u64, button: Button, values: &mut Values<'_>) -> bool {
        let Some(held) = self.held.take_if(|held| held.button == button) else { return false };
        let hold = at_us.saturating_sub(held.at_us);
        if held.path.path() > SLIP_PX {
            if held.path.counts() {
                let duration = milliseconds(held.path.duration_us());
                values.push(c::DRAG_DURATION, duration);
                values.push(c::DRAG_SPEED, held.path.path() / duration * 1000.0);
            }
        } else if hold <= LONG_PRESS_US {
            let id = if button == Button::Left { c::CLICK_HOLD_LEFT } else { c::CLICK_HOLD_OTHER };
            values.push(id, milliseconds(hold));
            values.push(c::CLICK_SLIP, held.path.chord());
        }
        true
    }

    /// The wheel turned. Returns `None` if it cannot have, else how many strokes it completed.
    pub(crate) fn wheel(&mut self, at_us: u64, notches: f32, values: &mut Values<'_>) -> Option<u32> {
        if !notches.is_finite() || notches == 0.0 {
            return None;
        }
        let strokes = self.end_stroke(false, values);
        self.wheel = match self.wheel {
            Some((last_us, steps)) if at_us.saturating_sub(last_us) <= WHEEL_REST_US => {
                values.push(c::WHEEL_INTERVAL, milliseconds(at_us.saturating_sub(last_us)));
                Some((at_us, steps.saturating_add(1)))
            }
            Some((_, steps)) => {
                values.push(c::WHEEL_BURST, f64::from(steps));
                Some((at_us, 1))
            }
            None => Some((at_us, 1)),
        };
        Some(strokes)
    }

    /// What follows does not continue what came before. Returns how many strokes it completed.
    pub(crate) fn interrupt(&mut self, values: &mut Values<'_>) -> u32 {
        let strokes = self.end_stroke(false, values);
        if let Some((_, steps)) = self.wheel {
            values.push(c::WHEEL_BURST, f64::from(steps));
        }
        *self = Self::default();
        strokes
    }

    fn end_stroke(&mut self, by_click: bool, values: &mut Values<'_>) -> u32 {
        let stroke = std::mem::take(&mut self.stroke);
        if !stroke.counts() {
            return 0;
        }
        stroke.measure(values);
        values.push(c::STROKE_CLICK_SHARE, if by_click { 1.0 } else { 0.0 });
        self.rested_since_us = stroke.last_us();
        1
    }
}
