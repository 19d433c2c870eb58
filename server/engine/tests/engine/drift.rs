//! How far profiles move: of people who stay the same, of people who change, and before it can be told.

use std::sync::LazyLock;

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::{Drift, Policy, Population, Profile, SessionState};
use tacit_proto::Modality;

use crate::people::{Desk, Person, SESSION, enrolled, pooled, population};

const KEYBOARD: Modality = Modality::Keyboard;

static POPULATION: LazyLock<Population> = LazyLock::new(|| population(&mut ChaCha8Rng::seed_from_u64(41)));

fn told(profile: &Profile) -> Option<Drift> {
    profile.drift(&POPULATION, &Policy::default(), KEYBOARD)
}

fn moved_by(person: &Person, by: f64) -> Person {
    Person { means: person.means.iter().map(|mean| mean + by).collect() }
}

/// The profile of someone who goes on, by so much otherwise, for some sessions; all drawn alike from a seed.
fn followed(seed: u64, by: f64, sessions: usize) -> Profile {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let person = Person::draw(&mut rng);
    let mut profile = enrolled(&person, &mut rng);
    for _ in 0..sessions {
        let session = moved_by(&person, by).session(&mut rng, 10, 5);
        profile.follow(KEYBOARD, 500, &pooled(&session));
    }
    profile
}

fn mean_distance(by: f64, sessions: usize) -> f64 {
    let seeds = 0..40_u32;
    let all =
        seeds.clone().map(|seed| followed(seed.into(), by, sessions).moved(&POPULATION, KEYBOARD).unwrap());
    all.sum::<f64>() / f64::from(seeds.end)
}

#[test]
fn the_distance_of_those_who_stay_the_same_never_grows() {
    for sessions in [1, 2, 6, 20] {
        let distance = mean_distance(0.0, sessions);
        assert!((0.5..1.1).contains(&distance), "{distance} after {sessions} sessions");
    }
}

#[test]
fn the_distance_rises_with_a_change_in_whichever_direction_it_goes() {
    let [none, some, much] = [0.0, 2.0, 4.0].map(|sessions| mean_distance(sessions * SESSION, 4));
    assert!(none + 0.3 < some && some + 0.3 < much, "{none} {some} {much}");
    let back = mean_distance(-2.0 * SESSION, 4);
    assert!((some - back).abs() < 0.15, "{some} one way and {back} the other");
}

#[test]
fn a_change_that_people_vouch_for_is_told_and_what_was_founded_before_stays() {
    let mut rng = ChaCha8Rng::seed_from_u64(43);
    let person = Person::draw(&mut rng);
    let mut profile = enrolled(&person, &mut rng);
    let hand = moved_by(&person, 5.0 * SESSION);
    for _ in 0..2 {
        let before = profile.clone();
        let mut desk = Desk { population: &POPULATION, profile: &before, state: SessionState::default() };
        for window in hand.session(&mut rng, 12, 5) {
            desk.sees(&window);
        }
        assert!(!desk.state.close(&POPULATION, &Policy::default(), &mut profile), "it taught unasked");
        assert_eq!(told(&profile), told(&before));
        desk.state.false_alarm();
        assert!(desk.state.close(&POPULATION, &Policy::default(), &mut profile));
    }
    assert_eq!(told(&profile), Some(Drift::Changed));
    let kept: Profile = serde_json::from_slice(&profile.padded().unwrap()).unwrap();
    assert_eq!(told(&kept), Some(Drift::Changed), "it is told no more after a restart");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nobody_who_stays_the_same_is_said_to_have_changed(seed: u64, sessions in 2_usize..12) {
        prop_assert_ne!(told(&followed(seed, 0.0, sessions)), Some(Drift::Changed));
    }

    #[test]
    fn a_great_change_is_always_told(seed: u64, down: bool, sessions in 2_usize..8) {
        let by = if down { -6.0 } else { 6.0 } * SESSION;
        prop_assert_eq!(told(&followed(seed, by, sessions)), Some(Drift::Changed));
    }

    #[test]
    fn nothing_is_said_before_it_can_be_trusted(seed: u64, by in -8.0..8.0, founding in 0_usize..3, later in 0_usize..3) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let person = Person::draw(&mut rng);
        let mut profile = Profile::default();
        for _ in 0..founding {
            profile.learn(KEYBOARD, 500, &pooled(&person.session(&mut rng, 10, 5)));
        }
        for _ in 0..later {
            profile.follow(KEYBOARD, 500, &pooled(&moved_by(&person, by * SESSION).session(&mut rng, 10, 5)));
        }
        // As many since as make a profile mature.
        let enough = founding >= 1 && later >= 2;
        prop_assert_eq!(told(&profile).is_some(), enough);
        prop_assert_eq!(profile.drift(&POPULATION, &Policy::default(), Modality::Pointer), None);
    }
}
