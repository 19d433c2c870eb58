//! Learns a population by expectation maximisation.

use tacit_proto::{FeatureStats, Modality};

use crate::Population;

/// Sessions of one person, of one modality: the stats of each session (or window), pooled.
#[derive(Debug, Clone, Default)]
pub struct TrainingPerson {
    /// One entry a session.
    pub sessions: Vec<FeatureStats>,
}

/// Settings of a training run.
#[derive(Debug, Clone, Copy)]
pub struct TrainSettings {
    /// EM rounds.
    pub rounds: u32,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self { rounds: 20 }
    }
}

/// Learns the model of each modality from people who are in no trial. `progress` is told (modality, round, rounds).
#[must_use]
pub fn train(
    people: &[(Modality, Vec<TrainingPerson>)],
    settings: &TrainSettings,
    progress: &mut dyn FnMut(Modality, u32, u32),
) -> Population {
    let _ = (people, settings, progress);
    todo!()
}
