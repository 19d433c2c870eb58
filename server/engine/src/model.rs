//! The two-covariance model of one modality: what is observed of stats, and how subjects and sessions vary.
//!
//! `y = μ + subject + session + noise`, Gaussian. All three vary together within a block of dimensions and not across
//! blocks; the noise shrinks with the count behind each stat (Ioffe 2006; Brümmer & de Villiers 2010; Stafylakis et al. 2013).
//! Values are standardised: μ and the scale of each dimension are taken out before anything else.

use std::ops::Range;
use std::sync::OnceLock;

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use tacit_proto::{Family, FeatureId, FeatureStats, Modality, Stat, catalogue};

use crate::blocks::{Block, block, runs};
use crate::factor::{self, Lower, Triangle};
use crate::whiten::Varies;

/// Values needed behind a log standard deviation.
const LEAST_FOR_SPREAD: u32 = 6;
/// Variance floor of a spread, in transformed units: finer than any clock ticks.
const VARIANCE_FLOOR: f64 = 1e-4;
/// Standardised observations are drawn into this range: tames outliers.
const OUTERMOST: f64 = 3.0;

/// Values whose spread is taken to be the population's, beside those of a mean of pointing or touch.
const POPULATION_VALUES: f64 = 10.0;

/// What of a feature a dimension observes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// The mean.
    Mean,
    /// The natural logarithm of the standard deviation.
    Spread,
}

/// One observed dimension.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Dimension {
    /// Feature it is taken from.
    pub feature: FeatureId,
    /// Mean or spread.
    pub aspect: Aspect,
    /// Centre over the population, transformed units.
    pub centre: f64,
    /// Scale that standardises it, transformed units.
    pub scale: f64,
    /// Noise variance of a single value, standardised; a stat of n values has this over n (mean) or n − 1 (spread). A mean of
    /// pointing or touch is as noisy as its own values spread, drawn towards this.
    pub noise: f64,
}

impl Dimension {
    /// The family that the dimension is explained with.
    #[must_use]
    pub fn family(&self) -> Option<Family> {
        catalogue::feature(self.feature).map(|f| f.family)
    }

    /// What it is modelled with; a feature that the catalogue lacks is none.
    pub(crate) fn block(&self) -> Option<Block> {
        catalogue::feature(self.feature).map(block)
    }

    /// Raw value and noise variance of this dimension in the stats, in transformed units.
    pub(crate) fn raw(feature: FeatureId, aspect: Aspect, stats: &FeatureStats) -> Option<(f64, u32)> {
        Self::raw_of(aspect, stats.get(feature)?)
    }

    /// Noise variance of this dimension in a stat, standardised, where `n` is what [`Dimension::raw`] tells beside the value.
    /// How hands move depends on what they do, so that the same mean is known better from one session than from another.
    pub(crate) fn noise_of(&self, modality: Modality, stat: &Stat, n: u32) -> f64 {
        let population = self.noise / f64::from(n);
        if modality == Modality::Keyboard || self.aspect == Aspect::Spread {
            return population;
        }
        let own = stat.variance() / (self.scale * self.scale);
        (own + population * POPULATION_VALUES) / (f64::from(n) - 1.0 + POPULATION_VALUES)
    }

    fn raw_of(aspect: Aspect, stat: &Stat) -> Option<(f64, u32)> {
        match aspect {
            Aspect::Mean => Some((stat.mean(), stat.count())),
            Aspect::Spread => {
                if stat.count() < LEAST_FOR_SPREAD {
                    return None;
                }
                let n = f64::from(stat.count());
                let variance = stat.variance() * n / (n - 1.0);
                Some((0.5 * (variance + VARIANCE_FLOOR).ln(), stat.count() - 1))
            }
        }
    }
}

/// Affine map from raw to calibrated log-likelihood ratio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Multiplies the raw ratio.
    pub slope: f64,
    /// Added after.
    pub offset: f64,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { slope: 1.0, offset: 0.0 }
    }
}

/// The dimensions of one block that some stats show, standardised.
#[derive(Debug, Clone)]
pub(crate) struct Observation {
    /// Which of the model's blocks.
    pub(crate) block: usize,
    /// Dimensions, counted within the block.
    pub(crate) index: Vec<usize>,
    pub(crate) value: DVector<f64>,
    pub(crate) noise: DVector<f64>,
}

