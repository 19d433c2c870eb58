//! The engine on simulated people, drawn from the model's own assumptions.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};
use tacit_engine::train::{TrainSettings, TrainingPerson, train};
use tacit_engine::{Policy, Population, Profile, SessionState, VerdictKind, score};
use tacit_proto::catalogue::{self, HOLD_LEFT, ROLLOVER_LEFT_RIGHT};
use tacit_proto::{FeatureId, FeatureStats, Modality};

/// Spread of subjects, sessions and single values, in transformed units.
const SUBJECT: f64 = 0.25;
const SESSION: f64 = 0.08;
const SINGLE: f64 = 0.3;

fn features() -> Vec<FeatureId> {
    catalogue::ALL
        .iter()
        .filter(|f| {
            f.modality == Modality::Keyboard
                && (f.name.starts_with("hold.") || f.name.starts_with("down_down."))
        })
        .map(|f| f.id)
        .take(12)
        .collect()
}

struct Person {
    means: Vec<f64>,
}

impl Person {
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let spread = Normal::new(4.8, SUBJECT).unwrap();
        Self { means: features().iter().map(|_| spread.sample(rng)).collect() }
    }

    /// Windows of one session, each with `n` values a feature.
    fn session(&self, rng: &mut ChaCha8Rng, windows: usize, n: u32) -> Vec<FeatureStats> {
        let shift = Normal::new(0.0, SESSION).unwrap();
        let means: Vec<f64> = self.means.iter().map(|m| m + shift.sample(rng)).collect();
        (0..windows)
            .map(|_| {
                let mut stats = FeatureStats::new();
                for (id, mean) in features().into_iter().zip(&means) {
                    let single = Normal::new(*mean, SINGLE).unwrap();
                    for _ in 0..n {
                        stats.push(id, single.sample(rng));
                    }
                }
                stats
            })
            .collect()
    }
}

fn pooled(windows: &[FeatureStats]) -> FeatureStats {
    let mut all = FeatureStats::new();
    windows.iter().for_each(|w| all.merge(w));
    all
}

fn population(rng: &mut ChaCha8Rng) -> Population {
    let people = (0..150)
        .map(|_| {
            let person = Person::draw(rng);
            TrainingPerson { sessions: (0..4).map(|_| pooled(&person.session(rng, 1, 30))).collect() }
        })
        .collect();
    train(&[(Modality::Keyboard, people)], &TrainSettings::default(), &mut |_, _, _| {})
}

fn enrolled(person: &Person, rng: &mut ChaCha8Rng) -> Profile {
    let mut profile = Profile::default();
    for _ in 0..3 {
        profile.learn(Modality::Keyboard, 500, &pooled(&person.session(rng, 10, 5)));
    }
    profile
}

struct Desk<'a> {
    population: &'a Population,
    profile: &'a Profile,
    state: SessionState,
}

impl Desk<'_> {
    fn sees(&mut self, window: &FeatureStats) -> tacit_engine::Assessment {
        self.state.observe(self.population, self.profile, &Policy::default(), Modality::Keyboard, 50, window)
    }
}

#[test]
fn training_finds_the_spreads_that_people_were_drawn_with() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let prior = population(&mut rng).prior(Modality::Keyboard).unwrap();
    assert_eq!(prior.features, features());
    for i in 0..prior.features.len() {
        let subject = prior.subject_cov[(i, i)].sqrt();
        let session = prior.session_cov[(i, i)].sqrt();
        assert!((subject - SUBJECT).abs() < 0.05, "subject spread {subject}");
        assert!((session - SESSION).abs() < 0.03, "session spread {session}");
        assert!((prior.within_sd[i] - SINGLE).abs() < 0.02, "single spread {}", prior.within_sd[i]);
        assert!((prior.mean[i] - 4.8).abs() < 0.08, "mean {}", prior.mean[i]);
    }
}

