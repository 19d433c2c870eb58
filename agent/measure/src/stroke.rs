//! One stroke: movement between rests, clicks and drags, and the features of its path.

use tacit_proto::FeatureId;
use tacit_proto::catalogue as c;

use crate::keyboard::milliseconds;
use crate::open::Values;

/// Points kept of one stroke; a longer one is cut, after at least 7 s.
const MAX_POINTS: usize = 2_048;
/// Points closer in time are drawn together: mice report every 1 to 8 ms, and it is not the mouse that is measured.
const STEP_US: u64 = 7_000;
/// A shorter path is jitter.
const MIN_PATH: f64 = 8.0;
const MIN_DURATION_US: u64 = 20_000;
const MIN_POINTS: usize = 3;
/// Equal slices of time that speed is taken over, so that the sampling rate of the device matters little.
const SLICES: usize = 12;
/// Equal slices of path that direction is taken over.
const CHORDS: usize = 8;

/// A point of the path, relative to where the stroke began.
#[derive(Debug, Clone, Copy)]
struct Point {
    at_us: u64,
    x: f64,
    y: f64,
    /// Path length up to here.
    path: f64,
}

/// A path in progress.
#[derive(Debug, Default)]
pub(crate) struct Stroke {
    points: Vec<Point>,
}

impl Stroke {
    pub(crate) fn is_full(&self) -> bool {
        self.points.len() >= MAX_POINTS
    }

    /// Adds a movement that ended at `at_us`. The first movement only marks the start: when it began is not known.
    pub(crate) fn extend(&mut self, at_us: u64, dx: f64, dy: f64) {
        let Some(last) = self.points.last().copied() else {
            self.points.push(Point { at_us, x: 0.0, y: 0.0, path: 0.0 });
            return;
        };
        // The last point is moved on until it is a step away from the one before it.
        if let [.., before, last] = self.points.as_slice()
            && last.at_us - before.at_us < STEP_US
        {
            self.points.pop();
        }
        let Some(from) = self.points.last() else { return };
        let (x, y) = (last.x + dx, last.y + dy);
        let path = from.path + (x - from.x).hypot(y - from.y);
        self.points.push(Point { at_us, x, y, path });
    }

    pub(crate) fn clear(&mut self) {
        self.points.clear();
    }

    pub(crate) fn first_us(&self) -> Option<u64> {
        self.points.first().map(|p| p.at_us)
    }

    pub(crate) fn last_us(&self) -> Option<u64> {
        self.points.last().map(|p| p.at_us)
    }

    pub(crate) fn path(&self) -> f64 {
        self.points.last().map_or(0.0, |p| p.path)
    }

    pub(crate) fn duration_us(&self) -> u64 {
        match (self.points.first(), self.points.last()) {
            (Some(first), Some(last)) => last.at_us.saturating_sub(first.at_us),
            _ => 0,
        }
    }

    /// Straight distance from start to end.
    pub(crate) fn chord(&self) -> f64 {
        self.points.last().map_or(0.0, |p| p.x.hypot(p.y))
    }

    /// Whether it is more than jitter.
    pub(crate) fn counts(&self) -> bool {
        self.points.len() >= MIN_POINTS && self.path() >= MIN_PATH && self.duration_us() >= MIN_DURATION_US
    }

    /// Measures a stroke that counts.
    pub(crate) fn measure(&self, values: &mut Values<'_>) {
        let path = self.path();
        let duration = milliseconds(self.duration_us());
        let seconds = duration / 1000.0;
        let ids = ids(path);
        values.push(c::STROKE_LENGTH, path);
        let (across, upright) = self.points.windows(2).fold((0.0, 0.0), |(across, upright), w| {
            (across + (w[1].x - w[0].x).abs(), upright + (w[1].y - w[0].y).abs())
        });
        values.push(c::STROKE_HORIZONTAL, across / (across + upright));
        values.push(ids.duration, duration);
        values.push(ids.speed_mean, path / seconds);

        let along: Vec<f64> = (0..=SLICES).map(|i| self.path_at(i, SLICES)).collect();
        let slice_seconds = seconds / count(SLICES);
        let speeds: Vec<f64> = along.windows(2).map(|w| (w[1] - w[0]) / slice_seconds).collect();
        let (mut peak_at, mut peak) = (0, 0.0);
        for (i, speed) in speeds.iter().enumerate() {
            if *speed > peak {
                (peak_at, peak) = (i, *speed);
            }
        }
        values.push(ids.speed_peak, peak);
        values.push(ids.time_to_peak, (count(peak_at) + 0.5) / count(SLICES));
        let changes: f64 = speeds.windows(2).map(|w| (w[1] - w[0]).abs()).sum();
        values.push(ids.acceleration, changes / count(SLICES - 1) / slice_seconds);
        let quarter = SLICES / 4;
        values.push(ids.first_quarter, along[quarter] * 4.0 / path);
        values.push(ids.last_quarter, (path - along[SLICES - quarter]) * 4.0 / path);

        let chord = self.chord();
        values.push(ids.straightness, chord / path);
        values.push(ids.deviation, self.deviation() / chord.max(1.0));
        values.push(ids.turning, self.turning());
    }

