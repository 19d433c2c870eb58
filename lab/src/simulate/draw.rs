//! Draws of a person's manner, and of single values by it.

use std::collections::BTreeMap;

use nalgebra::{DMatrix, DVector};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use tacit_engine::{Aspect, Model};
use tacit_proto::{FeatureId, catalogue};

use super::habit::Habit;

/// Draws this many standard deviations out, or more, are drawn in: no simulated person is a monster.
const OUTERMOST: f64 = 2.5;
/// How values fall of which the population knows nothing: standard deviation of their natural logarithm.
const UNKNOWN: f64 = 0.3;

/// How values of one feature fall, in transformed units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Law {
    pub(super) mean: f64,
    /// Natural logarithm of the standard deviation.
    pub(super) ln_sd: f64,
}

/// How values of every feature fall, and how those of keys hang together.
#[derive(Debug, Clone)]
pub(super) struct Manner {
    pub(super) laws: BTreeMap<FeatureId, Law>,
    pub(super) habit: Habit,
}

/// How far one session lies from a person's own manner.
#[derive(Debug, Clone, Default)]
pub(super) struct Shift(Vec<(FeatureId, Aspect, f64)>);

impl Shift {
    pub(super) fn draw(model: &Model, rng: &mut ChaCha8Rng) -> Self {
        let shift = gaussian(&model.session, rng);
        Self(model.dimensions.iter().zip(&shift).map(|(d, by)| (d.feature, d.aspect, by * d.scale)).collect())
    }
}

impl Manner {
    /// A person's own, from the population's means, spreads and their covariance.
    pub(super) fn draw(model: &Model, rng: &mut ChaCha8Rng) -> Self {
        let shift = gaussian(&model.subject, rng);
        let mut laws = BTreeMap::new();
        for (d, shift) in model.dimensions.iter().zip(&shift) {
            let drawn = d.centre + shift * d.scale;
            match d.aspect {
                Aspect::Mean => {
                    let mean = catalogue::feature(d.feature).map_or(drawn, |f| {
                        let (low, high) = f.value_range();
                        drawn.clamp(low, high)
                    });
                    // Where the population has no spread of its own, the noise of single values tells it.
                    let law = Law { mean, ln_sd: (d.noise.sqrt() * d.scale).max(1e-3).ln() };
                    laws.insert(d.feature, law);
                }
                // A spread stands after the mean of its feature.
                Aspect::Spread => {
                    if let Some(law) = laws.get_mut(&d.feature) {
                        law.ln_sd = drawn;
                    }
                }
            }
        }
        // From a stream of its own: who is drawn does not hang on what is drawn of a habit.
        let mut own = rng.clone();
        own.set_stream(1);
        Self { laws, habit: Habit::draw(&mut own) }
    }

    /// The same person in one session.
    pub(super) fn shifted(&self, shift: &Shift) -> Self {
        let mut manner = self.clone();
        for (feature, aspect, by) in &shift.0 {
            if let Some(law) = manner.laws.get_mut(feature) {
                match aspect {
                    Aspect::Mean => law.mean += by,
                    Aspect::Spread => law.ln_sd += by,
                }
            }
        }
        manner
    }

    /// The mean of a feature in transformed units; `otherwise` if the population lacks it.
    pub(super) fn mean(&self, feature: FeatureId, otherwise: f64) -> f64 {
        self.laws.get(&feature).map_or(otherwise, |law| law.mean)
    }

    /// A single raw value of a feature; about `otherwise` if the population lacks it.
    pub(super) fn value(&self, feature: FeatureId, otherwise: f64, rng: &mut ChaCha8Rng) -> f64 {
        self.value_at(feature, otherwise, normal(rng))
    }

    /// The raw value of a feature that lies so many standard deviations from the mean.
    pub(super) fn value_at(&self, feature: FeatureId, otherwise: f64, z: f64) -> f64 {
        // Nobody moves twice alike, of what the population knows nothing either.
        let unclipped = |f: &catalogue::Feature| match self.laws.get(&feature) {
            Some(law) => f.raw(law.mean + law.ln_sd.exp() * z),
            None => otherwise * (UNKNOWN * z).exp(),
        };
        catalogue::feature(feature).map_or(otherwise, |f| unclipped(f).clamp(f.clip.0, f.clip.1))
    }
}

/// A standard normal value, drawn in.
pub(super) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let z: f64 = StandardNormal.sample(rng);
    z.clamp(-OUTERMOST, OUTERMOST)
}

/// One draw of all dimensions, in their order.
fn gaussian(blocks: &[DMatrix<f64>], rng: &mut ChaCha8Rng) -> Vec<f64> {
    blocks.iter().flat_map(|covariance| gaussian_of(covariance, rng).as_slice().to_vec()).collect()
}

fn gaussian_of(covariance: &DMatrix<f64>, rng: &mut ChaCha8Rng) -> DVector<f64> {
    let size = covariance.nrows();
    let z = DVector::from_fn(size, |_, _| normal(rng));
    match covariance.clone().cholesky() {
        Some(factor) => factor.l() * z,
        None => DVector::from_fn(size, |i, _| covariance[(i, i)].max(0.0).sqrt() * z[i]),
    }
}
