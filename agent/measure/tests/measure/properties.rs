//! However a stream is cut into windows, and whatever nonsense is mixed into it, the stats are the same.

use proptest::prelude::*;
use tacit_measure::{
    Button, Column, Contact, Input, Measurer, Origin, Output, Phase, Privacy, Settings, Slot, TimedInput,
    Zone,
};
use tacit_proto::Modality;

use crate::bytes;
use crate::desk::{deeds, events, measure, sum, tail, uncut, windows};

fn settings() -> impl Strategy<Value = Settings> {
    let rest = prop_oneof![0u32..10_000, Just(u32::MAX)];
    (0u32..120, 0u32..40, 0u32..40_000, rest).prop_map(
        |(window_keystrokes, window_strokes, window_active_ms, window_rest_ms)| Settings {
            window_keystrokes,
            window_strokes,
            window_active_ms,
            window_rest_ms,
            privacy: Privacy::PLAIN,
        },
    )
}

/// An event that cannot be, put in after `before`.
fn nonsense(which: u8, before: &TimedInput) -> TimedInput {
    let at = |at_us, input| TimedInput { at_us, origin: Origin::Device, input };
    let now = before.at_us;
    let press = Input::KeyDown { slot: Slot(31), zone: Zone::Left, column: Column(1) };
    let touch =
        |contact, phase, pressure| Input::Touch { contact: Contact(contact), phase, pressure, area: None };
    match which % 16 {
        0 => at(now - 1, press),
        1 => at(0, Input::Move { dx: 5.0, dy: 5.0 }),
        2 => at(u64::MAX, press),
        3 => at(u64::MAX - 7, Input::ButtonDown(Button::Other)),
        4 => at(now, Input::KeyUp { slot: Slot(31) }),
        5 => at(now, Input::KeyDown { slot: Slot(200), zone: Zone::Left, column: Column(0) }),
        6 => at(now, Input::Move { dx: f32::NAN, dy: 1.0 }),
        7 => at(now, Input::Move { dx: f32::INFINITY, dy: f32::MAX }),
        8 => at(now, Input::Wheel { notches: f32::NEG_INFINITY }),
        9 => at(now - 1, touch(0, Phase::Land, None)),
        10 => at(now, touch(9, Phase::Lift, None)),
        11 => at(now, touch(9, Phase::Move { dx: 5.0, dy: 5.0 }, None)),
        12 => at(now, touch(200, Phase::Land, None)),
        13 => at(now, touch(0, Phase::Move { dx: f32::NAN, dy: 1.0 }, None)),
        14 => at(now, touch(9, Phase::Land, Some(1.5))),
        _ => at(now, Input::ButtonUp(Button::Other)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn cutting_anywhere_changes_no_stat(deeds in deeds(), cuts in prop::collection::vec((0usize..3_000, settings()), 1..5)) {
        let stream = events(&deeds, 1_000);
        let end = stream.last().map_or(0, |event| event.at_us);
        let run = |cuts: &[(usize, Settings)]| {
            let (mut measurer, mut out) = (Measurer::new(uncut()), Vec::new());
            for (i, event) in stream.iter().enumerate() {
                for (_, settings) in cuts.iter().filter(|(at, _)| *at % stream.len() == i) {
                    measurer.configure(*settings);
                }
                measurer.push(*event, &mut out);
            }
            // With its minimum in hand at the end, nothing is dropped.
            measurer.configure(uncut());
            for event in tail(end + 1) {
                measurer.push(event, &mut out);
            }
            measurer.finish(&mut out);
            out
        };
        let (whole, cut) = (run(&[]), run(&cuts));
        for modality in Modality::ALL {
            let (whole, cut) = (sum(&whole, modality), sum(&cut, modality));
            prop_assert_eq!(whole.4, 1);
            prop_assert_eq!((whole.0, whole.2), (cut.0, cut.2));
            // Each window rounds its milliseconds down.
            prop_assert!(whole.1 >= cut.1 && whole.1 - cut.1 <= cut.4);
            let counts = |stats: &tacit_proto::FeatureStats| {
                stats.iter().map(|s| (s.feature, s.stat.count())).collect::<Vec<_>>()
            };
            prop_assert_eq!(counts(&whole.3), counts(&cut.3));
            for (a, b) in whole.3.iter().zip(cut.3.iter()) {
                prop_assert!((a.stat.mean() - b.stat.mean()).abs() < 1e-9);
                prop_assert!((a.stat.variance() - b.stat.variance()).abs() < 1e-9);
            }
        }
        let signals = |out: &[Output]| {
            out.iter().filter(|o| matches!(o, Output::Signal(_))).cloned().collect::<Vec<_>>()
        };
        prop_assert_eq!(signals(&whole), signals(&cut));
    }

    #[test]
    fn nonsense_changes_nothing_but_its_count(
        deeds in deeds(),
        settings in settings(),
        due in prop_oneof![Just(0), 1u16..60],
        bad in prop::collection::vec((0usize..3_000, any::<u8>()), 0..60),
    ) {
        let settings = Settings { privacy: Privacy::of_due(due), ..settings };
        let mut clean = events(&deeds, 1_000);
        clean.extend(tail(clean.last().map_or(0, |event| event.at_us) + 1));
        let mut dirty = Vec::new();
        let mut put_in = 0u32;
        for (i, event) in clean.iter().enumerate() {
            dirty.push(*event);
            if event.input != Input::Break {
                for (_, which) in bad.iter().filter(|(at, _)| *at % clean.len() == i) {
                    dirty.push(nonsense(*which, event));
                    put_in += 1;
                }
            }
        }
        let strip = |out: Vec<Output>| {
            let mut discarded = 0;
            let stripped = out.into_iter().map(|mut output| {
                if let Output::Window(window) = &mut output {
                    discarded += std::mem::take(&mut window.discarded);
                }
                output
            });
            (stripped.collect::<Vec<_>>(), discarded)
        };
        let (clean, before) = strip(measure(settings, &clean));
        let (dirty, after) = strip(measure(settings, &dirty));
        prop_assert_eq!(clean, dirty);
        prop_assert!(after >= before && after - before <= put_in);
    }

    #[test]
    fn every_window_is_one_that_may_be_sent(deeds in deeds(), settings in settings()) {
        windows(&measure(settings, &events(&deeds, 0))).for_each(bytes::check);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..6_000)) {
        bytes::drive(&bytes);
    }
}
