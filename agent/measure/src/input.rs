//! What is left of an input event once its identity has been dropped.

/// Part of the keyboard a key lies in: by position, so that layouts do not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Zone {
    /// Letter block, left hand.
    Left,
    /// Letter block, right hand.
    Right,
    /// Space bar.
    Space,
    /// Enter, also on the number pad.
    Enter,
    /// Backspace and delete.
    Erase,
    /// Left shift.
    ShiftLeft,
    /// Right shift.
    ShiftRight,
    /// Control, alt, meta.
    Modifier,
    /// Arrows, home, end, page keys.
    Navigation,
    /// Digit row.
    Digit,
    /// Number pad, without its enter.
    Pad,
    /// Escape, tab, caps lock, F keys, and every other known key.
    Function,
}

/// Finger column of a hand, 0 the innermost (index finger, reaching) to 4 the outermost; the three keys of a column and
/// more share it. 0 outside the letter block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Column(pub u8);

/// Handle that joins a key's release to its press; used again as soon as the key is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot(pub u8);

/// Handle that joins what one finger does on a screen; used again as soon as the finger is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Contact(pub u8);

/// What a finger does on a screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Phase {
    /// It lands.
    Land,
    /// It moved by this many pixels.
    Move {
        /// To the right.
        dx: f32,
        /// Downwards.
        dy: f32,
    },
    /// It lifts off.
    Lift,
}

/// Pointer button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Button {
    /// Primary.
    Left,
    /// Secondary.
    Right,
    /// Any other.
    Other,
}

/// Where the operating system says an event comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Origin {
    /// A device, as far as the system can tell.
    #[default]
    Device,
    /// A program.
    Injected,
}

/// One input event without identity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Input {
    /// A key went down. Auto-repeat is no press.
    KeyDown {
        /// Handle of the key while it is down.
        slot: Slot,
        /// Where it lies.
        zone: Zone,
        /// Finger column within its hand.
        column: Column,
    },
    /// The key of a slot came up.
    KeyUp {
        /// Handle given at its press.
        slot: Slot,
    },
    /// The pointer moved by this many pixels.
    Move {
        /// To the right.
        dx: f32,
        /// Downwards.
        dy: f32,
    },
    /// A button went down.
    ButtonDown(Button),
    /// A button came up.
    ButtonUp(Button),
    /// The wheel turned; one notch is 1.0, either sign.
    Wheel {
        /// Notches.
        notches: f32,
    },
    /// A finger on a screen.
    Touch {
        /// Handle given when it landed.
        contact: Contact,
        /// What it does.
        phase: Phase,
        /// How hard it presses, 0 to 1 of what the screen can tell, if it can.
        pressure: Option<f32>,
        /// How much of the screen it covers, in square pixels, if the screen can tell.
        area: Option<f32>,
    },
    /// What follows does not continue what came before: a gap in capture, a lock, another recording.
    Break,
}

/// An input event with its time and origin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimedInput {
    /// Microseconds on any clock that does not jump, the same for all events of one measurer.
    pub at_us: u64,
    /// Device or program.
    pub origin: Origin,
    /// What happened.
    pub input: Input,
}
