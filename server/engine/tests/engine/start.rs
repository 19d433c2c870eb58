//! Sessions of subjects without a mature profile: against their own start.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::{Assessment, Policy, Population, Profile, SessionState, VerdictKind};
use tacit_proto::{FeatureStats, Modality};

use crate::people::{Desk, Person, enrolled, population};

/// What nobody knows yet is told of windows that begin a session.
fn seen(population: &Population, windows: &[FeatureStats]) -> (Vec<Assessment>, SessionState) {
    let profile = Profile::default();
    let mut desk = Desk { population, profile: &profile, state: SessionState::default() };
    (windows.iter().map(|w| desk.sees(w)).collect(), desk.state)
}

fn named(assessments: &[Assessment]) -> Option<usize> {
    assessments.iter().position(|a| a.kind == VerdictKind::DifferentPerson)
}

#[test]
fn a_takeover_is_named_before_anything_was_learned_and_teaches_nothing() {
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let population = population(&mut rng);
    let (mut caught, mut caught_after, trials) = (0, 0, 20);
    for _ in 0..trials {
        let mut windows = Person::draw(&mut rng).session(&mut rng, 20, 5);
        windows.extend(Person::draw(&mut rng).session(&mut rng, 8, 5));
        let (assessments, state) = seen(&population, &windows);
        assert!(assessments[..20].iter().all(|a| a.kind == VerdictKind::Learning && a.trust.is_none()));
        let Some(at) = named(&assessments) else { continue };
        let naming = &assessments[at];
        assert!(naming.reason.contains("the session's own start"), "{}", naming.reason);
        assert!(naming.trust.is_some() && naming.llr.is_some_and(|llr| llr < 0.0));
        assert!(naming.evidence.first().is_some_and(|e| e.llr < 0.0));
        assert!(!state.close(&population, &Policy::default(), &mut Profile::default()));
        (caught, caught_after) = (caught + 1, caught_after + at - 19);
    }
    assert!(caught >= trials - 2, "{caught} of {trials} takeovers caught");
    assert!(caught_after <= 4 * caught, "caught after {} windows on average", caught_after / caught);
}

#[test]
fn someone_else_stays_named_however_long_they_go_on() {
    let mut rng = ChaCha8Rng::seed_from_u64(21);
    let population = population(&mut rng);
    let mut windows = Person { means: vec![4.6; 12] }.session(&mut rng, 12, 5);
    windows.extend(Person { means: vec![5.2; 12] }.session(&mut rng, 40, 5));
    let (assessments, _) = seen(&population, &windows);
    let at = named(&assessments).unwrap();
    assert!(assessments[at..].iter().all(|a| a.kind == VerdictKind::DifferentPerson));
}

#[test]
fn a_start_of_too_few_keystrokes_judges_nobody() {
    let mut rng = ChaCha8Rng::seed_from_u64(22);
    let population = population(&mut rng);
    let mut windows = Person { means: vec![4.6; 12] }.session(&mut rng, 1, 5);
    windows.extend(Person { means: vec![5.2; 12] }.session(&mut rng, 2, 5));
    let (assessments, state) = seen(&population, &windows);
    assert!(assessments.iter().all(|a| a.kind == VerdictKind::Learning));
    assert_eq!(state.trust(), None);
}

#[test]
fn one_subject_is_learned_in_spite_of_the_doubts_of_chance() {
    let mut rng = ChaCha8Rng::seed_from_u64(23);
    let population = population(&mut rng);
    let taught = (0..40).filter(|_| {
        let (assessments, state) = seen(&population, &Person::draw(&mut rng).session(&mut rng, 30, 5));
        assert_eq!(named(&assessments), None);
        state.close(&population, &Policy::default(), &mut Profile::default())
    });
    let taught = taught.count();
    assert!(taught >= 38, "{taught} of 40 sessions learned");
}

#[test]
fn another_process_goes_on_with_the_start_and_a_mature_profile_ends_it() {
    let mut rng = ChaCha8Rng::seed_from_u64(24);
    let population = population(&mut rng);
    let person = Person::draw(&mut rng);
    let mut windows = person.session(&mut rng, 12, 5);
    windows.extend(Person::draw(&mut rng).session(&mut rng, 8, 5));
    let profile = Profile::default();
    let mut here = Desk { population: &population, profile: &profile, state: SessionState::default() };
    for window in &windows {
        let stored = serde_json::to_string(&here.state).unwrap();
        assert!(stored.len() < 16_000, "{} bytes", stored.len());
        let state = serde_json::from_str(&stored).unwrap();
        let mut there = Desk { population: &population, profile: &profile, state };
        assert_eq!(here.sees(window), there.sees(window));
    }
    let profile = enrolled(&person, &mut rng);
    let long = serde_json::to_string(&here.state).unwrap().len();
    let mut here = Desk { population: &population, profile: &profile, state: here.state };
    here.sees(&windows[0]);
    assert!(serde_json::to_string(&here.state).unwrap().len() < long / 2);
}

#[test]
fn a_state_stored_before_there_were_starts_still_loads() {
    let stored =
        r#"{"recent":[],"pools":[],"standing":{"kind":"genuine","trust":99.0,"llr":2.0},"doubted":true}"#;
    let state: SessionState = serde_json::from_str(stored).unwrap();
    assert_eq!(state.trust(), Some(99.0));
    assert!(!state.close(&Population::join([]), &Policy::default(), &mut Profile::default()));
}

#[test]
fn keystrokes_do_not_judge_strokes() {
    let mut rng = ChaCha8Rng::seed_from_u64(25);
    let population = population(&mut rng);
    let (mut state, profile) = (SessionState::default(), Profile::default());
    for window in Person::draw(&mut rng).session(&mut rng, 8, 5) {
        let mut see = |m, inputs, stats: &FeatureStats| {
            state.observe(&population, &profile, &Policy::default(), m, inputs, stats)
        };
        assert_eq!(see(Modality::Keyboard, 50, &window).kind, VerdictKind::Learning);
        assert_eq!(see(Modality::Pointer, 15, &FeatureStats::new()).kind, VerdictKind::Learning);
    }
}
