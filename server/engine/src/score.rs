//! The log-likelihood ratio of pooled stats: same person against someone else.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use tacit_proto::{Family, FeatureStats, Modality};

use crate::model::{Model, Observation, cholesky, pick};
use crate::profile::Posterior;
use crate::{Population, Profile, Reference};

/// Degrees of freedom of the densities: how heavy their tails are. On people apart, typing and pointing of other days are
/// told apart best between 8 and 30; one sitting, where a Gaussian would do, loses the less the higher it is.
const TAIL: f64 = 15.0;

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
    /// Squared distance from the population's centre over what people, sessions and noise explain, a dimension: about 1
    /// for people, more for input unlike anyone's.
    pub outlying: f64,
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
    reference.posterior(modality)?;
    Shown::of(population, modality, stats)?.score(reference)
}

/// What stats show of a person, and how likely they are of anyone: whatever does not depend on a profile, worked out once
/// for scores against many.
#[derive(Debug)]
pub struct Shown<'a> {
    model: &'a Model,
    blocks: Vec<Block>,
    outlying: f64,
}

#[derive(Debug)]
struct Block {
    observed: Observation,
    within: DMatrix<f64>,
    /// Log density among anyone, a dimension each.
    anyone: Vec<f64>,
}

impl<'a> Shown<'a> {
    /// `None` if no feature of the stats is in the population.
    #[must_use]
    pub fn of(population: &'a Population, modality: Modality, stats: &FeatureStats) -> Option<Self> {
        let model = population.model(modality)?;
        let mut density = Density::default();
        let mut blocks = Vec::with_capacity(model.blocks.len());
        for observed in model.observe(stats) {
            let within = model.within(&observed);
            let among = &within + pick(&model.subject[observed.block], &observed.index);
            let anyone = density.parts(&among, observed.value.clone());
            blocks.push(Block { observed, within, anyone });
        }
        let outlying = density.squares / density.dimensions.max(1.0);
        (!blocks.is_empty()).then_some(Self { model, blocks, outlying })
    }

    /// Scores against a profile. `None` if it knows nothing of the modality.
    #[must_use]
    pub fn score(&self, reference: &Reference) -> Option<Score> {
        let posterior = reference.posterior(self.model.modality)?;
        let parts = self.parts(posterior);
        let raw: f64 = parts.iter().map(|(_, part)| part).sum();
        let calibration = self.model.calibration;
        #[expect(clippy::cast_precision_loss, reason = "a number of dimensions")]
        let offset = calibration.offset / parts.len() as f64;
        let mut families: Vec<Contribution> = Vec::new();
        for (dimension, part) in parts {
            let Some(family) = self.model.dimensions[dimension].family() else { continue };
            let llr = calibration.slope * part + offset;
            match families.iter_mut().find(|c| c.family == family) {
                Some(c) => c.llr += llr,
                None => families.push(Contribution { family, llr }),
            }
        }
        let llr = calibration.slope * raw + calibration.offset;
        Some(Score { llr, raw, outlying: self.outlying, families })
    }

    /// The ratio's term for each observed dimension, given those before it (the chain rule): the terms add up exactly.
    fn parts(&self, posterior: &Posterior) -> Vec<(usize, f64)> {
        let mut own = Density::default();
        let mut parts = Vec::with_capacity(self.model.dimensions.len());
        for Block { observed, within, anyone } in &self.blocks {
            let index = &observed.index;
            let (mean, covariance) = &posterior.blocks[observed.block];
            let differs = DVector::from_fn(index.len(), |r, _| observed.value[r] - mean[index[r]]);
            let same = own.parts(&(within + pick(covariance, index)), differs);
            let ratios = same.iter().zip(anyone).map(|(s, p)| s - p);
            parts.extend(index.iter().map(|i| self.model.blocks[observed.block].start + i).zip(ratios));
        }
        parts
    }
}

/// Log density of coordinates given those before them under Student's t, less the constants that every ratio cancels. How
/// far sessions lie from what their subject's others foretell has heavier tails than a Gaussian allows (Kenny 2010).
#[derive(Debug, Default)]
struct Density {
    dimensions: f64,
    squares: f64,
    joint: f64,
}

impl Density {
    /// Terms of the next coordinates, which do not vary with those before.
    fn parts(&mut self, covariance: &DMatrix<f64>, mut whitened: DVector<f64>) -> Vec<f64> {
        let factor = cholesky(covariance).unpack();
        if !factor.solve_lower_triangular_mut(&mut whitened) {
            whitened.fill(0.0);
        }
        (0..whitened.len())
            .map(|i| {
                self.dimensions += 1.0;
                self.squares += whitened[i].powi(2);
                let joint = -0.5 * (TAIL + self.dimensions) * (self.squares / TAIL).ln_1p();
                let part = joint - self.joint - factor[(i, i)].ln();
                self.joint = joint;
                part
            })
            .collect()
    }
}
