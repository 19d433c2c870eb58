//! Feature stats: count, mean and variance of one feature, the only behavioural data that leaves a workstation.

use crate::FeatureId;

/// Count, mean and sum of squared deviations of transformed values. Merging two is the same as having seen all values
/// at once (Chan, Golub & LeVeque 1979).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Stat {
    count: u32,
    mean: f64,
    m2: f64,
}

impl Stat {
    /// The stat of no values.
    pub const EMPTY: Self = Self { count: 0, mean: 0.0, m2: 0.0 };

    /// From count, mean and population variance. `None` unless count is at least 1, both numbers are finite and the
    /// variance is not negative.
    #[must_use]
    pub fn new(count: u32, mean: f64, variance: f64) -> Option<Self> {
        let sound = count > 0 && mean.is_finite() && variance.is_finite() && variance >= 0.0;
        sound.then(|| Self { count, mean, m2: variance * f64::from(count) })
    }

    /// Adds one value. A value that is not finite is ignored.
    pub fn push(&mut self, value: f64) {
        if !value.is_finite() || self.count == u32::MAX {
            return;
        }
        self.count += 1;
        let delta = value - self.mean;
        self.mean += delta / f64::from(self.count);
        self.m2 += delta * (value - self.mean);
    }

    /// Adds all that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let (a, b) = (f64::from(self.count), f64::from(other.count));
        let delta = other.mean - self.mean;
        self.mean += delta * b / (a + b);
        self.m2 += other.m2 + delta * delta * a * b / (a + b);
        self.count = self.count.saturating_add(other.count);
    }

    /// Values seen.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Mean of the transformed values; 0 if none was seen.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Population variance of the transformed values; 0 if fewer than two were seen.
    #[must_use]
    pub fn variance(&self) -> f64 {
        if self.count == 0 { 0.0 } else { (self.m2 / f64::from(self.count)).max(0.0) }
    }
}

/// One feature with its stat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeatureStat {
    /// Which feature.
    pub feature: FeatureId,
    /// What was measured of it.
    pub stat: Stat,
}

/// The stats of several features, at most one a feature, ordered by feature id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeatureStats(Vec<FeatureStat>);

impl FeatureStats {
    /// No features.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether no feature has a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In order of feature id.
    pub fn iter(&self) -> impl Iterator<Item = &FeatureStat> {
        self.0.iter()
    }

    /// The stat of a feature, if it has any value.
    #[must_use]
    pub fn get(&self, feature: FeatureId) -> Option<&Stat> {
        self.0.binary_search_by_key(&feature, |s| s.feature).ok().map(|i| &self.0[i].stat)
    }

    /// Adds one value of a feature.
    pub fn push(&mut self, feature: FeatureId, value: f64) {
        if value.is_finite() {
            self.entry(feature).push(value);
        }
    }

    /// Adds a stat to a feature.
    pub fn add(&mut self, feature: FeatureId, stat: &Stat) {
        if stat.count() > 0 {
            self.entry(feature).merge(stat);
        }
    }

    /// Adds all that `other` holds.
    pub fn merge(&mut self, other: &Self) {
        for s in &other.0 {
            self.add(s.feature, &s.stat);
        }
    }

    fn entry(&mut self, feature: FeatureId) -> &mut Stat {
        let at = match self.0.binary_search_by_key(&feature, |s| s.feature) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, FeatureStat { feature, stat: Stat::EMPTY });
                at
            }
        };
        &mut self.0[at].stat
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn merged_stats_equal_the_stat_of_all_values(
            a in prop::collection::vec(-1e3f64..1e3, 0..60),
            b in prop::collection::vec(-1e3f64..1e3, 0..60),
        ) {
            let of = |values: &[f64]| {
                let mut s = Stat::EMPTY;
                values.iter().for_each(|v| s.push(*v));
                s
            };
            let mut merged = of(&a);
            merged.merge(&of(&b));
            let whole = of(&[a, b].concat());
            prop_assert_eq!(merged.count(), whole.count());
            prop_assert!((merged.mean() - whole.mean()).abs() < 1e-9);
            prop_assert!((merged.variance() - whole.variance()).abs() < 1e-6 * (1.0 + whole.variance()));
        }
    }

    #[test]
    fn values_that_are_not_numbers_change_nothing() {
        let mut s = Stat::EMPTY;
        s.push(f64::NAN);
        s.push(f64::INFINITY);
        assert_eq!(s, Stat::EMPTY);
        assert_eq!(Stat::new(0, 0.0, 0.0), None);
        assert_eq!(Stat::new(1, f64::NAN, 0.0), None);
        assert_eq!(Stat::new(2, 0.0, -1.0), None);
    }
}
