//! One stroke, of a pointer or of a finger, and what its path is like.

use tacit_proto::FeatureId;

use crate::keyboard::milliseconds;
use crate::open::Values;

/// A single movement longer than any screen, in pixels, is no movement.
pub(crate) const MAX_MOVE: f64 = 20_000.0;
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
/// Share of the mean speed below which a stroke nearly rests.
const SLOW: f64 = 0.25;

/// A point of the path, relative to where the stroke began.
#[derive(Debug, Clone, Copy)]
struct Point {
    at_us: u64,
    x: f64,
    y: f64,
    /// Path length up to here.
    path: f64,
}

/// Sums of movement, pixels.
#[derive(Debug, Default)]
struct Sides {
    right: f64,
    left: f64,
    down: f64,
    up: f64,
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
    pub(crate) fn shape(&self) -> Shape {
        let path = self.path();
        let duration_ms = milliseconds(self.duration_us());
        let seconds = duration_ms / 1000.0;
        let Sides { right, left, down, up } = self.sides();
        let (across, upright) = (right + left, down + up);
        let (turning, clockwise) = self.turning();
        let along: Vec<f64> =
            (0..=SLICES).map(|i| self.path_after(duration_ms * count(i) / count(SLICES))).collect();
        let slice_seconds = seconds / count(SLICES);
        let speeds: Vec<f64> = along.windows(2).map(|w| (w[1] - w[0]) / slice_seconds).collect();
        let (mut peak_at, mut peak) = (0, 0.0);
        for (i, speed) in speeds.iter().enumerate() {
            if *speed > peak {
                (peak_at, peak) = (i, *speed);
            }
        }
        let changes: f64 = speeds.windows(2).map(|w| (w[1] - w[0]).abs()).sum();
        let quarter = SLICES / 4;
        let chord = self.chord();
        Shape {
            path,
            horizontal: across / (across + upright),
            rightward: right / across,
            downward: down / upright,
            clockwise: clockwise / turning,
            slow: self.slow(path / duration_ms) / duration_ms,
            duration_ms,
            speed_mean: path / seconds,
            speed_peak: peak,
            time_to_peak: (count(peak_at) + 0.5) / count(SLICES),
            acceleration: changes / count(SLICES - 1) / slice_seconds,
            first_quarter: along[quarter] * 4.0 / path,
            last_quarter: (path - along[SLICES - quarter]) * 4.0 / path,
            straightness: chord / path,
            deviation: self.deviation() / chord.max(1.0),
            turning,
        }
    }

    /// Path length this many milliseconds after the start.
    pub(crate) fn path_after(&self, at: f64) -> f64 {
        let Some(first) = self.points.first() else { return 0.0 };
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

    /// Movement to each side.
    fn sides(&self) -> Sides {
        self.points.windows(2).fold(Sides::default(), |sum, w| {
            let (dx, dy) = (w[1].x - w[0].x, w[1].y - w[0].y);
            Sides {
                right: sum.right + dx.max(0.0),
                left: sum.left - dx.min(0.0),
                down: sum.down + dy.max(0.0),
                up: sum.up - dy.min(0.0),
            }
        })
    }

    /// Milliseconds at less than a fraction of the mean speed, which is in pixels a millisecond.
    fn slow(&self, mean: f64) -> f64 {
        let spans =
            self.points.windows(2).map(|w| (milliseconds(w[1].at_us - w[0].at_us), w[1].path - w[0].path));
        spans.filter(|(ms, path)| *path < SLOW * mean * ms).map(|(ms, _)| ms).sum()
    }

    /// Sum of the changes of direction between equal slices of the path, and of those that go clockwise, in radians.
    fn turning(&self) -> (f64, f64) {
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
        // On a screen, where y grows downwards, a rising angle is clockwise.
        directions
            .windows(2)
            .map(|w| wrapped(w[1] - w[0]))
            .fold((0.0, 0.0), |(all, clockwise), turn| (all + turn.abs(), clockwise + turn.max(0.0)))
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

/// What a stroke is like. A share of nothing is no number, and is not counted when pushed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Length of the path, pixels.
    pub(crate) path: f64,
    /// Share of the movement that is sideways.
    pub(crate) horizontal: f64,
    /// Share of the sideways movement that goes right.
    pub(crate) rightward: f64,
    /// Share of the upright movement that goes down.
    pub(crate) downward: f64,
    /// Share of the turning that is clockwise.
    pub(crate) clockwise: f64,
    /// Share of the duration that is nearly a rest.
    pub(crate) slow: f64,
    duration_ms: f64,
    speed_mean: f64,
    speed_peak: f64,
    /// Over the duration.
    time_to_peak: f64,
    acceleration: f64,
    /// Speeds of the quarters, over the mean.
    first_quarter: f64,
    last_quarter: f64,
    /// Straight distance over path.
    straightness: f64,
    /// Over the straight distance.
    deviation: f64,
    /// Radians.
    turning: f64,
}

impl Shape {
    /// Adds what depends on length to the features of its class.
    pub(crate) fn push(&self, ids: &Ids, values: &mut Values<'_>) {
        values.push(ids.duration, self.duration_ms);
        values.push(ids.speed_mean, self.speed_mean);
        values.push(ids.speed_peak, self.speed_peak);
        values.push(ids.time_to_peak, self.time_to_peak);
        values.push(ids.acceleration, self.acceleration);
        values.push(ids.first_quarter, self.first_quarter);
        values.push(ids.last_quarter, self.last_quarter);
        values.push(ids.straightness, self.straightness);
        values.push(ids.deviation, self.deviation);
        values.push(ids.turning, self.turning);
    }
}

/// The features of a length class.
#[derive(Debug)]
pub(crate) struct Ids {
    pub(crate) duration: FeatureId,
    pub(crate) speed_mean: FeatureId,
    pub(crate) speed_peak: FeatureId,
    pub(crate) acceleration: FeatureId,
    pub(crate) straightness: FeatureId,
    pub(crate) deviation: FeatureId,
    pub(crate) turning: FeatureId,
    pub(crate) time_to_peak: FeatureId,
    pub(crate) first_quarter: FeatureId,
    pub(crate) last_quarter: FeatureId,
}
