//! Simulated people, drawn from the model's own assumptions.

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};
use tacit_engine::train::{TrainSettings, TrainingPerson, train};
use tacit_engine::{Assessment, Policy, Population, Profile, SessionState};
use tacit_proto::{FeatureId, FeatureStats, Modality, catalogue};

/// Spread of subjects, sessions and single values, in transformed units.
pub(crate) const SUBJECT: f64 = 0.25;
pub(crate) const SESSION: f64 = 0.08;
pub(crate) const SINGLE: f64 = 0.3;

/// Of one family: beside others, holds count for less.
pub(crate) fn features() -> Vec<FeatureId> {
    let holds = |f: &&catalogue::Feature| f.modality == Modality::Keyboard && f.name.starts_with("hold.");
    catalogue::ALL.iter().filter(holds).map(|f| f.id).take(12).collect()
}

pub(crate) struct Person {
    pub(crate) means: Vec<f64>,
}

impl Person {
    pub(crate) fn draw(rng: &mut ChaCha8Rng) -> Self {
        let spread = Normal::new(4.8, SUBJECT).unwrap();
        Self { means: features().iter().map(|_| spread.sample(rng)).collect() }
    }

    /// Windows of one session, each with `n` values a feature.
    pub(crate) fn session(&self, rng: &mut ChaCha8Rng, windows: usize, n: u32) -> Vec<FeatureStats> {
        let shift = Normal::new(0.0, SESSION).unwrap();
        let means: Vec<f64> = self.means.iter().map(|m| m + shift.sample(rng)).collect();
        (0..windows)
            .map(|_| {
                let mut stats = FeatureStats::new();
                for (id, mean) in features().into_iter().zip(&means) {
                    let single = Normal::new(*mean, SINGLE).unwrap();
                    for _ in 0..n {
                        stats.push(id, single.sample(rng));
                    }
                }
                stats
            })
            .collect()
    }
}

pub(crate) fn pooled(windows: &[FeatureStats]) -> FeatureStats {
    let mut all = FeatureStats::new();
    windows.iter().for_each(|w| all.merge(w));
    all
}

pub(crate) fn population(rng: &mut ChaCha8Rng) -> Population {
    let people = (0..150)
        .map(|_| {
            let person = Person::draw(rng);
            TrainingPerson {
                sessions: (0..4).map(|_| pooled(&person.session(rng, 1, 30))).collect(),
                ..Default::default()
            }
        })
        .collect();
    train(&[(Modality::Keyboard, people)], &TrainSettings::default(), &mut |_, _, _| {})
}

pub(crate) fn enrolled(person: &Person, rng: &mut ChaCha8Rng) -> Profile {
    let mut profile = Profile::default();
    for _ in 0..3 {
        profile.learn(Modality::Keyboard, 500, &pooled(&person.session(rng, 10, 5)));
    }
    profile
}

pub(crate) struct Desk<'a> {
    pub(crate) population: &'a Population,
    pub(crate) profile: &'a Profile,
    pub(crate) state: SessionState,
}

impl Desk<'_> {
    pub(crate) fn sees(&mut self, window: &FeatureStats) -> Assessment {
        self.state.observe(self.population, self.profile, &Policy::default(), Modality::Keyboard, 50, window)
    }
}
