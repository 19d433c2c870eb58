//! What a window must never tell.

use tacit_measure::Settings;

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
        Settings { window_keystrokes: 0, window_strokes: 0, window_active_ms: 0 },
        Settings { window_keystrokes: 1, window_strokes: 1, window_active_ms: 1 },
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
