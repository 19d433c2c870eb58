//! Who sits at the desk: people drawn from the population that ships, so that they differ as people do.

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use tacit_engine::{Population, Profile, score};
use tacit_lab::simulate::{Person, RawEvent, Sitting, located};
use tacit_measure::{Locator, Measurer, Output, Settings};
use tacit_proto::{FeatureStats, Modality};

/// Nobody in a test thinks longer than this between two events: longer than any gap that is measured.
const LONGEST_REST_US: u64 = 1_700_000;
/// Keys that two people are compared by.
const SAMPLE: usize = 300;
const DRAWN: usize = 40;
const QUICK: usize = 12;

/// Two people who type quickly, so that tests are short, and not alike.
pub(crate) struct People {
    population: Population,
    /// Whose account it is.
    subject: Person,
    /// Who takes over.
    other: Person,
}

impl People {
    pub(crate) fn draw() -> Self {
        let population = Population::shipped();
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let draw = |_| Person::draw(&population, &mut random).expect("the population has both modalities");
        let mut drawn: Vec<Person> = (0..DRAWN).map(draw).collect();
        drawn.sort_by_cached_key(|person| {
            let mut sitting = sit(person, &population, 1);
            sitting.type_keys(SAMPLE);
            sitting.now_us()
        });
        drawn.truncate(QUICK);
        let subject = drawn.remove(0);
        let mut profile = Profile::default();
        for seed in 1..=4 {
            profile.learn(Modality::Keyboard, SAMPLE as u32, &sample(&subject, &population, seed));
        }
        let likeness = |person: &Person| {
            let stats = sample(person, &population, 1);
            score(&population, &profile, Modality::Keyboard, &stats).expect("a sample is scored").llr
        };
        let other = drawn.into_iter().min_by(|a, b| likeness(a).total_cmp(&likeness(b))).unwrap();
        Self { population, subject, other }
    }

    /// The subject, as in one session.
    pub(crate) fn subject(&self, seed: u64) -> Worker {
        Worker(sit(&self.subject, &self.population, seed))
    }

    /// The other, as in one session.
    pub(crate) fn other(&self, seed: u64) -> Worker {
        Worker(sit(&self.other, &self.population, seed))
    }
}

/// Somebody at work.
pub(crate) struct Worker(Sitting);

impl Worker {
    pub(crate) fn types(&mut self, keys: usize) -> Vec<RawEvent> {
        without_long_rests(self.0.type_keys(keys))
    }

    pub(crate) fn points(&mut self, strokes: usize) -> Vec<RawEvent> {
        without_long_rests(self.0.move_pointer(strokes))
    }
}

/// One after the other, with a rest between.
pub(crate) fn one_after_another(parts: impl IntoIterator<Item = Vec<RawEvent>>) -> Vec<RawEvent> {
    without_long_rests(parts.into_iter().flatten().collect())
}

fn sit(person: &Person, population: &Population, seed: u64) -> Sitting {
    person.sit_down(population, 0, ChaCha8Rng::seed_from_u64(seed))
}

fn without_long_rests(mut events: Vec<RawEvent>) -> Vec<RawEvent> {
    let mut before = events.first().map_or(0, |e| e.at_us);
    let mut saved = 0;
    for event in &mut events {
        saved += (event.at_us - before).saturating_sub(LONGEST_REST_US);
        before = event.at_us;
        event.at_us -= saved;
    }
    events
}

fn sample(person: &Person, population: &Population, seed: u64) -> FeatureStats {
    let mut measurer = Measurer::new(Settings::default());
    let mut outputs = Vec::new();
    let events = sit(person, population, seed).type_keys(SAMPLE);
    for event in located(&mut Locator::new(), &events) {
        measurer.push(event, &mut outputs);
    }
    measurer.finish(&mut outputs);
    let mut stats = FeatureStats::new();
    for output in outputs {
        if let Output::Window(window) = output {
            stats.merge(&window.stats);
        }
    }
    stats
}
