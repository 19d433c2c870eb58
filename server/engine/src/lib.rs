//! Windows in, profiles, scores and verdicts out.
//!
//! Pure: no clock, no SQL, no async, no I/O. The model is a two-covariance model with count-aware noise.

pub mod population;
pub mod profile;
pub mod score;
pub mod session;
pub mod train;
pub mod verdict;

pub use population::Population;
pub use profile::{Maturity, Profile};
pub use score::{Contribution, Score};
pub use session::SessionState;
pub use verdict::{Assessment, Evidence, Policy, VerdictKind};
