//! What an agent sends of somebody's typing, as it comes out of the wire.

use std::collections::HashMap;
use std::ops::Range;

use tacit_measure::word::{Key, Words};
use tacit_measure::{Input, Locator, Measurer, Output, Privacy, Settings, TimedInput};
use tacit_proto::{FeatureId, FeatureStats, Modality, Stat, v1};

use super::typed::Typist;
use crate::data::WHOLE;
use crate::simulate::located;

/// A window as it was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// First press since the window before.
    pub from: usize,
    /// Presses up to the one that filled it.
    pub until: usize,
    /// Keystrokes it says it holds.
    pub inputs: u32,
    /// Its stats.
    pub stats: FeatureStats,
    /// First press of what it holds of a feature that had waited.
    waited: HashMap<FeatureId, usize>,
}

impl Sent {
    /// How many of these presses count in what it holds of a feature.
    #[must_use]
    pub fn holds(&self, feature: FeatureId, presses: &Range<usize>) -> usize {
        if self.stats.get(feature).is_none() {
            return 0;
        }
        let from = self.waited.get(&feature).copied().unwrap_or(self.from);
        self.until.min(presses.end).saturating_sub(from.max(presses.start))
    }
}

/// Someone at a desk, and everything that was sent of it.
#[derive(Debug, Clone)]
pub struct Desk {
    /// What was typed.
    pub typist: Typist,
    /// In order. The last window of a session, which takes all that waits, is not among them.
    pub sent: Vec<Sent>,
    /// Mean of each feature over all of it.
    pub means: HashMap<FeatureId, f64>,
}

impl Desk {
    /// Measures typing, cut to windows of `keys` keystrokes.
    #[must_use]
    pub fn new(typist: Typist, keys: u32, privacy: Privacy) -> Self {
        let sent = windows(&typist, keys, privacy);
        let mut all = FeatureStats::new();
        sent.iter().for_each(|window| all.merge(&window.stats));
        let means = all.iter().map(|s| (s.feature, s.stat.mean())).collect();
        Self { typist, sent, means }
    }
}

/// The windows of typing at a level.
#[must_use]
pub fn windows(typist: &Typist, keys: u32, privacy: Privacy) -> Vec<Sent> {
    let settings = Settings { window_keystrokes: keys, privacy, ..WHOLE };
    let (mut measurer, mut out, mut sent) = (Measurer::new(settings), Vec::new(), Vec::<Sent>::new());
    let events = located(&mut Locator::new(), &typist.events);
    let measured = measured(&events, privacy);
    let (mut inputs, mut presses, mut last) = (0, 0, HashMap::new());
    for event in events {
        presses += usize::from(is_press(&event));
        measurer.push(event, &mut out);
        for output in out.drain(..) {
            let Output::Window(window) = output else { continue };
            let wire =
                v1::Window::pack(Modality::Keyboard, window.inputs, window.active_ms, 0, &window.stats);
            let Ok(window) = wire.check() else { continue };
            inputs += window.inputs as usize;
            let until =
                inputs.checked_sub(1).and_then(|last| measured.get(last)).map_or(presses, |last| last + 1);
            let mut waited = HashMap::new();
            if privacy.coarse() {
                for s in window.stats.iter() {
                    waited.insert(s.feature, last.insert(s.feature, until).unwrap_or(0));
                }
            }
            let from = sent.last().map_or(0, |before| before.until);
            sent.push(Sent { from, until, inputs: window.inputs, stats: window.stats, waited });
        }
    }
    sent
}

/// Numbers of the presses that are measured: at a level that is coarse, not those of words that look like secrets.
fn measured(events: &[TimedInput], privacy: Privacy) -> Vec<usize> {
    let presses = events.iter().filter(|event| is_press(event));
    if !privacy.coarse() {
        return (0..presses.count()).collect();
    }
    let (mut words, mut known) = (Words::default(), Vec::new());
    events.iter().for_each(|event| words.push(*event, &mut known));
    words.end(&mut known);
    let mut kept = known.into_iter().filter_map(|key| match key {
        Key::Measured(event) if is_press(&event) => Some(event),
        _ => None,
    });
    let mut next = kept.next();
    let mut measured = Vec::new();
    for (at, press) in presses.enumerate() {
        if next.as_ref() == Some(press) {
            measured.push(at);
            next = kept.next();
        }
    }
    measured
}

fn is_press(event: &TimedInput) -> bool {
    matches!(event.input, Input::KeyDown { .. })
}

/// Sums over windows, each with a weight: of each feature its count, the sum of its values less a centre, and the sum of
/// squared weights times counts, that is how the variance of the former grows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weighed {
    /// Values.
    pub count: f64,
    /// Sum of what lies above the centre.
    pub sum: f64,
    /// Squared weights.
    pub squares: f64,
    /// Sum of standard deviations, a value each.
    pub spread: f64,
}

impl Weighed {
    /// Adds a stat.
    pub fn add(&mut self, stat: &Stat, centre: f64, weight: f64) {
        let count = f64::from(stat.count());
        self.count += weight * count;
        self.sum += weight * count * (stat.mean() - centre);
        self.squares += weight * weight * count;
        self.spread += weight * count * stat.variance().sqrt();
    }
}
