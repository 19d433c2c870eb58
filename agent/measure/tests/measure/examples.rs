//! Short streams whose stats can be worked out by hand.

use tacit_measure::{Button, Input, Origin, Output, Privacy, Settings, SignalKind, TimedInput};
use tacit_proto::catalogue as c;
use tacit_proto::{Beginning, FeatureId, FeatureStats, Modality};

use crate::desk::{Deed, MS, events, measure, sum, uncut, windows};

/// Count and mean, in the feature's own unit, of what does not vary.
fn constant(stats: &FeatureStats, id: FeatureId) -> (u32, f64) {
    let stat = stats.get(id).unwrap();
    assert!(stat.variance() < 1e-12, "varies");
    (stat.count(), c::feature(id).unwrap().raw(stat.mean()))
}

pub(crate) fn assert_constant(stats: &FeatureStats, id: FeatureId, count: u32, raw: f64) {
    let (n, mean) = constant(stats, id);
    assert_eq!(n, count, "{}", c::feature(id).unwrap().name);
    assert!((mean - raw).abs() < 1e-6 * raw.abs().max(1.0), "{}: {mean}", c::feature(id).unwrap().name);
}

fn typed(pattern: &[(u16, u64, u64)], times: usize) -> FeatureStats {
    let deeds: Vec<_> =
        pattern.repeat(times).into_iter().map(|(code, gap, hold)| Deed::Key { code, gap, hold }).collect();
    sum(&measure(uncut(), &events(&deeds, 0)), Modality::Keyboard).3
}

#[test]
fn keys_apart() {
    // Left hand 150 ms after the right one, held 80 ms; right hand 100 ms after the left one, held 120 ms.
    let stats = typed(&[(30, 150, 80), (36, 100, 120)], 20);
    assert_constant(&stats, c::HOLD_LEFT, 20, 80.0);
    assert_constant(&stats, c::HOLD_RIGHT, 20, 120.0);
    assert_constant(&stats, c::DOWN_DOWN_LEFT_RIGHT, 20, 100.0);
    assert_constant(&stats, c::DOWN_DOWN_RIGHT_LEFT, 19, 150.0);
    assert_constant(&stats, c::UP_DOWN_LEFT_RIGHT, 20, 20.0);
    assert_constant(&stats, c::UP_DOWN_RIGHT_LEFT, 19, 30.0);
    assert_constant(&stats, c::ROLLOVER_LEFT_RIGHT, 20, 0.0);
    assert_constant(&stats, c::CORRECTION_SHARE, 40, 0.0);
}

#[test]
fn keys_rolled_over() {
    // The left key is still down for 30 ms when the right one is pressed.
    let stats = typed(&[(30, 200, 130), (36, 100, 60)], 20);
    assert_constant(&stats, c::HOLD_LEFT, 20, 130.0);
    assert_constant(&stats, c::UP_DOWN_LEFT_RIGHT, 20, -30.0);
    assert_constant(&stats, c::ROLLOVER_LEFT_RIGHT, 20, 1.0);
    assert_constant(&stats, c::UP_DOWN_RIGHT_LEFT, 19, 140.0);
    assert_constant(&stats, c::ROLLOVER_RIGHT_LEFT, 19, 0.0);
}

#[test]
fn a_release_at_the_time_of_its_press_measures_nothing() {
    let stats = typed(&[(30, 100, 0), (36, 100, 50)], 20);
    assert!(stats.get(c::HOLD_LEFT).is_none());
    assert!(stats.get(c::UP_DOWN_LEFT_RIGHT).is_none() && stats.get(c::ROLLOVER_LEFT_RIGHT).is_none());
    assert_constant(&stats, c::DOWN_DOWN_LEFT_RIGHT, 20, 100.0);
    assert_constant(&stats, c::UP_DOWN_RIGHT_LEFT, 19, 50.0);
}

