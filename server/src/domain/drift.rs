//! How far profiles have moved, as it is kept and told: a word, and to those alone who can do something about it.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Caller, Role};
use crate::{Error, Result};

/// How far a modality of a profile has moved from what it was founded on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    /// Every word, the nearest first.
    pub const ALL: [Self; 3] = [Self::Steady, Self::Drifting, Self::Changed];

    /// As kept and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Drifting => "drifting",
            Self::Changed => "changed",
        }
    }
}

impl From<tacit_engine::Drift> for Drift {
    fn from(of: tacit_engine::Drift) -> Self {
        match of {
            tacit_engine::Drift::Steady => Self::Steady,
            tacit_engine::Drift::Drifting => Self::Drifting,
            tacit_engine::Drift::Changed => Self::Changed,
        }
    }
}

impl FromStr for Drift {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|drift| drift.name() == name).ok_or(())
    }
}

/// Whether a caller is told how far profiles have moved. A hand that changes may be an injury or an illness: who looks after alarms
/// and rights has to know that a profile no longer fits, and nobody else.
#[must_use]
pub fn told_to(caller: &Caller) -> bool {
    matches!(caller.role(), Some(Role::Admin | Role::Analyst | Role::Privacy))
}

/// Lets a caller ask for profiles that have moved so far.
///
/// # Errors
/// Permission denied for those who are not told.
pub fn may_ask(caller: &Caller) -> Result<()> {
    if told_to(caller) {
        return Ok(());
    }
    Err(Error::denied(
        "how far profiles have moved is told to the roles admin, analyst and privacy: ask without `drift`",
    ))
}
