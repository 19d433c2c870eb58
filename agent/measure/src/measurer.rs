//! Cuts a stream of input into windows.

use tacit_proto::{FeatureStats, MIN_KEYSTROKES, MIN_STROKES, Modality};

use crate::guard::{Clock, Tally};
use crate::input::{Input, Origin, TimedInput};
use crate::keyboard::Keyboard;
use crate::pointer::Pointer;
use crate::values::Values;
use crate::window::{Output, SignalKind, Window};

/// A rest longer than this is not use.
const IDLE_US: u64 = 5_000_000;
/// Presses closer than this are not made by fingers, if there are this many in a row.
const IMPOSSIBLE_GAP_US: u64 = 8_000;
const IMPOSSIBLE_RUN: u32 = 10;

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

/// An open window.
#[derive(Debug, Default)]
struct Open {
    stats: FeatureStats,
    inputs: u32,
    active_us: u64,
    last_us: Option<u64>,
    discarded: u32,
}

impl Open {
    fn touch(&mut self, at_us: u64) {
        if let Some(last) = self.last_us {
            let gap = at_us.saturating_sub(last);
            if gap <= IDLE_US {
                self.active_us = self.active_us.saturating_add(gap);
            }
        }
        self.last_us = Some(at_us);
    }

    fn close(&mut self, modality: Modality) -> Window {
        let open = std::mem::take(self);
        // The next window's active time goes on from here.
        self.last_us = open.last_us;
        Window {
            modality,
            inputs: open.inputs,
            active_ms: u32::try_from(open.active_us / 1000).unwrap_or(u32::MAX),
            closed_at_us: open.last_us.unwrap_or_default(),
            discarded: open.discarded,
            stats: open.stats,
        }
    }
}

/// Turns input into windows and signals.
#[derive(Debug)]
pub struct Measurer {
    settings: Settings,
    clock: Clock,
    keyboard: Keyboard,
    pointer: Pointer,
    keys: Open,
    strokes: Open,
    last_press_us: Option<u64>,
    fast_presses: u32,
    injected: Tally,
    impossible: Tally,
}

impl Measurer {
    /// Nothing measured yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            clock: Clock::default(),
            keyboard: Keyboard::default(),
            pointer: Pointer::default(),
            keys: Open::default(),
            strokes: Open::default(),
            last_press_us: None,
            fast_presses: 0,
            injected: Tally::new(SignalKind::Injected),
            impossible: Tally::new(SignalKind::ImpossibleInterval),
        }
    }

    /// Takes new settings; open windows go on.
    pub fn configure(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Measures one event and appends what it completes to `out`. An event that cannot be (time running backwards, a
    /// release without a press, a movement that is no number) changes nothing but the window's `discarded`.
    pub fn push(&mut self, event: TimedInput, out: &mut Vec<Output>) {
        if event.input == Input::Break {
            self.interrupt();
            self.clock.reset();
            self.close_full(out);
            return;
        }
        if !self.clock.admits(event.at_us) {
            self.open_of(&event.input).discarded += 1;
            return;
        }
        if self.clock.jumped() {
            self.interrupt();
        }
        let at_us = event.at_us;
        if event.origin == Origin::Injected {
            self.injected.add(at_us, 1, out);
            return;
        }
        if matches!(event.input, Input::KeyDown { .. }) {
            self.watch_pace(at_us, out);
        }
        let Self { keyboard, pointer, keys, strokes, .. } = self;
        let inputs = match event.input {
            Input::KeyDown { slot, zone, column } => {
                keyboard.press(at_us, slot, zone, column, &mut Values(&mut keys.stats)).then_some(1)
            }
            Input::KeyUp { slot } => keyboard.release(at_us, slot, &mut Values(&mut keys.stats)).then_some(0),
            Input::Move { dx, dy } => pointer.moved(at_us, dx, dy, &mut Values(&mut strokes.stats)),
            Input::ButtonDown(button) => {
                Some(pointer.pressed(at_us, button, &mut Values(&mut strokes.stats)))
            }
            Input::ButtonUp(button) => {
                pointer.released(at_us, button, &mut Values(&mut strokes.stats)).then_some(0)
            }
            Input::Wheel { notches } => pointer.wheel(at_us, notches, &mut Values(&mut strokes.stats)),
            Input::Break => Some(0),
        };
        let open = self.open_of(&event.input);
        match inputs {
            Some(inputs) => {
                open.inputs = open.inputs.saturating_add(inputs);
                open.touch(at_us);
            }
            None => open.discarded = open.discarded.saturating_add(1),
        }
        self.close_full(out);
    }

    /// Closes every open window that holds its minimum, and drops the rest: the session ends.
    pub fn finish(&mut self, out: &mut Vec<Output>) {
        self.interrupt();
        self.injected.flush(out);
        self.impossible.flush(out);
        if self.keys.inputs >= MIN_KEYSTROKES {
            out.push(Output::Window(self.keys.close(Modality::Keyboard)));
        }
        if self.strokes.inputs >= MIN_STROKES {
            out.push(Output::Window(self.strokes.close(Modality::Pointer)));
        }
        *self = Self::new(self.settings);
    }

    fn open_of(&mut self, input: &Input) -> &mut Open {
        match input {
            Input::KeyDown { .. } | Input::KeyUp { .. } => &mut self.keys,
            _ => &mut self.strokes,
        }
    }

    /// Nothing joins across this moment; open windows go on.
    fn interrupt(&mut self) {
        self.keyboard.interrupt(&mut Values(&mut self.keys.stats));
        let strokes = self.pointer.interrupt(&mut Values(&mut self.strokes.stats));
        self.strokes.inputs = self.strokes.inputs.saturating_add(strokes);
        self.keys.last_us = None;
        self.strokes.last_us = None;
        self.last_press_us = None;
        self.fast_presses = 0;
    }

    fn close_full(&mut self, out: &mut Vec<Output>) {
        let full = |open: &Open, least: u32, most: u32, active_ms: u32| {
            open.inputs >= most.max(least)
                || (open.inputs >= least && open.active_us >= u64::from(active_ms).saturating_mul(1000))
        };
        let active_ms = self.settings.window_active_ms;
        if full(&self.keys, MIN_KEYSTROKES, self.settings.window_keystrokes, active_ms) {
            out.push(Output::Window(self.keys.close(Modality::Keyboard)));
        }
        if full(&self.strokes, MIN_STROKES, self.settings.window_strokes, active_ms) {
            out.push(Output::Window(self.strokes.close(Modality::Pointer)));
        }
    }

    fn watch_pace(&mut self, at_us: u64, out: &mut Vec<Output>) {
        let fast = self.last_press_us.is_some_and(|last| at_us.saturating_sub(last) < IMPOSSIBLE_GAP_US);
        self.last_press_us = Some(at_us);
        self.fast_presses = if fast { self.fast_presses.saturating_add(1) } else { 0 };
        // A run of N presses has N − 1 gaps.
        if self.fast_presses == IMPOSSIBLE_RUN - 1 {
            self.impossible.add(at_us, IMPOSSIBLE_RUN, out);
        } else if self.fast_presses >= IMPOSSIBLE_RUN {
            self.impossible.add(at_us, 1, out);
        }
    }
}
