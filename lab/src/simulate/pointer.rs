//! Strokes: minimum-jerk movements (Flash & Hogan 1985) with a bow, then a rest and often a click.

use std::f64::consts::{PI, TAU};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tacit_proto::FeatureId;
use tacit_proto::catalogue as c;

use super::draw::Manner;
use super::keyboard::microseconds;
use super::{Action, RawEvent};

/// A mouse reports this often.
const SAMPLE_US: u64 = 8_000;
const SCREEN: (f64, f64) = (1920.0, 1080.0);

struct Class {
    lengths: (f64, f64),
    duration: FeatureId,
    deviation: FeatureId,
    turning: FeatureId,
    time_to_peak: FeatureId,
}

const CLASSES: [Class; 3] = [
    Class {
        lengths: (25.0, 90.0),
        duration: c::DURATION_SHORT,
        deviation: c::DEVIATION_SHORT,
        turning: c::TURNING_SHORT,
        time_to_peak: c::TIME_TO_PEAK_SHORT,
    },
    Class {
        lengths: (115.0, 370.0),
        duration: c::DURATION_MIDDLE,
        deviation: c::DEVIATION_MIDDLE,
        turning: c::TURNING_MIDDLE,
        time_to_peak: c::TIME_TO_PEAK_MIDDLE,
    },
    Class {
        lengths: (430.0, 900.0),
        duration: c::DURATION_LONG,
        deviation: c::DEVIATION_LONG,
        turning: c::TURNING_LONG,
        time_to_peak: c::TIME_TO_PEAK_LONG,
    },
];

pub(super) fn strokes(
    manner: &Manner,
    rng: &mut ChaCha8Rng,
    start_us: u64,
    strokes: usize,
    cursor: &mut (f64, f64),
) -> Vec<RawEvent> {
    let mut events = Vec::new();
    let mut at_us = start_us;
    let clicks = manner.usual(c::STROKE_CLICK_SHARE, 0.5).clamp(0.05, 0.95);
    for _ in 0..strokes {
        let class = &CLASSES[rng.random_range(0..CLASSES.len())];
        at_us = stroke(manner, rng, class, at_us, cursor, &mut events);
        if rng.random_bool(clicks) {
            let rest = microseconds(manner.value(c::CLICK_REST, 180.0, rng)).clamp(10_000, 2_500_000);
            let held = microseconds(manner.value(c::CLICK_HOLD_LEFT, 95.0, rng)).clamp(15_000, 900_000);
            events.push(RawEvent { at_us: at_us + rest, action: Action::Press });
            events.push(RawEvent { at_us: at_us + rest + held, action: Action::Release });
            at_us += rest + held;
        }
        at_us += microseconds(manner.value(c::STROKE_REST, 600.0, rng)).clamp(210_000, 4_500_000);
    }
    events
}

fn stroke(
    manner: &Manner,
    rng: &mut ChaCha8Rng,
    class: &Class,
    start_us: u64,
    cursor: &mut (f64, f64),
    events: &mut Vec<RawEvent>,
) -> u64 {
    let length = rng.random_range(class.lengths.0..class.lengths.1);
    let towards = direction(manner, rng, length, *cursor);
    let duration = microseconds(manner.value(class.duration, 450.0, rng)).clamp(60_000, 4_000_000);
    let sign = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
    let bow = sign * length * manner.value(class.deviation, 0.06, rng).min(0.4);
    // Two waves across the path, steep enough to turn as much as the person does.
    let steep = (manner.value(class.turning, 0.5, rng).min(6.0) / 8.0).tan();
    let wave = length * steep / (2.0 * TAU);
    // Warps time so that speed peaks where the person's does.
    let peak = manner.value(class.time_to_peak, 0.45, rng).clamp(0.15, 0.85);
    let warp = 0.5f64.ln() / peak.ln();
    let (cos, sin) = (towards.cos(), towards.sin());
    let from = *cursor;
    let samples = (duration / SAMPLE_US).max(4);
    for i in 0..=samples {
        let share = fraction(i, samples).powf(warp);
        let done = share.powi(3) * (10.0 - 15.0 * share + 6.0 * share * share);
        let along = length * done;
        let aside = bow * (PI * done).sin() + wave * (2.0 * TAU * done).sin();
        *cursor = (from.0 + along * cos - aside * sin, from.1 + along * sin + aside * cos);
        events.push(RawEvent { at_us: start_us + i * SAMPLE_US, action: Action::At(cursor.0, cursor.1) });
    }
    start_us + samples * SAMPLE_US
}

/// A direction that stays on the screen, as sideways as the person's strokes are.
fn direction(manner: &Manner, rng: &mut ChaCha8Rng, length: f64, from: (f64, f64)) -> f64 {
    for _ in 0..32 {
        let sideways = manner.value(c::STROKE_HORIZONTAL, 0.6, rng).clamp(0.02, 0.98);
        let across = if rng.random_bool(0.5) { sideways } else { -sideways };
        let down = if rng.random_bool(0.5) { 1.0 - sideways } else { sideways - 1.0 };
        let angle = down.atan2(across);
        let (x, y) = (from.0 + length * angle.cos(), from.1 + length * angle.sin());
        if (0.0..SCREEN.0).contains(&x) && (0.0..SCREEN.1).contains(&y) {
            return angle;
        }
    }
    (SCREEN.1 / 2.0 - from.1).atan2(SCREEN.0 / 2.0 - from.0)
}

#[expect(clippy::cast_precision_loss, reason = "a number of samples")]
fn fraction(i: u64, of: u64) -> f64 {
    i as f64 / of as f64
}
