//! Windows in, profiles, scores and verdicts out.
//!
//! Pure: no clock, no SQL, no async, no I/O. The model is a two-covariance model with count-aware noise.

pub mod automation;
mod blocks;
mod device;
pub mod drift;
pub mod explain;
mod factor;
mod feedback;
mod hazard;
pub mod model;
mod noise;
mod origin;
mod packed;
#[cfg(test)]
mod plain;
mod pool;
pub mod population;
mod posterior;
pub mod profile;
mod reason;
pub mod score;
mod selection;
pub mod session;
mod start;
mod suffix;
pub mod train;
pub mod verdict;
mod whiten;

pub use automation::{Assistive, AutomationPolicy, AutomationState, Sign, SignKind};
pub use drift::Drift;
pub use hazard::Occasion;
pub use model::{Aspect, Calibration, Dimension, Model};
pub use population::{Population, PopulationError, Prior};
pub use profile::{Maturity, Profile, Reference};
pub use score::{Contribution, Score, Shown, score, score_against};
pub use session::SessionState;
pub use verdict::{Assessment, Cause, Evidence, Policy, VerdictKind};
