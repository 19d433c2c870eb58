//! People of one set as if another set had recorded them. Sets differ in what was typed and on what: essays or a day's work,
//! one keyboard or another. That is no difference between people, and would be learned as one where sets are pooled.

use std::collections::HashMap;

use tacit_proto::{FeatureId, FeatureStats, Stat};

use super::trials::Person;

/// Values behind a stat beyond which it weighs no more: a session's own manner is then what it differs by.
const MOST_WEIGHT: f64 = 50.0;
/// Values needed behind a spread.
const LEAST_FOR_SPREAD: u32 = 6;
/// Added to a variance before its logarithm is taken.
const VARIANCE_FLOOR: f64 = 1e-4;

/// `others` moved so that their sessions have the mean of those of `people`, and as wide a spread within a session, feature by
/// feature. A feature that either lacks stays where it is.
pub(crate) fn aligned(others: &[Person], people: &[&Person]) -> Vec<Person> {
    let (from, to) = (centres(others.iter()), centres(people.iter().copied()));
    let moved = |stats: &FeatureStats| {
        let mut moved = FeatureStats::new();
        for s in stats.iter() {
            let (mut mean, mut variance) = (s.stat.mean(), s.stat.variance());
            if let (Some(from), Some(to)) = (from.get(&s.feature), to.get(&s.feature)) {
                mean += to.mean() - from.mean();
                variance *= (2.0 * (to.log_spread() - from.log_spread())).exp();
            }
            if let Some(stat) = Stat::new(s.stat.count(), mean, variance) {
                moved.add(s.feature, &stat);
            }
        }
        moved
    };
    let person = |p: &Person| Person { training: p.training.iter().map(moved).collect(), ..p.clone() };
    others.iter().map(person).collect()
}

/// Weighted sums over the sessions of a set.
#[derive(Debug, Clone, Copy, Default)]
struct Centre {
    weight: f64,
    means: f64,
    spread_weight: f64,
    log_spreads: f64,
}

impl Centre {
    fn mean(&self) -> f64 {
        self.means / self.weight
    }

    /// None told is one.
    fn log_spread(&self) -> f64 {
        if self.spread_weight > 0.0 { self.log_spreads / self.spread_weight } else { 0.0 }
    }
}

fn centres<'a>(people: impl Iterator<Item = &'a Person>) -> HashMap<FeatureId, Centre> {
    let mut centres: HashMap<FeatureId, Centre> = HashMap::new();
    for s in people.flat_map(|p| &p.training).flat_map(FeatureStats::iter) {
        let weight = f64::from(s.stat.count()).min(MOST_WEIGHT);
        let centre = centres.entry(s.feature).or_default();
        centre.weight += weight;
        centre.means += weight * s.stat.mean();
        if s.stat.count() >= LEAST_FOR_SPREAD {
            centre.spread_weight += weight;
            centre.log_spreads += weight * 0.5 * (s.stat.variance() + VARIANCE_FLOOR).ln();
        }
    }
    centres
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(feature: u16, mean: f64, variance: f64) -> Person {
        let mut stats = FeatureStats::new();
        if let Some(stat) = Stat::new(100, mean, variance) {
            stats.add(FeatureId(feature), &stat);
        }
        Person { training: vec![stats], ..Person::default() }
    }

    fn shown(person: &Person, feature: u16) -> (f64, f64) {
        let stat = person.training[0].get(FeatureId(feature));
        stat.map_or((f64::NAN, f64::NAN), |stat| (stat.mean(), stat.variance()))
    }

    #[test]
    fn what_sets_differ_by_goes_and_what_people_differ_by_stays() {
        let here = [person(0, 1.0, 0.04), person(0, 3.0, 0.04)];
        let there = [person(0, 10.0, 0.16), person(0, 11.0, 0.16), person(1, 5.0, 0.5)];
        let moved = aligned(&there, &here.iter().collect::<Vec<_>>());
        let (one, other) = (shown(&moved[0], 0), shown(&moved[1], 0));
        assert!((one.0 - 1.5).abs() < 1e-9 && (other.0 - 2.5).abs() < 1e-9, "{one:?} {other:?}");
        assert!((one.1 - 0.04).abs() < 1e-3, "{one:?}");
        assert_eq!(shown(&moved[2], 1), (5.0, 0.5), "a feature that the set lacks stays");
    }
}
