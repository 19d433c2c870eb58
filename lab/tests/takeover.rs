//! Replays of simulated people: what a figure counts is what happened.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use indicatif::ProgressBar;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::{Policy, Population, Profile, SessionState, VerdictKind};
use tacit_lab::simulate::{Person, located, write_trace};
use tacit_lab::takeover::figures::Figures;
use tacit_lab::takeover::replay::{Basis, Case, Subject, Takeover, Tally, replay};
use tacit_lab::takeover::session::{Session, Slice, parts};
use tacit_lab::takeover::{Court, everyone};
use tacit_measure::{Locator, Settings, TimedInput};
use tacit_proto::Modality;

const MODALITY: Modality = Modality::Keyboard;
const THRESHOLDS: [f64; 5] = [20.0, 2.0, 0.1, 1e-3, 1e-6];
const SHIPPED: usize = 1;
const TAKEOVERS: usize = 6;

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// What someone types in one session, each moment `pace` times as late.
fn typed(person: &Person, keys: usize, pace: f64, seed: u64) -> Vec<TimedInput> {
    let events = person.sit_down(&Population::shipped(), 1_000_000, rng(seed)).type_keys(keys);
    let mut events = located(&mut Locator::new(), &events);
    events.iter_mut().for_each(|e| e.at_us = (e.at_us as f64 * pace) as u64);
    events
}

fn trace(person: &Person, keys: usize, pace: f64, seed: u64) -> Session {
    Session::Trace(typed(person, keys, pace, seed).into())
}

/// Enrols and is judged; takes others' sessions over at a pace of their own.
fn subject(person: &Person, pace: f64, seed: u64) -> Subject {
    Subject {
        enrolment: (0..3).map(|session| trace(person, 400, 1.0, seed * 10 + session)).collect(),
        held_out: vec![trace(person, 400, 1.0, seed * 10 + 5), trace(person, 300, 1.0, seed * 10 + 6)],
        intrusions: vec![trace(person, 500, pace, seed * 10 + 7)],
    }
}

fn court<'a>(population: &'a Population, policy: &'a Policy) -> Court<'a> {
    Court { population, policy, thresholds: &THRESHOLDS, modality: MODALITY, settings: Settings::default() }
}

/// For each threshold, the tallies of people who take each other's sessions over.
fn tallies(subjects: &[Subject]) -> Vec<Vec<Tally>> {
    let (population, policy) = (Population::shipped(), Policy::default());
    let subjects: Vec<&Subject> = subjects.iter().collect();
    let done = everyone(court(&population, &policy), &subjects, TAKEOVERS, &rng(9), &ProgressBar::hidden());
    assert_eq!(done.len(), subjects.len());
    let enrolled: Vec<Vec<Tally>> = done.into_iter().map(|[enrolled, _]| enrolled.unwrap()).collect();
    (0..THRESHOLDS.len()).map(|at| enrolled.iter().map(|person| person[at].clone()).collect()).collect()
}

#[test]
fn someone_else_is_noticed_and_the_same_person_is_not() {
    let population = Population::shipped();
    let person = Person::draw(&population, &mut rng(1)).unwrap();
    let same = tallies(&[subject(&person, 1.0, 1), subject(&person, 1.0, 2)]);
    let same = Figures::of(MODALITY, &same[SHIPPED]).unwrap();
    assert_eq!((same.people, same.false_flags, same.flagged_before), (2, 0, 0));
    assert_eq!((same.detected, same.median_keys, same.ania, same.anga), (Some(0.0), None, None, None));

    let slow = tallies(&[subject(&person, 3.0, 1), subject(&person, 3.0, 2)]);
    let slow = Figures::of(MODALITY, &slow[SHIPPED]).unwrap();
    // One of them begins shortly before its input ends.
    assert!(slow.detected.unwrap() >= 11.0 / 12.0, "{slow:?}");
    assert_eq!(slow.takeovers, same.takeovers);
    assert_eq!(slow.genuine_keys, same.genuine_keys);
    let (median, most) = (slow.median_keys.unwrap(), slow.p90_keys.unwrap());
    assert!((50.0..=400.0).contains(&median) && median <= most, "{slow:?}");
    assert!(slow.median_windows.unwrap() >= 2.0, "no single window decides: {slow:?}");
    assert!(slow.ania.unwrap() <= most, "{slow:?}");
}

