//! Simulated people of the shipped population, the same in every run: their windows show about as many dimensions as windows
//! of 50 keystrokes and of 20 strokes do.

use nalgebra::{DMatrix, DVector};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal, Poisson, StandardNormal};
use tacit_engine::train::TrainingPerson;
use tacit_engine::{Aspect, Population, Profile};
use tacit_proto::{FeatureId, FeatureStats, Modality};

/// Windows of a session that a profile learns from.
const LEARNED: usize = 20;

/// Draws people who type or point.
pub(crate) struct Crowd {
    pub(crate) modality: Modality,
    features: Vec<FeatureId>,
    mean: DVector<f64>,
    subject: DMatrix<f64>,
    session: DMatrix<f64>,
    single: Vec<f64>,
    /// Values a window shows of each feature on average: few are common, most are rare.
    rates: Vec<f64>,
}

/// Means of one person, or of one of their sessions.
pub(crate) struct Manner(DVector<f64>);

pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

impl Crowd {
    pub(crate) fn new(population: &Population, modality: Modality) -> Self {
        let prior = population.prior(modality).unwrap();
        let (typical, uneven) = if modality == Modality::Keyboard { (1.0, 1.3) } else { (7.0, 1.5) };
        let rate = Normal::new(f64::ln(typical), uneven).unwrap();
        let mut rng = rng(1);
        Self {
            modality,
            rates: prior.features.iter().map(|_| rate.sample(&mut rng).exp().min(30.0)).collect(),
            features: prior.features,
            mean: DVector::from_vec(prior.mean),
            subject: prior.subject_cov.cholesky().unwrap().l(),
            session: prior.session_cov.cholesky().unwrap().l(),
            single: prior.within_sd,
        }
    }

    pub(crate) fn person(&self, rng: &mut ChaCha8Rng) -> Manner {
        Manner(&self.mean + &self.subject * normal(self.mean.len(), rng))
    }

    /// Windows of one session.
    pub(crate) fn session(&self, person: &Manner, windows: usize, rng: &mut ChaCha8Rng) -> Vec<FeatureStats> {
        let means = &person.0 + &self.session * normal(self.mean.len(), rng);
        (0..windows)
            .map(|_| {
                let mut stats = FeatureStats::new();
                for (i, id) in self.features.iter().enumerate() {
                    let single = Normal::new(means[i], self.single[i]).unwrap();
                    let seen: f64 = Poisson::new(self.rates[i]).unwrap().sample(rng);
                    (0..seen as u32).for_each(|_| stats.push(*id, single.sample(rng)));
                }
                stats
            })
            .collect()
    }

    pub(crate) fn enrol(
        &self,
        profile: &mut Profile,
        person: &Manner,
        sessions: usize,
        rng: &mut ChaCha8Rng,
    ) {
        for at in 0..sessions {
            let stats = pooled(&self.session(person, LEARNED, rng));
            if at < sessions / 2 {
                profile.learn(self.modality, 2000, &stats);
            } else {
                profile.follow(self.modality, 2000, &stats);
            }
        }
    }

    /// People to train on: four sessions of eight windows.
    pub(crate) fn training(&self, people: usize) -> Vec<TrainingPerson> {
        let mut rng = rng(2);
        (0..people)
            .map(|_| {
                let person = self.person(&mut rng);
                let windows: Vec<_> = (0..4).map(|_| self.session(&person, 8, &mut rng)).collect();
                TrainingPerson { sessions: windows.iter().map(|w| pooled(w)).collect(), windows }
            })
            .collect()
    }
}

pub(crate) fn pooled(windows: &[FeatureStats]) -> FeatureStats {
    let mut all = FeatureStats::new();
    windows.iter().for_each(|w| all.merge(w));
    all
}

/// Dimensions of the model that stats show.
pub(crate) fn shown(population: &Population, modality: Modality, stats: &FeatureStats) -> usize {
    let least = |aspect| if aspect == Aspect::Mean { 1 } else { 6 };
    let dimensions = population.model(modality).unwrap().dimensions.iter();
    dimensions.filter(|d| stats.get(d.feature).is_some_and(|s| s.count() >= least(d.aspect))).count()
}

fn normal(size: usize, rng: &mut ChaCha8Rng) -> DVector<f64> {
    DVector::from_fn(size, |_, _| StandardNormal.sample(rng))
}
