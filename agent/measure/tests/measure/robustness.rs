//! Floods, wrong clocks and lost releases.

use tacit_measure::{Column, Input, Locator, Measurer, Origin, Output, Settings, Slot, TimedInput, Zone};
use tacit_proto::Modality;
use tacit_proto::catalogue as c;

use crate::desk::{Deed, MS, events, measure, sum, tail, uncut};

fn device(at_us: u64, input: Input) -> TimedInput {
    TimedInput { at_us, origin: Origin::Device, input }
}

#[test]
fn a_million_keys_a_second_are_few_keystrokes_and_few_signals() {
    let mut stream = Vec::new();
    for i in 0..500_000u64 {
        let slot = Slot(0);
        stream.push(device(2 * i, Input::KeyDown { slot, zone: Zone::Left, column: Column(0) }));
        stream.push(device(2 * i + 1, Input::KeyUp { slot }));
    }
    let out = measure(uncut(), &stream);
    let (inputs, _, discarded, ..) = sum(&out, Modality::Keyboard);
    assert_eq!((inputs, discarded), (200, 999_600));
    let signals: Vec<_> = out
        .iter()
        .filter_map(|output| match output {
            Output::Signal(signal) => Some(signal.count),
            Output::Window(_) => None,
        })
        .collect();
    assert_eq!((signals.len(), signals.iter().sum::<u32>()), (2, 500_000));
}

#[test]
fn typing_after_a_flood_is_measured_as_ever() {
    let keys = vec![Deed::Key { code: 30, gap: 200, hold: 90 }; 40];
    let mut stream: Vec<_> = (0..5_000u64)
        .map(|i| {
            let slot = Slot(u8::try_from(i % 32).unwrap());
            let press = Input::KeyDown { slot, zone: Zone::Right, column: Column(2) };
            device(i, if i % 64 < 32 { press } else { Input::KeyUp { slot } })
        })
        .collect();
    stream.push(device(5_000, Input::Break));
    stream.extend(events(&keys, 2_000_000));
    let stats = sum(&measure(uncut(), &stream), Modality::Keyboard).3;
    assert_eq!(stats.get(c::HOLD_LEFT).map(|stat| stat.count()), Some(40));
    assert_eq!(stats.get(c::DOWN_DOWN_LEFT_SAME).map(|stat| stat.count()), Some(39));
}

#[test]
fn a_million_wheel_steps_stay_within_what_the_wire_takes() {
    let mut stream: Vec<_> =
        (0..1_000_000u64).map(|i| device(i * MS, Input::Wheel { notches: 0.5 })).collect();
    stream.extend(tail(1_000_000 * MS));
    let out = measure(Settings::default(), &stream);
    let (strokes, _, discarded, stats, _) = sum(&out, Modality::Pointer);
    assert_eq!((strokes, discarded), (10, 0));
    assert_eq!(stats.get(c::WHEEL_INTERVAL).map(|stat| stat.count()), Some(50_000));
}

#[test]
fn a_clock_set_back_is_believed_once_it_insists() {
    let keys = vec![Deed::Key { code: 30, gap: 200, hold: 90 }; 100];
    let mut stream = events(&keys, 1 << 40);
    stream.extend(events(&keys, 1_000));
    let (inputs, _, discarded, stats, _) = sum(&measure(uncut(), &stream), Modality::Keyboard);
    assert_eq!((inputs, discarded), (100 + 68, 64));
    // Nothing joins across the leap.
    assert_eq!(stats.get(c::DOWN_DOWN_LEFT_SAME).map(|stat| stat.count()), Some(99 + 67));
}

#[test]
fn a_lost_release_spoils_one_hold_only() {
    let mut locator = Locator::new();
    let (mut measurer, mut out) = (Measurer::new(uncut()), Vec::new());
    for i in 0..40u64 {
        let down = locator.key_down(30);
        let up = locator.key_up(30);
        let mut push = |at_ms: u64, input: Option<Input>| {
            measurer.push(device(at_ms * MS, input.unwrap()), &mut out);
        };
        push(i * 200, down);
        if i != 10 {
            push(i * 200 + 90, up);
        }
    }
    measurer.finish(&mut out);
    let (inputs, _, discarded, stats, _) = sum(&out, Modality::Keyboard);
    // The next press finds its slot taken; its release ends the first, which was then held too long for a stroke.
    assert_eq!((inputs, discarded), (39, 1));
    assert_eq!(stats.get(c::HOLD_LEFT).map(|stat| stat.count()), Some(38));
    assert_eq!(stats.get(c::LEANING_SHARE).map(|stat| stat.count()), Some(39));
}
