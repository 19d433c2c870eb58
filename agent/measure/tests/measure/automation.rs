//! Machines told from people: examples of each, and what people do beside it.

use tacit_measure::{
    Automation, Button, Column, Input, Origin, Output, Signal, SignalKind, Slot, TimedInput, Zone,
};
use tacit_proto::Mark;

/// Keys of a payload by hand, in turn, each pressed so long after the last and held for so long, in milliseconds.
fn typed(origin: Origin, times: impl IntoIterator<Item = (u64, u64)>) -> Vec<TimedInput> {
    let mut at_us = 1_000_000;
    let mut events = Vec::new();
    for ((gap, held), number) in times.into_iter().zip(0u64..) {
        at_us += gap * 1_000;
        let (zone, column) = [(Zone::Left, 1), (Zone::Right, 0), (Zone::Left, 3), (Zone::Space, 0)]
            [usize::try_from(number % 4).unwrap()];
        let slot = Slot(u8::try_from(number % 30).unwrap());
        let down = Input::KeyDown { slot, zone, column: Column(column) };
        events.push(TimedInput { at_us, origin, input: down });
        events.push(TimedInput { at_us: at_us + held * 1_000, origin, input: Input::KeyUp { slot } });
    }
    events.sort_by_key(|event| event.at_us);
    events
}

/// Fewer than are looked at together to tell that times were drawn.
const KEYS: usize = 65;

fn told_by(mut automation: Automation, events: &[TimedInput]) -> Vec<(usize, Signal)> {
    let (mut out, mut told) = (Vec::new(), Vec::new());
    let mut keys = 0;
    for event in events {
        keys += usize::from(matches!(event.input, Input::KeyDown { .. }));
        automation.push(*event, &mut out);
        told.extend(out.drain(..).filter_map(|output| match output {
            Output::Signal(signal) => Some((keys, signal)),
            Output::Window(_) => None,
        }));
    }
    told
}

fn told(events: &[TimedInput]) -> Vec<(usize, Signal)> {
    told_by(Automation::new(), events)
}

/// Numbers below `bound` that hang together with nothing.
fn drawn(number: u64, bound: u64) -> u64 {
    let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 32)) % bound
}

/// Times as people's are one by one: most gaps near 110 ms, some far longer; holds of a spread. They hang together with nothing,
/// so that [`KEYS`] of them are all that a person may be played by.
fn by_hand(seed: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..).map(move |n| {
        let n = n + 1_000 * seed;
        let long = if drawn(3 * n, 6) == 0 { 180 + drawn(3 * n + 1, 300) } else { 0 };
        (70 + drawn(3 * n + 2, 90) + long, 60 + drawn(n + 77, 70))
    })
}

#[test]
fn a_device_that_types_at_an_even_pace_is_told_at_once() {
    for (gap, keys) in [(5, 6), (12, 6), (35, 12), (51, 12), (80, 12), (200, 12)] {
        let told = told(&typed(Origin::Device, [(gap, 3); 100]));
        let (at, signal) = told[0];
        assert_eq!(signal.kind, SignalKind::MachineKeys);
        assert!(at <= keys && signal.marks.has(Mark::EvenGaps), "{gap} ms: {at} keys");
        assert!(signal.strength >= 20);
    }
}

#[test]
fn a_run_is_told_of_once_in_a_while_and_every_key_counts_once() {
    let told = told(&typed(Origin::Device, [(35, 3); 200]));
    assert!(told.len() <= 5, "{told:?}");
    assert!(told.iter().map(|(_, signal)| signal.count).sum::<u32>() <= 200);
}

#[test]
fn jitter_of_gaps_does_not_hide_that_every_key_is_held_alike() {
    for held in [1, 5, 20, 60] {
        let times = (0..100).map(|n| (held + 5 + drawn(n, 160), held));
        let told = told(&typed(Origin::Device, times));
        assert!(told[0].0 <= 30 && told[0].1.marks.has(Mark::EvenHolds), "{held} ms: {told:?}");
    }
}

#[test]
fn three_close_gaps_and_a_longer_one_are_told() {
    let times = (0..100).map(|n| (if n % 4 == 3 { 51 } else { 5 }, 3));
    assert!(told(&typed(Origin::Device, times))[0].0 <= 25);
}

