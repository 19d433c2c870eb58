//! Cuts a stream of input into windows.

use tacit_proto::{MIN_KEYSTROKES, MIN_STROKES, Modality};

use crate::automation::Automation;
use crate::guard::{Clock, Rate, Tally, Time};
use crate::input::{Input, Origin, Phase, TimedInput};
use crate::keyboard::Keyboard;
use crate::open::Open;
use crate::pointer::Pointer;
use crate::privacy::Privacy;
use crate::touch::Fingers;
use crate::window::{Output, SignalKind};
use crate::word::{Key, Words};

/// Key events in a second that fingers may reach; more are left out.
const MOST_KEY_EVENTS: u32 = 400;
/// Pointer events in a second that devices may reach, and touch events; more are left out.
const MOST_POINTER_EVENTS: u32 = 20_000;
/// Inputs of one window at most, whatever the settings say.
const MOST_INPUTS: u32 = 50_000;
/// Presses closer than this are not made by fingers, if there are this many in a row.
const IMPOSSIBLE_GAP_US: u64 = 8_000;
const IMPOSSIBLE_RUN: u32 = 10;

/// When a window is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Keystrokes that fill a keyboard window; never below the minimum of its modality.
    pub window_keystrokes: u32,
    /// Strokes that fill a pointer or touch window; never below the minimum of its modality.
    pub window_strokes: u32,
    /// Active time that closes a window holding its minimum, in milliseconds.
    pub window_active_ms: u32,
    /// Rest of the keyboard after which the next windows hold nothing of before, in milliseconds: long enough for someone else
    /// to have sat down. Not where stats are coarse.
    pub window_rest_ms: u32,
    /// How little a keyboard window tells of what was typed.
    pub privacy: Privacy,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window_keystrokes: 30,
            window_strokes: 12,
            window_active_ms: 60_000,
            window_rest_ms: 10_000,
            privacy: Privacy::default(),
        }
    }
}

impl Settings {
    fn bounded(self) -> Self {
        Self {
            window_keystrokes: self.window_keystrokes.clamp(MIN_KEYSTROKES, MOST_INPUTS),
            window_strokes: self.window_strokes.clamp(MIN_STROKES, MOST_INPUTS),
            ..self
        }
    }
}

/// Turns input into windows and signals.
///
/// A value counts in the window in which it is completed, and what is in progress outlives the window: however a stream
/// is cut, the merged windows are the stats of the whole. Memory is bounded.
#[derive(Debug)]
pub struct Measurer {
    settings: Settings,
    clock: Clock,
    keyboard: Keyboard,
    pointer: Pointer,
    fingers: Fingers,
    keys: Open,
    strokes: Open,
    touches: Open,
    key_rate: Rate,
    pointer_rate: Rate,
    touch_rate: Rate,
    words: Words,
    last_press_us: Option<u64>,
    fast_presses: u32,
    injected: Tally,
    impossible: Tally,
    automation: Automation,
}