#[test]
fn counts_add_up_and_a_stricter_threshold_accuses_no_more() {
    let population = Population::shipped();
    let mut draws = rng(3);
    let subjects: Vec<Subject> =
        (1..=3).map(|seed| subject(&Person::draw(&population, &mut draws).unwrap(), 1.0, seed)).collect();
    let all = tallies(&subjects);
    let figures: Vec<Figures> = all.iter().map(|t| Figures::of(MODALITY, t).unwrap()).collect();
    for (f, tallies) in figures.iter().zip(&all) {
        assert_eq!(f.takeovers + f.flagged_before, 3 * TAKEOVERS);
        let held_out =
            subjects.iter().flat_map(|s| &s.held_out).flat_map(|s| s.windows(MODALITY, Settings::default()));
        assert_eq!(f.genuine_keys, held_out.map(|w| u64::from(w.inputs)).sum::<u64>());
        assert!(tallies.iter().flat_map(|t| &t.takeovers).all(|o| o.inputs > 0.0 && o.windows > 0));
    }
    for pair in figures.windows(2) {
        assert!(pair[1].false_flags <= pair[0].false_flags);
        assert!(pair[1].flagged_before <= pair[0].flagged_before);
        let detected = |f: &Figures| f.detected.unwrap() * f.takeovers as f64;
        assert!(detected(&pair[1]) <= detected(&pair[0]) + f64::from(pair[0].false_flags) + 1e-9);
    }
    assert_eq!(tallies(&subjects), all, "the same seed gives the same figures");
}

/// What the engine says of windows under one policy: after how many it first accuses, and how often it begins to.
fn accusations(
    population: &Population,
    policy: &Policy,
    enrolment: &[Vec<Slice>],
    windows: &[Slice],
) -> (Option<usize>, u32) {
    let mut profile = Profile::default();
    for session in enrolment {
        let mut state = SessionState::default();
        for w in session {
            state.begins(w.beginning);
            state.observe(population, &profile, policy, MODALITY, w.inputs, &w.stats);
        }
        state.close(population, policy, &mut profile);
    }
    let (mut state, mut first, mut begun, mut before) = (SessionState::default(), None, 0, false);
    for (w, closed) in windows.iter().zip(1..) {
        state.begins(w.beginning);
        let seen = state.observe(population, &profile, policy, MODALITY, w.inputs, &w.stats);
        let accuses = seen.kind == VerdictKind::DifferentPerson;
        begun += u32::from(accuses && !before);
        before = accuses;
        first = first.or(accuses.then_some(closed));
    }
    (first, begun)
}

#[test]
fn one_pass_over_all_thresholds_says_what_the_engine_says_under_each() {
    let population = Population::shipped();
    let mut draws = rng(5);
    let (person, other) =
        (Person::draw(&population, &mut draws).unwrap(), Person::draw(&population, &mut draws).unwrap());
    let windows = |session: Session| session.windows(MODALITY, Settings::default());
    let enrolment: Vec<Vec<Slice>> = (0..3).map(|seed| windows(trace(&person, 400, 1.0, seed))).collect();
    // Now the one, now the other: verdicts come and go.
    let own = trace(&person, 300, 1.0, 11);
    let spliced =
        own.taken_over_by(&trace(&other, 900, 1.0, 12), MODALITY, Settings::default(), &mut rng(13)).unwrap();
    let (a, b) = (windows(trace(&person, 600, 1.0, 14)), windows(trace(&other, 200, 1.0, 15)));
    let mixed: Vec<Slice> = [&b, &a, &b, &a].into_iter().flatten().cloned().collect();
    let case = Case {
        enrolment: enrolment.clone(),
        held_out: vec![windows(own.clone()), mixed.clone()],
        takeovers: vec![Takeover { session: 0, spliced: spliced.clone() }],
    };
    let policy = Policy::default();
    let swept = replay(court(&population, &policy), &case, Basis::Profile).unwrap();
    let mut taken = windows(own.clone())[..spliced.kept].to_vec();
    taken.extend(spliced.after.iter().map(|t| t.slice.clone()));
    for (threshold, tally) in THRESHOLDS.into_iter().zip(swept) {
        let policy = Policy { different_person_below: threshold, ..policy };
        let (first, _) = accusations(&population, &policy, &enrolment, &taken);
        let outcome = tally.takeovers[0];
        assert_eq!(first, outcome.detected.then_some(spliced.kept + outcome.windows), "below {threshold}");
        let mut learned = enrolment.clone();
        learned.push(windows(own.clone()));
        let (_, begun) = accusations(&population, &policy, &learned, &mixed);
        assert_eq!(begun, tally.false_flags, "below {threshold}");
    }
}

