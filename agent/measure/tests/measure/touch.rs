//! Fingers on a screen.

use tacit_measure::{Contact, Input, Locator, Measurer, Origin, Output, Phase, Settings, TimedInput};
use tacit_proto::catalogue as c;
use tacit_proto::{FeatureStats, Modality};

use crate::desk::{Deed, MS, events, measure, sum, uncut};
use crate::examples::assert_constant;

const SWIPE: Deed = Deed::Touch { finger: 0, gap: 700, steps: 25, dx: 4, dy: 0, every: 10, rest: 30 };

fn touched(deeds: &[Deed]) -> (u32, u32, FeatureStats) {
    let (strokes, _, discarded, stats, _) = sum(&measure(uncut(), &events(deeds, 0)), Modality::Touch);
    (strokes, discarded, stats)
}

fn count(stats: &FeatureStats, id: tacit_proto::FeatureId) -> u32 {
    stats.get(id).map_or(0, |stat| stat.count())
}

#[test]
fn a_straight_stroke_of_even_speed() {
    // 25 steps of 4 px in 250 ms, and a rest of 30 ms: 420 ms lie between lifting off and landing again.
    let (strokes, discarded, stats) = touched(&[SWIPE; 12]);
    assert_eq!((strokes, discarded), (12, 0));
    for (id, raw) in [
        (c::TOUCH_LENGTH, 100.0),
        (c::TOUCH_DURATION_SHORT, 250.0),
        (c::TOUCH_SPEED_MEAN_SHORT, 400.0),
        (c::TOUCH_SPEED_PEAK_SHORT, 400.0),
        (c::TOUCH_STRAIGHTNESS_SHORT, 0.999),
        (c::TOUCH_HORIZONTAL, 1.0),
        (c::TOUCH_RIGHTWARD, 1.0),
        (c::TOUCH_SLOW, 0.0),
        (c::TOUCH_SLOWDOWN, 250.0),
        (c::TOUCH_FAST, 1.0),
        (c::TOUCH_CORNER, 1.0),
        (c::TOUCH_LANDING, 10.0),
        (c::TOUCH_DWELL, 30.0),
        (c::TOUCH_LANDING_SPEED, 400.0),
        // The finger moved for 50 of the last 80 ms.
        (c::TOUCH_LIFT_SPEED, 250.0),
        (c::TOUCH_OVERLAP, 0.0),
        (c::TAP_SHARE, 0.0),
    ] {
        assert_constant(&stats, id, 12, raw);
    }
    assert_constant(&stats, c::TOUCH_REST, 11, 420.0);
    assert!(stats.get(c::TOUCH_DOWNWARD).is_none(), "nothing moved up or down");
    assert!(stats.get(c::TOUCH_PRESSURE).is_none() && stats.get(c::TOUCH_AREA).is_none());
}

#[test]
fn a_way_round_is_clockwise_or_not() {
    let round = |sign: f64| {
        let (mut locator, mut stream) = (Locator::new(), Vec::new());
        for i in 0..12 * 40u64 {
            let (circle, step) = (i / 40, i % 40);
            let angle = sign * step as f64 / 30.0 * std::f64::consts::PI;
            let (x, y) = (300.0 + 80.0 * angle.cos(), 300.0 + 80.0 * angle.sin());
            let input = match step {
                0 => locator.touch_down(7, x, y),
                39 => locator.touch_up(7),
                _ => locator.touch_move(7, x, y),
            };
            let at_us = (circle * 1_000 + step * 12) * MS;
            stream.push(TimedInput { at_us, origin: Origin::Device, input: input.unwrap() });
        }
        sum(&measure(uncut(), &stream), Modality::Touch).3
    };
    assert_constant(&round(1.0), c::TOUCH_CLOCKWISE, 12, 1.0);
    assert_constant(&round(-1.0), c::TOUCH_CLOCKWISE, 12, 0.0);
}

#[test]
fn slowing_down_in_a_corner_is_seen() {
    // To the right and then down, quick but for 100 ms around the corner: 250 px in 400 ms.
    let (mut locator, mut stream) = (Locator::new(), Vec::new());
    for stroke in 0..10u64 {
        let mut push = |ms: u64, input: Option<Input>| {
            let at_us = (stroke * 1_000 + ms) * MS;
            stream.push(TimedInput { at_us, origin: Origin::Device, input: input.unwrap() });
        };
        let (mut x, mut y) = (100.0, 100.0);
        push(0, locator.touch_down(5, x, y));
        for step in 1..=40u64 {
            let far = if (16..=25).contains(&step) { 1.0 } else { 8.0 };
            if step <= 20 {
                x += far;
            } else {
                y += far;
            }
            push(step * 10, locator.touch_move(5, x, y));
        }
        push(410, locator.touch_up(5));
    }
    let stats = sum(&measure(uncut(), &stream), Modality::Touch).3;
    assert_constant(&stats, c::TOUCH_SLOW, 10, 0.25);
    assert_constant(&stats, c::TOUCH_SLOWDOWN, 10, 200.0);
    assert_constant(&stats, c::TOUCH_FAST, 10, 0.8 / 0.625);
    assert_constant(&stats, c::TOUCH_DURATION_LONG, 10, 400.0);
    let corner = stats.get(c::TOUCH_CORNER).unwrap().mean().exp();
    assert!(corner > 0.6 && corner < 0.8, "{corner}");
}

