//! Whether a session ever was the subject's: stolen credentials beside takeovers.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::{Assessment, Cause, Policy, Population, Profile, SessionState, VerdictKind, score};
use tacit_proto::{FeatureStats, Modality};

use crate::people::{Desk, Person, pooled, population};

const HOME: u64 = 1;
const ABROAD: u64 = 2;
const NEW_DEVICE: &str = "where: a device new to the subject";
const ELSEWHERE: &str = "where: the account is at work on another device in the same minutes";

fn on(device: u64) -> SessionState {
    let mut state = SessionState::default();
    state.on_device(device);
    state
}

/// A profile learned on the device at home.
fn at_home(population: &Population, person: &Person, rng: &mut ChaCha8Rng) -> Profile {
    let mut profile = Profile::default();
    for _ in 0..6 {
        let before = profile.clone();
        let mut desk = Desk { population, profile: &before, state: on(HOME) };
        person.session(rng, 10, 5).iter().for_each(|w| drop(desk.sees(w)));
        desk.state.close(population, &Policy::default(), &mut profile);
    }
    profile
}

fn seen(desk: &mut Desk<'_>, windows: &[FeatureStats]) -> Vec<Assessment> {
    windows.iter().map(|w| desk.sees(w)).collect()
}

fn accused(assessments: &[Assessment]) -> Option<&Assessment> {
    assessments.iter().find(|a| a.kind == VerdictKind::DifferentPerson)
}

fn tells(assessment: &Assessment, words: &str) -> bool {
    assessment.evidence.iter().any(|e| e.words == words && e.llr < 0.0)
}

#[test]
fn a_stranger_who_logs_on_is_told_from_one_who_takes_over() {
    let mut rng = ChaCha8Rng::seed_from_u64(70);
    let population = population(&mut rng);
    let (mut credential, mut takeover, mut named, trials) = (0, 0, 0, 30);
    for _ in 0..trials {
        let person = Person::draw(&mut rng);
        let profile = at_home(&population, &person, &mut rng);
        let stranger = Person::draw(&mut rng).session(&mut rng, 12, 5);
        let own = person.session(&mut rng, 10, 5);
        for device in [HOME, ABROAD] {
            let mut desk = Desk { population: &population, profile: &profile, state: on(device) };
            let from_the_start = seen(&mut desk, &stranger);
            let mut desk = Desk { population: &population, profile: &profile, state: on(device) };
            let before = seen(&mut desk, &own);
            assert!(accused(&before).is_none(), "the subject on a new device is no stranger");
            assert!(before.iter().all(|a| a.cause.is_none()));
            let later = seen(&mut desk, &stranger);
            let (Some(first), Some(second)) = (accused(&from_the_start), accused(&later)) else { continue };
            named += 1;
            credential += u32::from(first.cause == Some(Cause::Credential));
            takeover += u32::from(second.cause == Some(Cause::Takeover));
            assert_eq!(tells(first, NEW_DEVICE), device == ABROAD);
            assert!(first.evidence.len() <= 5 && first.evidence.iter().any(|e| e.words != NEW_DEVICE));
            if first.cause == Some(Cause::Credential) {
                assert!(first.reason.contains("never was like the subject"), "{}", first.reason);
            }
            // What it was put down to does not change while it stands.
            let still = from_the_start.iter().filter(|a| a.kind == VerdictKind::DifferentPerson);
            assert!(still.clone().all(|a| a.cause == first.cause));
        }
    }
    let told = format!("{credential} credential and {takeover} takeover of {named}");
    assert!(named >= 2 * trials - 6 && credential >= named - 3 && takeover >= named - 3, "{told}");
}

#[test]
fn a_new_device_raises_the_doubt_until_the_session_fits() {
    let mut rng = ChaCha8Rng::seed_from_u64(71);
    let population = population(&mut rng);
    let person = Person::draw(&mut rng);
    let profile = at_home(&population, &person, &mut rng);
    let own = person.session(&mut rng, 12, 2);
    let of = |device| {
        let mut desk = Desk { population: &population, profile: &profile, state: on(device) };
        seen(&mut desk, &own)
    };
    let (home, abroad) = (of(HOME), of(ABROAD));
    let mut known = on(ABROAD);
    known.on_known_device();
    let forgotten = seen(&mut Desk { population: &population, profile: &profile, state: known }, &own[..1]);
    // How much likelier a change is held to be before the first window than policy says. The odds of one window count for an eighth.
    let factor = |of: &Assessment| {
        let against = (-of.llr.unwrap()).exp();
        let odds = (against / 8.0).min(against * against);
        (100.0 / of.trust.unwrap() - 1.0) / odds / Policy::default().takeover_hazard
    };
    assert!((factor(&home[0]) - 1.0).abs() < 0.01, "{}", factor(&home[0]));
    assert!((factor(&abroad[0]) - 4.0).abs() < 0.01, "{}", factor(&abroad[0]));
    assert!((factor(&forgotten[0]) - 1.0).abs() < 0.01, "{}", factor(&forgotten[0]));
    assert!(abroad[11].trust.unwrap() > 99.0, "{:?}", abroad[11].trust);
}

