//! Draws of means and of single values.

use std::collections::HashMap;

use nalgebra::{DMatrix, DVector};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use tacit_engine::Prior;
use tacit_proto::{FeatureId, catalogue};

/// Draws this many standard deviations out, or more, are drawn in: no simulated person is a monster.
const OUTERMOST: f64 = 2.5;

/// Mean and spread of every feature, in transformed units.
#[derive(Debug, Clone)]
pub(super) struct Manner(HashMap<FeatureId, (f64, f64)>);

impl Manner {
    /// A person's own means.
    pub(super) fn draw(prior: &Prior, rng: &mut ChaCha8Rng) -> Self {
        let shift = gaussian(&prior.subject_cov, rng);
        let of = |i: usize| (prior.features[i], (prior.mean[i] + shift[i], prior.within_sd[i]));
        Self((0..prior.features.len()).map(of).collect())
    }

    /// The same person in one session.
    pub(super) fn shifted(&self, prior: &Prior, rng: &mut ChaCha8Rng) -> Self {
        let shift = gaussian(&prior.session_cov, rng);
        let mut manner = self.clone();
        for (i, feature) in prior.features.iter().enumerate() {
            if let Some((mean, _)) = manner.0.get_mut(feature) {
                *mean += shift[i];
            }
        }
        manner
    }

    /// The mean of a feature as a raw value; `otherwise` if the population lacks it.
    pub(super) fn usual(&self, feature: FeatureId, otherwise: f64) -> f64 {
        match (self.0.get(&feature), catalogue::feature(feature)) {
            (Some((mean, _)), Some(f)) => clipped(f, f.raw(*mean)),
            _ => otherwise,
        }
    }

    /// A single raw value of a feature; `otherwise` if the population lacks it.
    pub(super) fn value(&self, feature: FeatureId, otherwise: f64, rng: &mut ChaCha8Rng) -> f64 {
        match (self.0.get(&feature), catalogue::feature(feature)) {
            (Some((mean, spread)), Some(f)) => {
                let z: f64 = StandardNormal.sample(rng);
                clipped(f, f.raw(mean + spread * z.clamp(-OUTERMOST, OUTERMOST)))
            }
            _ => otherwise,
        }
    }
}

fn clipped(feature: &catalogue::Feature, raw: f64) -> f64 {
    raw.clamp(feature.clip.0, feature.clip.1)
}

fn gaussian(covariance: &DMatrix<f64>, rng: &mut ChaCha8Rng) -> DVector<f64> {
    let size = covariance.nrows();
    let draw = |_: usize, _: usize| -> f64 {
        let z: f64 = StandardNormal.sample(rng);
        z.clamp(-OUTERMOST, OUTERMOST)
    };
    let z = DVector::from_fn(size, draw);
    match covariance.clone().cholesky() {
        Some(factor) => factor.l() * z,
        None => DVector::from_fn(size, |i, _| covariance[(i, i)].max(0.0).sqrt() * z[i]),
    }
}