#[test]
fn pauses_bursts_and_breaks_join_nothing() {
    let key = |gap| Deed::Key { code: 30, gap, hold: 50 };
    let mut deeds = Vec::new();
    for _ in 0..10 {
        deeds.extend([key(2_000), key(100), key(100)]);
    }
    deeds.extend([Deed::Rest(100), Deed::Break, key(100), key(40_000)]);
    let stats = sum(&measure(uncut(), &events(&deeds, 0)), Modality::Keyboard).3;
    assert_constant(&stats, c::PAUSE, 9, 2_000.0);
    assert_constant(&stats, c::DOWN_DOWN_LEFT_SAME, 20, 100.0);
    // Nine bursts of three ended in a pause, and one of one in an absence; the break cut one short.
    assert_eq!(stats.get(c::BURST_LENGTH).unwrap().count(), 10);
    assert_eq!(stats.get(c::HOLD_LEFT).unwrap().count(), 32);
}

#[test]
fn habits_are_shares() {
    let key = |code| Deed::Key { code, gap: 200, hold: 90 };
    // Shift, letter, digit, pad, erase, arrow, and a letter with control held.
    let one = [54, 30, 2, 79, 14, 103].map(key);
    let with_control = [Deed::Key { code: 29, gap: 200, hold: 350 }, key(46)];
    let deeds = [one.as_slice(), &with_control].concat().repeat(5);
    let stats = sum(&measure(uncut(), &events(&deeds, 0)), Modality::Keyboard).3;
    let share = |id| {
        let stat = stats.get(id).unwrap();
        (stat.count(), (stat.mean() * f64::from(stat.count())).round())
    };
    assert_eq!(share(c::SHIFT_RIGHT_SHARE), (5, 5.0));
    assert_eq!(share(c::DIGIT_PAD_SHARE), (10, 5.0));
    assert_eq!(share(c::CORRECTION_SHARE), (30, 5.0));
    assert_eq!(share(c::NAVIGATION_SHARE), (30, 5.0));
    assert_eq!(share(c::MODIFIER_SHARE), (30, 5.0));
}

#[test]
fn a_straight_stroke_of_even_speed() {
    // The first of 25 steps marks the start: 24 steps of 4 px in 240 ms. 420 ms lie between end and next start.
    let stroke = [Deed::Stroke { steps: 25, dx: 4, dy: 0, every: 10 }, Deed::Rest(410)];
    let out = measure(uncut(), &events(&stroke.repeat(12), 0));
    let (strokes, _, discarded, stats, _) = sum(&out, Modality::Pointer);
    assert_eq!((strokes, discarded), (12, 0));
    for (id, raw) in [
        (c::STROKE_LENGTH, 96.0),
        (c::DURATION_SHORT, 240.0),
        (c::SPEED_MEAN_SHORT, 400.0),
        (c::SPEED_PEAK_SHORT, 400.0),
        (c::FIRST_QUARTER_SHORT, 1.0),
        (c::LAST_QUARTER_SHORT, 1.0),
        (c::STRAIGHTNESS_SHORT, 0.999),
        (c::DEVIATION_SHORT, 0.001),
        (c::TURNING_SHORT, 0.01),
        (c::STROKE_HORIZONTAL, 1.0),
    ] {
        assert_constant(&stats, id, 12, raw);
    }
    assert_constant(&stats, c::STROKE_REST, 11, 420.0);
    assert_constant(&stats, c::STROKE_CLICK_SHARE, 11, 0.0);
}

#[test]
fn the_rate_of_the_mouse_hardly_matters() {
    // A curve of 500 px in 480 ms, quickest before its middle.
    let place = |ms: u64| {
        let done = (1.0 - (std::f32::consts::PI * (ms as f32 / 480.0).powf(0.8)).cos()) / 2.0;
        (500.0 * done, 60.0 * (std::f32::consts::PI * done).sin())
    };
    let every = |step: u64| {
        let mut stream = Vec::new();
        for stroke in 0..10 {
            stream.push((stroke * 2_000, (1.0, 0.0)));
            for ms in (step..=480).step_by(usize::try_from(step).unwrap()) {
                let (to, from) = (place(ms), place(ms - step));
                stream.push((stroke * 2_000 + ms, (to.0 - from.0, to.1 - from.1)));
            }
        }
        let device = |(at_ms, (dx, dy))| TimedInput {
            at_us: at_ms * MS,
            origin: Origin::Device,
            input: Input::Move { dx, dy },
        };
        let stream: Vec<_> = stream.into_iter().map(device).collect();
        sum(&measure(uncut(), &stream), Modality::Pointer).3
    };
    let (quick, slow) = (every(1), every(8));
    assert_eq!(quick.iter().count(), slow.iter().count());
    for (a, b) in quick.iter().zip(slow.iter()) {
        let name = c::feature(a.feature).unwrap().name;
        assert_eq!((a.feature, a.stat.count()), (b.feature, b.stat.count()));
        let (a, b) = (a.stat.mean(), b.stat.mean());
        assert!((a - b).abs() < 0.05, "{name}: {a} and {b}");
    }
}