#[test]
fn a_score_is_the_ratio_of_the_two_gaussians() {
    // One feature, one window of many values: noise is next to nothing, so the ratio can be written by hand.
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let population = population(&mut rng);
    let one = |mean: f64| {
        let mut stats = FeatureStats::new();
        for _ in 0..5 {
            stats.push(HOLD_LEFT, mean);
        }
        stats
    };
    let mut profile = Profile::default();
    profile.learn(Modality::Keyboard, 50, &one(5.0));
    let prior = population.prior(Modality::Keyboard).unwrap();
    let at = prior.features.iter().position(|f| *f == HOLD_LEFT).unwrap();
    let (b, s) = (prior.subject_cov[(at, at)], prior.session_cov[(at, at)]);
    let noise = prior.within_sd[at].powi(2) / 5.0;
    let centre = prior.mean[at];
    let gain = b / (b + s + noise);
    let density = |x: f64, mean: f64, variance: f64| -0.5 * ((x - mean).powi(2) / variance + variance.ln());
    for probe in [4.9, 5.4] {
        let by_hand = density(probe, centre + gain * (5.0 - centre), b - gain * b + s + noise)
            - density(probe, centre, b + s + noise);
        let got = score(&population, &profile, Modality::Keyboard, &one(probe)).unwrap();
        assert!((got.llr - by_hand).abs() < 1e-6, "{} instead of {by_hand}", got.llr);
    }
}

#[test]
fn the_parts_of_a_score_add_up() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let population = population(&mut rng);
    let person = Person::draw(&mut rng);
    let profile = enrolled(&person, &mut rng);
    for _ in 0..20 {
        let other = Person::draw(&mut rng);
        let probe = pooled(&other.session(&mut rng, 1, 5));
        let score = score(&population, &profile, Modality::Keyboard, &probe).unwrap();
        let sum: f64 = score.families.iter().map(|f| f.llr).sum();
        assert!((sum - score.llr).abs() < 1e-9 * (1.0 + score.llr.abs()), "{sum} of {}", score.llr);
    }
}

#[test]
fn a_population_file_scores_as_the_population_it_was_written_from() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let population = population(&mut rng);
    let read = Population::from_json(&population.to_json()).unwrap();
    let person = Person::draw(&mut rng);
    let profile = enrolled(&person, &mut rng);
    let probe = pooled(&person.session(&mut rng, 2, 5));
    let reference = |p: &Population| {
        tacit_engine::score_against(p, &profile.prepare(p), Modality::Keyboard, &probe).unwrap().llr
    };
    assert!((reference(&population) - reference(&read)).abs() < 1e-3);
    assert!(Population::from_json("{}").is_err());
    assert!(Population::from_json(&population.to_json().replace("\"scale\":", "\"scale\":-")).is_err());
}

#[test]
fn the_subject_stays_genuine_and_a_takeover_is_named() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let population = population(&mut rng);
    let (mut flagged, mut caught, mut caught_after) = (0, 0, 0);
    let trials = 40;
    for _ in 0..trials {
        let person = Person::draw(&mut rng);
        let profile = enrolled(&person, &mut rng);
        let mut desk = Desk { population: &population, profile: &profile, state: SessionState::default() };
        for window in person.session(&mut rng, 30, 5) {
            flagged += u32::from(desk.sees(&window).kind == VerdictKind::DifferentPerson);
        }
        let taker = Person::draw(&mut rng).session(&mut rng, 16, 5);
        if let Some(at) = taker.iter().position(|w| desk.sees(w).kind == VerdictKind::DifferentPerson) {
            caught += 1;
            caught_after += at + 1;
            assert!(at >= 1, "one window alone named someone else");
        }
    }
    assert_eq!(flagged, 0, "windows of the subject called someone else's");
    assert!(caught >= trials - 2, "{caught} of {trials} takeovers caught");
    assert!(caught_after <= 4 * caught, "caught after {} windows on average", caught_after / caught);
}

#[test]
fn no_single_window_names_someone_else_however_odd() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let population = population(&mut rng);
    for _ in 0..20 {
        let person = Person::draw(&mut rng);
        let profile = enrolled(&person, &mut rng);
        let mut desk = Desk { population: &population, profile: &profile, state: SessionState::default() };
        let own = person.session(&mut rng, 12, 5);
        for (i, window) in own.iter().enumerate() {
            if i == 6 {
                let mut odd = FeatureStats::new();
                for id in features() {
                    (0..5).for_each(|_| odd.push(id, 6.6));
                }
                assert_ne!(desk.sees(&odd).kind, VerdictKind::DifferentPerson);
            }
            assert_ne!(desk.sees(window).kind, VerdictKind::DifferentPerson);
        }
    }
}