    /// Path length at slice `i` of `slices` of the duration.
    fn path_at(&self, i: usize, slices: usize) -> f64 {
        let Some(first) = self.points.first() else { return 0.0 };
        let at = milliseconds(self.duration_us()) * count(i) / count(slices);
        let time = |p: &Point| milliseconds(p.at_us - first.at_us);
        let next = self.points.partition_point(|p| time(p) < at);
        match (next.checked_sub(1).and_then(|k| self.points.get(k)), self.points.get(next)) {
            (Some(a), Some(b)) => {
                let share = (at - time(a)) / (time(b) - time(a));
                a.path + share * (b.path - a.path)
            }
            (None, Some(b)) => b.path,
            (_, None) => self.path(),
        }
    }

    /// Largest distance from the straight line between start and end.
    fn deviation(&self) -> f64 {
        let Some(end) = self.points.last() else { return 0.0 };
        let chord = self.chord();
        let distance = |p: &Point| {
            if chord < 1.0 { p.x.hypot(p.y) } else { ((end.x * p.y - end.y * p.x) / chord).abs() }
        };
        self.points.iter().map(distance).fold(0.0, f64::max)
    }

    /// Sum of the changes of direction between equal slices of the path, in radians.
    fn turning(&self) -> f64 {
        let path = self.path();
        let corners: Vec<(f64, f64)> = (0..=CHORDS)
            .map(|i| {
                let at = path * count(i) / count(CHORDS);
                let next = self.points.partition_point(|p| p.path < at);
                match (next.checked_sub(1).and_then(|k| self.points.get(k)), self.points.get(next)) {
                    (Some(a), Some(b)) => {
                        let share = (at - a.path) / (b.path - a.path);
                        (a.x + share * (b.x - a.x), a.y + share * (b.y - a.y))
                    }
                    (_, Some(p)) | (Some(p), None) => (p.x, p.y),
                    (None, None) => (0.0, 0.0),
                }
            })
            .collect();
        let directions: Vec<f64> = corners
            .windows(2)
            .filter(|w| w[0] != w[1])
            .map(|w| (w[1].1 - w[0].1).atan2(w[1].0 - w[0].0))
            .collect();
        directions.windows(2).map(|w| wrapped(w[1] - w[0]).abs()).sum()
    }
}

/// An angle drawn into −π to π.
fn wrapped(angle: f64) -> f64 {
    let turn = std::f64::consts::TAU;
    angle - turn * (angle / turn).round()
}

#[expect(clippy::cast_precision_loss, reason = "counts here are small")]
fn count(n: usize) -> f64 {
    n as f64
}

struct Ids {
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

/// The features of a length class: short below 100 px, long from 400 px on.
fn ids(path: f64) -> Ids {
    macro_rules! class {
        ($($field:ident $id:ident),*) => { Ids { $($field: c::$id),* } };
    }
    if path < 100.0 {
        class!(duration DURATION_SHORT, speed_mean SPEED_MEAN_SHORT, speed_peak SPEED_PEAK_SHORT,
            acceleration ACCELERATION_SHORT, straightness STRAIGHTNESS_SHORT, deviation DEVIATION_SHORT,
            turning TURNING_SHORT, time_to_peak TIME_TO_PEAK_SHORT, first_quarter FIRST_QUARTER_SHORT,
            last_quarter LAST_QUARTER_SHORT)
    } else if path < 400.0 {
        class!(duration DURATION_MIDDLE, speed_mean SPEED_MEAN_MIDDLE, speed_peak SPEED_PEAK_MIDDLE,
            acceleration ACCELERATION_MIDDLE, straightness STRAIGHTNESS_MIDDLE, deviation DEVIATION_MIDDLE,
            turning TURNING_MIDDLE, time_to_peak TIME_TO_PEAK_MIDDLE, first_quarter FIRST_QUARTER_MIDDLE,
            last_quarter LAST_QUARTER_MIDDLE)
    } else {
        class!(duration DURATION_LONG, speed_mean SPEED_MEAN_LONG, speed_peak SPEED_PEAK_LONG,
            acceleration ACCELERATION_LONG, straightness STRAIGHTNESS_LONG, deviation DEVIATION_LONG,
            turning TURNING_LONG, time_to_peak TIME_TO_PEAK_LONG, first_quarter FIRST_QUARTER_LONG,
            last_quarter LAST_QUARTER_LONG)
    }
}
