//! Where identity is dropped: key codes to zones, positions to movements.

use crate::input::Input;

/// Lives in the capture callback. Holds the code of a key only while that key is down, and the last pointer position.
#[derive(Debug, Default)]
pub struct Locator {}

impl Locator {
    /// Nothing is down.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A key went down. `code` is a Linux evdev code. `None` for auto-repeat and when too many keys are down.
    pub fn key_down(&mut self, code: u16) -> Option<Input> {
        let _ = code;
        todo!()
    }

    /// A key came up. `None` if its press was not seen.
    pub fn key_up(&mut self, code: u16) -> Option<Input> {
        let _ = code;
        todo!()
    }

    /// The pointer is at an absolute position. `None` for the first position, and where it did not move or is not finite.
    pub fn position(&mut self, x: f64, y: f64) -> Option<Input> {
        let _ = (x, y);
        todo!()
    }

    /// Forgets keys that are down and the pointer position: capture was interrupted.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}
