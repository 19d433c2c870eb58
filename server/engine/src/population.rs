//! The distribution of feature stats over people, sessions and noise: the prior for every subject.

use serde::{Deserialize, Serialize};

/// Why a population file is not one.
#[derive(Debug, thiserror::Error)]
pub enum PopulationError {
    /// Not the format.
    #[error("population file: {0}")]
    Format(String),
}

/// A trained population, one model a modality.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Population {}

impl Population {
    /// The population that ships with the server.
    #[must_use]
    pub fn shipped() -> Self {
        todo!()
    }

    /// Reads a population file as `tacit-lab train` wrote it.
    ///
    /// # Errors
    /// When the file is not a population or is inconsistent.
    pub fn from_json(text: &str) -> Result<Self, PopulationError> {
        let _ = text;
        todo!()
    }

    /// The population as a file.
    #[must_use]
    pub fn to_json(&self) -> String {
        todo!()
    }
}
