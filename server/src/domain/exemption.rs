//! Subjects to whom nothing is done automatically, for a time.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::{Error, Result};

/// An exemption lasts this long at most; it can be made anew.
pub const LONGEST: Duration = Duration::days(366);

/// Why a subject is exempt: as much as others need to know. There is no free text, so that no diagnosis can be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExemptionKind {
    /// Types or points differently for now.
    Injury,
    /// Works with assistive technology, whose typing is then no machine's.
    AssistiveTechnology,
    /// Agreed, with no reason to be given.
    Agreement,
}

impl ExemptionKind {
    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Injury => "injury",
            Self::AssistiveTechnology => "assistive_technology",
            Self::Agreement => "agreement",
        }
    }
}

/// Checks until when an exemption is to last.
///
/// # Errors
/// Invalid argument that says what is possible.
pub fn check_until(until: OffsetDateTime, now: OffsetDateTime) -> Result<()> {
    if until <= now || until > now + LONGEST {
        return Err(Error::of_field(
            "until",
            format!(
                "until must lie in the future, at most {} days away; a longer need is renewed",
                LONGEST.whole_days()
            ),
        ));
    }
    Ok(())
}