#[test]
fn people_are_not_told_of_and_less_is_needed_on_a_keyboard_that_has_just_appeared() {
    for seed in 0..40 {
        assert_eq!(told(&typed(Origin::Device, by_hand(seed).take(KEYS))), [], "{seed}");
    }
    // Half as uneven as people: strange, and yet no proof.
    let times = || (0..100).map(|n| (90 + drawn(n, 40), 30 + drawn(n + 500, 5)));
    let plugged_in = |times: Vec<(u64, u64)>| {
        let mut automation = Automation::new();
        automation.keyboard_appeared();
        told_by(automation, &typed(Origin::Device, times))
    };
    let signal = plugged_in(times().collect())[0].1;
    assert!(signal.kind == SignalKind::MachineKeys && signal.marks.has(Mark::NewDevice));
    for seed in 0..40 {
        assert_eq!(plugged_in(by_hand(seed).take(KEYS).collect()), [], "a person's new keyboard, {seed}");
    }
}

#[test]
fn inserted_words_and_passwords_are_assistive() {
    // A word all at once, between words of a person.
    let word = by_hand(1).take(30).chain([(2, 1); 8]).chain([(400, 80)]).chain(by_hand(2).take(20));
    let told_of = told(&typed(Origin::Device, word));
    assert_eq!(told_of.iter().map(|(_, s)| s.kind).collect::<Vec<_>>(), [SignalKind::Assisted]);
    // A password manager: a program, 25 ms a key, steadily.
    let mut password = typed(Origin::Injected, [(25, 1); 20]);
    password.push(TimedInput {
        at_us: 5_000_000,
        origin: Origin::Device,
        input: Input::Wheel { notches: 1.0 },
    });
    let signals = told(&password);
    assert_eq!(signals.len(), 1);
    assert_eq!((signals[0].1.kind, signals[0].1.count), (SignalKind::Assisted, 20));
    // A script goes on and on.
    let script = told(&typed(Origin::Injected, [(25, 1); 200]));
    assert!(script[0].1.kind == SignalKind::MachineKeys && script[0].1.marks.has(Mark::Injected));
}

/// Runs of so many keys, each key so long after the last, with a rest between runs, in milliseconds.
fn runs(runs: usize, keys: usize, gap: u64, rest: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..runs * keys).map(move |n| (if n % keys == 0 { rest } else { gap }, 1))
}

#[test]
fn assistive_software_inserts_now_and_then_and_a_machine_again_and_again() {
    let kinds = |events: &[TimedInput]| -> Vec<(usize, SignalKind)> {
        told(events).into_iter().map(|(keys, signal)| (keys, signal.kind)).collect()
    };
    let first = |events: &[TimedInput]| {
        kinds(events).into_iter().find(|(_, kind)| *kind == SignalKind::MachineKeys).map(|(keys, _)| keys)
    };
    let (program, device) = (Origin::Injected, Origin::Device);
    // A name, a password and a code; then an expander every three seconds; sentences that are dictated.
    let form = [(30, 25, 400), (64, 25, 1_500), (6, 25, 9_000)];
    let form = form.into_iter().flat_map(|(keys, gap, rest)| runs(1, keys, gap, rest));
    let expanded = runs(20, 12, 8, 3_000);
    let events = typed(program, form.chain(expanded));
    assert!(kinds(&events).iter().all(|(_, kind)| *kind == SignalKind::Assisted), "{:?}", kinds(&events));
    let first_words = runs(2, 6, 3, 2_000);
    let dictated = typed(device, first_words.chain(runs(4, 60, 3, 6_500)));
    assert!(kinds(&dictated).iter().all(|(_, kind)| *kind == SignalKind::Assisted), "{:?}", kinds(&dictated));
    // The same without end.
    assert!(first(&typed(program, runs(21, 12, 12, 510))).is_some_and(|keys| keys <= 100));
    assert!(first(&typed(device, runs(20, 15, 3, 120))).is_some_and(|keys| keys <= 260));
    // Runs that no rest follows count, too.
    assert!(first(&typed(device, runs(20, 15, 3, 60))).is_some_and(|keys| keys <= 260));
}

