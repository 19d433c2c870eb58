//! What a stroke is like: how long, how fast and how straight it is, and the features that tell it, by length class.

use tacit_proto::FeatureId;
use tacit_proto::catalogue as c;

use crate::keyboard::milliseconds;
use crate::open::Values;
use crate::stroke::Stroke;

/// Equal slices of time that speed is taken over, so that the sampling rate of the device matters little.
const SLICES: usize = 12;
/// Equal slices of path that direction is taken over.
const CHORDS: usize = 8;

/// Slices slower than this share of the peak are nearly still.
const STILL: f64 = 0.1;

/// What a stroke is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Length of the path, pixels.
    pub(crate) path: f64,
    /// Share of the movement that is sideways.
    pub(crate) horizontal: f64,
    duration_ms: f64,
    speed_mean: f64,
    speed_peak: f64,
    /// Over the duration.
    time_to_peak: f64,
    acceleration: f64,
    /// Speeds of the first and last quarter, over the mean.
    quarters: (f64, f64),
    /// Straight distance over path.
    straightness: f64,
    /// Over the straight distance.
    deviation: f64,
    /// Radians.
    turning: f64,
    /// Mean distance from the straight line, over the straight distance; above zero if the path bends clockwise.
    bend: f64,
    /// From start to end.
    direction: Direction,
    /// Peaks of speed.
    movements: f64,
    /// Share of the time that is nearly still.
    dwell: f64,
    /// Sum of all changes of speed, over the peak.
    roughness: f64,
}

/// Which way a stroke goes, the nearest of four.
#[derive(Debug, Clone, Copy)]
enum Direction {
    Right,
    Left,
    Up,
    Down,
}

impl Shape {
    /// Of a stroke that counts.
    pub(crate) fn of(stroke: &Stroke) -> Self {
        let path = stroke.path();
        let duration_ms = milliseconds(stroke.duration_us());
        let seconds = duration_ms / 1000.0;
        let (across, upright) = stroke.points().windows(2).fold((0.0, 0.0), |(across, upright), w| {
            (across + (w[1].x - w[0].x).abs(), upright + (w[1].y - w[0].y).abs())
        });
        let along: Vec<f64> =
            (0..=SLICES).map(|i| stroke.path_after(duration_ms * count(i) / count(SLICES))).collect();
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
        let chord = stroke.chord();
        Self {
            path,
            horizontal: across / (across + upright),
            duration_ms,
            speed_mean: path / seconds,
            speed_peak: peak,
            time_to_peak: (count(peak_at) + 0.5) / count(SLICES),
            acceleration: changes / count(SLICES - 1) / slice_seconds,
            quarters: (along[quarter] * 4.0 / path, (path - along[SLICES - quarter]) * 4.0 / path),
            straightness: chord / path,
            deviation: deviation(stroke) / chord.max(1.0),
            turning: turns(stroke, CHORDS).iter().map(|turn| turn.abs()).sum(),
            bend: bend(stroke),
            direction: direction(stroke),
            movements: count(movements(&speeds)),
            dwell: count(speeds.iter().filter(|speed| **speed < STILL * peak).count()) / count(SLICES),
            roughness: changes / peak,
        }
    }

    /// Adds what is told of strokes of every length.
    pub(crate) fn push_manner(&self, values: &mut Values<'_>) {
        let (bend, haste) = match self.direction {
            Direction::Right => (c::STROKE_BEND_RIGHT, c::STROKE_HASTE_RIGHT),
            Direction::Left => (c::STROKE_BEND_LEFT, c::STROKE_HASTE_LEFT),
            Direction::Up => (c::STROKE_BEND_UP, c::STROKE_HASTE_UP),
            Direction::Down => (c::STROKE_BEND_DOWN, c::STROKE_HASTE_DOWN),
        };
        values.push(bend, self.bend);
        // Speed grows with about the root of the length of a stroke.
        values.push(haste, self.speed_mean / self.path.sqrt());
        values.push(c::STROKE_SLOWDOWNS, self.movements);
        values.push(c::STROKE_DWELL, self.dwell);
        values.push(c::STROKE_ROUGHNESS, self.roughness);
    }

