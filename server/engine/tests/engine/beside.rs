//! Sessions of subjects with a mature profile, held against their own start as well.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::{Assessment, Evidence, Profile, SessionState, VerdictKind};
use tacit_proto::{FeatureStats, Modality};

use crate::people::{Desk, Person, enrolled, population};

const SLOW: f64 = 5.0;
const LIKE_THE_SUBJECT: f64 = 4.63;
const WORDS: &str = "the session's own start";

fn named(assessments: &[Assessment]) -> Option<usize> {
    assessments.iter().position(|a| a.kind == VerdictKind::DifferentPerson)
}

fn all(desk: &mut Desk<'_>, windows: &[FeatureStats]) -> Vec<Assessment> {
    windows.iter().map(|w| desk.sees(w)).collect()
}

/// Someone a little like the subject, who follows `before`.
fn taker(rng: &mut ChaCha8Rng) -> Vec<FeatureStats> {
    Person { means: vec![LIKE_THE_SUBJECT; 12] }.session(rng, 8, 5)
}

#[test]
fn a_takeover_is_told_by_the_start_as_well_in_plain_words() {
    let mut rng = ChaCha8Rng::seed_from_u64(80);
    let population = population(&mut rng);
    let mut told = 0;
    for shift in (4..24).map(|hundredths| f64::from(hundredths) / 100.0) {
        let own = Person::draw(&mut rng);
        let like = Person { means: own.means.iter().map(|mean| mean + shift).collect() };
        let profile = enrolled(&own, &mut rng);
        let mut desk = Desk { population: &population, profile: &profile, state: SessionState::default() };
        let before = all(&mut desk, &own.session(&mut rng, 12, 5));
        assert!(named(&before).is_none(), "the subject is not named");
        for seen in all(&mut desk, &like.session(&mut rng, 8, 5)) {
            let of_start = |e: &Evidence| e.llr < 0.0 && e.words.ends_with(", by the session's own start");
            if seen.reason.contains(WORDS) {
                assert_ne!(seen.kind, VerdictKind::Genuine);
                assert!(seen.llr.is_some_and(|llr| llr < 0.0), "{seen:?}");
                assert!(seen.evidence.iter().any(of_start), "{seen:?}");
                told += 1;
            }
        }
    }
    assert!(told >= 3, "{told} windows told of by the start of their session");
}

#[test]
fn another_keyboard_in_the_middle_of_a_session_is_not_held_against_its_start() {
    let mut rng = ChaCha8Rng::seed_from_u64(81);
    let population = population(&mut rng);
    let own = Person { means: vec![4.6; 12] };
    let profile = enrolled(&own, &mut rng);
    let mut desk = Desk { population: &population, profile: &profile, state: SessionState::default() };
    all(&mut desk, &own.session(&mut rng, 12, 5));
    desk.state.input_device_appeared(Modality::Keyboard);
    let after = all(&mut desk, &Person { means: vec![SLOW; 12] }.session(&mut rng, 8, 5));
    assert!(after.iter().all(|a| !a.reason.contains(WORDS)));
}

#[test]
fn whoever_never_was_the_subject_is_named_however_they_go_on() {
    let mut rng = ChaCha8Rng::seed_from_u64(82);
    let population = population(&mut rng);
    let profile = enrolled(&Person { means: vec![4.4; 12] }, &mut rng);
    let mut desk = Desk { population: &population, profile: &profile, state: SessionState::default() };
    let seen = all(&mut desk, &Person { means: vec![SLOW; 12] }.session(&mut rng, 40, 5));
    let at = named(&seen).unwrap();
    assert!(at <= 3 && seen[at..].iter().all(|a| a.kind == VerdictKind::DifferentPerson));
}

#[test]
fn another_process_goes_on_and_so_does_one_that_knows_windows_of_an_earlier_version() {
    let mut rng = ChaCha8Rng::seed_from_u64(83);
    let population = population(&mut rng);
    let own = Person { means: vec![4.6; 12] };
    let profile: Profile = enrolled(&own, &mut rng);
    let mut here = Desk { population: &population, profile: &profile, state: SessionState::default() };
    let mut windows = own.session(&mut rng, 24, 5);
    windows.extend(taker(&mut rng));
    for window in &windows {
        let stored = serde_json::to_value(&here.state).unwrap();
        let state = serde_json::from_value(stored.clone()).unwrap();
        let mut there = Desk { population: &population, profile: &profile, state };
        let mut earlier = stored;
        for window in earlier["recent"].as_array_mut().unwrap() {
            window.as_object_mut().unwrap().remove("inputs");
        }
        let state: SessionState = serde_json::from_value(earlier).unwrap();
        let seen = here.sees(window);
        assert_eq!(seen, there.sees(window));
        let mut earlier = Desk { population: &population, profile: &profile, state };
        assert!(earlier.sees(window).trust.is_some());
    }
}