#[test]
fn work_on_another_device_in_the_same_minutes_is_told_and_is_no_verdict() {
    let mut rng = ChaCha8Rng::seed_from_u64(72);
    let population = population(&mut rng);
    let (mut sooner, mut later) = (0, 0);
    for _ in 0..20 {
        let person = Person::draw(&mut rng);
        let profile = at_home(&population, &person, &mut rng);
        let own = person.session(&mut rng, 30, 5);
        let mut desk = Desk { population: &population, profile: &profile, state: on(HOME) };
        for (i, window) in own.iter().enumerate() {
            if i >= 5 {
                desk.state.at_work_elsewhere();
            }
            assert_ne!(desk.sees(window).kind, VerdictKind::DifferentPerson, "two desks are no verdict");
        }
        let stranger = Person::draw(&mut rng).session(&mut rng, 12, 2);
        let named = |elsewhere: bool| {
            let mut desk = Desk { population: &population, profile: &profile, state: on(HOME) };
            let seen = stranger.iter().map(|window| {
                if elsewhere {
                    desk.state.at_work_elsewhere();
                }
                desk.sees(window)
            });
            let all: Vec<Assessment> = seen.collect();
            let at = all.iter().position(|a| a.kind == VerdictKind::DifferentPerson);
            if let Some(at) = at {
                assert_eq!(tells(&all[at], ELSEWHERE), elsewhere);
            }
            at.unwrap_or(all.len())
        };
        (sooner, later) = (sooner + named(true), later + named(false));
    }
    assert!(sooner < later, "{sooner} windows in all, {later} when it is not told");
}

/// Two windows of someone that fit a profile each, and not clearly: by 1 to 2 nats together.
fn hardly_fitting(
    population: &Population,
    profile: &Profile,
    person: &Person,
    rng: &mut ChaCha8Rng,
) -> Vec<FeatureStats> {
    let llr = |stats: &FeatureStats| score(population, profile, Modality::Keyboard, stats).unwrap().llr;
    let fits = |windows: &[FeatureStats]| {
        (1.0..2.0).contains(&llr(&pooled(windows))) && windows.iter().all(|window| llr(window) > 0.2)
    };
    (0..1_000).map(|_| person.session(rng, 2, 1)).find(|windows| fits(windows)).unwrap()
}

#[test]
fn where_the_log_on_is_doubtful_the_subject_must_have_been_seen_clearly() {
    let mut rng = ChaCha8Rng::seed_from_u64(74);
    let population = population(&mut rng);
    let person = Person { means: vec![4.7; 12] };
    let profile = at_home(&population, &person, &mut rng);
    let stranger = Person { means: vec![5.4; 12] }.session(&mut rng, 8, 5);
    let begun = hardly_fitting(&population, &profile, &person, &mut rng);
    for (device, elsewhere, cause) in
        [(HOME, false, Cause::Takeover), (HOME, true, Cause::Credential), (ABROAD, false, Cause::Credential)]
    {
        let mut desk = Desk { population: &population, profile: &profile, state: on(device) };
        if elsewhere {
            desk.state.at_work_elsewhere();
        }
        assert!(accused(&seen(&mut desk, &begun)).is_none());
        let later = seen(&mut desk, &stranger);
        assert_eq!(accused(&later).unwrap().cause, Some(cause), "{device} {elsewhere}");
    }
}

#[test]
fn whoever_was_vouched_for_can_only_be_taken_over() {
    let mut rng = ChaCha8Rng::seed_from_u64(73);
    let population = population(&mut rng);
    let person = Person { means: vec![4.7; 12] };
    let profile = at_home(&population, &person, &mut rng);
    let stranger = Person { means: vec![5.4; 12] }.session(&mut rng, 8, 5);
    let mut desk = Desk { population: &population, profile: &profile, state: on(ABROAD) };
    let first = seen(&mut desk, &stranger);
    assert_eq!(accused(&first).unwrap().cause, Some(Cause::Credential));
    desk.state.false_alarm();
    for window in hardly_fitting(&population, &profile, &person, &mut rng) {
        assert_ne!(desk.sees(&window).kind, VerdictKind::DifferentPerson);
    }
    let stored = serde_json::to_string(&desk.state).unwrap();
    desk.state = serde_json::from_str(&stored).unwrap();
    let again = seen(&mut desk, &stranger);
    assert_eq!(accused(&again).unwrap().cause, Some(Cause::Takeover));
}
