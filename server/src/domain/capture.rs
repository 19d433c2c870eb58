//! Whether an agent sees input.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether an agent sees input, and who keeps it from that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Capture {
    /// It does.
    Running,
    /// It wants to, and cannot.
    Failed,
    /// The person has paused it, within what policy allows.
    Paused,
    /// The person has switched it off.
    Off,
}

impl Capture {
    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Paused => "paused",
            Self::Off => "off",
        }
    }
}
