//! Simulated people: drawn from the population prior, they make input events, never stats.
//!
//! Virtual time only. The same person gives the same events for the same seed.

mod draw;
mod fit;
mod habit;
mod keyboard;
mod keys;
mod pointer;
mod stroke;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tacit_engine::{Model, Population};
use tacit_measure::{Button, Input, Locator, Origin, TimedInput};
use tacit_proto::Modality;

use draw::{Manner, Shift};
use fit::fitted;

/// Input that a person is measured by when drawn.
const TRIAL_KEYS: usize = 2_000;
const TRIAL_STROKES: usize = 400;
/// From typing to pointing and back.
const BETWEEN_US: u64 = 700_000;
/// Where the pointer is when someone sits down.
const START: (f64, f64) = (640.0, 400.0);

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
    /// Wheel turned, notches of either sign.
    Wheel(f64),
}

/// One simulated person: own means and spreads of every feature.
#[derive(Debug, Clone)]
pub struct Person {
    keyboard: Arc<Limb>,
    pointer: Arc<Limb>,
}

/// A person as they are in one session.
#[derive(Debug, Clone)]
pub struct Sitting {
    keyboard: Limbered,
    pointer: Limbered,
    rng: ChaCha8Rng,
    now_us: u64,
    cursor: (f64, f64),
}

/// A person's manner in one modality.
#[derive(Debug)]
struct Limb {
    drawn: Manner,
    trial: u64,
    /// The laws to act by, found at first use: it takes a while.
    laws: OnceLock<Manner>,
}

/// A limb as it is in one session.
#[derive(Debug, Clone)]
struct Limbered {
    limb: Arc<Limb>,
    shift: Shift,
}

impl Limb {
    fn draw(model: &Model, rng: &mut ChaCha8Rng) -> Arc<Self> {
        let drawn = Manner::draw(model, rng);
        Arc::new(Self { drawn, trial: rng.random(), laws: OnceLock::new() })
    }
}

impl Limbered {
    fn sit_down(limb: &Arc<Limb>, model: Option<&Model>, rng: &mut ChaCha8Rng) -> Self {
        let shift = model.map_or_else(Shift::default, |model| Shift::draw(model, rng));
        Self { limb: Arc::clone(limb), shift }
    }

    /// How the person acts in this session. `act` is what a person is tried by.
    fn manner(&self, act: impl Fn(&Manner, &mut ChaCha8Rng) -> Vec<RawEvent>) -> Manner {
        let trial = || ChaCha8Rng::seed_from_u64(self.limb.trial);
        let laws = || fitted(&self.limb.drawn, |manner| act(manner, &mut trial()));
        self.limb.laws.get_or_init(laws).shifted(&self.shift)
    }
}

impl Person {
    /// Draws a person. `None` if the population lacks a modality.
    pub fn draw(population: &Population, rng: &mut ChaCha8Rng) -> Option<Self> {
        let (keys, points) = (&mut own_stream(rng), &mut own_stream(rng));
        let keyboard = Limb::draw(population.model(Modality::Keyboard)?, keys);
        let pointer = Limb::draw(population.model(Modality::Pointer)?, points);
        Some(Self { keyboard, pointer })
    }

    /// Draws how the person is in one session that starts at a time.
    pub fn sit_down(&self, population: &Population, start_us: u64, mut rng: ChaCha8Rng) -> Sitting {
        let (keys, points) = (&mut own_stream(&mut rng), &mut own_stream(&mut rng));
        let keyboard = Limbered::sit_down(&self.keyboard, population.model(Modality::Keyboard), keys);
        let pointer = Limbered::sit_down(&self.pointer, population.model(Modality::Pointer), points);
        Sitting { keyboard, pointer, rng, now_us: start_us, cursor: START }
    }
}

/// Random numbers of one modality alone: who is drawn to type does not hang on how many dimensions pointing has.
fn own_stream(rng: &mut ChaCha8Rng) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(rng.random())
}

impl Sitting {
    /// The time it has come to, in microseconds.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        self.now_us
    }

    /// Does nothing until a time.
    pub fn rest_until(&mut self, at_us: u64) {
        self.now_us = self.now_us.max(at_us);
    }

    /// Types a number of keys.
    pub fn type_keys(&mut self, keys: usize) -> Vec<RawEvent> {
        let manner = self.keyboard.manner(|manner, rng| keyboard::type_keys(manner, rng, 0, TRIAL_KEYS));
        let events = keyboard::type_keys(&manner, &mut self.rng, self.now_us, keys);
        self.now_us = events.last().map_or(self.now_us, |e| e.at_us) + BETWEEN_US;
        events
    }

    /// Makes a number of strokes, many of them ending in a click, a drag or a turn of the wheel.
    pub fn move_pointer(&mut self, strokes: usize) -> Vec<RawEvent> {
        let trial = |manner: &Manner, rng: &mut ChaCha8Rng| {
            pointer::strokes(manner, rng, 0, TRIAL_STROKES, &mut START.clone())
        };
        let manner = self.pointer.manner(trial);
        let events = pointer::strokes(&manner, &mut self.rng, self.now_us, strokes, &mut self.cursor);
        self.now_us = events.last().map_or(self.now_us, |e| e.at_us) + BETWEEN_US;
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
            #[expect(clippy::cast_possible_truncation, reason = "notches are few")]
            Action::Wheel(notches) => Some(Input::Wheel { notches: notches as f32 }),
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
            Action::Wheel(notches) => writeln!(text, "{t},wh,0,0,{notches}"),
        };
    }
    std::fs::write(path, text)
}
