//! What an agent sends of somebody's typing, as it comes out of the wire.

use std::collections::HashMap;

use rand_chacha::ChaCha8Rng;
use tacit_measure::{Measurer, Output, PAUSE_US, Privacy, Settings, Zone, place};
use tacit_proto::{FeatureId, FeatureStats, Modality, Stat, v1};

use super::level::Level;
use super::typed::Typist;
use crate::data::WHOLE;
use crate::simulate::located;

/// A window as it was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Presses up to the one that filled it.
    pub until: usize,
    /// Keystrokes it says it holds.
    pub inputs: u32,
    /// Its stats.
    pub stats: FeatureStats,
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
    waiting: f64,
}

impl Desk {
    /// Measures typing, cut to windows of `keys` keystrokes.
    #[must_use]
    pub fn new(typist: Typist, keys: u32, level: &Level, rng: &mut ChaCha8Rng, key: u64) -> Self {
        let sent = windows(&typist, keys, level, rng, key);
        let mut all = FeatureStats::new();
        sent.iter().for_each(|window| all.merge(&window.stats));
        let means = all.iter().map(|s| (s.feature, s.stat.mean())).collect();
        Self { typist, sent, means, waiting: level.privacy.waiting() }
    }

    /// Which share of the keystrokes from one on each window is expected to hold, where that is any.
    #[must_use]
    pub fn shares(&self, from: usize, keys: usize) -> Vec<(usize, f64)> {
        let mut shares = vec![0.0; self.sent.len()];
        for press in from..from + keys {
            // A window is closed by its last press, which counts in it.
            let first = self.sent.partition_point(|window| window.until <= press);
            let mut left = 1.0 / keys as f64;
            for share in shares.iter_mut().skip(first).take(40) {
                *share += left * (1.0 - self.waiting);
                left *= self.waiting;
            }
        }
        let most = shares.iter().copied().fold(0.0, f64::max);
        shares.into_iter().enumerate().filter(|(_, share)| *share > 0.02 * most && *share > 0.0).collect()
    }
}

/// The windows of typing at a level.
pub fn windows(typist: &Typist, keys: u32, level: &Level, rng: &mut ChaCha8Rng, key: u64) -> Vec<Sent> {
    let settings = Settings { window_keystrokes: keys, privacy: level.privacy, ..WHOLE };
    let (mut measurer, mut out, mut sent) = (Measurer::new(settings), Vec::new(), Vec::new());
    measurer.set_key(key);
    let events = located(&mut tacit_measure::Locator::new(), &typist.events);
    let measured = measured(typist, level);
    let (mut inputs, mut presses) = (0, 0);
    for event in events {
        presses += usize::from(matches!(event.input, tacit_measure::Input::KeyDown { .. }));
        measurer.push(event, &mut out);
        for output in out.drain(..) {
            let Output::Window(window) = output else { continue };
            let wire =
                v1::Window::pack(Modality::Keyboard, window.inputs, window.active_ms, 0, &window.stats);
            let Ok(window) = wire.check() else { continue };
            let stats = level.coarsened(&window.stats, window.inputs, rng);
            inputs += window.inputs as usize;
            let filled =
                inputs.checked_sub(1).and_then(|last| measured.get(last)).map_or(presses, |last| last + 1);
            // Where keystrokes wait for other windows, it is filled by those that were made.
            let until = if level.privacy.waiting() > 0.0 { presses } else { filled };
            sent.push(Sent { until, inputs: window.inputs, stats });
        }
    }
    sent
}

/// Numbers of the presses that are measured: at a level that is coarse, not those of words that look like secrets.
fn measured(typist: &Typist, level: &Level) -> Vec<usize> {
    let presses = &typist.presses;
    if !level.privacy.coarse() {
        return (0..presses.len()).collect();
    }
    let zone = |at: usize| place(presses[at].code).0;
    let (mut measured, mut word) = (Vec::new(), Vec::new());
    let end = |word: &mut Vec<usize>, measured: &mut Vec<usize>| {
        let letter = |at: &usize| matches!(zone(*at), Zone::Left | Zone::Right);
        let first = word.iter().position(letter).unwrap_or(word.len());
        let digit = |at: &usize| matches!(zone(*at), Zone::Digit | Zone::Pad);
        let mark = |at: &usize| digit(at) || matches!(zone(*at), Zone::ShiftLeft | Zone::ShiftRight);
        let secret =
            first < word.len() && (word[..first].iter().any(digit) || word[first..].iter().any(mark));
        if !secret {
            measured.extend(word.iter().copied());
        }
        word.clear();
    };
    for at in 0..presses.len() {
        let rested = at > 0 && presses[at].down_us > presses[at - 1].down_us + PAUSE_US;
        let goes_on = !matches!(
            zone(at),
            Zone::Space | Zone::Enter | Zone::Modifier | Zone::Navigation | Zone::Function
        );
        if rested || !goes_on {
            end(&mut word, &mut measured);
        }
        if goes_on { word.push(at) } else { measured.push(at) }
    }
    end(&mut word, &mut measured);
    measured
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

/// Settings of a level by the share of keystrokes that wait.
#[must_use]
pub fn waiting(share: f64) -> Privacy {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 256")]
    Privacy::of_waiting((share * 256.0).round().clamp(0.0, 255.0) as u8)
}
