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
    UniformJitter,
    /// Around a mean.
    GaussianJitter,
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
    /// The same, each time off by up to 2 ms.
    ReplayJittered,
    /// xdotool as it is shipped: a program of this workstation, 12 ms a key.
    Xdotool,
}

impl Attack {
    pub(crate) const ALL: [Self; 16] = [
        Self::Constant(5.0),
        Self::Constant(20.0),
        Self::Constant(35.0),
        Self::Constant(51.0),
        Self::Constant(60.0),
        Self::Constant(80.0),
        Self::UniformJitter,
        Self::GaussianJitter,
        Self::ThreeAndOne,
        Self::LogNormalFlat,
        Self::JitteredHolds,
        Self::SmartBot,
        Self::BigramAware,
        Self::Replay,
        Self::ReplayJittered,
        Self::Xdotool,
    ];

    pub(crate) fn name(self) -> String {
        match self {
            Self::Constant(5.0) => "ducky_5ms".to_owned(),
            Self::Constant(gap) => format!("constant_{gap:.0}ms"),
            Self::UniformJitter => "uniform_jitter".to_owned(),
            Self::GaussianJitter => "gaussian_jitter".to_owned(),
            Self::ThreeAndOne => "three_5ms_one_51ms".to_owned(),
            Self::LogNormalFlat => "log_normal_flat_holds".to_owned(),
            Self::JitteredHolds => "jittered_gaps_and_holds".to_owned(),
            Self::SmartBot => "smart_bot".to_owned(),
            Self::BigramAware => "bigram_aware".to_owned(),
            Self::Replay => "replay".to_owned(),
            Self::ReplayJittered => "replay_jittered".to_owned(),
            Self::Xdotool => "xdotool".to_owned(),
        }
    }

    pub(crate) fn knowledge(self) -> Knowledge {
        match self {
            Self::JitteredHolds => Knowledge::Detector,
            Self::SmartBot | Self::BigramAware => Knowledge::Population,
            Self::Replay | Self::ReplayJittered => Knowledge::Victim,
            _ => Knowledge::None,
        }
    }

    /// Its gaps are drawn, and its holds are not.
    fn one_at_a_time(self) -> bool {
        matches!(self, Self::UniformJitter | Self::GaussianJitter)
    }

    /// The victim types before it.
    pub(crate) fn needs_victim(self) -> bool {
        matches!(self, Self::Replay | Self::ReplayJittered)
    }

    /// Types where these keys lie, from `start_us` on.
    pub(crate) fn typed(
        self,
        text: &[Key],
        times: &Times,
        start_us: u64,
        rng: &mut ChaCha8Rng,
    ) -> Vec<TimedInput> {
        let holds = Holds::draw(rng);
        let mean = rng.random_range(60.0..180.0);
        let width = rng.random_range(0.2..0.35);
        let shape = rng.random_range(0..3);
        let mut gaps = Vec::with_capacity(text.len());
        for (at, key) in text.iter().enumerate() {
            let gap = match self {
                Self::Constant(gap) => gap,
                Self::UniformJitter => 5.0 + rng.random_range(0.0..160.0),
                Self::GaussianJitter => normal(mean, mean * width, rng),
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
                Self::ReplayJittered => key.gap_ms.unwrap_or(200.0) + rng.random_range(-2.0..2.0),
                Self::Xdotool => 12.0,
            };
            // A device presses one key at a time: what is drawn shorter than it holds a key comes right after.
            let least = if self.one_at_a_time() { holds.flat_ms + 1.0 } else { 0.5 };
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
        let origin = if self == Self::Xdotool { Origin::Injected } else { Origin::Device };
        events(&strokes, start_us, origin)
    }

    /// How long a key is held that the next follows after `next_ms`.
    fn held(self, key: &Key, next_ms: f64, holds: &Holds, times: &Times, rng: &mut ChaCha8Rng) -> f64 {
        match self {
            Self::JitteredHolds => holds.jittered(rng),
            Self::SmartBot => one_of(&times.holds_ms, rng),
            Self::BigramAware => one_of(times.by_zone.get(&key.place.0).unwrap_or(&times.holds_ms), rng),
            Self::Replay => key.held_ms,
            Self::ReplayJittered => key.held_ms + rng.random_range(-2.0..2.0),
            Self::Xdotool => 1.0,
            Self::LogNormalFlat => holds.flat_ms.max(20.0),
            Self::UniformJitter | Self::GaussianJitter => holds.flat_ms,
            Self::ThreeAndOne => holds.flat_ms.min(4.0),
            _ => holds.flat_ms.min(0.8 * next_ms),
        }
    }
}

/// How long a tool holds keys.
struct Holds {
    flat_ms: f64,
    jitter: f64,
}

impl Holds {
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let flat_ms = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 80.0, 100.0][rng.random_range(0..8)];
        Self { flat_ms, jitter: rng.random_range(0.1..0.4) }
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
