//! How far a profile has moved from what it was founded on.
//!
//! What its sessions since tell of the subject's term is held against what the founding sessions foretell of it. The distance is
//! the root mean square over the dimensions that both show (the Mahalanobis distance a dimension), in standard deviations of what
//! a person who stays the same would show under the population: sessions of one day and another differ, and few sessions tell
//! little. It does not depend on the direction in which the profile has moved. It is about 1 for who stays the same, and somewhat
//! less where sessions are kept pooled, which count as one. Its words are set by recorded people (`tacit-lab shift`;
//! docs/decisions/0038).
//!
//! It says nothing of what has moved, and of its size no more than a word: a number would follow a person over months.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use tacit_proto::{FeatureStats, Modality};

use crate::factor::Lower;
use crate::model::{Model, cholesky, inverse, pick};
use crate::posterior::{Posterior, told};
use crate::profile::Kept;
use crate::{Policy, Population, Profile};

/// Distance up to which a profile is steady: more than nine of ten profiles of people who stay the same are no further.
const STEADY: f64 = 1.1;
/// Distance from which a profile has changed: nearly half of other people are as far.
const CHANGED: f64 = 1.5;

/// How far a modality of a profile has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drift {
    /// No further than sessions of a person who stays the same lie apart.
    Steady,
    /// Further, and not as far as other people mostly are.
    Drifting,
    /// As far as other people mostly are.
    Changed,
}

impl Drift {
    fn of(distance: f64) -> Self {
        match distance {
            d if d <= STEADY => Self::Steady,
            d if d < CHANGED => Self::Drifting,
            _ => Self::Changed,
        }
    }
}

impl Profile {
    /// How far a modality has moved. `None` until it can be trusted: the modality is mature, and as many sessions as make it so
    /// have been learned since it was founded.
    #[must_use]
    pub fn drift(&self, population: &Population, policy: &Policy, modality: Modality) -> Option<Drift> {
        let mature = self.maturity(policy).iter().any(|m| m.modality == modality && m.mature);
        let learned = self.of(modality).filter(|_| mature)?;
        let enough = learned.since >= policy.mature_sessions;
        enough.then(|| self.moved(population, modality)).flatten().map(Drift::of)
    }

    /// The distance of a modality from what it was founded on, in standard deviations of a person who stays the same, a
    /// dimension. `None` if nothing founded it, or nothing was learned since.
    #[must_use]
    pub fn moved(&self, population: &Population, modality: Modality) -> Option<f64> {
        let learned = self.of(modality)?;
        let founding: Vec<_> = learned.founded_on().map(Kept::unpack).collect();
        let since: Vec<_> = learned.since().map(Kept::unpack).collect();
        if founding.is_empty() {
            return None;
        }
        distance(population.model(modality)?, &founding, &since).filter(|d| d.is_finite())
    }
}

fn distance(model: &Model, founding: &[FeatureStats], since: &[FeatureStats]) -> Option<f64> {
    let foretold = Posterior::of(model, founding);
    let shown = told(model, model.subject.iter().map(|s| DMatrix::zeros(s.nrows(), s.ncols())), since);
    let (mut squares, mut dimensions) = (0.0, 0.0);
    for ((mean, covariance), (pull, precision)) in foretold.blocks.iter().zip(shown) {
        let index: Vec<usize> = (0..pull.len()).filter(|&i| precision[(i, i)] > 0.0).collect();
        if index.is_empty() {
            continue;
        }
        let uncertain = inverse(&pick(&precision, &index));
        let seen = &uncertain * DVector::from_iterator(index.len(), index.iter().map(|&i| pull[i]));
        let moved = DVector::from_fn(index.len(), |r, _| seen[r] - f64::from(mean[index[r]]));
        let foretold = DMatrix::from_fn(index.len(), index.len(), |r, c| {
            let (above, below) = (index[r].min(index[c]), index[r].max(index[c]));
            f64::from(covariance.column(above)[below - above])
        });
        squares += moved.dot(&cholesky(&(uncertain + foretold)).solve(&moved));
        #[expect(clippy::cast_precision_loss, reason = "a number of dimensions")]
        let seen = index.len() as f64;
        dimensions += seen;
    }
    (dimensions > 0.0).then(|| (squares / dimensions).sqrt())
}
