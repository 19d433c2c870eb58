//! Cuts a stream of input into windows.

use crate::input::TimedInput;
use crate::window::Output;

/// When a window is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Keystrokes that fill a keyboard window; never below the minimum of its modality.
    pub window_keystrokes: u32,
    /// Strokes that fill a pointer window; never below the minimum of its modality.
    pub window_strokes: u32,
    /// Active time that closes a window holding its minimum, in milliseconds.
    pub window_active_ms: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { window_keystrokes: 50, window_strokes: 20, window_active_ms: 60_000 }
    }
}

/// Turns input into windows and signals.
#[derive(Debug)]
pub struct Measurer {
    settings: Settings,
}

impl Measurer {
    /// Nothing measured yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Takes new settings; open windows go on.
    pub fn configure(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Measures one event and appends what it completes to `out`.
    pub fn push(&mut self, event: TimedInput, out: &mut Vec<Output>) {
        let _ = (event, out);
        todo!()
    }

    /// Closes every open window that holds its minimum, and drops the rest: the session ends.
    pub fn finish(&mut self, out: &mut Vec<Output>) {
        let _ = out;
        todo!()
    }
}