/// Trained model of one modality.
#[derive(Debug, Clone)]
pub struct Model {
    /// Input it is about.
    pub modality: Modality,
    /// Observed dimensions, sorted by block, feature and aspect.
    pub dimensions: Vec<Dimension>,
    /// Dimensions of each block.
    pub(crate) blocks: Vec<Range<usize>>,
    /// Covariances of subjects, standardised, a block each.
    pub subject: Vec<DMatrix<f64>>,
    /// Covariances of sessions within a subject, standardised, a block each.
    pub session: Vec<DMatrix<f64>>,
    /// Correlations of the noise, a block each: one keystroke counts in several dimensions.
    pub(crate) noise: Vec<DMatrix<f64>>,
    /// Raw to calibrated ratio.
    pub calibration: Calibration,
    /// Inverses of `subject`: every profile begins with them.
    precision: OnceLock<Vec<DMatrix<f64>>>,
    /// What scores are worked out with.
    varies: OnceLock<Vec<Varies>>,
}

impl Model {
    /// A model of dimensions that come sorted, with covariances of each of their blocks.
    pub(crate) fn new(
        modality: Modality,
        dimensions: Vec<Dimension>,
        subject: Vec<DMatrix<f64>>,
        session: Vec<DMatrix<f64>>,
        noise: Vec<DMatrix<f64>>,
        calibration: Calibration,
    ) -> Self {
        let blocks = runs(&dimensions);
        let (precision, varies) = (OnceLock::new(), OnceLock::new());
        Self { modality, dimensions, blocks, subject, session, noise, calibration, precision, varies }
    }

    /// How precisely a subject's term is known before any session, a block each. Worked out once: of a model that is learned.
    pub(crate) fn precision(&self) -> &[DMatrix<f64>] {
        self.precision.get_or_init(|| self.subject.iter().map(inverse).collect())
    }

    /// How each block varies. Worked out once: of a model that is learned.
    pub(crate) fn varies(&self) -> &[Varies] {
        let varies = |((subject, session), noise): ((&DMatrix<f64>, &DMatrix<f64>), &DMatrix<f64>)| Varies {
            anyone: Triangle::of(&(subject + session)),
            session: Triangle::of(session),
            noise: Triangle::of(noise),
        };
        let blocks = || self.subject.iter().zip(&self.session).zip(&self.noise);
        self.varies.get_or_init(|| blocks().map(varies).collect())
    }

    /// Block of a dimension and its place within.
    #[must_use]
    pub fn place(&self, dimension: usize) -> Option<(usize, usize)> {
        let block = self.blocks.iter().position(|run| run.contains(&dimension))?;
        Some((block, dimension - self.blocks[block].start))
    }

    /// What the stats show, a block each; blocks of which they show nothing are left out.
    pub(crate) fn observe(&self, stats: &FeatureStats) -> Vec<Observation> {
        self.observe_table(&table(stats))
    }

    /// The same of a table of stats by feature id, where those of no values are as good as none.
    pub(crate) fn observe_table(&self, table: &[Stat]) -> Vec<Observation> {
        let blocks = self.blocks.iter().cloned().enumerate();
        blocks
            .map(|(block, run)| self.observe_block(block, run, table))
            .filter(|o| !o.index.is_empty())
            .collect()
    }

    fn observe_block(&self, block: usize, run: Range<usize>, table: &[Stat]) -> Observation {
        let (subject, session) = (&self.subject[block], &self.session[block]);
        let mut index = Vec::with_capacity(run.len());
        let mut value = Vec::with_capacity(run.len());
        let mut noise = Vec::with_capacity(run.len());
        for (i, d) in self.dimensions[run].iter().enumerate() {
            let stat = table.get(usize::from(d.feature.0)).filter(|stat| stat.count() > 0);
            let shown = stat.and_then(|stat| Some((stat, Dimension::raw_of(d.aspect, stat)?)));
            if let Some((stat, (raw, n))) = shown {
                index.push(i);
                let own = d.noise_of(self.modality, stat, n);
                let outermost = OUTERMOST * (subject[(i, i)] + session[(i, i)] + own).sqrt();
                value.push(((raw - d.centre) / d.scale).clamp(-outermost, outermost));
                noise.push(own);
            }
        }
        Observation { block, index, value: DVector::from_vec(value), noise: DVector::from_vec(noise) }
    }

