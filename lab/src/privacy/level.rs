//! Levels that are measured: those that an agent has, and others beside them.

use tacit_measure::Privacy;

/// Values that are due where a level is looked at beside those that ship.
const TRIED: [u16; 3] = [12, 24, 48];

/// The level that agents keep by default.
pub const PLAIN: &str = "plain";
/// The levels that an agent has, by name.
pub const SHIPPED: [(&str, Privacy); 3] =
    [(PLAIN, Privacy::PLAIN), ("standard", Privacy::STANDARD), ("strict", Privacy::STRICT)];

/// A level.
#[derive(Debug, Clone)]
pub struct Level {
    /// What it is called in rows.
    pub name: String,
    /// What the agent does.
    pub privacy: Privacy,
}

impl Level {
    /// A level of a name.
    #[must_use]
    pub fn new(name: &str, privacy: Privacy) -> Self {
        Self { name: name.to_owned(), privacy }
    }

    /// The levels that an agent has, the plain one first.
    #[must_use]
    pub fn shipped() -> [Self; SHIPPED.len()] {
        SHIPPED.map(|(name, privacy)| Self::new(name, privacy))
    }

    /// Coarse stats of fewer keystrokes.
    #[must_use]
    pub fn tried() -> Vec<Self> {
        TRIED.iter().map(|due| Self::new(&format!("due {due}"), Privacy::of_due(*due))).collect()
    }
}