impl Measurer {
    /// Nothing measured yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings: settings.bounded(),
            clock: Clock::default(),
            keyboard: Keyboard::default(),
            pointer: Pointer::default(),
            fingers: Fingers::default(),
            keys: Open::new(Modality::Keyboard, settings.privacy),
            strokes: Open::new(Modality::Pointer, Privacy::PLAIN),
            touches: Open::new(Modality::Touch, Privacy::PLAIN),
            key_rate: Rate::new(MOST_KEY_EVENTS),
            pointer_rate: Rate::new(MOST_POINTER_EVENTS),
            touch_rate: Rate::new(MOST_POINTER_EVENTS),
            words: Words::default(),
            last_press_us: None,
            fast_presses: 0,
            injected: Tally::new(SignalKind::Injected),
            impossible: Tally::new(SignalKind::ImpossibleInterval),
            automation: Automation::new(),
        }
    }

    /// A keyboard appeared: for a minute of input, less evidence tells a machine.
    pub fn keyboard_appeared(&mut self) {
        self.automation.keyboard_appeared();
    }

    /// What is remembered of times from here on, to find them repeated, is hashed with this key: a random one, of
    /// this process alone.
    pub fn set_key(&mut self, key: u64) {
        self.automation.set_key(key);
    }

    /// Takes new settings; open windows go on, and what waits for later ones goes on waiting. Where stats become
    /// coarse or no longer are, keyboard windows begin anew.
    pub fn configure(&mut self, settings: Settings) {
        if settings.privacy.coarse() != self.settings.privacy.coarse() {
            self.words = Words::default();
            self.keyboard = Keyboard::default();
            // What waits was measured to be told of less, or of more.
            self.keys = Open::new(Modality::Keyboard, settings.privacy);
        }
        self.keys.set_privacy(settings.privacy);
        self.settings = settings.bounded();
    }

    /// Measures one event and appends what it completes to `out`.
    ///
    /// Injected input yields a signal and is otherwise not measured. An event that cannot be (time running backwards, a
    /// release without a press, a movement that is no number) changes nothing but the window's `discarded`. After a
    /// break the clock may start anew.
    pub fn push(&mut self, event: TimedInput, out: &mut Vec<Output>) {
        let TimedInput { at_us, origin, input } = event;
        if input == Input::Break {
            self.interrupt(out);
            self.clock.reset();
            self.close_full(out);
            return;
        }
        match self.clock.judge(at_us) {
            Time::GoesOn => {}
            Time::Anew => self.interrupt(out),
            Time::Wrong => {
                self.open_of(input).discard();
                return;
            }
        }
        if self.words.rested(at_us) {
            self.end_word(out);
        }
        let Settings { window_rest_ms, window_keystrokes, .. } = self.settings;
        out.extend(self.keys.rested(at_us, window_rest_ms, window_keystrokes).map(Output::Window));
        let strokes = self.pointer.pass(at_us, &mut self.strokes.values());
        self.strokes.add_inputs(strokes);
        self.injected.pass(at_us, out);
        self.impossible.pass(at_us, out);
        self.automation.push(event, out);
        if origin == Origin::Injected {
            self.injected.add(at_us, 1, out);
        } else {
            self.measure(at_us, input, out);
        }
        self.close_full(out);
    }

    /// Closes every open window that holds its minimum, and drops the rest: the session ends. What comes after it is
    /// another session.
    pub fn finish(&mut self, out: &mut Vec<Output>) {
        self.interrupt(out);
        self.keys.join();
        self.close(MIN_KEYSTROKES, MIN_STROKES, out);
        // What was typed in one session may be played again in the next.
        let automation = std::mem::take(&mut self.automation);
        *self = Self { automation, ..Self::new(self.settings) };
    }

    fn measure(&mut self, at_us: u64, input: Input, out: &mut Vec<Output>) {
        if !self.rate_of(input).allows(at_us) {
            match input {
                Input::KeyDown { .. } => self.watch_pace(at_us, out),
                Input::KeyUp { slot } => {
                    self.words.lift(slot);
                    self.keyboard.lift(slot);
                }
                Input::Touch { contact, phase: Phase::Lift, .. } => self.fingers.lift(contact),
                _ => {}
            }
            self.open_of(input).discard();
            return;
        }
        let pressed = matches!(input, Input::KeyDown { .. });
        if self.settings.privacy.coarse() && modality(input) == Modality::Keyboard {
            let mut known = Vec::new();
            self.words.push(TimedInput { at_us, origin: Origin::Device, input }, &mut known);
            self.measure_known(&known, out);
        } else if !self.measure_one(at_us, input) {
            return;
        }
        if pressed {
            self.watch_pace(at_us, out);
        }
    }

    /// Measures what a word held back. Windows are full within it: were they closed with words, their sizes would tell of these.
    fn measure_known(&mut self, known: &[Key], out: &mut Vec<Output>) {
        for key in known {
            match key {
                Key::Measured(event) => {
                    self.measure_one(event.at_us, event.input);
                }
                Key::Left => {
                    self.keyboard.part();
                    self.keys.interrupt();
                }
            }
            self.close_full(out);
        }
    }

    /// What is typed does not go on with the word before.
    fn end_word(&mut self, out: &mut Vec<Output>) {
        let mut known = Vec::new();
        self.words.end(&mut known);
        self.measure_known(&known, out);
    }

    /// Whether an input was measured, and not discarded.
    fn measure_one(&mut self, at_us: u64, input: Input) -> bool {
        let Self { keyboard, pointer, fingers, keys, strokes, touches, .. } = self;
        let inputs = match input {
            Input::KeyDown { slot, zone, column } => {
                keyboard.press(at_us, slot, zone, column, &mut keys.values()).then_some(1)
            }
            Input::KeyUp { slot } => keyboard.release(at_us, slot, &mut keys.values()).then_some(0),
            Input::Move { dx, dy } => pointer.moved(at_us, dx, dy, &mut strokes.values()),
            Input::ButtonDown(button) => pointer.pressed(at_us, button, &mut strokes.values()),
            Input::ButtonUp(button) => pointer.released(at_us, button, &mut strokes.values()).then_some(0),
            Input::Wheel { notches } => pointer.wheel(at_us, notches, &mut strokes.values()).then_some(0),
            Input::Touch { contact, phase, pressure, area } => {
                let lost = fingers.lost(contact, phase);
                let strokes = fingers.touched(at_us, contact, phase, (pressure, area), &mut touches.values());
                if lost && strokes.is_some() {
                    touches.discard();
                }
                strokes
            }
            Input::Break => None,
        };
        let Some(inputs) = inputs else {
            self.open_of(input).discard();
            return false;
        };
        let open = self.open_of(input);
        open.seen(at_us);
        open.add_inputs(inputs);
        self.rate_of(input).count(at_us);
        true
    }

    fn open_of(&mut self, input: Input) -> &mut Open {
        match modality(input) {
            Modality::Keyboard => &mut self.keys,
            Modality::Pointer => &mut self.strokes,
            Modality::Touch => &mut self.touches,
        }
    }

    fn rate_of(&mut self, input: Input) -> &mut Rate {
        match modality(input) {
            Modality::Keyboard => &mut self.key_rate,
            Modality::Pointer => &mut self.pointer_rate,
            Modality::Touch => &mut self.touch_rate,
        }
    }

    /// Nothing joins across this moment; open windows go on.
    fn interrupt(&mut self, out: &mut Vec<Output>) {
        self.end_word(out);
        self.words = Words::default();
        self.keyboard = Keyboard::default();
        let strokes = self.pointer.interrupt(&mut self.strokes.values());
        self.strokes.add_inputs(strokes);
        self.fingers = Fingers::default();
        self.keys.interrupt();
        self.strokes.interrupt();
        self.touches.interrupt();
        self.last_press_us = None;
        self.fast_presses = 0;
        self.automation.interrupt();
        self.injected.interrupt(out);
        self.impossible.interrupt(out);
    }

    fn close_full(&mut self, out: &mut Vec<Output>) {
        self.close(self.settings.window_keystrokes, self.settings.window_strokes, out);
    }

    fn close(&mut self, keystrokes: u32, strokes: u32, out: &mut Vec<Output>) {
        let active_ms = self.settings.window_active_ms;
        out.extend(self.keys.close(keystrokes, active_ms).map(Output::Window));
        out.extend(self.strokes.close(strokes, active_ms).map(Output::Window));
        out.extend(self.touches.close(strokes, active_ms).map(Output::Window));
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

/// What an input is measured as; a break interrupts all alike.
fn modality(input: Input) -> Modality {
    match input {
        Input::KeyDown { .. } | Input::KeyUp { .. } => Modality::Keyboard,
        Input::Touch { .. } => Modality::Touch,
        Input::Move { .. }
        | Input::ButtonDown(_)
        | Input::ButtonUp(_)
        | Input::Wheel { .. }
        | Input::Break => Modality::Pointer,
    }
}
