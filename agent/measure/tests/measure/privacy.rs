//! What a window must never tell.

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

#[test]
fn the_stricter_the_level_the_more_typing_is_in_what_is_sent() {
    let codes: Vec<u16> = (0..4_000).map(|i| [30, 36, 33, 37, 57][i % 5]).collect();
    let left = |privacy| {
        let out = measure(Settings { privacy, ..Settings::default() }, &events(&type_text(&codes), 0));
        let counts: Vec<u32> =
            windows(&out).filter_map(|w| Some(w.stats.get(c::HOLD_LEFT)?.count())).collect();
        (*counts.iter().min().unwrap(), counts.len())
    };
    assert!(left(Privacy::PLAIN).1 >= 79);
    for (privacy, due) in [(Privacy::STANDARD, 96), (Privacy::STRICT, 192)] {
        let (least, sent) = left(privacy);
        assert!(least >= due && sent >= 4, "{least} values, {sent} times");
    }
}

#[test]
fn windows_of_other_texts_have_the_same_counts() {
    // What the first window has of each feature is told with one count, whoever typed how much of it.
    let counts = |privacy, codes: &[u16]| {
        let settings =
            Settings { privacy, window_keystrokes: 600, window_active_ms: u32::MAX, ..Settings::default() };
        let out = measure(settings, &events(&type_text(codes), 0));
        let first = windows(&out).next().unwrap().stats.clone();
        first.iter().map(|s| (s.feature, s.stat.count())).collect::<Vec<_>>()
    };
    let one: Vec<u16> = (0..720).map(|i| [30, 36, 33, 57][i % 4]).collect();
    let other: Vec<u16> = (0..720).map(|i| [30, 36, 33, 36, 33, 57][i % 6]).collect();
    for privacy in [Privacy::STANDARD, Privacy::PLAIN] {
        let (one, other) = (counts(privacy, &one), counts(privacy, &other));
        let both = one.iter().filter_map(|(f, n)| Some((n, &other.iter().find(|(g, _)| f == g)?.1)));
        assert_eq!(both.clone().all(|(a, b)| a == b), privacy == Privacy::STANDARD);
        assert!(both.count() > 10);
    }
}

/// Words of letters with one of digits and letters after every third, `secrets` or not.
fn words(secrets: bool) -> Vec<Deed> {
    let (mut codes, secret) = (Vec::new(), [35, 3, 30, 9, 36, 5, 18, 57]);
    for word in 0..120 {
        codes.extend([33, 36, 18, 38, 57].into_iter().map(|code| (code, true)));
        if word % 3 == 0 {
            codes.extend(secret.into_iter().map(|code| (code, false)));
        }
    }
    let deeds = type_text(&codes.iter().map(|(code, _)| *code).collect::<Vec<_>>());
    let kept = deeds.into_iter().zip(codes).filter(|(_, (_, word))| secrets || *word);
    kept.map(|(deed, _)| deed).collect()
}

#[test]
fn a_word_that_looks_like_a_secret_is_not_measured() {
    let holds = |privacy, secrets| {
        let settings =
            Settings { privacy, window_keystrokes: 1_000, window_active_ms: u32::MAX, ..Settings::default() };
        let (mut measurer, mut out) = (Measurer::new(settings), Vec::new());
        events(&words(secrets), 0).into_iter().for_each(|event| measurer.push(event, &mut out));
        measurer.finish(&mut out);
        let window = windows(&out).next().unwrap().clone();
        let inputs = window.inputs;
        let micro = |value: f64| (value * 1e6).round();
        let mean = |id| window.stats.get(id).map(|stat| (micro(stat.mean()), micro(stat.variance())));
        (inputs, [c::HOLD_LEFT, c::HOLD_RIGHT].map(mean))
    };
    // The space after a secret is measured, and so is that of nothing else of it.
    let ((with, held), (without, same)) = (holds(Privacy::STANDARD, true), holds(Privacy::STANDARD, false));
    assert_eq!((with, held), (without + 40, same));
    let ((with, held), (without, other)) = (holds(Privacy::PLAIN, true), holds(Privacy::PLAIN, false));
    assert_eq!(with, without + 40 * 8);
    assert_ne!(held, other);
}

#[test]
fn words_do_not_change_how_large_windows_are() {
    let sizes = |codes: &[u16]| {
        let settings = Settings { privacy: Privacy::STANDARD, ..Settings::default() };
        let out = measure(settings, &events(&type_text(codes), 0));
        windows(&out).map(|window| window.inputs).collect::<Vec<_>>()
    };
    let short: Vec<u16> = (0..4_000).map(|i| [30, 36, 57][i % 3]).collect();
    let long: Vec<u16> = (0..4_000).map(|i| [30, 36, 33, 37, 18, 24, 32, 38, 57][i % 9]).collect();
    let (short, long) = (sizes(&short), sizes(&long));
    assert!(short.len() > 5);
    assert_eq!(short, long);
}
