//! How the noise of a window's dimensions goes together: what one keystroke does to several of them at once, and how much of
//! it there is. Learned of consecutive windows of one session, which differ by noise alone.

use nalgebra::DMatrix;
use tacit_proto::FeatureStats;

use crate::model::Model;
use crate::train::TrainingPerson;

/// Differences, in standard deviations, are drawn into this range: tames outliers.
const OUTERMOST: f64 = 4.0;
/// Strength of the prior that draws the noise towards what single values tell, as a number of windows.
const PRIOR_WINDOWS: f64 = 50.0;
/// Least share of its own that a dimension's noise keeps, given all the others.
const LEAST_OWN: f64 = 1e-2;

/// Sets the noise and its correlations, a block each; leaves a model of people without windows as it is.
pub(crate) fn learn(model: &mut Model, people: &[TrainingPerson]) {
    for block in 0..model.blocks.len() {
        let run = model.blocks[block].clone();
        let size = run.len();
        let mut products = DMatrix::<f64>::zeros(size, size);
        let mut seen = products.clone();
        for pair in people.iter().flat_map(|p| &p.windows).flat_map(|windows| windows.windows(2)) {
            let differences = differences(model, block, &pair[0], &pair[1]);
            for &(i, a) in &differences {
                for &(j, b) in &differences {
                    products[(i, j)] += a * b;
                    seen[(i, j)] += 1.0;
                }
            }
        }
        let drawn = DMatrix::from_fn(size, size, |i, j| {
            let prior = if i == j { PRIOR_WINDOWS } else { 0.0 };
            (products[(i, j)] + prior) / (seen[(i, j)] + PRIOR_WINDOWS)
        });
        for (i, d) in model.dimensions[run].iter_mut().enumerate() {
            d.noise *= drawn[(i, i)];
        }
        model.noise[block] = correlations(&drawn);
    }
}

/// What two windows both show: dimension within the block, and difference in standard deviations of its noise.
fn differences(model: &Model, block: usize, one: &FeatureStats, other: &FeatureStats) -> Vec<(usize, f64)> {
    let dimensions = model.dimensions[model.blocks[block].clone()].iter().enumerate();
    dimensions
        .filter_map(|(i, d)| {
            let (a, of_a) = crate::Dimension::raw(d.feature, d.aspect, one)?;
            let (b, of_b) = crate::Dimension::raw(d.feature, d.aspect, other)?;
            let noise = d.noise * (1.0 / f64::from(of_a) + 1.0 / f64::from(of_b));
            let difference = (a - b) / (d.scale * noise.sqrt());
            Some((i, difference.clamp(-OUTERMOST, OUTERMOST)))
        })
        .collect()
}

/// A covariance of pairs that were not all seen together, as correlations that some covariance can have.
fn correlations(covariance: &DMatrix<f64>) -> DMatrix<f64> {
    let mut eigen = covariance.clone().symmetric_eigen();
    eigen.eigenvalues.iter_mut().for_each(|value| *value = value.max(LEAST_OWN));
    let mended = eigen.recompose();
    DMatrix::from_fn(mended.nrows(), mended.ncols(), |i, j| {
        if i == j { 1.0 } else { mended[(i, j)] / (mended[(i, i)] * mended[(j, j)]).sqrt() }
    })
}
