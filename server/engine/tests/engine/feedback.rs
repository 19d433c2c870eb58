//! What people say of verdicts.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::{Policy, Population, Profile, SessionState, VerdictKind};

use crate::people::{Desk, Person, enrolled, population};

const SLOW: f64 = 5.4;

/// A session that has come to be called someone else's.
fn accused<'a>(population: &'a Population, profile: &'a Profile, rng: &mut ChaCha8Rng) -> Desk<'a> {
    let mut desk = Desk { population, profile, state: SessionState::default() };
    let mut windows = Person { means: vec![4.4; 12] }.session(rng, 10, 5);
    windows.extend(Person { means: vec![SLOW; 12] }.session(rng, 6, 5));
    let last = windows.iter().map(|w| desk.sees(w).kind).last();
    assert_eq!(last, Some(VerdictKind::DifferentPerson));
    desk
}

#[test]
fn a_false_alarm_lifts_the_verdict_and_lets_the_session_teach() {
    let mut rng = ChaCha8Rng::seed_from_u64(30);
    let population = population(&mut rng);
    for mature in [true, false] {
        let own = Person { means: vec![4.4; 12] };
        let profile = if mature { enrolled(&own, &mut rng) } else { Profile::default() };
        let mut desk = accused(&population, &profile, &mut rng);
        assert!(!desk.state.close(&population, &Policy::default(), &mut profile.clone()));
        desk.state.false_alarm();
        assert_eq!(desk.state.trust(), None);
        let seen = desk.sees(&own.session(&mut rng, 1, 5)[0]).kind;
        assert_eq!(seen, if mature { VerdictKind::Genuine } else { VerdictKind::Learning });
        let mut learned = profile.clone();
        assert!(desk.state.close(&population, &Policy::default(), &mut learned));
        assert_ne!(learned, profile);
    }
}

#[test]
fn a_change_that_stays_cannot_be_judged_after_a_false_alarm_and_teaches() {
    let mut rng = ChaCha8Rng::seed_from_u64(31);
    let population = population(&mut rng);
    let profile = enrolled(&Person { means: vec![4.4; 12] }, &mut rng);
    let mut desk = accused(&population, &profile, &mut rng);
    desk.state.false_alarm();
    for window in (Person { means: vec![SLOW; 12] }).session(&mut rng, 20, 5) {
        let seen = desk.sees(&window);
        assert_eq!(seen.kind, VerdictKind::NotScorable);
        assert!(seen.reason.contains("said to be the subject"), "{}", seen.reason);
        assert!(seen.trust.is_none() && !desk.state.in_doubt());
    }
    let stored = serde_json::to_string(&desk.state).unwrap();
    desk.state = serde_json::from_str(&stored).unwrap();
    assert!(desk.state.clone().close(&population, &Policy::default(), &mut profile.clone()));
    // Somebody else comes, whom nobody spoke of.
    let taker = Person { means: vec![4.2; 12] }.session(&mut rng, 6, 5);
    let named = taker.iter().map(|w| desk.sees(w)).find(|a| a.kind == VerdictKind::DifferentPerson).unwrap();
    assert!(named.reason.contains("the session's own start"), "{}", named.reason);
    assert!(!desk.state.close(&population, &Policy::default(), &mut profile.clone()));
}

#[test]
fn a_takeover_after_a_false_alarm_is_named_and_does_not_teach() {
    let mut rng = ChaCha8Rng::seed_from_u64(33);
    let population = population(&mut rng);
    let own = Person { means: vec![4.4; 12] };
    let profile = enrolled(&own, &mut rng);
    let mut desk = accused(&population, &profile, &mut rng);
    desk.state.false_alarm();
    for window in own.session(&mut rng, 4, 5) {
        assert_eq!(desk.sees(&window).kind, VerdictKind::Genuine);
    }
    let again = Person { means: vec![SLOW; 12] }.session(&mut rng, 8, 5);
    assert!(again.iter().any(|w| desk.sees(w).kind == VerdictKind::DifferentPerson));
    assert!(!desk.state.close(&population, &Policy::default(), &mut profile.clone()));
}

#[test]
fn an_unlock_lifts_the_verdict_and_lets_the_session_teach_nothing() {
    let mut rng = ChaCha8Rng::seed_from_u64(33);
    let population = population(&mut rng);
    let own = Person { means: vec![4.4; 12] };
    let profile = enrolled(&own, &mut rng);
    let mut desk = accused(&population, &profile, &mut rng);
    desk.state.unlocked();
    assert!(!desk.state.in_doubt());
    let after = own.session(&mut rng, 3, 5);
    assert!(after.iter().all(|w| desk.sees(w).kind == VerdictKind::Genuine));
    assert!(!desk.state.close(&population, &Policy::default(), &mut profile.clone()));
    // Someone else who knows the secret is accused again.
    let again = Person { means: vec![SLOW; 12] }.session(&mut rng, 8, 5);
    assert!(again.iter().any(|w| desk.sees(w).kind == VerdictKind::DifferentPerson));
}

#[test]
fn a_confirmed_takeover_never_teaches() {
    let mut rng = ChaCha8Rng::seed_from_u64(32);
    let population = population(&mut rng);
    let own = Person { means: vec![4.4; 12] };
    let profile = enrolled(&own, &mut rng);
    // Missed by the engine, known to people.
    let mut desk = Desk { population: &population, profile: &profile, state: SessionState::default() };
    for window in own.session(&mut rng, 10, 5) {
        assert_eq!(desk.sees(&window).kind, VerdictKind::Genuine);
    }
    assert!(desk.state.close(&population, &Policy::default(), &mut profile.clone()));
    desk.state.confirmed();
    assert!(!desk.state.close(&population, &Policy::default(), &mut profile.clone()));
    desk.state.false_alarm();
    let stored = serde_json::to_string(&desk.state).unwrap();
    let state: SessionState = serde_json::from_str(&stored).unwrap();
    assert!(!state.close(&population, &Policy::default(), &mut profile.clone()));
    // The verdict of an accused session stands.
    let mut desk = accused(&population, &profile, &mut rng);
    let trust = desk.state.trust();
    desk.state.confirmed();
    assert_eq!(desk.state.trust(), trust);
}
