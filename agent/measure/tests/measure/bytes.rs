//! Any bytes as input events, and what must hold of whatever they yield. Shared by the property tests and the fuzz target.

use tacit_measure::{
    Button, Column, Contact, Input, Measurer, Origin, Output, Phase, Privacy, Settings, Slot, TimedInput,
    Window, Zone,
};
use tacit_proto::{MIN_KEYSTROKES, MIN_STROKES, Modality, catalogue};

const ZONES: [Zone; 12] = [
    Zone::Left,
    Zone::Right,
    Zone::Space,
    Zone::Enter,
    Zone::Erase,
    Zone::ShiftLeft,
    Zone::ShiftRight,
    Zone::Modifier,
    Zone::Navigation,
    Zone::Digit,
    Zone::Pad,
    Zone::Function,
];

const FLOATS: [f32; 8] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, 0.0, 1e-40, -1.0];

/// Eight bytes an event: what, two arguments, origin, four of time.
fn event(bytes: [u8; 8], now_us: &mut u64) -> TimedInput {
    let [what, a, b, origin, t0, t1, t2, t3] = bytes;
    let number = |byte: u8| match byte {
        0..=7 => FLOATS[usize::from(byte)],
        _ => f32::from(byte.cast_signed()) * 2.0,
    };
    let button = |byte: u8| match byte % 3 {
        0 => Button::Left,
        1 => Button::Right,
        _ => Button::Other,
    };
    let touch = |phase, share: u8| {
        let told = share.is_multiple_of(3).then(|| f32::from(share) / 250.0);
        Input::Touch { contact: Contact(a % 12), phase, pressure: told, area: told.map(|share| share * 1e3) }
    };
    let input = match what % 32 {
        0..=3 => Input::KeyDown {
            slot: Slot(a % 34),
            zone: ZONES[usize::from(b) % ZONES.len()],
            column: Column(b >> 4),
        },
        4..=6 => Input::KeyUp { slot: Slot(a % 34) },
        7..=11 => Input::Move { dx: number(a), dy: number(b) },
        12 => Input::ButtonDown(button(a)),
        13 => Input::ButtonUp(button(a)),
        14 => Input::Wheel { notches: number(a) },
        16..=18 => touch(Phase::Land, b),
        19..=26 => touch(Phase::Move { dx: number(b), dy: number(origin) }, b),
        27..=29 => touch(Phase::Lift, b),
        _ if a > 250 => Input::Break,
        _ => Input::Wheel { notches: number(b) },
    };
    let step = u64::from(u32::from_le_bytes([t0, t1, t2, 0]));
    let at_us = match t3 {
        0 => now_us.saturating_sub(step),
        1 => u64::MAX - step,
        2 => step << 40,
        3..=100 => now_us.saturating_add(step % 16_000),
        101..=200 => now_us.saturating_add(step % 300_000),
        _ => now_us.saturating_add(step),
    };
    if t3 > 2 {
        *now_us = at_us;
    }
    let origin = if origin > 250 { Origin::Injected } else { Origin::Device };
    TimedInput { at_us, origin, input }
}

fn privacy(byte: u8) -> Privacy {
    match byte {
        0..64 => Privacy::PLAIN,
        64..128 => Privacy::STANDARD,
        128..192 => Privacy::STRICT,
        due => Privacy::of_due(due.into()),
    }
}

/// Measures the events that the bytes stand for, and asserts what must hold of all that comes out.
pub(crate) fn drive(bytes: &[u8]) {
    let (head, rest) = bytes.split_at(bytes.len().min(4));
    let setting = |at: usize| u32::from(head.get(at).copied().unwrap_or_default());
    let settings = Settings {
        window_keystrokes: setting(0),
        window_strokes: setting(1),
        window_active_ms: setting(2) * 1_000,
        privacy: privacy(head.get(3).copied().unwrap_or_default()),
        ..Settings::default()
    };
    let mut measurer = Measurer::new(settings);
    let (mut now_us, mut out) = (0, Vec::new());
    for chunk in rest.as_chunks::<8>().0 {
        measurer.push(event(*chunk, &mut now_us), &mut out);
    }
    measurer.finish(&mut out);
    let events = u64::try_from(rest.len() / 8).unwrap_or(u64::MAX);
    let mut inputs = 0;
    for output in &out {
        match output {
            Output::Window(window) => {
                check(window);
                inputs += u64::from(window.inputs);
            }
            Output::Signal(signal) => assert!(signal.count > 0 && u64::from(signal.count) <= events),
        }
    }
    assert!(inputs <= events);
}

/// What the wire and the server demand of a window.
pub(crate) fn check(window: &Window) {
    let least = match window.modality {
        Modality::Keyboard => MIN_KEYSTROKES,
        Modality::Pointer | Modality::Touch => MIN_STROKES,
    };
    assert!(window.inputs >= least && window.inputs <= 100_000);
    assert!(!window.stats.is_empty());
    for s in window.stats.iter() {
        let feature = catalogue::feature(s.feature).expect("a feature of the catalogue");
        assert_eq!(feature.modality, window.modality, "{}", feature.name);
        let ((low, high), slack) = (feature.value_range(), 1e-9);
        let (mean, variance) = (s.stat.mean(), s.stat.variance());
        assert!(s.stat.count() >= 1 && s.stat.count() <= 100_000, "{}", feature.name);
        assert!(mean >= low - slack && mean <= high + slack, "{}", feature.name);
        assert!(variance >= 0.0 && variance <= (high - low).powi(2) / 4.0 + slack, "{}", feature.name);
    }
}
