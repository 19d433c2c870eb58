//! One stroke: a minimum-jerk movement (Flash & Hogan 1985), its speed and path bent to the person's.

use std::f64::consts::{PI, TAU};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tacit_proto::FeatureId;
use tacit_proto::catalogue as c;

use super::draw::{Manner, normal};

/// Speed is shaped in so many equal slices of time.
const SLICES: usize = 12;
const QUARTER: usize = SLICES / 4;
/// Slowest that a slice is, over the mean speed: slower would be a rest.
const SLOWEST: f64 = 0.03;
/// How much of a stroke's crookedness its bow, turning and length of path have in common.
const COMMON: f64 = 0.8;
/// How much longer a stroke takes that is longer than others of its class, as a power.
const LONGER: f64 = 0.4;

/// Features of a length class, and what its strokes are like by nature.
struct Class {
    lengths: (f64, f64),
    /// Natural logarithm of a usual length.
    usual: f64,
    /// Peak speed over mean speed, natural logarithm.
    peaked: f64,
    duration: FeatureId,
    speed_mean: FeatureId,
    speed_peak: FeatureId,
    acceleration: FeatureId,
    straightness: FeatureId,
    deviation: FeatureId,
    turning: FeatureId,
    time_to_peak: FeatureId,
    first_quarter: FeatureId,
    last_quarter: FeatureId,
}

const SHORT: Class = Class {
    lengths: (12.0, 95.0),
    usual: 3.6,
    peaked: 0.8,
    duration: c::DURATION_SHORT,
    speed_mean: c::SPEED_MEAN_SHORT,
    speed_peak: c::SPEED_PEAK_SHORT,
    acceleration: c::ACCELERATION_SHORT,
    straightness: c::STRAIGHTNESS_SHORT,
    deviation: c::DEVIATION_SHORT,
    turning: c::TURNING_SHORT,
    time_to_peak: c::TIME_TO_PEAK_SHORT,
    first_quarter: c::FIRST_QUARTER_SHORT,
    last_quarter: c::LAST_QUARTER_SHORT,
};
const MIDDLE: Class = Class {
    lengths: (105.0, 390.0),
    usual: 5.4,
    peaked: 1.05,
    duration: c::DURATION_MIDDLE,
    speed_mean: c::SPEED_MEAN_MIDDLE,
    speed_peak: c::SPEED_PEAK_MIDDLE,
    acceleration: c::ACCELERATION_MIDDLE,
    straightness: c::STRAIGHTNESS_MIDDLE,
    deviation: c::DEVIATION_MIDDLE,
    turning: c::TURNING_MIDDLE,
    time_to_peak: c::TIME_TO_PEAK_MIDDLE,
    first_quarter: c::FIRST_QUARTER_MIDDLE,
    last_quarter: c::LAST_QUARTER_MIDDLE,
};
const LONG: Class = Class {
    lengths: (410.0, 1_600.0),
    usual: 6.6,
    peaked: 1.2,
    duration: c::DURATION_LONG,
    speed_mean: c::SPEED_MEAN_LONG,
    speed_peak: c::SPEED_PEAK_LONG,
    acceleration: c::ACCELERATION_LONG,
    straightness: c::STRAIGHTNESS_LONG,
    deviation: c::DEVIATION_LONG,
    turning: c::TURNING_LONG,
    time_to_peak: c::TIME_TO_PEAK_LONG,
    first_quarter: c::FIRST_QUARTER_LONG,
    last_quarter: c::LAST_QUARTER_LONG,
};

/// A stroke about to be made, lying along the x axis.
pub(super) struct Plan {
    /// From start to end along the axis, pixels.
    pub(super) chord: f64,
    pub(super) duration_ms: f64,
    /// Share of the chord done at the end of each slice.
    done: [f64; SLICES],
    bow: f64,
    wave: f64,
    waves: f64,
}

impl Plan {
    /// Draws a stroke.
    pub(super) fn draw(manner: &Manner, rng: &mut ChaCha8Rng) -> Self {
        let length = manner.value(c::STROKE_LENGTH, 300.0, rng);
        let class = match length {
            l if l < 100.0 => &SHORT,
            l if l < 400.0 => &MIDDLE,
            _ => &LONG,
        };
        let lengthened = length * manner.mean(class.speed_mean, 0.0).exp();
        let length = lengthened.clamp(class.lengths.0, class.lengths.1);
        let duration =
            manner.value(class.duration, 450.0, rng) * (LONGER * (length.ln() - class.usual)).exp();

        let crooked = normal(rng);
        let mut apart = |sign: f64| sign * COMMON * crooked + (1.0 - COMMON * COMMON).sqrt() * normal(rng);
        let (z_bow, z_longer, z_turning) = (apart(1.0), apart(-1.0), apart(1.0));
        let bow = manner.value_at(class.deviation, 0.06, z_bow).min(0.6);
        let longer = 1.0 / manner.value_at(class.straightness, 0.93, z_longer) - 1.0;
        let turning = manner.value_at(class.turning, 1.0, z_turning);
        // A slope s lengthens a path by s²/2; a sine's mean square is half its highest.
        let steep = (4.0 * longer - (PI * bow).powi(2)).clamp(1e-4, 2.5).sqrt();
        let waves = ((turning - 2.0 * (PI * bow).atan()) / (4.0 * steep.atan())).clamp(1.0, 4.0);
        let chord = length / (1.0 + ((PI * bow).powi(2) + steep * steep) / 4.0);
        Self {
            chord,
            duration_ms: duration.clamp(35.0, 3_500.0),
            done: done(manner, rng, class),
            bow: if rng.random_bool(0.5) { bow } else { -bow } * chord,
            wave: steep * chord / (TAU * waves),
            waves,
        }
    }

