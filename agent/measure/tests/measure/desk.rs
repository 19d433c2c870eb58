//! Somebody at a desk: what people do, as events.

use proptest::prelude::*;
use tacit_measure::{
    Button, Input, Locator, Measurer, Origin, Output, Privacy, Settings, TimedInput, Window,
};
use tacit_proto::{FeatureStats, Modality};

pub(crate) const MS: u64 = 1_000;

/// One thing done.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed {
    /// Presses a key this long after the last press, and holds it, in milliseconds.
    Key { code: u16, gap: u64, hold: u64 },
    /// Moves by equal steps every so many milliseconds.
    Stroke { steps: u8, dx: i8, dy: i8, every: u64 },
    /// Clicks or drags.
    Press { button: Button, hold: u64, drag: i8 },
    /// Turns the wheel.
    Wheel { steps: u8, up: bool, every: u64 },
    /// A finger lands so many milliseconds after the last one did, moves by equal steps, and lifts off after a rest.
    Touch { finger: u16, gap: u64, steps: u8, dx: i8, dy: i8, every: u64, rest: u64 },
    /// Does nothing, in milliseconds.
    Rest(u64),
    /// Capture is interrupted.
    Break,
    /// A program types.
    Injected,
}

pub(crate) fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let key = (1u16..=127, 5u64..400, 1u64..300).prop_map(|(code, gap, hold)| Deed::Key { code, gap, hold });
    let stroke = (2u8..40, -30i8..30, -30i8..30, 1u64..120).prop_map(|(steps, dx, dy, every)| Deed::Stroke {
        steps,
        dx,
        dy,
        every,
    });
    let button = prop_oneof![Just(Button::Left), Just(Button::Right)];
    let press =
        (button, 1u64..400, -40i8..40).prop_map(|(button, hold, drag)| Deed::Press { button, hold, drag });
    let wheel =
        (1u8..10, any::<bool>(), 1u64..300).prop_map(|(steps, up, every)| Deed::Wheel { steps, up, every });
    let touch = (0u16..4, 20u64..900, 0u8..40, -30i8..30, -30i8..30, 1u64..60, 0u64..90).prop_map(
        |(finger, gap, steps, dx, dy, every, rest)| Deed::Touch { finger, gap, steps, dx, dy, every, rest },
    );
    let deed = prop_oneof![
        12 => key,
        6 => stroke,
        6 => touch,
        3 => press,
        1 => wheel,
        3 => (1u64..9_000).prop_map(Deed::Rest),
        1 => Just(Deed::Break),
        1 => Just(Deed::Injected),
    ];
    prop::collection::vec(deed, 0..400)
}

