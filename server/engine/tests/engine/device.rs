//! The device term: another device is another keyboard, not another person.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::{Assessment, Policy, Population, Profile, SessionState, VerdictKind};
use tacit_proto::{FeatureStats, Modality};

use crate::people::{Desk, Person, SESSION, population};

const HOME: u64 = 1;
const ABROAD: u64 = u64::MAX;
/// Sessions of a profile that has long been learned.
const LONG: usize = 12;

fn on(device: u64) -> SessionState {
    let mut state = SessionState::default();
    state.on_device(device);
    state
}

/// A profile of so many sessions, each learned as it closed.
fn learned_on(
    population: &Population,
    person: &Person,
    rng: &mut ChaCha8Rng,
    devices: &[u64],
    profile: &mut Profile,
) {
    for device in devices {
        // Now and then chance makes a session that is doubted or too little like the founding ones, and teaches nothing.
        let mut taught = || {
            let windows = person.session(rng, 10, 5);
            seen(population, profile, on(*device), &windows).1.close(population, &Policy::default(), profile)
        };
        assert!((0..20).any(|_| taught()));
    }
}

fn seen(
    population: &Population,
    profile: &Profile,
    state: SessionState,
    windows: &[FeatureStats],
) -> (Vec<Assessment>, SessionState) {
    let mut desk = Desk { population, profile, state };
    (windows.iter().map(|w| desk.sees(w)).collect(), desk.state)
}

/// The same person on a keyboard that shifts each feature by so many session deviations.
fn shifted(person: &Person, by: f64) -> Person {
    let signs = [1.0, 1.0, -1.0, 1.0].into_iter().cycle();
    Person { means: person.means.iter().zip(signs).map(|(m, sign)| m + sign * by * SESSION).collect() }
}

fn doubted(assessments: &[Assessment]) -> bool {
    assessments.iter().any(|a| a.kind != VerdictKind::Genuine)
}

fn named(assessments: &[Assessment]) -> Option<usize> {
    assessments.iter().position(|a| a.kind == VerdictKind::DifferentPerson)
}

#[test]
fn a_shift_is_borne_on_a_new_device_and_doubted_on_a_known_one() {
    let mut rng = ChaCha8Rng::seed_from_u64(40);
    let population = population(&mut rng);
    let (mut at_home, mut abroad, mut named_abroad, trials) = (0, 0, 0, 20);
    for _ in 0..trials {
        let person = Person::draw(&mut rng);
        let mut profile = Profile::default();
        learned_on(&population, &person, &mut rng, &[HOME; LONG], &mut profile);
        let windows = shifted(&person, 2.0).session(&mut rng, 20, 5);
        at_home += u32::from(doubted(&seen(&population, &profile, on(HOME), &windows).0));
        let (assessments, _) = seen(&population, &profile, on(ABROAD), &windows);
        abroad += u32::from(doubted(&assessments));
        named_abroad += u32::from(named(&assessments).is_some());
    }
    let told = format!(
        "doubted: {at_home} of {trials} at home, {abroad} on a new device; named there: {named_abroad}"
    );
    assert!(at_home * 4 >= trials && abroad * 4 <= at_home * 3 && named_abroad * 10 <= trials, "{told}");
}

#[test]
fn someone_else_on_a_new_device_is_named() {
    let mut rng = ChaCha8Rng::seed_from_u64(41);
    let population = population(&mut rng);
    let (mut caught, mut after, trials) = (0, 0, 40);
    for _ in 0..trials {
        let person = Person::draw(&mut rng);
        let mut profile = Profile::default();
        learned_on(&population, &person, &mut rng, &[HOME; LONG], &mut profile);
        let windows = Person::draw(&mut rng).session(&mut rng, 16, 5);
        if let Some(at) = named(&seen(&population, &profile, on(ABROAD), &windows).0) {
            (caught, after) = (caught + 1, after + at + 1);
        }
    }
    assert!(caught >= trials - 2, "{caught} of {trials} caught");
    assert!(after <= 4 * caught, "caught after {} windows on average", after / caught);
}