#[test]
fn scanners_chords_and_stalls_are_no_machine_unless_the_keyboard_has_just_appeared() {
    for (name, keys, rest, spread) in
        [("a code a second", 13, 850, 200), ("three chords a second", 4, 200, 200), ("stalls", 6, 400, 900)]
    {
        let times = runs(KEYS, keys, 3, rest).zip(0..).map(|((gap, held), n)| {
            if gap == rest { (rest + drawn(n, spread), 40 + drawn(n + 7, 60)) } else { (gap, held) }
        });
        let told = told(&typed(Origin::Device, times));
        assert!(
            !told.is_empty() && told.iter().all(|(_, s)| s.kind == SignalKind::Assisted),
            "{name}: {told:?}"
        );
    }
    let mut automation = Automation::new();
    automation.keyboard_appeared();
    let scanned = told_by(automation, &typed(Origin::Device, runs(2, 5, 3, 950)));
    assert!(scanned.iter().any(|(_, s)| s.kind == SignalKind::MachineKeys), "{scanned:?}");
}

#[test]
fn a_palm_presses_some_keys_and_a_device_that_holds_many_down_is_told() {
    let palm = (0..10).map(|n| (2 + drawn(n, 8), 300 + drawn(n + 40, 300)));
    let leant = by_hand(1).take(40).chain(palm).chain([(900, 80)]).chain(by_hand(2).take(40));
    assert_eq!(told(&typed(Origin::Device, leant)), []);
    let held = told(&typed(Origin::Device, [(3, 30); 200]));
    let (keys, signal) = held[0];
    assert!(signal.kind == SignalKind::MachineKeys && keys <= 40, "{held:?}");
}

#[test]
fn a_keyboard_that_has_just_appeared_inserts_text_once() {
    let plugged_in = |times: Vec<(u64, u64)>| {
        let mut automation = Automation::new();
        automation.keyboard_appeared();
        told_by(automation, &typed(Origin::Device, times))
    };
    let once = plugged_in(runs(1, 5, 3, 120).chain(by_hand(3).take(40)).collect());
    assert_eq!(once.iter().map(|(_, s)| s.kind).collect::<Vec<_>>(), [SignalKind::Assisted]);
    let twice = plugged_in(runs(2, 5, 3, 120).collect());
    let (keys, signal) = twice[twice.len() - 1];
    assert!(signal.kind == SignalKind::MachineKeys && signal.marks.has(Mark::NewDevice) && keys <= 10);
}

#[test]
fn what_follows_a_click_in_a_flood_is_no_keyboard_on_a_screen() {
    let click =
        TimedInput { at_us: 1_000_000, origin: Origin::Device, input: Input::ButtonDown(Button::Left) };
    let word = typed(Origin::Injected, [(5, 1); 10]);
    let kinds: Vec<_> = told(&[vec![click], word].concat()).into_iter().map(|(_, s)| s.kind).collect();
    assert_eq!(kinds, [SignalKind::Assisted]);
    let flood = typed(Origin::Injected, [(2, 1); 60]);
    let told = told(&[vec![click], flood].concat());
    assert!(told.iter().any(|(keys, s)| s.kind == SignalKind::MachineKeys && *keys <= 26), "{told:?}");
}

#[test]
fn holds_that_end_in_time_for_the_next_key_are_told() {
    for (flat, share) in [(100, 80), (80, 50), (50, 90)] {
        let gap = |n| 5 + drawn(n, 160);
        let times = (0..100).map(|n| (gap(n), (share * gap(n + 1) / 100).clamp(1, flat)));
        let told = told(&typed(Origin::Device, times));
        assert!(told[0].0 <= 25 && told[0].1.marks.has(Mark::EvenHolds), "{flat} {share}: {told:?}");
    }
}

#[test]
fn what_was_typed_is_found_when_it_is_played_again_in_another_place() {
    let first = typed(Origin::Device, by_hand(7).take(250));
    let later_us = first.last().unwrap().at_us + 30_000_000;
    let mut again: Vec<TimedInput> = first[100..300].to_vec();
    for event in &mut again {
        event.at_us += later_us;
    }
    let mut automation = Automation::new();
    automation.set_key(99);
    let told = told_by(automation, &[first, again].concat());
    let (keys, signal) = told[0];
    assert_eq!(signal.kind, SignalKind::Replayed);
    assert!(signal.marks.has(Mark::RepeatedTimes) && keys <= 250 + 25, "{keys}");
}