#[test]
fn clicks_drags_and_the_wheel() {
    let round = [
        Deed::Stroke { steps: 25, dx: 4, dy: 3, every: 10 },
        Deed::Rest(220),
        Deed::Press { button: Button::Left, hold: 70, drag: 0 },
        Deed::Rest(50),
        Deed::Press { button: Button::Left, hold: 70, drag: 0 },
        Deed::Rest(1_000),
        Deed::Press { button: Button::Right, hold: 500, drag: 100 },
        Deed::Wheel { steps: 4, up: true, every: 100 },
        Deed::Wheel { steps: 3, up: false, every: 100 },
        Deed::Rest(1_500),
    ];
    let stats = sum(&measure(uncut(), &events(&round.repeat(10), 0)), Modality::Pointer).3;
    assert_constant(&stats, c::STROKE_CLICK_SHARE, 10, 1.0);
    assert_constant(&stats, c::CLICK_REST, 10, 300.0);
    assert_constant(&stats, c::CLICK_HOLD_LEFT, 20, 70.0);
    assert_constant(&stats, c::CLICK_SLIP, 20, 0.0);
    assert_constant(&stats, c::DOUBLE_CLICK, 10, 200.0);
    assert_constant(&stats, c::DRAG_DURATION, 10, 500.0);
    assert_constant(&stats, c::DRAG_SPEED, 10, 200.0);
    assert_constant(&stats, c::WHEEL_INTERVAL, 50, 100.0);
    // The last turn is still going on.
    assert_eq!(stats.get(c::WHEEL_BURST).unwrap().count(), 19);
    assert!(stats.get(c::STROKE_REST).is_none());
}

#[test]
fn windows_close_by_input_or_by_active_time() {
    let keys = vec![Deed::Key { code: 30, gap: 1_000, hold: 90 }; 100];
    let stream = events(&keys, 0);
    let inputs = |settings| windows(&measure(settings, &stream)).map(|w| w.inputs).collect::<Vec<_>>();
    let fifty = Settings { window_keystrokes: 50, window_active_ms: u32::MAX, ..Settings::default() };
    assert_eq!(inputs(fifty), [50, 50]);
    assert_eq!(inputs(Settings { window_active_ms: 39_950, ..fifty }), [41, 40]);
    assert_eq!(inputs(Settings { window_keystrokes: 1, ..Settings::default() }), [30, 30, 30]);
}

#[test]
fn what_follows_a_long_rest_is_not_mixed_with_what_was_before() {
    let keys = |hold, count| vec![Deed::Key { code: 30, gap: 300, hold }; count];
    let rested = |keys: Vec<Deed>| {
        let mut after = vec![Deed::Key { code: 30, gap: 11_000, hold: 90 }];
        after.extend(keys);
        after
    };
    let held = |deeds: &[Deed], settings| {
        let out = measure(settings, &events(deeds, 0));
        let means =
            windows(&out).map(|w| (w.inputs, w.stats.get(c::HOLD_LEFT).unwrap().mean().exp().round()));
        means.collect::<Vec<_>>()
    };
    // Twenty keys of one hand, a rest, a hundred of another: two windows are of the second alone, then what was left joins.
    let taken_over = [keys(150, 20), rested(keys(90, 99))].concat();
    let windows = held(&taken_over, Settings::default());
    assert_eq!(windows[..2], [(30, 90.0), (30, 90.0)]);
    assert_eq!(windows.iter().map(|w| w.0).sum::<u32>(), 120);
    assert!(windows[2].1 > 95.0, "{windows:?}");
    let never = held(&taken_over, Settings { window_rest_ms: u32::MAX, ..Settings::default() });
    assert!(never[0].1 > 95.0, "{never:?}");
    // Short spells are a window once they hold the minimum together, and nothing is left out in the end.
    let spells = [keys(90, 16), rested(keys(90, 15)), rested(keys(90, 15)), rested(keys(90, 15))].concat();
    assert_eq!(held(&spells, Settings::default()).iter().map(|w| w.0).collect::<Vec<_>>(), [32, 32]);
}

