//! Whatever the wire lets through, and the most that a profile holds.

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::train::{TrainSettings, TrainingPerson, train};
use tacit_engine::{Population, Profile, SessionState};
use tacit_proto::{FeatureStats, Modality, Stat, catalogue};

use crate::people::{Desk, Person, features, pooled};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_passes_the_wire_gives_numbers(
        values in prop::collection::vec((0usize..12, -20f64..20.0, 1u32..400, 0f64..50.0), 1..40),
    ) {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let people = (0..20).map(|_| {
            let person = Person::draw(&mut rng);
            TrainingPerson { sessions: (0..2).map(|_| pooled(&person.session(&mut rng, 1, 8))).collect(), ..Default::default() }
        }).collect();
        let settings = TrainSettings { rounds: 2, ..TrainSettings::default() };
        let population = train(&[(Modality::Keyboard, people)], &settings, &mut |_, _, _| {});
        let mut stats = FeatureStats::new();
        for (i, mean, count, variance) in values {
            stats.add(features()[i], &Stat::new(count, mean, variance).unwrap());
        }
        let mut profile = Profile::default();
        profile.learn(Modality::Keyboard, 5_000, &stats);
        profile.learn(Modality::Keyboard, 5_000, &stats);
        let mut desk = Desk { population: &population, profile: &profile, state: SessionState::default() };
        for _ in 0..3 {
            let seen = desk.sees(&stats);
            prop_assert!(seen.trust.is_none_or(|t| (0.0..=100.0).contains(&t)));
            prop_assert!(seen.llr.is_none_or(f64::is_finite));
        }
    }
}

/// Docs promise it to whoever sizes a server.
const MOST_BYTES: usize = 64 * 1024;

#[test]
fn a_loaded_profile_of_every_key_and_stroke_feature_is_small() {
    let (population, mut profile) = (Population::shipped(), Profile::default());
    for _ in 0..12 {
        for modality in [Modality::Keyboard, Modality::Pointer] {
            let mut stats = FeatureStats::new();
            for feature in catalogue::ALL.iter().filter(|f| f.modality == modality) {
                stats.add(feature.id, &Stat::new(50, 1.0, 0.1).unwrap());
            }
            profile.learn(modality, 1000, &stats);
        }
    }
    let bytes = profile.bytes(&population);
    assert!(bytes <= MOST_BYTES, "{bytes}");
}
