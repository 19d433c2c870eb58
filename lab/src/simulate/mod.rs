//! Simulated people: drawn from the population prior, they make input events, never stats.
//!
//! Virtual time only. The same person gives the same events for the same seed.

mod draw;
mod keyboard;
mod pointer;

use std::fmt::Write as _;
use std::path::Path;

use rand_chacha::ChaCha8Rng;
use tacit_engine::Population;
use tacit_measure::{Button, Input, Locator, Origin, TimedInput};
use tacit_proto::Modality;

use draw::Manner;

/// A key, button or position at a moment, before its identity is dropped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RawEvent {
    /// Microseconds.
    pub at_us: u64,
    /// What happened.
    pub action: Action,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    /// Key down, evdev code.
    Down(u16),
    /// Key up, evdev code.
    Up(u16),
    /// Pointer at a position, pixels.
    At(f64, f64),
    /// Left button down.
    Press,
    /// Left button up.
    Release,
}

/// One simulated person: own means of every feature.
#[derive(Debug, Clone)]
pub struct Person {
    keyboard: Manner,
    pointer: Manner,
}

/// A person as they are in one session.
#[derive(Debug, Clone)]
pub struct Sitting {
    keyboard: Manner,
    pointer: Manner,
    rng: ChaCha8Rng,
    now_us: u64,
    cursor: (f64, f64),
}

impl Person {
    /// Draws a person. `None` if the population lacks a modality.
    pub fn draw(population: &Population, rng: &mut ChaCha8Rng) -> Option<Self> {
        let keyboard = Manner::draw(&population.prior(Modality::Keyboard)?, rng);
        let pointer = Manner::draw(&population.prior(Modality::Pointer)?, rng);
        Some(Self { keyboard, pointer })
    }

    /// Draws how the person is in one session that starts at a time.
    pub fn sit_down(&self, population: &Population, start_us: u64, mut rng: ChaCha8Rng) -> Sitting {
        let shift = |manner: &Manner, modality, rng: &mut ChaCha8Rng| {
            population.prior(modality).map_or_else(|| manner.clone(), |prior| manner.shifted(&prior, rng))
        };
        let keyboard = shift(&self.keyboard, Modality::Keyboard, &mut rng);
        let pointer = shift(&self.pointer, Modality::Pointer, &mut rng);
        Sitting { keyboard, pointer, rng, now_us: start_us, cursor: (640.0, 400.0) }
    }
}

impl Sitting {
    /// The time it has come to, in microseconds.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        self.now_us
    }

    /// Types a number of keys.
    pub fn type_keys(&mut self, keys: usize) -> Vec<RawEvent> {
        let mut events = keyboard::type_keys(&self.keyboard, &mut self.rng, self.now_us, keys);
        events.sort_by_key(|e| e.at_us);
        self.now_us = events.last().map_or(self.now_us, |e| e.at_us) + 700_000;
        events
    }

    /// Makes a number of strokes, many of them ending in a click.
    pub fn move_pointer(&mut self, strokes: usize) -> Vec<RawEvent> {
        let events = pointer::strokes(&self.pointer, &mut self.rng, self.now_us, strokes, &mut self.cursor);
        self.now_us = events.last().map_or(self.now_us, |e| e.at_us) + 700_000;
        events
    }

    /// Someone else goes on in this place: the time and the pointer stay, the manner changes.
    #[must_use]
    pub fn taken_over_by(&self, other: &Person, population: &Population, rng: ChaCha8Rng) -> Self {
        Self { cursor: self.cursor, ..other.sit_down(population, self.now_us, rng) }
    }
}

/// Drops the identity of events, as a capture back end does.
pub fn located(locator: &mut Locator, events: &[RawEvent]) -> Vec<TimedInput> {
    let located = events.iter().filter_map(|event| {
        let input = match event.action {
            Action::Down(code) => locator.key_down(code),
            Action::Up(code) => locator.key_up(code),
            Action::At(x, y) => locator.position(x, y),
            Action::Press => Some(Input::ButtonDown(Button::Left)),
            Action::Release => Some(Input::ButtonUp(Button::Left)),
        };
        input.map(|input| TimedInput { at_us: event.at_us, origin: Origin::Device, input })
    });
    located.collect()
}

/// Writes events as a trace that `tacit-agent replay` plays.
///
/// # Errors
/// As the system says.
pub fn write_trace(path: &Path, events: &[RawEvent]) -> std::io::Result<()> {
    let mut text = "t_us,event,code,x,y\n".to_owned();
    for event in events {
        let t = event.at_us;
        let _ = match event.action {
            Action::Down(code) => writeln!(text, "{t},kd,{code},,"),
            Action::Up(code) => writeln!(text, "{t},ku,{code},,"),
            Action::At(x, y) => writeln!(text, "{t},mm,0,{x},{y}"),
            Action::Press => writeln!(text, "{t},bd,1,,"),
            Action::Release => writeln!(text, "{t},bu,1,,"),
        };
    }
    std::fs::write(path, text)
}
