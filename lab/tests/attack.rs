//! Machines and people told apart on simulated people: no recording is needed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use tacit_engine::Population;
use tacit_lab::simulate::{Person, located};
use tacit_measure::{Automation, Input, Locator, Output, Signal, SignalKind, Slot, TimedInput};
use tacit_proto::Mark;

/// People drawn, and what each does.
const PEOPLE: u64 = 40;
const KEYS: usize = 3_000;
const STROKES: usize = 150;

fn told(events: &[TimedInput]) -> Vec<Signal> {
    let (mut automation, mut out) = (Automation::new(), Vec::new());
    for event in events {
        automation.push(*event, &mut out);
    }
    let signal = |output| match output {
        Output::Signal(signal) => Some(signal),
        Output::Window(_) => None,
    };
    out.into_iter().filter_map(signal).collect()
}

/// What a person does in one session: types, points and types again.
fn work(seed: u64) -> Vec<TimedInput> {
    let population = Population::shipped();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let person = Person::draw(&population, &mut random).unwrap();
    let mut sitting = person.sit_down(&population, 1_000_000, random);
    let mut events = sitting.type_keys(KEYS);
    events.extend(sitting.move_pointer(STROKES));
    events.extend(sitting.type_keys(100));
    located(&mut Locator::new(), &events)
}

#[test]
fn nobody_who_works_is_taken_for_a_machine() {
    for seed in 0..PEOPLE {
        assert_eq!(told(&work(seed)), [], "person {seed}");
    }
}

#[test]
fn times_drawn_one_by_one_are_told_and_the_same_times_in_their_order_are_not() {
    // What each of many people typed, and the same keys with a gap and a hold of anyone's at a time.
    let typed: Vec<Vec<TimedInput>> = (0..PEOPLE).map(|seed| keys(&work(seed))).collect();
    let times: Vec<(u64, u64)> = typed.iter().flat_map(|events| gaps_and_holds(events)).collect();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let found = typed.iter().filter(|events| {
        let mut at_us = 0;
        let downs = events.iter().filter(|event| matches!(event.input, Input::KeyDown { .. })).take(500);
        let mut drawn: Vec<TimedInput> = Vec::new();
        for (number, event) in downs.enumerate() {
            at_us += times.choose(&mut random).unwrap().0;
            let Input::KeyDown { zone, column, .. } = event.input else { continue };
            let slot = Slot(u8::try_from(number % 32).unwrap());
            let up_us = at_us + times.choose(&mut random).unwrap().1;
            let down = Input::KeyDown { slot, zone, column };
            drawn.push(TimedInput { at_us, input: down, ..*event });
            drawn.push(TimedInput { at_us: up_us, input: Input::KeyUp { slot }, ..*event });
        }
        drawn.sort_by_key(|event| event.at_us);
        told(&drawn).iter().any(|signal| signal.marks.has(Mark::RandomTimes))
    });
    assert!(found.count() as u64 > PEOPLE * 3 / 4);
}

fn keys(events: &[TimedInput]) -> Vec<TimedInput> {
    let is_key = |event: &&TimedInput| matches!(event.input, Input::KeyDown { .. } | Input::KeyUp { .. });
    events.iter().filter(is_key).copied().collect()
}

/// Microseconds from press to press, and of holds.
fn gaps_and_holds(events: &[TimedInput]) -> Vec<(u64, u64)> {
    let mut times = Vec::new();
    let mut last_us = None;
    for (at, event) in events.iter().enumerate() {
        let Input::KeyDown { slot, .. } = event.input else { continue };
        let up = events[at..].iter().find(|later| later.input == Input::KeyUp { slot });
        let gap_us = last_us.replace(event.at_us).map(|last_us| event.at_us - last_us);
        times.extend(gap_us.filter(|gap_us| *gap_us < 1_000_000).zip(up.map(|up| up.at_us - event.at_us)));
    }
    times
}

#[test]
fn what_a_person_typed_is_found_when_it_is_played_again() {
    for seed in 0..3 {
        let events = work(100 + seed);
        let typed: Vec<TimedInput> = events
            .iter()
            .filter(|event| matches!(event.input, Input::KeyDown { .. } | Input::KeyUp { .. }))
            .copied()
            .collect();
        let end_us = typed[typed.len() - 1].at_us + 60_000_000;
        let from_us = typed[400].at_us;
        let again = typed[400..640]
            .iter()
            .map(|event| TimedInput { at_us: event.at_us - from_us + end_us, ..*event });
        let all: Vec<TimedInput> = typed.iter().copied().chain(again).collect();
        let signals = told(&all);
        assert!(signals.iter().all(|s| s.kind == SignalKind::Replayed && s.at_us > end_us), "{signals:?}");
        assert!(!signals.is_empty(), "{seed}");
    }
}
