//! What a score, an update of a profile and a training cost. One thread, but for training.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark fails by panicking and tells what it measured"
)]

mod people;

use std::hint::black_box;

use divan::Bencher;
use people::{Crowd, pooled, rng, shown};
use tacit_engine::train::{TrainSettings, train};
use tacit_engine::{Policy, Population, Profile, SessionState, score_against};
use tacit_proto::{FeatureStats, Modality};

const BOTH: [Modality; 2] = [Modality::Keyboard, Modality::Pointer];
/// Sessions of a mature profile: as many as are kept apart.
const SESSIONS: usize = 12;
/// Windows of the longest suffix.
const RECENT: usize = 32;

fn main() {
    let desk = Desk::new();
    for m in BOTH {
        let windows = &desk.windows(m, false);
        let one = shown(&desk.population, m, &windows[0]);
        let all = shown(&desk.population, m, &pooled(windows));
        let of = desk.population.model(m).unwrap().dimensions.len();
        println!("{m:?}: a window shows {one} of {of} dimensions, {} windows {all}", windows.len());
    }
    let stored = serde_json::to_string(&desk.profile).unwrap().len();
    let loaded = desk.profile.bytes(&desk.population);
    println!("a profile of {SESSIONS} sessions: {stored} bytes stored, {loaded} bytes loaded");
    divan::main();
}

/// A subject with a mature profile, and someone else.
struct Desk {
    population: Population,
    profile: Profile,
    crowds: Vec<(Crowd, people::Manner, people::Manner)>,
}

impl Desk {
    fn new() -> Self {
        let population = Population::shipped();
        let mut profile = Profile::default();
        let mut rng = rng(3);
        let crowds = BOTH.map(|m| {
            let crowd = Crowd::new(&population, m);
            let (subject, other) = (crowd.person(&mut rng), crowd.person(&mut rng));
            crowd.enrol(&mut profile, &subject, SESSIONS, &mut rng);
            (crowd, subject, other)
        });
        Self { population, profile, crowds: crowds.into() }
    }

    /// The subject's leave no doubt with this seed: doubt costs more, and is measured with someone else's.
    fn windows(&self, modality: Modality, other: bool) -> Vec<FeatureStats> {
        let (crowd, subject, someone) = self.crowds.iter().find(|(c, ..)| c.modality == modality).unwrap();
        crowd.session(if other { someone } else { subject }, RECENT + 1, &mut rng(7))
    }

    fn sees(&self, state: &mut SessionState, modality: Modality, stats: &FeatureStats) {
        let policy = Policy::default();
        black_box(state.observe(&self.population, &self.profile, &policy, modality, 50, stats));
    }
}

/// Whose windows come, and of which modalities in turn; the last is measured.
const SITTINGS: [(&str, &[Modality], bool); 6] = [
    ("typing", &[Modality::Keyboard], false),
    ("pointing", &[Modality::Pointer], false),
    ("both, a keyboard window", &[Modality::Pointer, Modality::Keyboard], false),
    ("both, a pointer window", &[Modality::Keyboard, Modality::Pointer], false),
    ("someone else, both, a keyboard window", &[Modality::Pointer, Modality::Keyboard], true),
    ("someone else, both, a pointer window", &[Modality::Keyboard, Modality::Pointer], true),
];

/// A window of a session with 32 recent ones: all suffixes, verdict and evidence.
#[divan::bench(args = SITTINGS.map(|s| s.0))]
fn one_window(bencher: Bencher, sitting: &str) {
    let desk = Desk::new();
    let (_, turns, other) = SITTINGS.iter().find(|s| s.0 == sitting).unwrap();
    let windows: Vec<_> = turns.iter().map(|m| (*m, desk.windows(*m, *other))).collect();
    let mut state = SessionState::default();
    for i in 0..RECENT {
        let (modality, windows) = &windows[i % turns.len()];
        desk.sees(&mut state, *modality, &windows[i]);
    }
    // The window whose turn it would be is the one of the first modality: measured is the last, after one more of the others.
    for (modality, windows) in &windows[..turns.len() - 1] {
        desk.sees(&mut state, *modality, &windows[RECENT]);
    }
    let (modality, windows) = &windows[turns.len() - 1];
    bencher.with_inputs(|| state.clone()).bench_refs(|state| desk.sees(state, *modality, &windows[RECENT]));
}

/// One score of stats that are pooled already.
#[divan::bench(args = [1, 2, 4, 8, 16])]
fn score_keyboard(bencher: Bencher, windows: usize) {
    one_score(bencher, Modality::Keyboard, windows);
}

/// One score of stats that are pooled already.
#[divan::bench(args = [1, 2, 4, 8, 16])]
fn score_pointer(bencher: Bencher, windows: usize) {
    one_score(bencher, Modality::Pointer, windows);
}

fn one_score(bencher: Bencher, modality: Modality, windows: usize) {
    let desk = Desk::new();
    let reference = desk.profile.reference(&desk.population);
    let stats = pooled(&desk.windows(modality, false)[..windows]);
    bencher.bench(|| score_against(&desk.population, &reference, modality, black_box(&stats)));
}

/// A closed session of typing and pointing is learned and the posteriors are worked out.
#[divan::bench]
fn update_profile(bencher: Bencher) {
    let desk = Desk::new();
    let sessions = BOTH.map(|m| (m, pooled(&desk.windows(m, false))));
    bencher.with_inputs(|| desk.profile.clone()).bench_refs(|profile| {
        for (modality, stats) in &sessions {
            profile.follow(*modality, 2000, stats);
        }
        black_box(profile.reference(&desk.population));
    });
}

/// Training on people of four sessions each, both modalities.
#[divan::bench(args = [100], sample_count = 1, sample_size = 1)]
fn train_people(bencher: Bencher, people: usize) {
    training(bencher, people);
}

/// As many people as the goal speaks of; takes minutes.
#[divan::bench(args = [1000], sample_count = 1, sample_size = 1, ignore)]
fn train_all(bencher: Bencher, people: usize) {
    training(bencher, people);
}

fn training(bencher: Bencher, people: usize) {
    let population = Population::shipped();
    let people = BOTH.map(|m| (m, Crowd::new(&population, m).training(people)));
    bencher.bench_local(|| train(black_box(&people), &TrainSettings::default(), &mut |_, _, _| {}));
}
