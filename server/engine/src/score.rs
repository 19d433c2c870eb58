//! The log-likelihood ratio of pooled stats: same person against someone else.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use tacit_proto::{Family, FeatureStats, Modality};

use crate::model::{Model, cholesky, pick};
use crate::profile::Posterior;
use crate::{Population, Profile, Reference};

/// Degrees of freedom of the densities: how heavy their tails are. On people apart, typing and pointing of other days are
/// told apart best between 10 and 30; one sitting, where a Gaussian would do, loses the less the higher it is.
const TAIL: f64 = 30.0;

/// What one feature family adds to a score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// The family.
    pub family: Family,
    /// Natural-log units; negative speaks against the subject.
    pub llr: f64,
}

/// A score with its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Calibrated log-likelihood ratio, natural log; positive speaks for the subject.
    pub llr: f64,
    /// The ratio before calibration.
    pub raw: f64,
    /// Adds up to the score, but for the calibration's offset, which is shared among them.
    pub families: Vec<Contribution>,
}

/// Scores pooled stats of one modality against a profile. `None` if the profile knows nothing of the modality, or no
/// feature of the stats is in the population.
#[must_use]
pub fn score(
    population: &Population,
    profile: &Profile,
    modality: Modality,
    stats: &FeatureStats,
) -> Option<Score> {
    score_against(population, &profile.reference(population), modality, stats)
}

/// Scores against posteriors that have been worked out before.
#[must_use]
pub fn score_against(
    population: &Population,
    reference: &Reference,
    modality: Modality,
    stats: &FeatureStats,
) -> Option<Score> {
    let model = population.model(modality)?;
    let posterior = reference.posterior(modality)?;
    let observation = model.observe(stats);
    if observation.index.is_empty() {
        return None;
    }
    let parts = ratio_parts(model, posterior, stats);
    let raw: f64 = parts.iter().sum();
    let calibration = model.calibration;
    #[expect(clippy::cast_precision_loss, reason = "a number of dimensions")]
    let offset = calibration.offset / parts.len() as f64;
    let mut families: Vec<Contribution> = Vec::new();
    for (part, &i) in parts.iter().zip(&observation.index) {
        let Some(family) = model.dimensions[i].family() else { continue };
        let llr = calibration.slope * part + offset;
        match families.iter_mut().find(|c| c.family == family) {
            Some(c) => c.llr += llr,
            None => families.push(Contribution { family, llr }),
        }
    }
    Some(Score { llr: calibration.slope * raw + calibration.offset, raw, families })
}

/// The ratio's term for each observed dimension, given those before it (the chain rule): the terms add up exactly.
fn ratio_parts(model: &Model, posterior: &Posterior, stats: &FeatureStats) -> Vec<f64> {
    let o = model.observe(stats);
    let within = model.within(&o);
    let own = &within + pick(&posterior.covariance, &o.index);
    let anyone = &within + pick(&model.subject, &o.index);
    let expected = DVector::from_fn(o.index.len(), |r, _| posterior.mean[o.index[r]]);
    let same = density_parts(&own, &(&o.value - expected));
    let other = density_parts(&anyone, &o.value);
    same.iter().zip(other.iter()).map(|(s, p)| s - p).collect()
}

/// Log densities of each coordinate given those before it under Student's t, less the constants that every ratio cancels.
/// How far sessions lie from what their subject's others foretell has heavier tails than a Gaussian allows (Kenny 2010).
fn density_parts(covariance: &DMatrix<f64>, value: &DVector<f64>) -> Vec<f64> {
    let factor = cholesky(covariance).l();
    let whitened = factor.solve_lower_triangular(value).unwrap_or_else(|| DVector::zeros(value.len()));
    let (mut degrees, mut squares, mut before) = (TAIL, 0.0, 0.0);
    (0..value.len())
        .map(|i| {
            degrees += 1.0;
            squares += whitened[i].powi(2);
            let joint = -0.5 * degrees * (squares / TAIL).ln_1p();
            let part = joint - before - factor[(i, i)].ln();
            before = joint;
            part
        })
        .collect()
}