/// Strokes of a pointer, each a list of (milliseconds after the last report, dx, dy), with a rest after it.
fn moved(strokes: &[Vec<(u64, f32, f32)>]) -> Vec<TimedInput> {
    let mut at_us = 1_000_000;
    let mut events = Vec::new();
    for stroke in strokes {
        for (ms, dx, dy) in stroke {
            at_us += ms * 1_000;
            let input = Input::Move { dx: *dx, dy: *dy };
            events.push(TimedInput { at_us, origin: Origin::Device, input });
        }
        at_us += 700_000;
    }
    events
}

#[test]
fn lines_jumps_nudges_and_clicks_by_the_clock_are_told() {
    let line: Vec<_> = (0..60).map(|n| (8, if n % 2 == 0 { 6.0 } else { 7.0 }, 3.0)).collect();
    let jump = vec![(8, 300.0, -120.0)];
    let nudges = [vec![(8, 2.0, 0.0)], vec![(8, -2.0, 0.0)]];
    for (name, strokes, mark) in [
        ("lines", vec![line; 20], Mark::Straight),
        ("jumps", vec![jump; 20], Mark::Jumps),
        ("nudges", nudges.iter().cycle().take(20).cloned().collect(), Mark::EvenSpeed),
    ] {
        let told = told(&moved(&strokes));
        assert!(!told.is_empty(), "{name}");
        assert!(
            told.iter().all(|(_, s)| s.kind == SignalKind::MachinePointer && s.marks.has(mark)),
            "{name}"
        );
    }
    let clicks = (0u64..20).flat_map(|n| {
        let at =
            |ms, input| TimedInput { at_us: (1_000 + 100 * n + ms) * 1_000, origin: Origin::Device, input };
        [at(0, Input::ButtonDown(Button::Left)), at(10, Input::ButtonUp(Button::Left))]
    });
    assert!(told(&clicks.collect::<Vec<_>>())[0].1.marks.has(Mark::NoApproach));
}

#[test]
fn nudges_of_all_sizes_are_told_only_where_nothing_else_happens_for_minutes() {
    let nudges: Vec<TimedInput> = (0..24u64)
        .map(|n| {
            let (size, sign) = (3.0 + drawn(n, 4) as f32, if drawn(n + 50, 2) == 0 { 1.0 } else { -1.0 });
            let at_us = 1_000_000 * (15 * n + drawn(n + 90, 10));
            TimedInput { at_us, origin: Origin::Device, input: Input::Move { dx: size * sign, dy: 0.0 } }
        })
        .collect();
    let found = told(&nudges);
    assert!(!found.is_empty() && found.iter().all(|(_, s)| s.kind == SignalKind::MachinePointer));
    // Someone who reads, and turns the wheel now and then.
    let mut read = nudges.clone();
    for at in [8, 16] {
        let wheel = Input::Wheel { notches: 1.0 };
        read.insert(at, TimedInput { input: wheel, ..read[at] });
    }
    assert_eq!(told(&read), []);
    // A hand that shivers: as many, within a minute.
    let hurried: Vec<TimedInput> =
        nudges.iter().map(|event| TimedInput { at_us: event.at_us / 7, ..*event }).collect();
    assert_eq!(told(&hurried), []);
}

#[test]
fn a_mouse_that_nobody_touches_is_not_told_of() {
    // A pixel or two every few seconds, for an hour, and now and then a little more.
    let idle: Vec<TimedInput> = (0..700u64)
        .map(|n| {
            let size = if n % 10 == 9 { 3.0 } else { 1.0 + drawn(n, 2) as f32 };
            let input = Input::Move { dx: if n % 2 == 0 { size } else { -size }, dy: 0.0 };
            TimedInput { at_us: 1_000_000 * (5 * n + drawn(n + 9, 3)), origin: Origin::Device, input }
        })
        .collect();
    assert_eq!(told(&idle), []);
}

#[test]
fn a_hand_that_trembles_and_double_clicks_is_not_told_of() {
    let stroke = |seed: u64| -> Vec<(u64, f32, f32)> {
        let off = |n: u64| drawn(n + 900 * seed, 7) as f32 - 3.0;
        (0..50).map(|n| (8, 6.0 + off(2 * n), 2.0 + off(2 * n + 1))).collect()
    };
    let strokes: Vec<_> = (0..60).map(stroke).collect();
    assert_eq!(told(&moved(&strokes)), []);
}
