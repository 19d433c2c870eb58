//! Recordings as other clocks would have stamped them: what tells people apart must not be the clock of their machine.

use std::collections::HashMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tacit_measure::{Input, Slot, TimedInput};

/// Noise that covers the ticks of common clocks, either way.
const NOISE_US: f64 = 8_000.0;
/// Ticks of common clocks: 125 and 100 interrupts a second, and 64.
const TICKS_US: [f64; 3] = [8_000.0, 10_000.0, 15_600.0];
/// Draws noise and clocks.
const SEED: u64 = 3;

/// What is done to the times of all recordings of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Times {
    /// Nothing.
    #[default]
    AsRecorded,
    /// Each time is moved by up to 8 ms either way, evenly.
    Noise,
    /// Each person has a clock that ticks every 8, 10 or 15.6 ms: a tick tells something of the person.
    ClockAPerson,
    /// Each recording has such a clock: a tick tells nothing.
    ClockARecording,
}

impl Times {
    /// Whether nothing is done.
    #[must_use]
    pub fn as_recorded(&self) -> bool {
        *self == Self::AsRecorded
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::AsRecorded => "as recorded",
            Self::Noise => "±8 ms on every time",
            Self::ClockAPerson => "a clock of 8, 10 or 15.6 ms a person",
            Self::ClockARecording => "a clock of 8, 10 or 15.6 ms a recording",
        }
    }

    /// The clocks of one person's recordings, the same every time.
    #[must_use]
    pub fn of(self, user: &str) -> Clocks {
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        rng.set_stream(user.bytes().fold(0xcbf2_9ce4_8422_2325, fnv));
        let own_us = TICKS_US[rng.random_range(0..TICKS_US.len())];
        Clocks { times: self, own_us, rng }
    }
}

/// The clocks of one person's recordings.
#[derive(Debug, Clone)]
pub struct Clocks {
    times: Times,
    own_us: f64,
    rng: ChaCha8Rng,
}

impl Clocks {
    /// The clock of the next recording.
    pub fn recording(&mut self) -> Clock<'_> {
        let kind = match self.times {
            Times::AsRecorded => Kind::Exact,
            Times::Noise => Kind::Noisy(NOISE_US),
            Times::ClockAPerson => Kind::Ticking(self.own_us),
            Times::ClockARecording => Kind::Ticking(TICKS_US[self.rng.random_range(0..TICKS_US.len())]),
        };
        Clock { kind, rng: &mut self.rng }
    }

    /// Clocks that all tick so, whatever the person.
    #[must_use]
    pub fn ticking(milliseconds: f64) -> Self {
        Self { own_us: 1000.0 * milliseconds, ..Times::ClockAPerson.of("") }
    }
}

/// One recording's clock.
#[derive(Debug)]
pub struct Clock<'a> {
    kind: Kind,
    rng: &'a mut ChaCha8Rng,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Exact,
    /// Off by up to so many microseconds either way.
    Noisy(f64),
    /// Told in steps of so many microseconds.
    Ticking(f64),
}

impl Clock<'_> {
    /// Events with this clock's times, in order. All times lie later by the noise: there are none below zero.
    #[must_use]
    pub fn restamp(&mut self, events: &[TimedInput]) -> Vec<TimedInput> {
        if matches!(self.kind, Kind::Exact) {
            return events.to_vec();
        }
        let phase = self.phase();
        // A key comes up after it went down, and goes down again after that.
        let mut latest: HashMap<Slot, u64> = HashMap::new();
        let mut events: Vec<TimedInput> = events
            .iter()
            .map(|event| {
                let mut at_us = self.stamp(event.at_us as f64, phase);
                if let Input::KeyDown { slot, .. } | Input::KeyUp { slot } = event.input {
                    let before = latest.entry(slot).or_default();
                    at_us = at_us.max(*before);
                    *before = at_us;
                }
                TimedInput { at_us, ..*event }
            })
            .collect();
        events.sort_by_key(|event| event.at_us);
        events
    }

    /// What this clock makes of a time between two events, both in milliseconds. May be zero or less.
    #[must_use]
    pub fn span_ms(&mut self, milliseconds: f64) -> f64 {
        let from_us = self.phase();
        let to_us = from_us + 1000.0 * milliseconds;
        match self.kind {
            Kind::Exact => milliseconds,
            Kind::Noisy(most) => {
                milliseconds
                    + (self.rng.random_range(-most..most) + self.rng.random_range(-most..most)) / 1000.0
            }
            Kind::Ticking(tick) => ((to_us / tick).floor() - (from_us / tick).floor()) * tick / 1000.0,
        }
    }

    fn phase(&mut self) -> f64 {
        if let Kind::Ticking(tick) = self.kind { self.rng.random_range(0.0..tick) } else { 0.0 }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not below zero")]
    fn stamp(&mut self, at_us: f64, phase: f64) -> u64 {
        match self.kind {
            Kind::Exact => at_us as u64,
            Kind::Noisy(most) => (at_us + self.rng.random_range(0.0..2.0 * most)) as u64,
            Kind::Ticking(tick) => (((at_us + phase) / tick).floor() * tick) as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use tacit_measure::{Column, Origin, Zone};

    use super::*;

    /// Keys of one slot that are down for 12 ms and up for 4 ms: shorter than noise and ticks.
    fn quick() -> Vec<TimedInput> {
        let slot = Slot(0);
        let down = Input::KeyDown { slot, zone: Zone::Left, column: Column(0) };
        (0..200)
            .flat_map(|key| [(16_000 * key, down), (16_000 * key + 12_000, Input::KeyUp { slot })])
            .map(|(at_us, input)| TimedInput { at_us, origin: Origin::Device, input })
            .collect()
    }

    #[test]
    fn a_key_never_comes_up_before_it_went_down() {
        for times in [Times::Noise, Times::ClockAPerson, Times::ClockARecording] {
            let events = times.of("someone").recording().restamp(&quick());
            assert!(events.windows(2).all(|pair| pair[0].at_us <= pair[1].at_us));
            let downs = events.iter().map(|e| matches!(e.input, Input::KeyDown { .. }));
            assert!(downs.zip([true, false].into_iter().cycle()).all(|(is, due)| is == due), "{times:?}");
        }
        assert_eq!(Times::AsRecorded.of("someone").recording().restamp(&quick()), quick());
    }

    #[test]
    fn a_clock_keeps_the_mean_of_a_span_and_is_the_same_every_time() {
        for times in [Times::Noise, Times::ClockAPerson, Times::ClockARecording] {
            let spans = || {
                let mut clocks = times.of("someone");
                let mut clock = clocks.recording();
                (0..20_000).map(|_| clock.span_ms(101.0)).collect::<Vec<f64>>()
            };
            let (seen, count) = (spans(), 20_000.0);
            assert_eq!(seen, spans());
            let mean = seen.iter().sum::<f64>() / count;
            assert!((mean - 101.0).abs() < 0.3, "{times:?}: {mean}");
            assert!(seen.iter().all(|s| (s - 101.0).abs() < 16.1));
        }
        let ticks = Clocks::ticking(15.6).recording().span_ms(101.0) / 15.6;
        assert!((ticks - ticks.round()).abs() < 1e-9);
    }

    #[test]
    fn people_have_clocks_of_their_own() {
        let tick = |user: String| Times::ClockAPerson.of(&user).own_us.to_bits();
        let ticks: std::collections::HashSet<u64> = (0..30).map(|n| tick(n.to_string())).collect();
        assert_eq!(ticks.len(), TICKS_US.len());
    }
}
