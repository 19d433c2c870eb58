//! Pointing: strokes with rests, clicks, double clicks, drags and turns of the wheel between them.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tacit_proto::catalogue as c;

use super::draw::{Manner, normal};
use super::keyboard::microseconds;
use super::stroke::Plan;
use super::{Action, RawEvent};

/// No hand follows a formula: how far along its path it is off, pixels.
const TREMOR_PX: f64 = 1.5;
/// A mouse reports this often.
const SAMPLE_US: u64 = 8_000;
const SCREEN: (f64, f64) = (1920.0, 1080.0);
/// Of clicks: those that are drags, that are doubled, that the wheel is turned after.
const DRAGS: f64 = 0.06;
const DOUBLES: f64 = 0.08;
const TURNS: f64 = 0.1;
/// A slip while clicking, pixels, and its transformed value.
const SLIP_PX: f64 = 2.0;
const SLIP: f64 = 0.39;

/// Makes a number of strokes and what goes with them.
pub(super) fn strokes(
    manner: &Manner,
    rng: &mut ChaCha8Rng,
    start_us: u64,
    strokes: usize,
    cursor: &mut (f64, f64),
) -> Vec<RawEvent> {
    let mut hand = Hand { manner, rng, at_us: start_us, cursor, events: Vec::new() };
    let clicks = manner.mean(c::STROKE_CLICK_SHARE, 0.5).clamp(0.03, 0.97);
    for _ in 0..strokes {
        hand.stroke();
        if hand.rng.random_bool(clicks) {
            hand.press();
        }
        let rest = hand.value(c::STROKE_REST, 600.0).clamp(210_000, 4_900_000);
        hand.at_us += rest;
    }
    hand.events
}

struct Hand<'a> {
    manner: &'a Manner,
    rng: &'a mut ChaCha8Rng,
    at_us: u64,
    cursor: &'a mut (f64, f64),
    events: Vec<RawEvent>,
}

impl Hand<'_> {
    /// A duration by the person's manner, microseconds.
    fn value(&mut self, feature: tacit_proto::FeatureId, otherwise_ms: f64) -> u64 {
        microseconds(self.manner.value(feature, otherwise_ms, self.rng))
    }

    fn event(&mut self, action: Action) {
        self.events.push(RawEvent { at_us: self.at_us, action });
    }

    fn stroke(&mut self) {
        let plan = Plan::draw(self.manner, self.rng);
        let duration = microseconds(plan.duration_ms);
        self.follow(duration, plan.chord, |share| plan.at(share));
    }

    fn press(&mut self) {
        self.at_us += self.value(c::CLICK_REST, 60.0).clamp(1_000, 2_900_000);
        if self.rng.random_bool(DRAGS) {
            return self.drag();
        }
        let pressed_us = self.at_us;
        self.click();
        if self.rng.random_bool(DOUBLES) {
            let again = self.value(c::DOUBLE_CLICK, 160.0).clamp(50_000, 490_000);
            self.at_us = (pressed_us + again).max(self.at_us + 10_000);
            self.click();
        } else if self.rng.random_bool(TURNS) {
            self.at_us += self.rng.random_range(250_000..900_000);
            self.turn();
        }
    }

    fn click(&mut self) {
        let held = self.value(c::CLICK_HOLD_LEFT, 85.0).clamp(15_000, 950_000);
        self.event(Action::Press);
        let slips = self.manner.mean(c::CLICK_SLIP, 0.04) / SLIP;
        if self.rng.random_bool(slips.clamp(0.0, 0.9)) {
            self.cursor.0 += SLIP_PX;
            self.at_us += held / 2;
            self.event(Action::At(self.cursor.0, self.cursor.1));
            self.at_us += held - held / 2;
        } else {
            self.at_us += held;
        }
        self.event(Action::Release);
    }

    fn drag(&mut self) {
        let duration = self.value(c::DRAG_DURATION, 660.0).clamp(60_000, 6_000_000);
        let speed = self.manner.value(c::DRAG_SPEED, 560.0, self.rng);
        #[expect(clippy::cast_precision_loss, reason = "microseconds of seconds")]
        let length = (speed * duration as f64 / 1e6).clamp(20.0, 1_200.0);
        self.event(Action::Press);
        self.at_us += SAMPLE_US;
        self.follow(duration, length, |share| {
            (length * share.powi(3) * (10.0 - 15.0 * share + 6.0 * share * share), 0.0)
        });
        self.event(Action::Release);
    }

    fn turn(&mut self) {
        let notches = self.manner.value(c::WHEEL_BURST, 4.0, self.rng).round().clamp(1.0, 60.0);
        let notch = if self.rng.random_bool(0.3) { 1.0 } else { -1.0 };
        let mut turned = 0.0;
        while turned < notches {
            self.event(Action::Wheel(notch));
            self.at_us += self.value(c::WHEEL_INTERVAL, 60.0).clamp(3_000, 990_000);
            turned += 1.0;
        }
        // The next turn is another one.
        self.at_us += 1_010_000;
    }

    /// Moves along a path that is given along and aside of the direction it takes.
    fn follow(&mut self, duration_us: u64, chord: f64, path: impl Fn(f64) -> (f64, f64)) {
        let towards = self.direction(chord);
        let (cos, sin) = (towards.cos(), towards.sin());
        let (from, start_us) = (*self.cursor, self.at_us);
        let samples = (duration_us / SAMPLE_US).max(4);
        // Drawn apart from what the person does, so that a steadier hand would do the same.
        let mut tremor = ChaCha8Rng::seed_from_u64(start_us);
        for i in 0..=samples {
            let (done, aside) = path(fraction(i, samples));
            let step = (done - path(fraction(i.saturating_sub(1), samples)).0).abs();
            let still = i == 0 || i == samples;
            let off = if still { 0.0 } else { f64::min(TREMOR_PX, 0.3 * step) * normal(&mut tremor) };
            let along = done + off;
            *self.cursor = (from.0 + along * cos - aside * sin, from.1 + along * sin + aside * cos);
            self.at_us = start_us + i * SAMPLE_US;
            self.event(Action::At(self.cursor.0, self.cursor.1));
        }
    }

    /// A direction as sideways as the person's strokes are, that stays on the screen if any such does.
    fn direction(&mut self, length: f64) -> f64 {
        const SIGNS: [(f64, f64); 4] = [(1.0, 1.0), (-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0)];
        let (x, y) = *self.cursor;
        let mut nearest = (f64::MAX, 0.0);
        for _ in 0..8 {
            let sideways =
                self.manner.value_at(c::STROKE_HORIZONTAL, 0.6, normal(self.rng)).clamp(0.02, 0.98);
            let first = self.rng.random_range(0..SIGNS.len());
            for i in 0..SIGNS.len() {
                let (right, down) = SIGNS[(first + i) % SIGNS.len()];
                let angle = (down * (1.0 - sideways)).atan2(right * sideways);
                let (x, y) = (x + length * angle.cos(), y + length * angle.sin());
                if (0.0..SCREEN.0).contains(&x) && (0.0..SCREEN.1).contains(&y) {
                    return angle;
                }
                let outside = (x - SCREEN.0 / 2.0).hypot(y - SCREEN.1 / 2.0);
                if outside < nearest.0 {
                    nearest = (outside, angle);
                }
            }
        }
        nearest.1
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number of samples")]
fn fraction(i: u64, of: u64) -> f64 {
    i as f64 / of as f64
}
