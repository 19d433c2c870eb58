//! Occasions at which the controls may change hands.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::{Assessment, Occasion, Population, Profile, SessionState, VerdictKind};
use tacit_proto::{Beginning, FeatureStats, Modality};

use crate::people::{Desk, Person, enrolled, population};

const OCCASIONS: [Occasion; 3] = [Occasion::Rest, Occasion::Unlock, Occasion::InputDevice];

/// A session after so many windows.
fn after(population: &Population, profile: &Profile, windows: &[FeatureStats]) -> SessionState {
    let mut desk = Desk { population, profile, state: SessionState::default() };
    windows.iter().for_each(|w| drop(desk.sees(w)));
    desk.state
}

fn seen(
    population: &Population,
    profile: &Profile,
    state: SessionState,
    windows: &[FeatureStats],
) -> Vec<Assessment> {
    let mut desk = Desk { population, profile, state };
    windows.iter().map(|w| desk.sees(w)).collect()
}

/// A session of the subject, and windows that may or may not be theirs.
struct Unclear {
    population: Population,
    profile: Profile,
    before: SessionState,
    windows: Vec<FeatureStats>,
}

impl Unclear {
    fn drawn(seed: u64, windows: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let population = population(&mut rng);
        let person = Person::draw(&mut rng);
        let profile = enrolled(&person, &mut rng);
        let before = after(&population, &profile, &person.session(&mut rng, 10, 5));
        // Like the subject in half of the features and not in the others, so that nothing is settled.
        let mut unclear = Person::draw(&mut rng);
        unclear.means[..6].clone_from_slice(&person.means[..6]);
        let windows = unclear.session(&mut rng, windows, 2);
        Self { population, profile, before, windows }
    }
}

#[test]
fn an_occasion_raises_the_doubt_of_what_follows_and_fades() {
    let Unclear { population, profile, before, windows } = Unclear::drawn(60, 48);
    let trust = |state: SessionState| -> Vec<f64> {
        seen(&population, &profile, state, &windows).iter().map(|a| a.trust.unwrap()).collect()
    };
    let plain = trust(before.clone());
    for occasion in OCCASIONS {
        let mut raised = before.clone();
        raised.may_have_changed_hands(occasion);
        let stored = serde_json::to_string(&raised).unwrap();
        let raised = trust(serde_json::from_str(&stored).unwrap());
        let odds = |trust: f64| 100.0 / trust - 1.0;
        let times = odds(raised[0]) / odds(plain[0]);
        assert!(times > 1.5 && times < 3.5, "{occasion:?}: {times}");
        assert!((raised[47] - plain[47]).abs() < 1e-9, "{occasion:?}: {} {}", raised[47], plain[47]);
    }
}

#[test]
fn an_unlock_followed_by_fitting_windows_leaves_no_doubt_behind() {
    let mut rng = ChaCha8Rng::seed_from_u64(61);
    let population = population(&mut rng);
    let person = Person::draw(&mut rng);
    let profile = enrolled(&person, &mut rng);
    let own = person.session(&mut rng, 16, 5);
    let plain = after(&population, &profile, &own[..10]);
    let mut unlocked = plain.clone();
    unlocked.may_have_changed_hands(Occasion::Unlock);
    let (plain, unlocked) =
        (seen(&population, &profile, plain, &own[10..]), seen(&population, &profile, unlocked, &own[10..]));
    assert!(unlocked[0].trust < plain[0].trust, "{:?} {:?}", unlocked[0].trust, plain[0].trust);
    assert_eq!(unlocked[3..], plain[3..], "the same as if nothing had been");
}

#[test]
fn a_takeover_after_an_occasion_is_named_no_later_and_an_honest_day_of_them_names_nobody() {
    let mut rng = ChaCha8Rng::seed_from_u64(62);
    let population = population(&mut rng);
    let (mut plain, mut raised, mut doubted, trials) = (0, 0, 0, 40);
    for _ in 0..trials {
        let person = Person::draw(&mut rng);
        let profile = enrolled(&person, &mut rng);
        let before = after(&population, &profile, &person.session(&mut rng, 10, 5));
        let taken = Person::draw(&mut rng).session(&mut rng, 16, 1);
        let named = |state: SessionState| {
            let seen = seen(&population, &profile, state, &taken);
            seen.iter().position(|a| a.kind == VerdictKind::DifferentPerson).unwrap_or(taken.len())
        };
        let mut occasion = before.clone();
        occasion.may_have_changed_hands(Occasion::Unlock);
        let (without, with) = (named(before), named(occasion));
        assert!(with <= without, "{with} {without}");
        (plain, raised) = (plain + without, raised + with);

        let mut desk = Desk { population: &population, profile: &profile, state: SessionState::default() };
        for (i, window) in person.session(&mut rng, 40, 5).iter().enumerate() {
            if i % 5 == 0 {
                desk.state.may_have_changed_hands(OCCASIONS[i / 5 % 3]);
            }
            let kind = desk.sees(window).kind;
            assert_ne!(kind, VerdictKind::DifferentPerson);
            doubted += u32::from(kind == VerdictKind::Suspicious);
        }
    }
    assert!(raised < plain, "{raised} windows in all with an occasion, {plain} without");
    assert!(doubted <= 40 * 40 / 100, "{doubted} of 1600 windows of the subject doubted");
}

#[test]
fn an_input_device_that_appears_is_an_occasion() {
    let mut rng = ChaCha8Rng::seed_from_u64(63);
    let population = population(&mut rng);
    let person = Person::draw(&mut rng);
    let profile = enrolled(&person, &mut rng);
    let before = after(&population, &profile, &person.session(&mut rng, 10, 5));
    let window = person.session(&mut rng, 1, 5);
    let (mut appeared, mut occasion) = (before.clone(), before);
    // Of a pointer, so that keys are judged on the same device.
    appeared.input_device_appeared(Modality::Pointer);
    occasion.may_have_changed_hands(Occasion::InputDevice);
    assert_eq!(
        seen(&population, &profile, appeared, &window),
        seen(&population, &profile, occasion, &window)
    );
}

#[test]
fn whoever_begins_after_a_rest_is_doubted_sooner_than_one_who_goes_on() {
    let Unclear { population, profile, before, windows } = Unclear::drawn(64, 1);
    let odds = |told: &[Beginning]| {
        let mut state = before.clone();
        told.iter().for_each(|beginning| state.begins(*beginning));
        let stored = serde_json::to_string(&state).unwrap();
        let seen = seen(&population, &profile, serde_json::from_str(&stored).unwrap(), &windows);
        100.0 / seen[0].trust.unwrap() - 1.0
    };
    let untold = odds(&[]);
    let (rested, went_on) = (odds(&[Beginning::AfterRest]), odds(&[Beginning::GoesOn]));
    // Half a nat and more: the odds of a newest window that is another's, not of the longer suffixes.
    assert!(rested > 1.6 * untold && untold > 1.6 * went_on, "{rested} {untold} {went_on}");
    let same = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} for {b}");
    same(odds(&[Beginning::Untold]), untold);
    // A rest before a window that could not be scored is still a rest before the next one.
    same(odds(&[Beginning::AfterRest, Beginning::GoesOn]), rested);
    same(odds(&[Beginning::GoesOn, Beginning::Untold]), untold);
}
