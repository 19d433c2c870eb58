//! How a finger goes along its stroke: which way, how evenly, and how it takes corners. Gesture typing is full of corners.

use tacit_proto::catalogue as c;

use crate::keyboard::milliseconds;
use crate::open::Values;
use crate::shape::{count, turns};
use crate::stroke::Stroke;

/// Share of the mean speed below which a finger nearly rests.
const SLOW: f64 = 0.25;
/// Slices of time that speed is taken over to see it rise and fall.
const SLICE_MS: f64 = 40.0;
/// Fewer slices show no rise and fall.
const LEAST_SLICES: usize = 4;
/// A rise or fall of speed by less than this share of the mean is none.
const CHANGE: f64 = 0.3;
/// Equal slices of path that turns are taken over.
const CHORDS: usize = 8;
/// The same where the speed in turns is compared.
const CORNERS: usize = 16;

/// Measures the flow of a stroke that counts.
pub(crate) fn measure(stroke: &Stroke, values: &mut Values<'_>) {
    directions(stroke, values);
    let path = stroke.path();
    let duration = milliseconds(stroke.duration_us());
    let mean = path / duration;
    let slow: f64 = stroke
        .points()
        .windows(2)
        .map(|w| (milliseconds(w[1].at_us - w[0].at_us), w[1].path - w[0].path))
        .filter(|(ms, path)| *path < SLOW * mean * ms)
        .map(|(ms, _)| ms)
        .sum();
    values.push(c::TOUCH_SLOW, slow / duration);

    let mut speeds = speeds(stroke, duration);
    if speeds.len() >= LEAST_SLICES {
        values.push(c::TOUCH_SLOWDOWN, duration / count(1 + slowdowns(&speeds, CHANGE * mean)));
        speeds.sort_by(f64::total_cmp);
        values.push(c::TOUCH_FAST, speeds[speeds.len() * 9 / 10] / mean);
    }
    if let Some(ratio) = corners(stroke) {
        values.push(c::TOUCH_CORNER, ratio);
    }
}

fn directions(stroke: &Stroke, values: &mut Values<'_>) {
    let (mut right, mut left, mut down, mut up) = (0.0, 0.0, 0.0, 0.0);
    for w in stroke.points().windows(2) {
        let (dx, dy) = (w[1].x - w[0].x, w[1].y - w[0].y);
        right += dx.max(0.0);
        left -= dx.min(0.0);
        down += dy.max(0.0);
        up -= dy.min(0.0);
    }
    // A share of nothing is no number, and no number is not counted.
    values.push(c::TOUCH_RIGHTWARD, right / (right + left));
    values.push(c::TOUCH_DOWNWARD, down / (down + up));
    let (all, clockwise) = turns(stroke, CHORDS)
        .iter()
        .fold((0.0, 0.0), |(all, clockwise), turn| (all + turn.abs(), clockwise + turn.max(0.0)));
    values.push(c::TOUCH_CLOCKWISE, clockwise / all);
}

/// Speeds over equal slices of time, in pixels a millisecond.
fn speeds(stroke: &Stroke, duration: f64) -> Vec<f64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundred slices")]
    let slices = (duration / SLICE_MS) as usize;
    let along: Vec<f64> = (0..=slices).map(|i| stroke.path_after(count(i) * SLICE_MS)).collect();
    along.windows(2).map(|w| (w[1] - w[0]) / SLICE_MS).collect()
}

/// How often speed falls by `change` and rises by as much again.
fn slowdowns(speeds: &[f64], change: f64) -> usize {
    let mut turned = speeds.first().copied().unwrap_or_default();
    let (mut falling, mut slowdowns) = (false, 0);
    for speed in speeds.iter().copied() {
        if falling {
            turned = speed.min(turned);
            if speed > turned + change {
                (falling, turned) = (false, speed);
                slowdowns += 1;
            }
        } else {
            turned = speed.max(turned);
            if speed < turned - change {
                (falling, turned) = (true, speed);
            }
        }
    }
    slowdowns
}

/// Speed in the third of the path that turns most, over that in the third that turns least.
fn corners(stroke: &Stroke) -> Option<f64> {
    let turns = turns(stroke, CORNERS);
    let slice = stroke.path() / count(CORNERS);
    let mut slices: Vec<(f64, f64)> = turns
        .iter()
        .enumerate()
        .map(|(i, turn)| {
            let middle = count(i + 1) * slice;
            let ms = stroke.ms_after(middle + slice / 2.0) - stroke.ms_after(middle - slice / 2.0);
            (turn.abs(), (slice / ms.max(1.0)).ln())
        })
        .collect();
    slices.sort_by(|a, b| a.0.total_cmp(&b.0));
    let third = slices.len() / 3;
    let mean = |part: &[(f64, f64)]| part.iter().map(|(_, speed)| speed).sum::<f64>() / count(third);
    (third > 0).then(|| (mean(&slices[slices.len() - third..]) - mean(&slices[..third])).exp())
}
