//! What came before a window.

/// What came before a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Beginning {
    /// Not told.
    #[default]
    Untold,
    /// A rest or a break.
    AfterRest,
    /// The window before, without one.
    GoesOn,
}
