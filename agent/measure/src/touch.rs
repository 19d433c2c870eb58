//! Touch features: strokes and taps of fingers on a screen. A stroke tells how a finger lands, travels and lifts off.

use tacit_proto::catalogue as c;

use crate::flow;
use crate::input::{Contact, Phase};
use crate::keyboard::milliseconds;
use crate::locate::FINGERS;
use crate::open::Values;
use crate::shape::{Ids, Shape};
use crate::stroke::{MAX_MOVE, Stroke};

/// A finger that goes less far, in pixels, taps.
const SLIP_PX: f64 = 24.0;
/// A finger that stays longer without a stroke does not tap.
const LONG_TAP_US: u64 = 2_000_000;
/// A longer stay is a lost lift-off.
const LONG_TOUCH_US: u64 = 30_000_000;
/// A rest longer than this is an absence.
const ABSENCE_US: u64 = 5_000_000;
/// Time after the first movement, and before lift-off, that speed is taken over.
const END_MS: f64 = 80.0;

/// Values of a measure that only some screens have.
#[derive(Debug, Default)]
struct Mean {
    sum: f64,
    count: u32,
}

impl Mean {
    fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.sum += value;
            self.count = self.count.saturating_add(1);
        }
    }

    /// No number if there was no value.
    fn mean(&self) -> f64 {
        self.sum / f64::from(self.count)
    }
}

/// A finger that is on the screen.
#[derive(Debug)]
struct Finger {
    landed_us: u64,
    /// Since the screen was last left; nothing where another finger was on it, or after a break.
    rest_us: Option<u64>,
    overlaps: bool,
    first_moved_us: Option<u64>,
    stroke: Stroke,
    pressure: Mean,
    area: Mean,
}

/// The fingers on the screen.
#[derive(Debug, Default)]
pub(crate) struct Fingers {
    on: [Option<Finger>; FINGERS],
    /// When the last finger lifted off.
    lifted_us: Option<u64>,
}

impl Fingers {
    /// Something a finger did. Returns `None`, and changes nothing, if it cannot have, else how many strokes it completed.
    pub(crate) fn touched(
        &mut self,
        at_us: u64,
        contact: Contact,
        phase: Phase,
        (pressure, area): (Option<f32>, Option<f32>),
        values: &mut Values<'_>,
    ) -> Option<u32> {
        let (pressure, area) = (pressure.map(f64::from), area.map(f64::from));
        if pressure.is_some_and(|p| !(0.0..=1.0).contains(&p))
            || area.is_some_and(|a| !(a >= 0.0 && a.is_finite()))
        {
            return None;
        }
        let at = usize::from(contact.0);
        match phase {
            Phase::Land => {
                if at >= FINGERS {
                    return None;
                }
                self.on[at] = None;
                self.on[at] = Some(self.landed(at_us));
            }
            Phase::Move { dx, dy } => {
                let (dx, dy) = (f64::from(dx), f64::from(dy));
                let length = dx.hypot(dy);
                if length.is_nan() || length > MAX_MOVE {
                    return None;
                }
                let finger = self.on.get_mut(at)?.as_mut()?;
                if length > 0.0 && !finger.stroke.is_full() {
                    finger.first_moved_us.get_or_insert(at_us);
                    finger.stroke.extend(at_us, dx, dy);
                }
            }
            Phase::Lift => {
                let finger = self.on.get_mut(at)?.take()?;
                self.lifted_us = Some(at_us);
                return Some(u32::from(finger.measure(at_us, values)));
            }
        }
        let finger = self.on[at].as_mut()?;
        finger.pressure.add(pressure);
        finger.area.add(area);
        Some(0)
    }

    /// Whether a finger lands under a handle whose finger has not lifted off: that one's lift-off was lost.
    pub(crate) fn lost(&self, contact: Contact, phase: Phase) -> bool {
        phase == Phase::Land && self.on.get(usize::from(contact.0)).is_some_and(Option::is_some)
    }

    /// A lift-off that is not to be measured.
    pub(crate) fn lift(&mut self, contact: Contact) {
        if let Some(finger) = self.on.get_mut(usize::from(contact.0)) {
            *finger = None;
        }
    }

