//! Stats that tell next to nothing of what was typed: how long keys are held, of each hand and of space, and that in steps,
//! at times and with counts that are the same whatever was typed.
//!
//! How many keys of each hand, and how long it takes from one key to the next, tell one text of a thousand others. How long a
//! key is held hardly depends on which one it is.

use tacit_proto::catalogue as c;
use tacit_proto::{FeatureId, FeatureStats, Stat};

use crate::input::Zone;
use crate::relation::hold_feature;
use crate::within::hold_within;

/// Fewer values are not sent, and more are not told of, so that a zone hardly weighs more than it was pressed, whatever else was.
const LEAST_VALUES: u32 = 12;
const MOST_VALUES: u32 = 48;
/// A zone is sent when there were as many keystrokes as usually hold so many of it: it is there nearly always then, and one
/// sentence is no more than a part of what is sent.
const DUE_VALUES: u32 = 24;
/// Steps of the mean and the spread of times, and of shares, to 1. A share of few values in finer steps would tell how many
/// they are.
const TIME_STEPS: f64 = 50.0;
const SHARE_STEPS: f64 = 8.0;
/// Zones that are sent, and presses in each of a thousand that people usually make.
const SENT: [(Zone, u32); 3] = [(Zone::Left, 364), (Zone::Right, 290), (Zone::Space, 145)];

/// Decides what is sent of each window.
#[derive(Debug, Clone, Default)]
pub(crate) struct Coarse {
    /// Keystrokes since each zone was last sent.
    since: [u32; SENT.len()],
}

impl Coarse {
    /// Whether there is anything to send of these stats of so many keystrokes.
    pub(crate) fn ripe(&self, stats: &FeatureStats, inputs: u32) -> bool {
        (0..SENT.len()).any(|at| self.is_ripe(at, stats, inputs))
    }

    /// Takes what is sent out of `stats`; the rest is left to wait, and what is never sent is dropped.
    pub(crate) fn take(&mut self, stats: &mut FeatureStats, inputs: u32) -> FeatureStats {
        let (mut ripe, mut waiting) = (FeatureStats::new(), FeatureStats::new());
        for (at, (zone, _)) in SENT.into_iter().enumerate() {
            let is_ripe = self.is_ripe(at, stats, inputs);
            let since = self.since[at].saturating_add(inputs);
            let features = hold_within(zone).iter().map(|share| (share.feature, SHARE_STEPS));
            for (id, steps) in features.chain([(hold_feature(zone), TIME_STEPS)]) {
                let Some(stat) = stats.get(id) else { continue };
                if !is_ripe {
                    waiting.add(id, stat);
                } else if let Some(stat) = coarsened(id, stat, usual(at, since), steps) {
                    ripe.add(id, &stat);
                }
            }
            self.since[at] = if is_ripe { 0 } else { since };
        }
        *stats = waiting;
        ripe
    }

    fn is_ripe(&self, at: usize, stats: &FeatureStats, inputs: u32) -> bool {
        let count = stats.get(hold_feature(SENT[at].0)).map_or(0, Stat::count);
        usual(at, self.since[at].saturating_add(inputs)) >= DUE_VALUES && count >= LEAST_VALUES
    }
}

fn coarsened(id: FeatureId, stat: &Stat, count: u32, steps: f64) -> Option<Stat> {
    let stepped = |value: f64| (value * steps).round() / steps;
    let (low, high) = c::feature(id)?.value_range();
    let spread = stepped(stat.variance().sqrt()).min((high - low) / 2.0);
    Stat::new(count, stepped(stat.mean()).clamp(low, high), spread * spread)
}

/// Presses in a zone that people usually make in so many, as far as they are told of.
fn usual(at: usize, inputs: u32) -> u32 {
    (SENT[at].1.saturating_mul(inputs) / 1_000).min(MOST_VALUES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(counts: [u32; 3]) -> FeatureStats {
        let mut stats = FeatureStats::new();
        for ((zone, _), count) in SENT.into_iter().zip(counts) {
            if let Some(stat) = Stat::new(count, 4.5, 0.01) {
                stats.add(hold_feature(zone), &stat);
            }
        }
        stats
    }

    #[test]
    fn a_count_tells_nothing_but_that_there_were_enough() {
        for few in 1..LEAST_VALUES {
            let mut left = held([few, 0, 0]);
            let before = left.clone();
            assert!(Coarse::default().take(&mut left, 70).is_empty());
            assert_eq!(left, before);
        }
        for enough in LEAST_VALUES..50 {
            let mut left = held([enough, 0, 0]);
            assert_eq!(Coarse::default().take(&mut left, 70).get(c::HOLD_LEFT).unwrap().count(), 25);
            assert!(left.is_empty());
        }
    }

    #[test]
    fn when_a_zone_is_sent_does_not_depend_on_how_often_it_was_pressed() {
        for spaces in LEAST_VALUES..40 {
            let (mut coarse, mut stats) = (Coarse::default(), FeatureStats::new());
            let sent = (0..6).map(|_| {
                stats.merge(&held([20, 20, spaces]));
                coarse.take(&mut stats, 90).get(c::HOLD_SPACE).map(Stat::count)
            });
            assert_eq!(sent.collect::<Vec<_>>(), [None, Some(26), None, Some(26), None, Some(26)]);
        }
    }

    #[test]
    fn few_letters_among_many_other_keys_do_not_weigh_as_if_all_were_letters() {
        let mut stats = FeatureStats::new();
        let mut coarse = Coarse::default();
        for _ in 0..100 {
            stats.merge(&held([1, 0, 0]));
            let typed = stats.get(c::HOLD_LEFT).map_or(0, Stat::count);
            let sent = coarse.take(&mut stats, 1_000);
            assert!(sent.get(c::HOLD_LEFT).is_none_or(|stat| stat.count() <= 4 * typed));
        }
    }

    #[test]
    fn nothing_but_holds_is_sent_or_kept() {
        let mut stats = held([20, 20, 20]);
        stats.push(c::DOWN_DOWN_LEFT_RIGHT, 5.0);
        stats.push(c::CORRECTION_SHARE, 0.0);
        stats.push(c::HOLD_ERASE, 4.5);
        let sent = Coarse::default().take(&mut stats, 90);
        assert_eq!(sent.iter().map(|s| s.feature).collect::<Vec<_>>(), [c::HOLD_LEFT, c::HOLD_RIGHT]);
        assert_eq!(stats.iter().map(|s| s.feature).collect::<Vec<_>>(), [c::HOLD_SPACE]);
    }
}
