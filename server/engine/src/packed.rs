//! Stats as they are stored: in whole steps, far finer than their noise.

use serde::{Deserialize, Serialize};
use tacit_proto::{FeatureId, FeatureStat, FeatureStats, Stat};

pub(crate) const MEAN_STEPS: f64 = 1e5;
pub(crate) const VARIANCE_STEPS: f64 = 1e6;

/// Feature id, count, mean and variance of what an open session shows. It is written with every window, and its steps are
/// fine enough to add a window to many without losing it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct PackedStats(Vec<(u16, u32, i32, u32)>);

impl From<&FeatureStats> for PackedStats {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast saturates, far outside of what the catalogue lets through"
    )]
    fn from(stats: &FeatureStats) -> Self {
        let pack = |s: &FeatureStat| {
            let mean = (s.stat.mean() * MEAN_STEPS).round() as i32;
            (s.feature.0, s.stat.count(), mean, (s.stat.variance() * VARIANCE_STEPS).round() as u32)
        };
        Self(stats.iter().map(pack).collect())
    }
}

impl PackedStats {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, u32, i32, u32)> {
        // Stats of no values are none.
        self.0.iter().copied().filter(|(_, count, ..)| *count > 0)
    }

    pub(crate) fn unpack(&self) -> FeatureStats {
        let stat = |count, mean, variance| {
            Stat::new(count, f64::from(mean) / MEAN_STEPS, f64::from(variance) / VARIANCE_STEPS)
        };
        unpacked(self.0.iter().map(|(id, count, mean, variance)| (*id, stat(*count, *mean, *variance))))
    }
}

const KEPT_MEAN_STEPS: f64 = 1e3;
const KEPT_SPREAD_STEPS: f64 = 4e3;

/// Feature id, count, mean and standard deviation, as they stand in a file.
type KeptStat = (u16, u16, i16, u16);

/// Count, mean and standard deviation of each feature of a whole session that a profile keeps, by feature id: seven bytes a
/// feature, since a server holds the profiles of everyone at work.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<KeptStat>", into = "Vec<KeptStat>")]
pub(crate) struct KeptStats {
    /// From one feature id to the next, the first from 0. A longer way is gone in steps to no values.
    steps: Vec<u8>,
    values: Vec<(u16, i16, u16)>,
}

impl From<Vec<KeptStat>> for KeptStats {
    fn from(mut stats: Vec<KeptStat>) -> Self {
        // Stats of no values are none: a file need not hold them, and is written without.
        stats.retain(|(_, count, ..)| *count > 0);
        stats.sort_by_key(|(id, ..)| *id);
        let (mut steps, mut values) = (Vec::with_capacity(stats.len()), Vec::with_capacity(stats.len()));
        let mut at = 0;
        for (id, count, mean, spread) in stats {
            let step = loop {
                match u8::try_from(id - at) {
                    Ok(step) => break step,
                    Err(_) => at += u16::from(u8::MAX),
                }
                steps.push(u8::MAX);
                values.push((0, 0, 0));
            };
            at = id;
            steps.push(step);
            values.push((count, mean, spread));
        }
        Self { steps, values }
    }
}

impl From<KeptStats> for Vec<KeptStat> {
    fn from(kept: KeptStats) -> Self {
        kept.iter().collect()
    }
}

impl From<&FeatureStats> for KeptStats {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast saturates, outside of what the catalogue lets through"
    )]
    fn from(stats: &FeatureStats) -> Self {
        let pack = |s: &FeatureStat| {
            let count = u16::try_from(s.stat.count()).unwrap_or(u16::MAX);
            let mean = (s.stat.mean() * KEPT_MEAN_STEPS).round() as i16;
            (s.feature.0, count, mean, (s.stat.variance().sqrt() * KEPT_SPREAD_STEPS).round() as u16)
        };
        stats.iter().map(pack).collect::<Vec<_>>().into()
    }
}

impl KeptStats {
    fn iter(&self) -> impl Iterator<Item = KeptStat> {
        let ids = self.steps.iter().scan(0_u16, |id, step| {
            *id = id.saturating_add(u16::from(*step));
            Some(*id)
        });
        let all = ids.zip(&self.values).map(|(id, (count, mean, spread))| (id, *count, *mean, *spread));
        all.filter(|(_, count, ..)| *count > 0)
    }

    pub(crate) fn unpack(&self) -> FeatureStats {
        let stat = |count: u16, mean, spread| {
            let spread = f64::from(spread) / KEPT_SPREAD_STEPS;
            Stat::new(u32::from(count), f64::from(mean) / KEPT_MEAN_STEPS, spread * spread)
        };
        unpacked(self.iter().map(|(id, count, mean, spread)| (id, stat(count, mean, spread))))
    }

    /// Bytes of its numbers.
    pub(crate) fn bytes(&self) -> usize {
        self.steps.len() * size_of::<u8>() + self.values.len() * size_of::<(u16, i16, u16)>()
    }
}

fn unpacked(all: impl Iterator<Item = (u16, Option<Stat>)>) -> FeatureStats {
    let mut stats = FeatureStats::new();
    for (id, stat) in all {
        if let Some(stat) = stat {
            stats.add(FeatureId(id), &stat);
        }
    }
    stats
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_stats_are_read_as_they_were_written_whatever_the_order_of_a_file() {
        let written: Vec<KeptStat> = vec![(3, 7, -5, 9), (4, 1, 0, 0), (259, 2, 1, 1), (65_535, 1, 2, 3)];
        let mut mixed = written.clone();
        mixed.reverse();
        let kept = KeptStats::from(mixed);
        assert_eq!(Vec::from(kept.clone()), written);
        let ids: Vec<u16> = kept.unpack().iter().map(|s| s.feature.0).collect();
        assert_eq!(ids, [3, 4, 259, 65_535]);
        assert_eq!(KeptStats::from(&kept.unpack()), kept);
    }
}
