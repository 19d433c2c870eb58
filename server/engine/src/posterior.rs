//! What sessions tell of a subject's term.

use nalgebra::{DMatrix, DVector};
use tacit_proto::FeatureStats;

use crate::factor::{self, Triangle};
use crate::model::{Model, inverse};

/// Gaussian over a subject's term, standardised: mean and covariance of each block. They are most of what a loaded
/// profile weighs, and single precision is far finer than what sessions tell.
#[derive(Debug, Clone)]
pub(crate) struct Posterior {
    pub(crate) blocks: Vec<(DVector<f32>, Triangle<f32>)>,
}

impl Posterior {
    pub(crate) fn of(model: &Model, sessions: &[FeatureStats]) -> Self {
        let sums = told(model, model.precision().iter().cloned(), sessions);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "single precision is finer than what was learned"
        )]
        let posterior = |(pull, precision): (DVector<f64>, DMatrix<f64>)| {
            let covariance = inverse(&precision);
            ((&covariance * pull).map(|v| v as f32), Triangle::of(&covariance))
        };
        Self { blocks: sums.into_iter().map(posterior).collect() }
    }
}

/// What sessions tell of a subject's term beside how precisely it is known without them: pull and precision, a block each.
pub(crate) fn told(
    model: &Model,
    known: impl Iterator<Item = DMatrix<f64>>,
    sessions: &[FeatureStats],
) -> Vec<(DVector<f64>, DMatrix<f64>)> {
    let mut sums: Vec<_> = known.map(|known| (DVector::zeros(known.nrows()), known)).collect();
    for o in sessions.iter().flat_map(|stats| model.observe(stats)) {
        let (pull, precision) = &mut sums[o.block];
        let weight = factor::inverse(&model.within(&o), o.index.len());
        let pulled = &weight * &o.value;
        for (r, &i) in o.index.iter().enumerate() {
            pull[i] += pulled[r];
            for (c, &j) in o.index.iter().enumerate() {
                precision[(i, j)] += weight[(r, c)];
            }
        }
    }
    sums
}
