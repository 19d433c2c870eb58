//! Which groups of devices a caller may see and act on.
//!
//! Every query for people and programs takes a [`Scope`], so that no route can forget it; there is none but by a caller
//! ([`crate::domain::Caller::scope`]). What is outside is not there: `not found`, never `permission denied`.

use std::sync::Arc;

/// Groups of devices: all of them, or these alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(Option<Arc<[String]>>);

impl Scope {
    /// Every group, also those that are yet to be.
    #[must_use]
    pub fn every() -> Self {
        Self(None)
    }

    /// These groups alone; none of them for nothing at all.
    #[must_use]
    pub fn of(groups: Vec<String>) -> Self {
        Self(Some(groups.into()))
    }

    /// As stored: `None` for every group.
    #[must_use]
    pub fn of_stored(groups: Option<Vec<String>>) -> Self {
        groups.map_or_else(Self::every, Self::of)
    }

    /// As queries take it: `None` narrows nothing.
    #[must_use]
    pub fn groups(&self) -> Option<&[String]> {
        self.0.as_deref()
    }

    /// Whether it leaves any group out.
    #[must_use]
    pub fn narrows(&self) -> bool {
        self.0.is_some()
    }

    /// Whether a group is in it.
    #[must_use]
    pub fn holds(&self, group: &str) -> bool {
        self.groups().is_none_or(|groups| groups.iter().any(|of| of == group))
    }

    /// Whether all of another scope is in it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self.groups(), other.groups()) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(_), Some(groups)) => groups.iter().all(|group| self.holds(group)),
        }
    }
}