    /// Session covariance plus noise, over the observed dimensions of a block.
    pub(crate) fn within(&self, observation: &Observation) -> Triangle<f64> {
        let (session, noise) = (&self.session[observation.block], &self.noise[observation.block]);
        let (index, own) = (&observation.index, observation.noise.map(f64::sqrt));
        let mut within = Triangle::new(index.len());
        for (c, &at) in index.iter().enumerate() {
            let (session, noise) = (Lower::column(session, at), Lower::column(noise, at));
            let (below, own, scale) = (&index[c..], &own.as_slice()[c..], own[c]);
            if below.len() == session.len() {
                let columns = session.iter().zip(noise).zip(own);
                within.push(columns.map(|((session, noise), own)| session + scale * own * noise));
            } else {
                let rows = below.iter().map(|i| i - at).zip(own);
                within.push(rows.map(|(i, own)| session[i] + scale * own * noise[i]));
            }
        }
        within
    }
}

/// Stats by feature id. Dimensions come by block and stats by feature: a table spares a search for each dimension.
pub(crate) fn table(stats: &FeatureStats) -> Vec<Stat> {
    let mut table = Vec::new();
    for s in stats.iter() {
        table.resize(usize::from(s.feature.0) + 1, Stat::EMPTY);
        table[usize::from(s.feature.0)] = s.stat;
    }
    table
}

/// Rows and columns of a square matrix.
pub(crate) fn pick(matrix: &DMatrix<f64>, index: &[usize]) -> DMatrix<f64> {
    DMatrix::from_fn(index.len(), index.len(), |r, c| matrix[(index[r], index[c])])
}

/// Inverse of a symmetric positive definite matrix; a matrix that has lost definiteness to rounding is first mended.
pub(crate) fn inverse(matrix: &DMatrix<f64>) -> DMatrix<f64> {
    factor::inverse(matrix, matrix.nrows())
}

pub(crate) type Cholesky = nalgebra::Cholesky<f64, nalgebra::Dyn>;

/// Cholesky factor; adds to the diagonal until there is one.
pub(crate) fn cholesky(matrix: &DMatrix<f64>) -> Cholesky {
    let mut ridge = 0.0;
    loop {
        let mut attempt = matrix.clone();
        for i in 0..attempt.nrows() {
            attempt[(i, i)] += ridge;
        }
        if let Some(factor) = attempt.cholesky() {
            return factor;
        }
        ridge = if ridge > 0.0 { ridge * 10.0 } else { 1e-9 };
        if ridge > 1e12 {
            // Only numbers that are not finite lead here: answer as if nothing were known.
            return identity(matrix.nrows());
        }
    }
}

fn identity(n: usize) -> Cholesky {
    Cholesky::pack_dirty(DMatrix::identity(n, n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_of_pointing_is_as_noisy_as_its_own_values_spread_and_one_of_typing_as_everybodys() {
        let d =
            Dimension { feature: FeatureId(200), aspect: Aspect::Mean, centre: 0.0, scale: 2.0, noise: 0.5 };
        let noise = |modality, aspect, count, variance| {
            let d = Dimension { aspect, ..d };
            let stat = Stat::new(count, 5.0, variance).unwrap();
            d.noise_of(modality, &stat, count)
        };
        let alike = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} for {b}");
        // One value shows no spread: the population's is all that is known.
        alike(noise(Modality::Pointer, Aspect::Mean, 1, 0.0), 0.5);
        // Many values show theirs: a variance of 8 is 2 in units of the scale.
        let many = noise(Modality::Touch, Aspect::Mean, 100_000, 8.0) * 100_000.0;
        assert!((many - 2.0).abs() < 1e-3, "{many}");
        let [even, uneven] = [0.4, 8.0].map(|variance| noise(Modality::Pointer, Aspect::Mean, 12, variance));
        assert!(even < 0.5 / 12.0 && 0.5 / 12.0 < uneven && uneven < 2.0 / 11.0, "{even}, {uneven}");
        alike(noise(Modality::Keyboard, Aspect::Mean, 12, 8.0), 0.5 / 12.0);
        alike(noise(Modality::Pointer, Aspect::Spread, 12, 8.0), 0.5 / 12.0);
    }
}
