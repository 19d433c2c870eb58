//! How someone types, as far as an attacker knows it.

use std::collections::BTreeMap;

use tacit_proto::{FeatureId, FeatureStats};

/// Values of a feature below which its mean says little: what is known of everyone takes its place.
const LEAST_VALUES: u32 = 8;

/// Mean and spread (standard deviation) of a feature, in the units of feature stats: of times, logarithms of milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Law {
    pub(crate) mean: f64,
    pub(crate) spread: f64,
}

/// A law for each feature.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manner(BTreeMap<FeatureId, Law>);

impl Manner {
    /// Of what was measured of one person.
    pub(crate) fn of(stats: &FeatureStats) -> Self {
        let laws = stats.iter().filter(|s| s.stat.count() >= LEAST_VALUES).map(|s| {
            let law = Law { mean: s.stat.mean(), spread: s.stat.variance().sqrt() };
            (s.feature, law)
        });
        Self(laws.collect())
    }

    /// Of nobody in particular: the mean over people of their means and of their own spreads.
    pub(crate) fn average(people: &[Self]) -> Self {
        let mut sums: BTreeMap<FeatureId, (f64, Law)> = BTreeMap::new();
        for (feature, law) in people.iter().flat_map(|person| &person.0) {
            let (count, sum) = sums.entry(*feature).or_insert((0.0, Law { mean: 0.0, spread: 0.0 }));
            *count += 1.0;
            sum.mean += law.mean;
            sum.spread += law.spread;
        }
        let mean = |(count, sum): (f64, Law)| Law { mean: sum.mean / count, spread: sum.spread / count };
        Self(sums.into_iter().map(|(feature, sum)| (feature, mean(sum))).collect())
    }

    /// These means with the spreads of `others`, and all of `others` where there is no mean.
    pub(crate) fn spread_as(&self, others: &Self) -> Self {
        let law = |(feature, other): (&FeatureId, &Law)| {
            let mean = self.0.get(feature).map_or(other.mean, |law| law.mean);
            (*feature, Law { mean, spread: other.spread })
        };
        Self(others.0.iter().map(law).collect())
    }

    /// These laws, and those of `others` where there is none.
    pub(crate) fn completed_by(&self, others: &Self) -> Self {
        let mut laws = others.0.clone();
        laws.extend(self.0.iter().map(|(feature, law)| (*feature, *law)));
        Self(laws)
    }

    pub(crate) fn law(&self, feature: FeatureId) -> Option<Law> {
        self.0.get(&feature).copied()
    }
}

#[cfg(test)]
mod tests {
    use tacit_proto::Stat;
    use tacit_proto::catalogue::{DOWN_DOWN_LEFT_RIGHT, HOLD_LEFT};

    use super::*;

    fn person(features: &[(FeatureId, u32, f64, f64)]) -> Manner {
        let mut stats = FeatureStats::new();
        for (feature, count, mean, variance) in features {
            stats.add(*feature, &Stat::new(*count, *mean, *variance).unwrap());
        }
        Manner::of(&stats)
    }

    #[test]
    fn what_is_not_known_of_one_is_taken_from_everyone() {
        let slow = person(&[(HOLD_LEFT, 50, 5.0, 0.04), (DOWN_DOWN_LEFT_RIGHT, 50, 6.0, 0.25)]);
        let quick = person(&[(HOLD_LEFT, 50, 4.0, 0.16), (DOWN_DOWN_LEFT_RIGHT, 2, 1.0, 9.0)]);
        let all = Manner::average(&[slow, quick.clone()]);
        let close = |law: Option<Law>, mean: f64, spread: f64| {
            law.is_some_and(|law| (law.mean - mean).abs() < 1e-9 && (law.spread - spread).abs() < 1e-9)
        };
        assert!(close(all.law(HOLD_LEFT), 4.5, 0.3) && close(all.law(DOWN_DOWN_LEFT_RIGHT), 6.0, 0.5));
        let averages = quick.spread_as(&all);
        assert!(close(averages.law(HOLD_LEFT), 4.0, 0.3));
        assert!(close(averages.law(DOWN_DOWN_LEFT_RIGHT), 6.0, 0.5));
        let windows = quick.completed_by(&all);
        assert!(
            close(windows.law(HOLD_LEFT), 4.0, 0.4) && close(windows.law(DOWN_DOWN_LEFT_RIGHT), 6.0, 0.5)
        );
    }
}
