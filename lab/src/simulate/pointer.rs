//! Strokes: minimum-jerk movements (Flash & Hogan 1985) with a bow, then a rest and often a click.

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
}

const CLASSES: [Class; 3] = [
    Class { lengths: (25.0, 90.0), duration: c::DURATION_SHORT, deviation: c::DEVIATION_SHORT },
    Class { lengths: (115.0, 370.0), duration: c::DURATION_MIDDLE, deviation: c::DEVIATION_MIDDLE },
    Class { lengths: (430.0, 900.0), duration: c::DURATION_LONG, deviation: c::DEVIATION_LONG },
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
    for _ in 0..strokes {
        let class = &CLASSES[rng.random_range(0..CLASSES.len())];
        at_us = stroke(manner, rng, class, at_us, cursor, &mut events);
        if rng.random_bool(0.5) {
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
    let towards = direction(rng, length, *cursor);
    let duration = microseconds(manner.value(class.duration, 450.0, rng)).clamp(60_000, 4_000_000);
    let bow = length
        * manner.value(class.deviation, 0.06, rng).min(0.4)
        * if rng.random_bool(0.5) { 1.0 } else { -1.0 };
    let (cos, sin) = (towards.cos(), towards.sin());
    let from = *cursor;
    let samples = (duration / SAMPLE_US).max(4);
    for i in 0..=samples {
        let share = fraction(i, samples);
        let along = length * share.powi(3) * (10.0 - 15.0 * share + 6.0 * share * share);
        let aside = bow * (std::f64::consts::PI * along / length).sin();
        *cursor = (from.0 + along * cos - aside * sin, from.1 + along * sin + aside * cos);
        events.push(RawEvent { at_us: start_us + i * SAMPLE_US, action: Action::At(cursor.0, cursor.1) });
    }
    start_us + samples * SAMPLE_US
}

/// A direction that stays on the screen.
fn direction(rng: &mut ChaCha8Rng, length: f64, from: (f64, f64)) -> f64 {
    for _ in 0..32 {
        let angle: f64 = rng.random_range(0.0..std::f64::consts::TAU);
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