#[test]
fn a_profile_matures_from_trusted_sessions_and_learns_nothing_from_doubtful_ones() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let population = population(&mut rng);
    let person = Person::draw(&mut rng);
    let mut profile = Profile::default();
    for session in 0..3 {
        let mut desk =
            Desk { population: &population, profile: &profile.clone(), state: SessionState::default() };
        for window in person.session(&mut rng, 12, 5) {
            let seen = desk.sees(&window);
            let expected = if session < 2 { VerdictKind::Learning } else { VerdictKind::Genuine };
            assert_eq!(seen.kind, expected, "{}", seen.reason);
            assert_eq!(seen.trust.is_some(), session >= 2);
        }
        assert!(desk.state.close(&mut profile));
    }
    let before = profile.clone();
    let mut desk = Desk { population: &population, profile: &before, state: SessionState::default() };
    let mut last = None;
    for window in (Person { means: vec![5.6; features().len()] }).session(&mut rng, 8, 5) {
        last = Some(desk.sees(&window));
    }
    let last = last.unwrap();
    assert_eq!(last.kind, VerdictKind::DifferentPerson);
    assert!(!last.evidence.is_empty() && last.trust.unwrap() < 2.0);
    assert!(!desk.state.close(&mut profile));
    assert_eq!(profile, before);
}

#[test]
fn a_second_person_does_not_slip_into_a_profile_that_is_still_learning() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let population = population(&mut rng);
    let mut profile = Profile::default();
    profile.learn(Modality::Keyboard, 600, &pooled(&Person::draw(&mut rng).session(&mut rng, 12, 5)));
    let before = profile.clone();
    let mut desk = Desk { population: &population, profile: &before, state: SessionState::default() };
    for window in (Person { means: vec![5.8; features().len()] }).session(&mut rng, 12, 5) {
        assert_eq!(desk.sees(&window).kind, VerdictKind::Learning);
    }
    assert!(!desk.state.close(&mut profile));
    assert_eq!(profile, before);
}

#[test]
fn another_process_goes_on_where_one_left() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let population = population(&mut rng);
    let person = Person::draw(&mut rng);
    let profile = enrolled(&person, &mut rng);
    let mut here = Desk { population: &population, profile: &profile, state: SessionState::default() };
    let windows = person.session(&mut rng, 20, 5);
    for window in &windows[..11] {
        here.sees(window);
    }
    let carried: Profile = serde_json::from_str(&serde_json::to_string(&profile).unwrap()).unwrap();
    let state = serde_json::from_str(&serde_json::to_string(&here.state).unwrap()).unwrap();
    let mut there = Desk { population: &population, profile: &carried, state };
    for window in &windows[11..] {
        assert_eq!(here.sees(window), there.sees(window));
    }
}

#[test]
fn features_that_the_population_lacks_cannot_be_scored() {
    let mut rng = ChaCha8Rng::seed_from_u64(10);
    let population = population(&mut rng);
    let profile = enrolled(&Person::draw(&mut rng), &mut rng);
    let mut stats = FeatureStats::new();
    stats.push(ROLLOVER_LEFT_RIGHT, 1.0);
    let mut desk = Desk { population: &population, profile: &profile, state: SessionState::default() };
    let seen = desk.sees(&stats);
    assert_eq!(seen.kind, VerdictKind::NotScorable);
    assert_eq!(seen.trust, None);
}

mod extremes {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whatever_passes_the_wire_gives_numbers(values in prop::collection::vec((0usize..12, -20f64..20.0, 1u32..400, 0f64..50.0), 1..40)) {
            let mut rng = ChaCha8Rng::seed_from_u64(11);
            let people = (0..20).map(|_| {
                let person = Person::draw(&mut rng);
                TrainingPerson { sessions: (0..2).map(|_| pooled(&person.session(&mut rng, 1, 8))).collect() }
            }).collect();
            let settings = TrainSettings { rounds: 2, ..TrainSettings::default() };
            let population = train(&[(Modality::Keyboard, people)], &settings, &mut |_, _, _| {});
            let mut stats = FeatureStats::new();
            for (i, mean, count, variance) in values {
                stats.add(features()[i], &tacit_proto::Stat::new(count, mean, variance).unwrap());
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
}
