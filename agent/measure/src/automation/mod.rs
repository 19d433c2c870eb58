//! Tells machines from people as input arrives: injected input, keys and pointers that no hand moves, repeated input.
//!
//! Sees located inputs only: zones, times, origin. Memory is small and fixed, and holds times and zones of the last strokes and
//! keyed hashes of rounded times of earlier ones, never what was typed. What is found is told at once, as a signal; what a person might do, too, is left to the
//! windows.

mod allowance;
pub mod drawn;
pub mod each;
mod fast;
pub mod hanging;
mod injected;
mod keys;
pub mod learned;
mod limits;
mod measured;
mod pointer;
mod pointer_path;
mod replay;
mod rhythm;
mod shares;
mod struck;

use tacit_proto::{Mark, Marks};

use crate::input::{Input, Origin, TimedInput};
use crate::window::{Output, Signal, SignalKind};

use drawn::Drawn;
use injected::Injected;
use keys::Keys;
use pointer::Pointer;
pub use struck::Struck;

/// A conclusion is told of at once; while it holds, no more often than this.
const QUIET_US: u64 = 2_000_000;
/// A device is new for this long.
const NEW_US: u64 = 60_000_000;

/// What was found, before it is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Finding {
    pub(crate) kind: SignalKind,
    /// Inputs it stands for.
    pub(crate) count: u32,
    pub(crate) marks: Marks,
    /// Natural logarithm of how much likelier a machine is.
    pub(crate) strength: f64,
}

/// Watches input for machines.
#[derive(Debug, Default)]
pub struct Automation {
    keys: Keys,
    drawn: Drawn,
    pointer: Pointer,
    injected: Injected,
    told: [Told; 4],
    /// The next event is the first after a device appeared.
    keyboard_appeared: bool,
    new_keyboard_until_us: u64,
}

impl Automation {
    /// Nothing seen yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A keyboard appeared: until a minute after the next event, less evidence tells a machine.
    pub fn keyboard_appeared(&mut self) {
        self.keyboard_appeared = true;
        self.drawn.forget();
    }

    /// What is remembered of times from here on, to find them repeated, is hashed with this key; what was is forgotten.
    pub fn set_key(&mut self, key: u64) {
        self.keys.set_key(key);
    }

    /// Takes one event, in the order of time, and appends signals to `out`.
    pub fn push(&mut self, event: TimedInput, out: &mut Vec<Output>) {
        let TimedInput { at_us, origin, input } = event;
        if input == Input::Break {
            self.interrupt();
            return;
        }
        if std::mem::take(&mut self.keyboard_appeared) {
            self.new_keyboard_until_us = at_us.saturating_add(NEW_US);
        }
        let new_device = at_us < self.new_keyboard_until_us;
        let (mut found, mut struck) = (Vec::new(), Vec::new());
        self.injected.pass(at_us, &mut found);
        self.pointer.pass(at_us, &mut found);
        if matches!(input, Input::KeyDown { .. } | Input::Wheel { .. } | Input::Touch { .. }) {
            self.pointer.used();
        }
        match (origin, input) {
            (Origin::Injected, _) => self.injected.push(at_us, input, &mut found),
            (Origin::Device, Input::KeyDown { slot, zone, column }) => {
                self.keys.press(at_us, slot, (zone, column), new_device, &mut found);
            }
            (Origin::Device, Input::KeyUp { slot }) => {
                self.keys.release(at_us, slot, new_device, &mut found, &mut struck);
            }
            (Origin::Device, Input::Move { dx, dy }) => self.pointer.moved(at_us, dx, dy, &mut found),
            (Origin::Device, Input::ButtonDown(button)) => {
                self.injected.touched(at_us);
                self.pointer.pressed(at_us, button, &mut found);
            }
            (Origin::Device, Input::ButtonUp(button)) => self.pointer.released(at_us, button, &mut found),
            (Origin::Device, Input::Touch { .. }) => self.injected.touched(at_us),
            _ => {}
        }
        if found.iter().any(|finding| finding.kind == SignalKind::MachineKeys) {
            // These keys are told of: they count for no run besides.
            self.drawn = Drawn::default();
        } else {
            found.extend(struck.into_iter().filter_map(|struck| self.drawn.push(struck)));
        }
        for finding in found {
            if let Some(told) = self.told.get_mut(place(finding.kind)) {
                told.tell(at_us, finding, out);
            }
        }
    }

    /// What follows does not continue what came before.
    pub fn interrupt(&mut self) {
        self.keys.interrupt();
        self.pointer = Pointer::default();
        self.injected.interrupt();
        self.told = [Told::default(); 4];
        self.new_keyboard_until_us = 0;
    }
}

/// Strokes of a device's keys, of all that they are told by, in the order of their presses, each with the place of the event
/// by which it came to its end: what weights are learned of.
#[must_use]
pub fn strokes(events: &[TimedInput]) -> Vec<(usize, Struck)> {
    let (mut keys, mut found, mut struck) = (Keys::default(), Vec::new(), Vec::new());
    let mut strokes = Vec::new();
    for (at, TimedInput { at_us, origin, input }) in events.iter().enumerate() {
        match (origin, *input) {
            (Origin::Device, Input::KeyDown { slot, zone, column }) => {
                keys.press(*at_us, slot, (zone, column), false, &mut found);
            }
            (Origin::Device, Input::KeyUp { slot }) => {
                keys.release(*at_us, slot, false, &mut found, &mut struck);
            }
            (_, Input::Break) => keys.interrupt(),
            _ => {}
        }
        found.clear();
        strokes.extend(struck.drain(..).map(|struck| (at, struck)));
    }
    strokes
}

fn place(kind: SignalKind) -> usize {
    match kind {
        SignalKind::MachineKeys => 0,
        SignalKind::MachinePointer => 1,
        SignalKind::Replayed => 2,
        _ => 3,
    }
}

/// When a kind was told of last, and what has gathered since.
#[derive(Debug, Default, Clone, Copy)]
struct Told {
    at_us: Option<u64>,
    waiting: u32,
}

impl Told {
    fn tell(&mut self, at_us: u64, finding: Finding, out: &mut Vec<Output>) {
        self.waiting = self.waiting.saturating_add(finding.count);
        if self.at_us.is_some_and(|told| at_us.saturating_sub(told) < QUIET_US) {
            return;
        }
        self.at_us = Some(at_us);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 and 1000")]
        let strength = finding.strength.clamp(0.0, 1000.0).round() as u32;
        out.push(Output::Signal(Signal {
            kind: finding.kind,
            count: std::mem::take(&mut self.waiting),
            at_us,
            marks: finding.marks,
            strength,
        }));
    }
}
