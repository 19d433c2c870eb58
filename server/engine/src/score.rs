//! The log-likelihood ratio of pooled stats: same person against someone else.

use serde::{Deserialize, Serialize};
use tacit_proto::{Family, FeatureStats, Modality};

use crate::{Population, Profile};

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
    /// Adds up to the score.
    pub families: Vec<Contribution>,
}

/// Scores pooled stats of one modality against a profile. `None` if the profile knows nothing of the modality, or no
/// feature of the stats is in the population.
#[must_use]
pub fn score(population: &Population, profile: &Profile, modality: Modality, stats: &FeatureStats) -> Option<Score> {
    let _ = (population, profile, modality, stats);
    todo!()
}