#[test]
fn a_takeover_goes_on_where_the_session_was() {
    let population = Population::shipped();
    let person = Person::draw(&population, &mut rng(1)).unwrap();
    let (own, other) = (trace(&person, 400, 1.0, 1), trace(&person, 300, 1.0, 2));
    let whole = own.windows(MODALITY, Settings::default());
    for seed in 0..20 {
        let spliced = own.taken_over_by(&other, MODALITY, Settings::default(), &mut rng(seed)).unwrap();
        assert!(spliced.kept < whole.len());
        let so_far: Vec<_> = spliced.after.iter().map(|t| t.so_far).collect();
        assert!(so_far.is_sorted_by(|a, b| a.inputs < b.inputs && a.active_s < b.active_s), "{so_far:?}");
        // The rest between the two parts what they typed; it may close a window that the session's own keys had filled.
        let first = so_far.iter().find(|so_far| so_far.inputs > 0.0).unwrap();
        assert!((first.inputs - 30.0).abs() < 1e-9, "{so_far:?}");
        let inputs: u32 = spliced.after.iter().map(|t| t.slice.inputs).sum();
        assert!((130..=350).contains(&inputs), "{inputs}: half to all of the other's session");
    }
    let windows = |session: &Session| Session::Windows(session.windows(MODALITY, Settings::default()));
    assert!(own.taken_over_by(&windows(&other), MODALITY, Settings::default(), &mut rng(0)).is_none());
    let spliced =
        windows(&own).taken_over_by(&windows(&other), MODALITY, Settings::default(), &mut rng(0)).unwrap();
    assert!((1..whole.len()).contains(&spliced.kept) && (5..=10).contains(&spliced.after.len()));

    let events = typed(&person, 300, 1.0, 3);
    let cut = parts(&events, 4);
    assert_eq!(cut.iter().map(|part| part.len()).sum::<usize>(), events.len());
    assert!(cut.iter().all(|part| part.len() > events.len() / 5));
}

fn lab(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tacit-lab")).args(args).output().unwrap()
}

#[test]
fn any_folder_of_traces_is_replayed_by_what_ships() {
    let (folder, population) = (tempfile::tempdir().unwrap(), Population::shipped());
    let mut rng = rng(4);
    let mut typed = |person: &Person, keys: usize, path: &str| {
        let events = person.sit_down(&population, 1_000_000, rng.clone()).type_keys(keys);
        rng.set_stream(rng.get_stream() + 1);
        write_trace(&folder.path().join(path), &events).unwrap();
    };
    // Two people of two sessions that enrol and two that are judged, and one of a lone recording.
    let people =
        [1, 2, 3].map(|seed| Person::draw(&population, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap());
    for (name, person) in ["a", "b"].iter().zip(&people) {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        (1..=4).for_each(|session| typed(person, 700, &format!("{name}/{session}.csv")));
    }
    typed(&people[2], 2_500, "c.csv");

    let out = folder.path().join("rows.jsonl");
    let (traces, json) = (folder.path().to_str().unwrap(), out.to_str().unwrap());
    let output = lab(&["takeover", "--traces", traces, "--json", json]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows = std::fs::read_to_string(out).unwrap();
    let rows = rows.lines().map(|row| serde_json::from_str::<serde_json::Value>(row).unwrap());
    let shipped = |row: &serde_json::Value| row["shipped_threshold"] == true && row["enrolled"] == true;
    let rows: Vec<_> = rows.filter(shipped).collect();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((&row["modality"], &row["people"]), (&"keyboard".into(), &3.into()));
    assert_eq!(row["takeovers"], 24);
    assert!(row["detected"].as_f64() >= row["detected_within_300"].as_f64(), "{row}");
    assert!(row["detected"].as_f64().unwrap() > 0.5, "{row}");
}

#[test]
fn what_cannot_be_replayed_is_said() {
    let traces = tempfile::tempdir().unwrap();
    let nobody = lab(&["takeover", "--traces", traces.path().to_str().unwrap()]);
    assert!(!nobody.status.success());
    assert!(!lab(&["takeover", "--data", ".", "--set", "klicke", "--traces", "."]).status.success());
    assert!(!lab(&["takeover", "--data", "."]).status.success());
    assert!(!lab(&["takeover", "--data", ".", "--set", "nowhere"]).status.success());
    let output = lab(&["takeover", "--data", "/nonexistent", "--set", "klicke"]);
    let named = Path::new("/nonexistent/klicke").display().to_string();
    assert!(String::from_utf8_lossy(&output.stderr).contains(&named));
}
