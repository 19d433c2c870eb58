//! One session as the engine sees it: its recent windows, its trust, its pooled stats. Serialises with serde, so that any
//! server process can go on with it.

use serde::{Deserialize, Serialize};
use tacit_proto::{FeatureStats, Modality};

use crate::{Assessment, Policy, Population, Profile};

/// State of an open session.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SessionState {}

impl SessionState {
    /// Takes the next window of the session and concludes.
    pub fn observe(
        &mut self,
        population: &Population,
        profile: &Profile,
        policy: &Policy,
        modality: Modality,
        inputs: u32,
        stats: &FeatureStats,
    ) -> Assessment {
        let _ = (population, profile, policy, modality, inputs, stats);
        todo!()
    }

    /// Called once, when the session has closed: teaches the profile what may be learned of the session. Returns whether
    /// the profile changed. A session that was ever suspicious teaches nothing.
    pub fn close(&self, policy: &Policy, profile: &mut Profile) -> bool {
        let _ = (policy, profile);
        todo!()
    }

    /// Trust now, 0 to 100; `None` before anything could be scored.
    #[must_use]
    pub fn trust(&self) -> Option<f64> {
        todo!()
    }
}