    fn landed(&self, at_us: u64) -> Finger {
        let overlaps = self.on.iter().any(Option::is_some);
        let rest_us = self.lifted_us.map(|lifted| at_us.saturating_sub(lifted)).filter(|_| !overlaps);
        let mut stroke = Stroke::default();
        stroke.extend(at_us, 0.0, 0.0);
        Finger {
            landed_us: at_us,
            rest_us,
            overlaps,
            first_moved_us: None,
            stroke,
            pressure: Mean::default(),
            area: Mean::default(),
        }
    }
}

impl Finger {
    /// Measures what the finger did, now that it has lifted off. Returns whether that was a stroke.
    fn measure(&self, at_us: u64, values: &mut Values<'_>) -> bool {
        let held_us = at_us.saturating_sub(self.landed_us);
        if held_us > LONG_TOUCH_US || self.stroke.is_full() {
            return false;
        }
        let path = self.stroke.path();
        if path < SLIP_PX {
            if held_us > 0 && held_us <= LONG_TAP_US {
                values.push(c::TAP_HOLD, milliseconds(held_us));
                values.push(c::TAP_SLIP, path);
                values.push(c::TAP_SHARE, 1.0);
            }
            return false;
        }
        let (true, Some(first_us), Some(last_us)) =
            (self.stroke.counts(), self.first_moved_us, self.stroke.last_us())
        else {
            return false;
        };
        values.push(c::TAP_SHARE, 0.0);
        values.push(c::TOUCH_OVERLAP, if self.overlaps { 1.0 } else { 0.0 });
        if let Some(rest_us) = self.rest_us.filter(|rest| *rest <= ABSENCE_US) {
            values.push(c::TOUCH_REST, milliseconds(rest_us));
        }
        let shape = Shape::of(&self.stroke);
        values.push(c::TOUCH_LENGTH, shape.path);
        values.push(c::TOUCH_HORIZONTAL, shape.horizontal);
        shape.push(&ids(shape.path), values);
        flow::measure(&self.stroke, values);

        let landing = milliseconds(first_us.saturating_sub(self.landed_us));
        values.push(c::TOUCH_LANDING, landing);
        values.push(c::TOUCH_DWELL, milliseconds(at_us.saturating_sub(last_us)));
        let begun = self.stroke.path_after(landing + END_MS) - self.stroke.path_after(landing);
        values.push(c::TOUCH_LANDING_SPEED, begun / END_MS * 1000.0);
        let ended = path - self.stroke.path_after((milliseconds(held_us) - END_MS).max(0.0));
        values.push(c::TOUCH_LIFT_SPEED, ended / END_MS * 1000.0);
        values.push(c::TOUCH_PRESSURE, self.pressure.mean());
        values.push(c::TOUCH_AREA, self.area.mean());
        true
    }
}

/// The features of a length class: short below 150 px, some four keys of a phone. More classes leave each too few of a
/// window's strokes.
fn ids(path: f64) -> Ids {
    macro_rules! class {
        ($($field:ident $id:ident),*) => { Ids { quarters: None, $($field: c::$id),* } };
    }
    if path < 150.0 {
        class!(duration TOUCH_DURATION_SHORT, speed_mean TOUCH_SPEED_MEAN_SHORT,
            speed_peak TOUCH_SPEED_PEAK_SHORT, time_to_peak TOUCH_TIME_TO_PEAK_SHORT,
            acceleration TOUCH_ACCELERATION_SHORT, straightness TOUCH_STRAIGHTNESS_SHORT,
            deviation TOUCH_DEVIATION_SHORT, turning TOUCH_TURNING_SHORT)
    } else {
        class!(duration TOUCH_DURATION_LONG, speed_mean TOUCH_SPEED_MEAN_LONG,
            speed_peak TOUCH_SPEED_PEAK_LONG, time_to_peak TOUCH_TIME_TO_PEAK_LONG,
            acceleration TOUCH_ACCELERATION_LONG, straightness TOUCH_STRAIGHTNESS_LONG,
            deviation TOUCH_DEVIATION_LONG, turning TOUCH_TURNING_LONG)
    }
}
