//! Machines that type: each class of attack makes the times of keys for a text that a person typed.

use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal, Normal};
use tacit_measure::{Column, Input, Origin, Slot, TimedInput, Zone};

use super::row::Knowledge;
use super::typists::{Key, Times};

/// A class of attack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Attack {
    /// The same gap always, in milliseconds.
    Constant(f64),
    /// 5 ms and up to 160 more.
    UniformJitter(Held),
    /// Around a mean.
    GaussianJitter(Held),
    /// Three gaps of 5 ms, then one of 51.
    ThreeAndOne,
    /// Log-normal gaps, as people's are; every key held alike.
    LogNormalFlat,
    /// Uniform, Gaussian or log-normal gaps, and holds that jitter, too.
    JitteredHolds,
    /// Gaps and holds drawn from all people's.
    SmartBot,
    /// The same, of people's on keys that lie so.
    BigramAware,
    /// What the victim typed in this session, again.
    Replay,
    /// The same, each time off by up to so many milliseconds.
    ReplayJittered(f64),
    /// xdotool as it is shipped: a program of this workstation, 12 ms a key.
    Xdotool,
    /// The same, twelve keys at a time, as few as an expander may type.
    XdotoolChunks,
    /// Fifteen keys at once and a rest, as text that is inserted, again and again.
    DeviceBursts,
    /// Five keys at once and a rest, on a keyboard that has just been plugged in.
    DeviceBurstsNew,
    /// A key every 3 ms, each held for so long that many are down at once, as under a palm.
    DeviceHeldDown,
}

/// How long a device holds keys whose gaps are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Held {
    /// One length, or one share of the gap if that is shorter.
    Share,
    /// One length; what is drawn shorter than that comes right after.
    Flat,
    /// The same as the first, with a share that is drawn anew for each key.
    DrawnShare,
}

impl Attack {
    pub(crate) const ALL: [Self; 26] = [
        Self::Constant(5.0),
        Self::Constant(20.0),
        Self::Constant(35.0),
        Self::Constant(51.0),
        Self::Constant(60.0),
        Self::Constant(80.0),
        Self::UniformJitter(Held::Share),
        Self::UniformJitter(Held::Flat),
        Self::UniformJitter(Held::DrawnShare),
        Self::GaussianJitter(Held::Share),
        Self::GaussianJitter(Held::Flat),
        Self::GaussianJitter(Held::DrawnShare),
        Self::ThreeAndOne,
        Self::LogNormalFlat,
        Self::JitteredHolds,
        Self::SmartBot,
        Self::BigramAware,
        Self::Replay,
        Self::ReplayJittered(2.0),
        Self::ReplayJittered(5.0),
        Self::ReplayJittered(10.0),
        Self::Xdotool,
        Self::XdotoolChunks,
        Self::DeviceBursts,
        Self::DeviceBurstsNew,
        Self::DeviceHeldDown,
    ];

    pub(crate) fn name(self) -> String {
        match self {
            Self::Constant(5.0) => "ducky_5ms".to_owned(),
            Self::Constant(gap) => format!("constant_{gap:.0}ms"),
            Self::UniformJitter(held) => format!("uniform_jitter{}", held.name()),
            Self::GaussianJitter(held) => format!("gaussian_jitter{}", held.name()),
            Self::ThreeAndOne => "three_5ms_one_51ms".to_owned(),
            Self::LogNormalFlat => "log_normal_flat_holds".to_owned(),
            Self::JitteredHolds => "jittered_gaps_and_holds".to_owned(),
            Self::SmartBot => "smart_bot".to_owned(),
            Self::BigramAware => "bigram_aware".to_owned(),
            Self::Replay => "replay".to_owned(),
            Self::ReplayJittered(2.0) => "replay_jittered".to_owned(),
            Self::ReplayJittered(off) => format!("replay_jittered_{off:.0}ms"),
            Self::Xdotool => "xdotool".to_owned(),
            Self::XdotoolChunks => "xdotool_chunks".to_owned(),
            Self::DeviceBursts => "device_bursts".to_owned(),
            Self::DeviceBurstsNew => "device_bursts_new_keyboard".to_owned(),
            Self::DeviceHeldDown => "device_held_down".to_owned(),
        }
    }

