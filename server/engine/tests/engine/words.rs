//! Reasons and evidence say what the numbers say.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::explain::explain;
use tacit_engine::{Population, Profile, SessionState, VerdictKind, score};
use tacit_proto::{FeatureId, FeatureStats, Modality, Stat};

use crate::people::{Desk, Person, enrolled, pooled, population};

#[test]
fn reasons_and_the_first_evidence_follow_the_sign() {
    let mut rng = ChaCha8Rng::seed_from_u64(40);
    let population = population(&mut rng);
    let (mut fitting, mut less) = (0, 0);
    for trial in 0..60 {
        let person = Person::draw(&mut rng);
        let profile = enrolled(&person, &mut rng);
        let mut desk = Desk { population: &population, profile: &profile, state: SessionState::default() };
        let typist = if trial % 3 == 0 { Person::draw(&mut rng) } else { person };
        for window in typist.session(&mut rng, 8, 2) {
            let seen = desk.sees(&window);
            let against = seen.llr.unwrap() < 0.0;
            assert_eq!(seen.reason.contains("the profile"), !against, "{}", seen.reason);
            if seen.kind == VerdictKind::Genuine {
                *(if against { &mut less } else { &mut fitting }) += 1;
                assert_eq!(seen.reason.contains("within what chance allows"), against, "{}", seen.reason);
            }
            let along: Vec<bool> = seen.evidence.iter().map(|e| (e.llr < 0.0) == against).collect();
            assert!(along[0] && along.is_sorted_by(|a, b| a >= b), "{:?}", seen.evidence);
        }
    }
    assert!(fitting > 0 && less > 0, "{fitting} fitting, {less} less like");
}

#[test]
fn what_speaks_for_the_subject_is_not_told_as_a_change_and_what_speaks_against_is_not_as_usual() {
    let mut rng = ChaCha8Rng::seed_from_u64(41);
    let population = population(&mut rng);
    let mut both = [0, 0];
    for trial in 0..100 {
        let person = Person::draw(&mut rng);
        let profile = enrolled(&person, &mut rng);
        let typist = if trial % 2 == 0 { Person::draw(&mut rng) } else { person };
        let stats = pooled(&typist.session(&mut rng, 1, 4));
        let score = score(&population, &profile, Modality::Keyboard, &stats).unwrap();
        let reference = profile.reference(&population);
        for e in explain(&population, &reference, Modality::Keyboard, &stats, &score) {
            both[usize::from(e.llr < 0.0)] += 1;
            let change = e.words.contains("than usual") || e.words.contains("usually");
            let usual =
                e.words.ends_with("as usual") || e.words.ends_with("closer to the subject than to others");
            assert!(if e.llr < 0.0 { !usual } else { !change }, "{} {}", e.llr, e.words);
        }
    }
    assert!(both.iter().all(|n| *n > 20), "{both:?}");
}

const BURST: FeatureId = FeatureId(111);

/// Hold times and bursts, each unit its own scale.
const KNOWN: &str = r#"{"format":2,"provenance":["made up"],"models":[{"modality":"keyboard",
    "calibration":{"slope":1.0,"offset":0.0},
    "dimensions":[{"feature":1,"aspect":"mean","centre":4.5,"scale":1.0,"noise":0.09},
                  {"feature":111,"aspect":"mean","centre":2.0,"scale":1.0,"noise":0.2}],
    "subject":[[0.09], [0.3]],
    "session":[[0.02], [0.03]],
    "noise":[[1.0], [1.0]]}]}"#;

#[test]
fn a_single_value_is_no_habit() {
    let population = Population::from_json(KNOWN).unwrap();
    let shown = |bursts: u32, length: f64| {
        let mut stats = FeatureStats::new();
        stats.add(FeatureId(1), &Stat::new(40, 4.5, 0.1).unwrap());
        stats.add(BURST, &Stat::new(bursts, length, 0.1).unwrap());
        stats
    };
    let mut profile = Profile::default();
    profile.learn(Modality::Keyboard, 1_000, &shown(50, 1.5));
    let words = |bursts| {
        let stats = shown(bursts, 3.5);
        let score = score(&population, &profile, Modality::Keyboard, &stats).unwrap();
        let told = explain(&population, &profile.reference(&population), Modality::Keyboard, &stats, &score);
        told.into_iter().find(|e| e.llr < 0.0).unwrap().words
    };
    assert!(words(12).starts_with("keys between pauses: ") && words(12).ends_with("% more than usual"));
    assert_eq!(words(1), "habits of use: closer to others than to the subject");
}