#[test]
fn taps_are_measured_and_are_no_strokes() {
    let tap = Deed::Touch { finger: 0, gap: 300, steps: 1, dx: 2, dy: 0, every: 40, rest: 30 };
    let (strokes, discarded, stats) = touched(&[[tap; 5].as_slice(), &[SWIPE; 10]].concat());
    assert_eq!((strokes, discarded), (10, 0));
    assert_constant(&stats, c::TAP_HOLD, 5, 70.0);
    assert_constant(&stats, c::TAP_SLIP, 5, 2.0);
    assert_eq!(count(&stats, c::TAP_SHARE), 15);
    assert_eq!(count(&stats, c::TOUCH_LENGTH), 10);
}

#[test]
fn fingers_are_told_apart() {
    // The second finger lands 100 ms after the first and lifts off after it.
    let other = Deed::Touch { finger: 9, gap: 100, steps: 20, dx: 0, dy: -9, every: 12, rest: 0 };
    let (strokes, discarded, stats) = touched(&[SWIPE, other].repeat(10));
    assert_eq!((strokes, discarded), (20, 0));
    let length = stats.get(c::TOUCH_LENGTH).unwrap();
    let (one, two) = (100f64.ln(), 180f64.ln());
    assert!((length.mean() - (one + two) / 2.0).abs() < 1e-9);
    assert_eq!(stats.get(c::TOUCH_OVERLAP).map(|s| s.mean()), Some(0.5));
    // Only who lands on an empty screen has rested, and the screen was empty for 460 ms.
    assert_constant(&stats, c::TOUCH_REST, 9, 460.0);
    assert_constant(&stats, c::TOUCH_DOWNWARD, 10, 0.0);
}

#[test]
fn a_lost_lift_off_spoils_one_stroke_and_is_counted() {
    let mut stream = events(&[SWIPE; 12], 0);
    let lifts: Vec<usize> = (0..stream.len())
        .filter(|i| matches!(stream[*i].input, Input::Touch { phase: Phase::Lift, .. }))
        .collect();
    stream.remove(lifts[4]);
    let (strokes, _, discarded, stats, _) = sum(&measure(uncut(), &stream), Modality::Touch);
    assert_eq!((strokes, discarded), (11, 1));
    assert_constant(&stats, c::TOUCH_LENGTH, 11, 100.0);
}

#[test]
fn a_lost_landing_loses_its_stroke() {
    let mut stream = events(&[SWIPE; 12], 0);
    stream.remove(0);
    let (strokes, _, discarded, stats, _) = sum(&measure(uncut(), &stream), Modality::Touch);
    assert_eq!((strokes, discarded), (11, 26));
    assert_constant(&stats, c::TOUCH_LENGTH, 11, 100.0);
}

#[test]
fn a_finger_that_stays_is_no_stroke() {
    let reading = Deed::Touch { finger: 0, gap: 700, steps: 30, dx: 4, dy: 0, every: 1_100, rest: 0 };
    let (strokes, _, stats) = touched(&[[SWIPE; 10].as_slice(), &[reading]].concat());
    assert_eq!((strokes, count(&stats, c::TOUCH_LENGTH)), (10, 10));
}

#[test]
fn pressure_and_area_are_means_over_the_stroke() {
    let mut stream = events(&[SWIPE; 10], 0);
    for (i, event) in stream.iter_mut().enumerate() {
        if let Input::Touch { pressure, area, .. } = &mut event.input {
            // 26 events a stroke before it lifts off.
            (*pressure, *area) = (Some(if i % 27 < 13 { 0.25 } else { 0.75 }), Some(64.0));
        }
    }
    let stats = sum(&measure(uncut(), &stream), Modality::Touch).3;
    assert_constant(&stats, c::TOUCH_PRESSURE, 10, 0.5);
    assert_constant(&stats, c::TOUCH_AREA, 10, 64.0);
}

#[test]
fn where_on_the_screen_changes_nothing() {
    let out = |x: f64, y: f64| {
        let (mut locator, mut measurer, mut out) =
            (Locator::new(), Measurer::new(Settings::default()), Vec::new());
        for i in 0..30u64 * 24 {
            let (stroke, step) = (i / 24, i % 24);
            let (x, y) = (x + (step * (stroke % 7)) as f64, y + (step * step / (1 + stroke % 5)) as f64);
            let input = match step {
                0 => locator.touch_down(3, x, y),
                23 => locator.touch_up(3),
                _ => locator.touch_move(3, x, y),
            };
            if let Some(input) = input {
                measurer.push(TimedInput { at_us: i * 16 * MS, origin: Origin::Device, input }, &mut out);
            }
        }
        measurer.finish(&mut out);
        out
    };
    let one = out(10.0, 20.0);
    assert!(one.iter().any(|o| matches!(o, Output::Window(w) if w.modality == Modality::Touch)));
    assert_eq!(one, out(731.0, 402.0));
}

#[test]
fn a_flood_of_touches_is_cut() {
    let mut stream = Vec::new();
    for i in 0..200_000u64 {
        let phase = if i % 2 == 0 { Phase::Land } else { Phase::Lift };
        let input = Input::Touch { contact: Contact(0), phase, pressure: None, area: None };
        stream.push(TimedInput { at_us: i, origin: Origin::Device, input });
    }
    stream.extend(events(&[SWIPE; 10], 10_000 * MS));
    let (strokes, _, discarded, stats, _) = sum(&measure(uncut(), &stream), Modality::Touch);
    assert_eq!((strokes, discarded), (10, 180_000));
    assert_eq!(count(&stats, c::TAP_HOLD), 10_000);
}