    pub(crate) fn knowledge(self) -> Knowledge {
        match self {
            Self::JitteredHolds
            | Self::UniformJitter(Held::DrawnShare)
            | Self::GaussianJitter(Held::DrawnShare)
            | Self::XdotoolChunks
            | Self::DeviceBursts
            | Self::DeviceBurstsNew
            | Self::DeviceHeldDown => Knowledge::Detector,
            Self::SmartBot | Self::BigramAware => Knowledge::Population,
            Self::Replay | Self::ReplayJittered(_) => Knowledge::Victim,
            _ => Knowledge::None,
        }
    }

    /// How keys are held, where the gaps jitter and nothing else.
    fn jitter(self) -> Option<Held> {
        match self {
            Self::UniformJitter(held) | Self::GaussianJitter(held) => Some(held),
            _ => None,
        }
    }

    /// A keyboard is plugged in for it.
    pub(crate) fn needs_keyboard(self) -> bool {
        self == Self::DeviceBurstsNew
    }

    /// The victim types before it.
    pub(crate) fn needs_victim(self) -> bool {
        matches!(self, Self::Replay | Self::ReplayJittered(_))
    }

    /// Types where these keys lie, from `start_us` on.
    pub(crate) fn typed(
        self,
        text: &[Key],
        times: &Times,
        start_us: u64,
        rng: &mut ChaCha8Rng,
    ) -> Vec<TimedInput> {
        let mut holds = Holds::draw(rng);
        let mean = rng.random_range(60.0..180.0);
        let width = rng.random_range(0.2..0.35);
        let shape = rng.random_range(0..3);
        if self.jitter().is_some() {
            holds.share = rng.random_range(SHARES);
        }
        let mut gaps = Vec::with_capacity(text.len());
        for (at, key) in text.iter().enumerate() {
            let gap = match self {
                Self::Constant(gap) => gap,
                Self::UniformJitter(_) => 5.0 + rng.random_range(0.0..160.0),
                Self::GaussianJitter(_) => normal(mean, mean * width, rng),
                Self::ThreeAndOne => [5.0, 5.0, 5.0, 51.0][at % 4],
                Self::LogNormalFlat => log_normal(mean, 1.6 * width, rng),
                Self::JitteredHolds => match shape {
                    0 => 5.0 + rng.random_range(0.0..160.0),
                    1 => normal(mean, mean * width, rng),
                    _ => log_normal(mean, 1.6 * width, rng),
                },
                Self::SmartBot => one_of(&times.gaps_ms, rng),
                Self::BigramAware => {
                    let before = text[at.saturating_sub(1)].place;
                    let relation = tacit_measure::relation(before, key.place);
                    one_of(times.by_relation.get(&relation).unwrap_or(&times.gaps_ms), rng)
                }
                Self::Replay => key.gap_ms.unwrap_or(200.0),
                Self::ReplayJittered(off) => key.gap_ms.unwrap_or(200.0) + rng.random_range(-off..off),
                Self::XdotoolChunks if at % 12 == 0 => 510.0,
                Self::Xdotool | Self::XdotoolChunks => 12.0,
                Self::DeviceBursts if at % 15 == 0 => rng.random_range(120.0..180.0),
                Self::DeviceBurstsNew if at % 5 == 0 => rng.random_range(120.0..180.0),
                Self::DeviceBursts | Self::DeviceBurstsNew | Self::DeviceHeldDown => 3.0,
            };
            // What is drawn shorter than a device holds a key comes right after.
            let least = if self.jitter() == Some(Held::Flat) { holds.flat_ms + 1.0 } else { 0.5 };
            gaps.push(gap.max(least));
        }
        let strokes: Vec<_> = text
            .iter()
            .enumerate()
            .map(|(at, key)| {
                let next_ms = gaps.get(at + 1).copied().unwrap_or(f64::INFINITY);
                (key.place, gaps[at], self.held(key, next_ms, &holds, times, rng).max(0.3))
            })
            .collect();
        let program = matches!(self, Self::Xdotool | Self::XdotoolChunks);
        let origin = if program { Origin::Injected } else { Origin::Device };
        events(&strokes, start_us, origin)
    }

