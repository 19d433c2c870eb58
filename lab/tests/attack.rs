//! Machines and people told apart on simulated people: no recording is needed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::Population;
use tacit_lab::simulate::{Person, located};
use tacit_measure::{Automation, Input, Locator, Output, Signal, SignalKind, TimedInput};
use tacit_proto::{Mark, Marks};

/// People drawn, and what each does.
const PEOPLE: u64 = 12;
const KEYS: usize = 1_500;
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

/// Simulated people draw each time by itself, and are told for it now and then, as they should be: nothing else is.
fn told_of_a_hand(events: &[TimedInput]) -> Vec<Signal> {
    let mut told = told(events);
    told.retain(|signal| signal.marks != Marks::NONE.with(Mark::RandomTimes));
    told
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
        assert_eq!(told_of_a_hand(&work(seed)), [], "person {seed}");
    }
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
        let signals = told_of_a_hand(&all);
        assert!(signals.iter().all(|s| s.kind == SignalKind::Replayed && s.at_us > end_us), "{signals:?}");
        assert!(!signals.is_empty(), "{seed}");
    }
}
