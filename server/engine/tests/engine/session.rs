//! Sessions: verdicts, trust and what a profile learns.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::{Policy, Profile, SessionState, VerdictKind, score};
use tacit_proto::catalogue::ROLLOVER_LEFT_RIGHT;
use tacit_proto::{FeatureStats, Modality};

use crate::people::{Desk, Person, SESSION, enrolled, features, pooled, population};

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
        assert!(desk.state.close(&population, &Policy::default(), &mut profile));
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
    assert!(!desk.state.close(&population, &Policy::default(), &mut profile));
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
    assert!(!desk.state.close(&population, &Policy::default(), &mut profile));
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

#[test]
fn too_little_input_teaches_nothing() {
    let mut rng = ChaCha8Rng::seed_from_u64(14);
    let population = population(&mut rng);
    let mut profile = Profile::default();
    let before = profile.clone();
    let mut desk = Desk { population: &population, profile: &before, state: SessionState::default() };
    desk.sees(&Person::draw(&mut rng).session(&mut rng, 1, 5)[0]);
    assert!(!desk.state.close(&population, &Policy::default(), &mut profile));
    assert_eq!(profile, before);
}

#[test]
fn as_many_windows_as_the_policy_says_must_agree() {
    let mut rng = ChaCha8Rng::seed_from_u64(15);
    let population = population(&mut rng);
    let profile = enrolled(&Person::draw(&mut rng), &mut rng);
    let policy = Policy { least_windows: 5, ..Policy::default() };
    let mut state = SessionState::default();
    let other = Person { means: vec![5.6; features().len()] };
    let kinds: Vec<VerdictKind> = other
        .session(&mut rng, 8, 5)
        .iter()
        .map(|w| state.observe(&population, &profile, &policy, Modality::Keyboard, 50, w).kind)
        .collect();
    assert!(kinds[..4].iter().all(|k| *k == VerdictKind::Suspicious), "{kinds:?}");
    assert!(kinds[4..].iter().all(|k| *k == VerdictKind::DifferentPerson), "{kinds:?}");
}

#[test]
fn a_profile_follows_its_subject_through_slow_change_and_walks_away_with_nobody() {
    let mut rng = ChaCha8Rng::seed_from_u64(16);
    let population = population(&mut rng);
    let person = Person::draw(&mut rng);
    let first = enrolled(&person, &mut rng);
    // Each session a little further; up to one deviation of sessions in all, and up to ten.
    let mut led = |step: f64| {
        let (mut profile, mut taught) = (first.clone(), 0);
        let mut person = Person { means: person.means.clone() };
        for _ in 0..80 {
            person.means.iter_mut().for_each(|m| *m += step);
            let mut state = SessionState::default();
            for window in person.session(&mut rng, 6, 8) {
                state.observe(&population, &profile, &Policy::default(), Modality::Keyboard, 50, &window);
            }
            taught += u32::from(state.close(&population, &Policy::default(), &mut profile));
        }
        let late = pooled(&person.session(&mut rng, 2, 8));
        let llr = |p: &Profile| score(&population, p, Modality::Keyboard, &late).unwrap().llr;
        (taught, llr(&profile), llr(&first))
    };
    let (taught, followed, left) = led(SESSION / 80.0);
    assert!(taught >= 60 && followed > 3.0 && followed > left, "{taught} taught, {followed} {left}");
    let (taught, followed, _) = led(10.0 * SESSION / 80.0);
    assert!(taught <= 40 && followed < -5.0, "{taught} taught, {followed}");
}