    /// Place along and aside of the axis after a share of the duration, pixels.
    pub(super) fn at(&self, share: f64) -> (f64, f64) {
        let mut before = (0.0, 0.0);
        let mut done = 1.0;
        for (end, after) in (1u8..).zip(self.done) {
            let end = f64::from(end) / SLICES as f64;
            if share <= end {
                done = before.1 + (after - before.1) * (share - before.0) / (end - before.0);
                break;
            }
            before = (end, after);
        }
        let aside = self.bow * (PI * done).sin() + self.wave * (TAU * self.waves * done).sin();
        (self.chord * done, aside)
    }
}

/// Share of the way done at the end of each slice of time.
fn done(manner: &Manner, rng: &mut ChaCha8Rng, class: &Class) -> [f64; SLICES] {
    let peak_at = manner.value(class.time_to_peak, 0.4, rng);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the slices")]
    let peak = ((peak_at * SLICES as f64) as usize).min(SLICES - 1);
    let height = (class.peaked + manner.mean(class.speed_peak, 0.0) + 0.25 * normal(rng)).exp();
    let height = height.clamp(1.15, 6.0);
    let unsteady = (0.5 * (1.5 * manner.mean(class.acceleration, 0.0)).exp()).clamp(0.02, 2.5);

    // Time is warped so that a minimum-jerk movement is fastest in the peak's slice.
    let warp = 0.5f64.ln() / ((peak as f64 + 0.5) / SLICES as f64).ln();
    let mut speeds = [0.0; SLICES];
    for (i, speed) in speeds.iter_mut().enumerate() {
        let share = ((i as f64 + 0.5) / SLICES as f64).powf(warp);
        let bell = (share * (1.0 - share)).powi(2) * 16.0;
        *speed = (bell + SLOWEST) * (unsteady * normal(rng)).exp();
    }
    // Each part of the movement takes its share of the way.
    let mut first = manner.value(class.first_quarter, 1.0, rng) * QUARTER as f64;
    let mut last = manner.value(class.last_quarter, 0.4, rng) * QUARTER as f64;
    let least = 1.1 * height;
    if peak < QUARTER {
        first = first.max(least);
    } else if peak >= SLICES - QUARTER {
        last = last.max(least);
    }
    let middle = if (QUARTER..SLICES - QUARTER).contains(&peak) { least } else { 1.0 };
    let all = SLICES as f64;
    if first + last + middle > all {
        let shrink = (all - middle).max(1.0) / (first + last);
        first *= shrink;
        last *= shrink;
    }
    let parts = [
        (0, QUARTER, first),
        (QUARTER, SLICES - QUARTER, all - first - last),
        (SLICES - QUARTER, SLICES, last),
    ];
    for (from, to, sum) in parts {
        let peak = (from..to).contains(&peak).then(|| peak - from);
        share_out(&mut speeds[from..to], sum.max(0.1), height, peak);
    }
    let mut way = 0.0;
    let total: f64 = speeds.iter().sum();
    speeds.map(|speed| {
        way += speed / total;
        way
    })
}

/// Scales speeds to a sum, none above the height, and one of them at it.
fn share_out(speeds: &mut [f64], sum: f64, height: f64, peak: Option<usize>) {
    let mut sum = sum;
    if let Some(peak) = peak {
        speeds[peak] = height.min(0.9 * sum);
        sum -= speeds[peak];
    }
    // What is cut off above the height is made up by the others, as far as a few passes go.
    for _ in 0..3 {
        let others = |(i, _): &(usize, &f64)| Some(*i) != peak;
        let total: f64 = speeds.iter().enumerate().filter(others).map(|(_, s)| s).sum();
        let scale = sum / total.max(1e-9);
        for (i, speed) in speeds.iter_mut().enumerate() {
            if Some(i) != peak {
                *speed = (*speed * scale).clamp(SLOWEST, 0.97 * height);
            }
        }
    }
}
