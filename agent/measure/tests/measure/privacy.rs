//! What a window must never tell.

use proptest::prelude::*;
use tacit_measure::{Measurer, Privacy, Settings};
use tacit_proto::catalogue as c;

use crate::desk::{Deed, events, measure, windows};

fn type_text(codes: &[u16]) -> Vec<Deed> {
    codes
        .iter()
        .enumerate()
        .map(|(i, code)| Deed::Key {
            code: *code,
            gap: 90 + (i as u64 * 37) % 150,
            hold: 50 + (i as u64 * 53) % 90,
        })
        .collect()
}

#[test]
fn texts_of_one_rhythm_and_one_fingering_look_the_same() {
    // The three keys of each finger's column stand for one another.
    let columns = [
        [16, 30, 44],
        [17, 31, 45],
        [18, 32, 46],
        [19, 33, 47],
        [20, 34, 48],
        [21, 35, 49],
        [22, 36, 50],
        [23, 37, 51],
        [24, 38, 52],
    ];
    let fingering: Vec<usize> = (0..120).map(|i| (i * i + 3 * i) % columns.len()).collect();
    let text = |row: fn(usize) -> usize| -> Vec<u16> {
        fingering.iter().enumerate().map(|(i, column)| columns[*column][row(i)]).collect()
    };
    let out = |codes: &[u16]| measure(Settings::default(), &events(&type_text(codes), 0));
    let (one, other) = (text(|i| i % 3), text(|i| (i + 1) % 3));
    assert_ne!(one, other);
    assert!(windows(&out(&one)).count() >= 2);
    assert_eq!(out(&one), out(&other));
}

#[test]
fn a_short_secret_is_never_a_window() {
    for settings in [
        Settings { window_keystrokes: 0, window_strokes: 0, window_active_ms: 0, ..Settings::default() },
        Settings { window_keystrokes: 1, window_strokes: 1, window_active_ms: 1, ..Settings::default() },
        Settings { privacy: Privacy::STRICT, ..Settings::default() },
        Settings::default(),
    ] {
        let mut deeds = type_text(&[31; 29]);
        deeds.push(Deed::Rest(10_000));
        deeds.extend([Deed::Stroke { steps: 20, dx: 5, dy: 5, every: 10 }, Deed::Rest(500)].repeat(9));
        // A number entered on a screen is taps, and taps fill no window.
        let touch = Deed::Touch { finger: 0, gap: 500, steps: 20, dx: 5, dy: 5, every: 10, rest: 10 };
        let tap = Deed::Touch { finger: 1, gap: 500, steps: 1, dx: 1, dy: 0, every: 40, rest: 30 };
        deeds.extend([[touch; 9].as_slice(), &[tap; 60]].concat());
        deeds.extend([Deed::Break, Deed::Rest(100_000), Deed::Break]);
        assert_eq!(windows(&measure(settings, &events(&deeds, 0))).count(), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_window_holds_little_of_the_keys_that_filled_it(key in any::<u64>()) {
        // Four hundred keys of the left hand, a sentence of fifty with the right one, and left again.
        let codes = [[33, 32].repeat(200), [36, 37].repeat(25), [33, 32].repeat(200)].concat();
        let right = |privacy| {
            let (mut measurer, mut out) = (Measurer::new(Settings { privacy, ..Settings::default() }), Vec::new());
            measurer.set_key(key);
            events(&type_text(&codes), 0).into_iter().for_each(|event| measurer.push(event, &mut out));
            let holds = windows(&out).map(|w| w.stats.get(c::HOLD_RIGHT).map_or(0, |stat| stat.count()));
            holds.max().unwrap_or(0)
        };
        prop_assert!(right(Privacy::PLAIN) >= 45);
        prop_assert!(right(Privacy::of_waiting(128)) <= 42, "{}", right(Privacy::of_waiting(128)));
        prop_assert!(right(Privacy::of_waiting(224)) <= 18, "{}", right(Privacy::of_waiting(224)));
    }
}

#[test]
fn windows_of_other_texts_have_the_same_counts() {
    // The first window has what it has of each feature; what it has is told with one count, whoever typed how much of it.
    let counts = |privacy, codes: &[u16]| {
        let out = measure(Settings { privacy, ..Settings::default() }, &events(&type_text(codes), 0));
        let first = windows(&out).next().unwrap().stats.clone();
        first.iter().map(|s| (s.feature, s.stat.count())).collect::<Vec<_>>()
    };
    let one: Vec<u16> = (0..60).map(|i| [30, 36, 33, 57][i % 4]).collect();
    let other: Vec<u16> = (0..60).map(|i| [30, 36, 33, 36, 33, 57][i % 6]).collect();
    for privacy in [Privacy::STANDARD, Privacy::PLAIN] {
        let (one, other) = (counts(privacy, &one), counts(privacy, &other));
        let both = one.iter().filter_map(|(f, n)| Some((n, &other.iter().find(|(g, _)| f == g)?.1)));
        assert_eq!(both.clone().all(|(a, b)| a == b), privacy == Privacy::STANDARD);
        assert!(both.count() > 10);
    }
}