    /// How long a key is held that the next follows after `next_ms`.
    fn held(self, key: &Key, next_ms: f64, holds: &Holds, times: &Times, rng: &mut ChaCha8Rng) -> f64 {
        match self {
            Self::JitteredHolds => holds.jittered(rng),
            Self::SmartBot => one_of(&times.holds_ms, rng),
            Self::BigramAware => one_of(times.by_zone.get(&key.place.0).unwrap_or(&times.holds_ms), rng),
            Self::Replay => key.held_ms,
            Self::ReplayJittered(off) => key.held_ms + rng.random_range(-off..off),
            Self::Xdotool | Self::XdotoolChunks | Self::DeviceBursts | Self::DeviceBurstsNew => 1.0,
            Self::DeviceHeldDown => 20.0,
            Self::LogNormalFlat => holds.flat_ms.max(20.0),
            Self::UniformJitter(Held::Flat) | Self::GaussianJitter(Held::Flat) => holds.flat_ms,
            Self::UniformJitter(Held::DrawnShare) | Self::GaussianJitter(Held::DrawnShare) => {
                holds.flat_ms.min(rng.random_range(SHARES) * next_ms)
            }
            Self::ThreeAndOne => holds.flat_ms.min(4.0),
            Self::Constant(_) | Self::UniformJitter(Held::Share) | Self::GaussianJitter(Held::Share) => {
                holds.flat_ms.min(holds.share * next_ms)
            }
        }
    }
}

impl Held {
    /// What it adds to the name of a class.
    fn name(self) -> &'static str {
        match self {
            Self::Share => "",
            Self::Flat => "_flat_holds",
            Self::DrawnShare => "_drawn_shares",
        }
    }
}

/// Shares of the gap for which a device may hold a key.
const SHARES: std::ops::Range<f64> = 0.3..0.95;

/// How long a tool holds keys.
struct Holds {
    flat_ms: f64,
    /// Of the gap after a key, at most.
    share: f64,
    jitter: f64,
}

impl Holds {
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let flat_ms = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 80.0, 100.0][rng.random_range(0..8)];
        Self { flat_ms, share: 0.8, jitter: rng.random_range(0.1..0.4) }
    }

    fn jittered(&self, rng: &mut ChaCha8Rng) -> f64 {
        self.flat_ms.max(20.0) * rng.random_range(1.0 - self.jitter..1.0 + self.jitter)
    }
}

fn normal(mean: f64, spread: f64, rng: &mut ChaCha8Rng) -> f64 {
    Normal::new(mean, spread).map_or(mean, |law| law.sample(rng))
}

fn log_normal(median: f64, spread: f64, rng: &mut ChaCha8Rng) -> f64 {
    LogNormal::new(median.ln(), spread).map_or(median, |law| law.sample(rng))
}

fn one_of(times: &[f64], rng: &mut ChaCha8Rng) -> f64 {
    times.choose(rng).copied().unwrap_or(100.0)
}

/// Keys as a display server stamps them: in whole milliseconds.
pub(crate) fn events(
    strokes: &[((Zone, Column), f64, f64)],
    start_us: u64,
    origin: Origin,
) -> Vec<TimedInput> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "above zero")]
    let stamp = |ms: f64| start_us + (ms.max(0.0) as u64) * 1_000;
    let mut at_ms = 0.0;
    let mut events = Vec::with_capacity(2 * strokes.len());
    for (number, (place, gap, held)) in strokes.iter().enumerate() {
        at_ms += gap;
        #[expect(clippy::cast_possible_truncation, reason = "below 32")]
        let slot = Slot((number % 32) as u8);
        let (zone, column) = *place;
        let (down, up) = (stamp(at_ms), stamp(at_ms + held));
        events.push(TimedInput { at_us: down, origin, input: Input::KeyDown { slot, zone, column } });
        events.push(TimedInput { at_us: up, origin, input: Input::KeyUp { slot } });
    }
    events.sort_by_key(|event| event.at_us);
    events
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::attack::typists::keys;

    #[test]
    fn gaps_that_jitter_are_played_as_drawn_and_every_key_is_up_in_time() {
        let times = Times::of(&[]);
        let text = vec![Key { place: (Zone::Left, Column(1)), gap_ms: None, held_ms: 80.0 }; 400];
        for held in [Held::Share, Held::DrawnShare] {
            for seed in 0..20 {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let played = keys(&Attack::UniformJitter(held).typed(&text, &times, 0, &mut rng));
                let gaps: Vec<f64> = played.iter().filter_map(|key| key.gap_ms).collect();
                let short = gaps.iter().filter(|gap| **gap < 25.0).count();
                assert!((20..90).contains(&short), "{short}");
                assert!(played.iter().zip(&gaps).all(|(key, gap)| key.held_ms <= *gap));
            }
        }
    }
}
