//! Stats that tell next to nothing of what was typed: how long keys are held, of each hand and of space, and that in steps,
//! at times and with counts that are the same whatever was typed.
//!
//! How many keys of each hand, and how long it takes from one key to the next, tell one text of a thousand others. How long a
//! key is held hardly depends on which one it is.

use tacit_proto::catalogue as c;
use tacit_proto::{FeatureId, FeatureStats, Stat};

use crate::input::Zone;
use crate::privacy::Privacy;
use crate::relation::hold_feature;
use crate::within::hold_within;

/// Steps of the mean and the spread of times, and of shares, to 1. A share of few values in finer steps would tell how many
/// they are.
const TIME_STEPS: f64 = 50.0;
const SHARE_STEPS: f64 = 8.0;
/// Zones that are sent, and presses in each of a thousand that people usually make.
const SENT: [(Zone, u32); 3] = [(Zone::Left, 364), (Zone::Right, 290), (Zone::Space, 145)];

/// Decides what is sent of each window.
#[derive(Debug, Clone, Default)]
pub(crate) struct Coarse {
    privacy: Privacy,
    /// Keystrokes since each zone was last sent.
    since: [u32; SENT.len()],
}

impl Coarse {
    pub(crate) fn new(privacy: Privacy) -> Self {
        Self { privacy, ..Self::default() }
    }

    pub(crate) fn privacy(&self) -> Privacy {
        self.privacy
    }

    /// More or fewer values are due from here on.
    pub(crate) fn set_privacy(&mut self, privacy: Privacy) {
        self.privacy = privacy;
    }

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
                } else if let Some(stat) = coarsened(id, stat, self.told(at, since), steps) {
                    ripe.add(id, &stat);
                }
            }
            self.since[at] = if is_ripe { 0 } else { since };
        }
        *stats = waiting;
        ripe
    }

    /// A zone is sent when there were as many keystrokes as usually hold what is due of it: it is there nearly always then, and
    /// one sentence is no more than a part of what is sent. Of less than half of that it waits.
    fn is_ripe(&self, at: usize, stats: &FeatureStats, inputs: u32) -> bool {
        let (due, count) = (self.privacy.due(), stats.get(hold_feature(SENT[at].0)).map_or(0, Stat::count));
        usual(at, self.since[at].saturating_add(inputs)) >= due && count >= due.div_ceil(2)
    }

    /// Presses in a zone that are told of after so many keystrokes: twice what is due at most, so that a zone hardly weighs more
    /// than it was pressed, whatever else was.
    fn told(&self, at: usize, inputs: u32) -> u32 {
        usual(at, inputs).min(2 * self.privacy.due())
    }
}

fn coarsened(id: FeatureId, stat: &Stat, count: u32, steps: f64) -> Option<Stat> {
    let stepped = |value: f64| (value * steps).round() / steps;
    let (low, high) = c::feature(id)?.value_range();
    let spread = stepped(stat.variance().sqrt()).min((high - low) / 2.0);
    Stat::new(count, stepped(stat.mean()).clamp(low, high), spread * spread)
}

/// Presses in a zone that people usually make in so many.
fn usual(at: usize, inputs: u32) -> u32 {
    SENT[at].1.saturating_mul(inputs) / 1_000
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

    const DUE: u32 = 24;

    fn coarse() -> Coarse {
        Coarse::new(Privacy::of_due(24))
    }

    #[test]
    fn a_count_tells_nothing_but_that_there_were_enough() {
        for few in 1..DUE / 2 {
            let mut left = held([few, 0, 0]);
            let before = left.clone();
            assert!(coarse().take(&mut left, 70).is_empty());
            assert_eq!(left, before);
        }
        for enough in DUE / 2..50 {
            let mut left = held([enough, 0, 0]);
            assert_eq!(coarse().take(&mut left, 70).get(c::HOLD_LEFT).unwrap().count(), 25);
            assert!(left.is_empty());
        }
    }

    #[test]
    fn when_a_zone_is_sent_does_not_depend_on_how_often_it_was_pressed() {
        for spaces in DUE / 2..40 {
            let (mut coarse, mut stats) = (coarse(), FeatureStats::new());
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
        let mut coarse = coarse();
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
        let sent = coarse().take(&mut stats, 90);
        assert_eq!(sent.iter().map(|s| s.feature).collect::<Vec<_>>(), [c::HOLD_LEFT, c::HOLD_RIGHT]);
        assert_eq!(stats.iter().map(|s| s.feature).collect::<Vec<_>>(), [c::HOLD_SPACE]);
    }
}
