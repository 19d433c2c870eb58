//! What enrolment has learned of one subject.

use serde::{Deserialize, Serialize};
use tacit_proto::{FeatureStats, Modality};

/// How far a modality of a profile has come, and whether it may be judged against.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Maturity {
    /// Modality it speaks of.
    pub modality: Modality,
    /// Sessions learned from.
    pub sessions: u32,
    /// Keystrokes or strokes learned from.
    pub inputs: u64,
    /// Enough to judge against.
    pub mature: bool,
}

/// The posterior over one subject's own means, kept as the pooled stats of trusted sessions. Serialises with serde.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Profile {}

impl Profile {
    /// Learns the pooled stats of one modality of one trusted, closed session.
    pub fn learn(&mut self, modality: Modality, inputs: u32, stats: &FeatureStats) {
        let _ = (modality, inputs, stats);
        todo!()
    }

    /// How far each modality has come; a modality never seen is absent.
    #[must_use]
    pub fn maturity(&self) -> Vec<Maturity> {
        todo!()
    }
}