    /// Adds what depends on length to the features of its class.
    pub(crate) fn push(&self, ids: &Ids, values: &mut Values<'_>) {
        values.push(ids.duration, self.duration_ms);
        values.push(ids.speed_mean, self.speed_mean);
        values.push(ids.speed_peak, self.speed_peak);
        values.push(ids.time_to_peak, self.time_to_peak);
        values.push(ids.acceleration, self.acceleration);
        values.push(ids.straightness, self.straightness);
        values.push(ids.deviation, self.deviation);
        values.push(ids.turning, self.turning);
        if let Some((first, last)) = ids.quarters {
            values.push(first, self.quarters.0);
            values.push(last, self.quarters.1);
        }
    }
}

/// The features of a length class.
#[derive(Debug)]
pub(crate) struct Ids {
    pub(crate) duration: FeatureId,
    pub(crate) speed_mean: FeatureId,
    pub(crate) speed_peak: FeatureId,
    pub(crate) time_to_peak: FeatureId,
    pub(crate) acceleration: FeatureId,
    pub(crate) straightness: FeatureId,
    pub(crate) deviation: FeatureId,
    pub(crate) turning: FeatureId,
    /// Not for fingers: how they land and lift off tells it better.
    pub(crate) quarters: Option<(FeatureId, FeatureId)>,
}

/// Largest distance from the straight line between start and end.
fn deviation(stroke: &Stroke) -> f64 {
    let Some(end) = stroke.points().last() else { return 0.0 };
    let chord = stroke.chord();
    stroke
        .points()
        .iter()
        .map(|p| if chord < 1.0 { p.x.hypot(p.y) } else { ((end.x * p.y - end.y * p.x) / chord).abs() })
        .fold(0.0, f64::max)
}

fn bend(stroke: &Stroke) -> f64 {
    let Some(end) = stroke.points().last() else { return 0.0 };
    let chord = stroke.chord();
    if chord < 1.0 {
        return 0.0;
    }
    let path = stroke.path();
    let off = (1..CHORDS).map(|i| {
        let (x, y) = stroke.place_after(path * count(i) / count(CHORDS));
        (end.x * y - end.y * x) / chord
    });
    -off.sum::<f64>() / count(CHORDS - 1) / chord
}

fn direction(stroke: &Stroke) -> Direction {
    match stroke.points().last() {
        Some(end) if end.x.abs() >= end.y.abs() => {
            if end.x >= 0.0 {
                Direction::Right
            } else {
                Direction::Left
            }
        }
        Some(end) if end.y < 0.0 => Direction::Up,
        _ => Direction::Down,
    }
}

/// Slices that are faster than those around them.
fn movements(speeds: &[f64]) -> usize {
    let at = |i: Option<usize>| i.and_then(|i| speeds.get(i)).copied().unwrap_or(0.0);
    (0..speeds.len()).filter(|&i| speeds[i] > at(i.checked_sub(1)) && speeds[i] >= at(Some(i + 1))).count()
}

/// Changes of direction between equal slices of the path, in radians. On a screen, where y grows downwards, a change above
/// zero is clockwise.
pub(crate) fn turns(stroke: &Stroke, slices: usize) -> Vec<f64> {
    let path = stroke.path();
    let corners: Vec<(f64, f64)> =
        (0..=slices).map(|i| stroke.place_after(path * count(i) / count(slices))).collect();
    let directions: Vec<f64> = corners
        .windows(2)
        .filter(|w| w[0] != w[1])
        .map(|w| (w[1].1 - w[0].1).atan2(w[1].0 - w[0].0))
        .collect();
    directions.windows(2).map(|w| wrapped(w[1] - w[0])).collect()
}

/// An angle drawn into −π to π.
fn wrapped(angle: f64) -> f64 {
    let turn = std::f64::consts::TAU;
    angle - turn * (angle / turn).round()
}

#[expect(clippy::cast_precision_loss, reason = "counts here are small")]
pub(crate) fn count(n: usize) -> f64 {
    n as f64
}