/// The events of some deeds, in order of time from `start_us` on.
pub(crate) fn events(deeds: &[Deed], start_us: u64) -> Vec<TimedInput> {
    let mut now = start_us;
    // Releases may come after later presses, so codes are put in order of time before they are located.
    let mut raw: Vec<(u64, Raw)> = Vec::new();
    for deed in deeds {
        match deed {
            Deed::Key { code, gap, hold } => {
                now += gap * MS;
                raw.push((now, Raw::Down(*code)));
                raw.push((now + hold * MS, Raw::Up(*code)));
            }
            Deed::Stroke { steps, dx, dy, every } => {
                for _ in 0..*steps {
                    now += every * MS;
                    raw.push((now, Raw::Is(Input::Move { dx: f32::from(*dx), dy: f32::from(*dy) })));
                }
            }
            Deed::Press { button, hold, drag } => {
                now += 80 * MS;
                raw.push((now, Raw::Is(Input::ButtonDown(*button))));
                if *drag != 0 {
                    raw.push((now, Raw::Is(Input::Move { dx: f32::from(*drag), dy: 0.0 })));
                }
                now += hold * MS;
                raw.push((now, Raw::Is(Input::ButtonUp(*button))));
            }
            Deed::Wheel { steps, up, every } => {
                for _ in 0..*steps {
                    now += every * MS;
                    raw.push((now, Raw::Is(Input::Wheel { notches: if *up { 1.0 } else { -1.0 } })));
                }
            }
            Deed::Touch { finger, gap, steps, dx, dy, every, rest } => {
                now += gap * MS;
                let place = |step: u8| {
                    let along = |d: i8| 500.0 + f64::from(step) * f64::from(d);
                    (along(*dx), along(*dy))
                };
                let at = |step: u8| now + u64::from(step) * every * MS;
                raw.push((now, Raw::Land(*finger, place(0))));
                raw.extend((1..=*steps).map(|step| (at(step), Raw::Slide(*finger, place(step)))));
                raw.push((at(*steps) + rest * MS, Raw::Lift(*finger)));
            }
            Deed::Rest(ms) => now += ms * MS,
            Deed::Break => raw.push((now, Raw::Is(Input::Break))),
            Deed::Injected => raw.push((now, Raw::Injected)),
        }
    }
    raw.sort_by_key(|(at_us, _)| *at_us);
    let mut locator = Locator::new();
    let located = raw.into_iter().filter_map(|(at_us, raw)| {
        let (origin, input) = match raw {
            Raw::Down(code) => (Origin::Device, locator.key_down(code)),
            Raw::Up(code) => (Origin::Device, locator.key_up(code)),
            Raw::Land(finger, (x, y)) => (Origin::Device, locator.touch_down(finger, x, y)),
            Raw::Slide(finger, (x, y)) => (Origin::Device, locator.touch_move(finger, x, y)),
            Raw::Lift(finger) => (Origin::Device, locator.touch_up(finger)),
            Raw::Is(input) => (Origin::Device, Some(input)),
            Raw::Injected => (Origin::Injected, Some(Input::Move { dx: 9.0, dy: 9.0 })),
        };
        input.map(|input| TimedInput { at_us, origin, input })
    });
    located.collect()
}

enum Raw {
    Down(u16),
    Up(u16),
    Land(u16, (f64, f64)),
    Slide(u16, (f64, f64)),
    Lift(u16),
    Is(Input),
    Injected,
}

/// Everything that comes of some events.
pub(crate) fn measure(settings: Settings, events: &[TimedInput]) -> Vec<Output> {
    let (mut measurer, mut out) = (Measurer::new(settings), Vec::new());
    for event in events {
        measurer.push(*event, &mut out);
    }
    measurer.finish(&mut out);
    out
}

/// Windows so large that none is closed before the end.
pub(crate) fn uncut() -> Settings {
    Settings {
        window_keystrokes: u32::MAX,
        window_strokes: u32::MAX,
        window_active_ms: u32::MAX,
        window_rest_ms: u32::MAX,
        privacy: Privacy::PLAIN,
    }
}

/// Enough input after a break that every modality holds its minimum.
pub(crate) fn tail(start_us: u64) -> Vec<TimedInput> {
    let mut deeds = vec![Deed::Break];
    deeds.extend(vec![Deed::Key { code: 30, gap: 200, hold: 90 }; 30]);
    for _ in 0..10 {
        deeds.push(Deed::Stroke { steps: 10, dx: 9, dy: 2, every: 10 });
        deeds.push(Deed::Rest(400));
    }
    deeds.extend([Deed::Touch { finger: 0, gap: 400, steps: 10, dx: 9, dy: 2, every: 10, rest: 20 }; 10]);
    events(&deeds, start_us)
}

/// The windows of a modality, added up: inputs, active milliseconds, discarded, stats, windows.
pub(crate) fn sum(out: &[Output], modality: Modality) -> (u32, u32, u32, FeatureStats, u32) {
    let mut sum = (0, 0, 0, FeatureStats::new(), 0);
    for window in windows(out).filter(|window| window.modality == modality) {
        sum.0 += window.inputs;
        sum.1 += window.active_ms;
        sum.2 += window.discarded;
        sum.3.merge(&window.stats);
        sum.4 += 1;
    }
    sum
}

pub(crate) fn windows(out: &[Output]) -> impl Iterator<Item = &Window> {
    out.iter().filter_map(|output| match output {
        Output::Window(window) => Some(window),
        Output::Signal(_) => None,
    })
}