#[test]
fn a_window_says_whether_it_began_after_a_rest_unless_rests_left_it_or_it_is_coarse() {
    use Beginning::{AfterRest, GoesOn, Untold};
    let keys = |count| vec![Deed::Key { code: 30, gap: 300, hold: 90 }; count];
    let rested =
        |count: usize| [vec![Deed::Key { code: 30, gap: 11_000, hold: 90 }], keys(count - 1)].concat();
    let began = |deeds: &[Vec<Deed>], settings| {
        let out = measure(settings, &events(&deeds.concat(), 0));
        windows(&out).map(|w| w.beginning).collect::<Vec<_>>()
    };
    let plain = Settings::default();
    assert_eq!(began(&[keys(60), rested(60)], plain), [AfterRest, GoesOn, AfterRest, GoesOn]);
    assert_eq!(began(&[keys(30), vec![Deed::Break], keys(60)], plain), [AfterRest, AfterRest, GoesOn]);
    // A break within a window: it holds what was before, so that the next one may be someone else's first as well.
    let within = began(&[keys(20), vec![Deed::Break], keys(70)], plain);
    assert_eq!(within, [AfterRest, AfterRest, GoesOn]);
    assert_eq!(began(&[keys(16), rested(15), rested(15), rested(15)], plain)[0], Untold);
    // The end of a session is no rest.
    assert_eq!(began(&[keys(75)], plain), [AfterRest, GoesOn]);
    let ends = began(&[keys(35)], Settings { window_keystrokes: 1_000, ..plain });
    assert_eq!(ends, [AfterRest]);
    let more = began(&[keys(75)], Settings { window_keystrokes: 40, ..plain });
    assert_eq!(more, [AfterRest, GoesOn]);
    let coarse = began(&[keys(3_000)], Settings { privacy: Privacy::STANDARD, ..plain });
    assert!(!coarse.is_empty() && coarse.iter().all(|beginning| *beginning == Untold), "{coarse:?}");
}

#[test]
fn injected_input_is_told_of_and_not_measured() {
    let mut stream = Vec::new();
    for i in 0..3_500u64 {
        let input = Input::Move { dx: 3.0, dy: 1.0 };
        stream.push(TimedInput { at_us: i * 1_000, origin: Origin::Injected, input });
    }
    let out = measure(Settings::default(), &stream);
    let signal = |output: &Output| match output {
        Output::Signal(signal) => (signal.kind, signal.at_us, signal.count),
        Output::Window(_) => panic!("a window of injected input"),
    };
    let told: Vec<_> = out.iter().map(signal).filter(|(kind, ..)| *kind == SignalKind::Injected).collect();
    assert!(out.iter().map(signal).any(|(kind, ..)| kind == SignalKind::MachinePointer));
    assert_eq!((told[0].1, told[0].2, told.len()), (0, 1, 5));
    assert_eq!(told.iter().map(|(.., count)| count).sum::<u32>(), 3_500);
}

#[test]
fn keys_faster_than_fingers_are_told_of() {
    let run = |presses: usize| {
        let keys: Vec<_> =
            (0..presses).map(|i| Deed::Key { code: [30, 36, 48, 22][i % 4], gap: 5, hold: 4 }).collect();
        let out = measure(uncut(), &events(&keys, 0));
        out.iter()
            .filter_map(|output| match output {
                Output::Signal(signal) if signal.kind == SignalKind::ImpossibleInterval => Some(signal.count),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    assert!(run(9).is_empty());
    assert_eq!(run(10), [10]);
    assert_eq!(run(25), [10, 15]);
}
