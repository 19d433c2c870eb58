//! How little a window tells of what was typed.

/// How little a keyboard window tells of what was typed, and what that costs. docs/privacy-leak.md has the figures.
///
/// *Coarse* stats are of how long keys are held, and of nothing else: with usual counts in place of their own, in steps, and
/// without the words that look like secrets. They are sent once so many values are *due* of a hand or of space: the more there
/// are, the less one text weighs among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Privacy {
    due: u16,
}

impl Privacy {
    /// A window is of the keystrokes that filled it, and merged windows are the stats of the whole.
    pub const PLAIN: Self = Self { due: 0 };
    /// Stats are coarse.
    pub const STANDARD: Self = Self { due: 96 };
    /// Stats are coarse, and of twice as many keystrokes.
    pub const STRICT: Self = Self { due: 192 };

    /// A level at which stats are coarse, and so many values of a zone are due; plain for 0.
    #[must_use]
    pub fn of_due(due: u16) -> Self {
        Self { due }
    }

    /// Whether stats are coarse.
    #[must_use]
    pub fn coarse(self) -> bool {
        self.due > 0
    }

    /// Values that a zone usually holds when it is sent.
    pub(crate) fn due(self) -> u32 {
        u32::from(self.due)
    }
}