#[test]
fn nothing_is_widened_on_known_devices_nor_where_nobody_tells() {
    let mut rng = ChaCha8Rng::seed_from_u64(42);
    let population = population(&mut rng);
    let person = Person::draw(&mut rng);
    let mut profile = Profile::default();
    learned_on(&population, &person, &mut rng, &[HOME; 3], &mut profile);
    let mut windows = person.session(&mut rng, 12, 5);
    windows.extend(Person::draw(&mut rng).session(&mut rng, 8, 5));
    let untold = seen(&population, &profile, SessionState::default(), &windows).0;
    assert_eq!(seen(&population, &profile, on(HOME), &windows).0, untold);
    assert_ne!(seen(&population, &profile, on(ABROAD), &windows).0, untold);
}

#[test]
fn trusted_sessions_make_a_device_known() {
    let mut rng = ChaCha8Rng::seed_from_u64(43);
    let population = population(&mut rng);
    let person = Person::draw(&mut rng);
    let mut profile = Profile::default();
    learned_on(&population, &person, &mut rng, &[HOME; LONG], &mut profile);
    let other = shifted(&person, 3.0).session(&mut rng, 1, 5);
    let gain = |profile: &Profile| {
        let llr = |state| seen(&population, profile, state, &other).0[0].llr.unwrap();
        llr(on(ABROAD)) - llr(SessionState::default())
    };
    assert!(gain(&profile) > 0.0);
    learned_on(&population, &person, &mut rng, &[ABROAD; 3], &mut profile);
    assert!(gain(&profile).abs() < 1e-12, "{}", gain(&profile));
}

#[test]
fn windows_that_fit_narrow_the_term_within_a_session() {
    let mut rng = ChaCha8Rng::seed_from_u64(44);
    let population = population(&mut rng);
    let person = Person::draw(&mut rng);
    let mut profile = Profile::default();
    learned_on(&population, &person, &mut rng, &[HOME; LONG], &mut profile);
    let (_, settled) = seen(&population, &profile, on(ABROAD), &person.session(&mut rng, 16, 5));
    // The windows that follow are alone in what they say of themselves.
    let taken = Person::draw(&mut rng).session(&mut rng, 12, 5);
    let late = |state: &SessionState| {
        let mut state = state.clone();
        state.unlocked();
        seen(&population, &profile, state, &taken).0[0].llr.unwrap()
    };
    assert!(late(&settled) < late(&on(ABROAD)), "{} {}", late(&settled), late(&on(ABROAD)));
    let stored = serde_json::to_string(&settled).unwrap();
    assert!((late(&serde_json::from_str(&stored).unwrap()) - late(&settled)).abs() < 1e-9);
    // What appears afterwards is as unknown as a new device.
    let mut replugged = settled.clone();
    replugged.input_device_appeared(Modality::Keyboard);
    assert!((late(&replugged) - late(&on(ABROAD))).abs() < 1e-12);
    let mut pointer = settled.clone();
    pointer.input_device_appeared(Modality::Pointer);
    assert!((late(&pointer) - late(&settled)).abs() < 1e-12);
}

#[test]
fn a_profile_keeps_the_devices_of_the_sessions_that_it_keeps() {
    let mut rng = ChaCha8Rng::seed_from_u64(45);
    let population = population(&mut rng);
    let person = Person::draw(&mut rng);
    let mut profile = Profile::default();
    let mut closed = on(0);
    for window in &person.session(&mut rng, 10, 5) {
        closed.observe(&population, &profile, &Policy::default(), Modality::Keyboard, 50, window);
    }
    for device in 0..40 {
        closed.on_device(device);
        assert!(closed.close(&population, &Policy::default(), &mut profile));
    }
    let stored = serde_json::to_value(&profile).unwrap();
    let kept = |which: &str| -> Vec<u64> {
        let sessions = stored["learned"][0][which].as_array().unwrap();
        sessions.iter().map(|s| s["device"].as_u64().unwrap()).collect()
    };
    assert_eq!((kept("founding"), kept("later")), (vec![0, 1], vec![39]));
    assert_eq!(serde_json::from_value::<Profile>(stored).unwrap(), profile);
}
