//! Stats that do not tell how much was behind them: usual counts, and means in steps.
//!
//! How many keys of each hand, how often one hand followed the other: exact counts tell one text of a thousand others. The
//! server needs counts only to weigh means, for which what people usually type will do.

use tacit_proto::catalogue::{self as c, Feature, Unit};
use tacit_proto::{Family, FeatureId, FeatureStats, Stat};

/// A feature waits until it has so many values.
pub(crate) const LEAST_VALUES: u32 = 4;
/// Steps of the mean and the spread of times, of shares, and of shares of all keys, to 1. A share of few values in finer steps
/// would tell how many they are.
const TIME_STEPS: f64 = 50.0;
const SHARE_STEPS: f64 = 8.0;
const HABIT_STEPS: f64 = 24.0;
/// Presses in each zone, of a thousand that people usually make, in the order of the features of holds.
const ZONES: [u32; 11] = [364, 290, 145, 3, 114, 46, 1, 34, 1, 0, 2];
/// Presses in each relation to the one before, in the order of the features of press to press.
const RELATIONS: [u32; 24] =
    [54, 58, 20, 49, 32, 14, 126, 130, 80, 46, 62, 35, 11, 84, 15, 6, 10, 1, 0, 0, 0, 1, 31, 53];
/// Relations of which shares of times within an edge are measured, four edges each.
const WITHIN: [usize; 13] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13];
/// Zones of which such shares are measured, seven edges each.
const WITHIN_HOLD: [usize; 4] = [0, 1, 2, 4];
/// Presses of a thousand that are no shift and no other modifier.
const STROKES: u32 = 952;

/// Takes what may be sent of a window of so many keystrokes out of `stats`, as it is sent; the rest is left to wait.
pub(crate) fn take_ripe(stats: &mut FeatureStats, inputs: u32) -> FeatureStats {
    let (mut ripe, mut waiting) = (FeatureStats::new(), FeatureStats::new());
    for s in stats.iter() {
        let coarse = c::feature(s.feature).filter(|_| s.stat.count() >= LEAST_VALUES);
        match coarse.and_then(|feature| coarsened(feature, &s.stat, inputs)) {
            Some(stat) => ripe.add(s.feature, &stat),
            None => waiting.add(s.feature, &s.stat),
        }
    }
    *stats = waiting;
    ripe
}

fn coarsened(feature: &Feature, stat: &Stat, inputs: u32) -> Option<Stat> {
    let steps = match (feature.unit, feature.family) {
        (Unit::Share, Family::Habit) => HABIT_STEPS,
        (Unit::Share, _) => SHARE_STEPS,
        _ => TIME_STEPS,
    };
    let stepped = |value: f64| (value * steps).round() / steps;
    let (low, high) = feature.value_range();
    let spread = stepped(stat.variance().sqrt()).min((high - low) / 2.0);
    Stat::new(usual(feature.id, inputs), stepped(stat.mean()).clamp(low, high), spread * spread)
}

/// Values of a feature that people usually make in so many keystrokes; never fewer than it waits for.
fn usual(FeatureId(id): FeatureId, inputs: u32) -> u32 {
    let at = |first: u16, each: usize| usize::from(id - first) / each;
    let of_relation = |at: usize| RELATIONS.get(at).copied();
    let per_thousand = match id {
        1..20 => ZONES.get(at(1, 1)).copied(),
        20..50 => of_relation(at(20, 1)),
        50..80 => of_relation(at(50, 1)),
        80..110 => of_relation(at(80, 1)),
        500..560 => WITHIN.get(at(500, 4)).and_then(|relation| of_relation(*relation)),
        560..600 => WITHIN_HOLD.get(at(560, 7)).and_then(|zone| ZONES.get(*zone)).copied(),
        _ => match FeatureId(id) {
            c::CORRECTION_SHARE
            | c::NAVIGATION_SHARE
            | c::MODIFIER_SHARE
            | c::HESITATION_SHARE
            | c::LEANING_SHARE => Some(STROKES),
            c::SHIFT_RIGHT_SHARE => Some(ZONES[5]),
            _ => None,
        },
    };
    (per_thousand.unwrap_or(0).saturating_mul(inputs) / 1_000).max(LEAST_VALUES)
}

#[cfg(test)]
mod tests {
    use tacit_proto::Modality;

    use super::*;

    fn stats(of: &[(FeatureId, u32, f64)]) -> FeatureStats {
        let mut stats = FeatureStats::new();
        of.iter().for_each(|(id, count, mean)| stats.add(*id, &Stat::new(*count, *mean, 0.01).unwrap()));
        stats
    }

    #[test]
    fn a_count_tells_nothing_but_that_there_were_enough() {
        for few in 1..LEAST_VALUES {
            let mut left = stats(&[(c::HOLD_LEFT, few, 4.5)]);
            let before = left.clone();
            assert!(take_ripe(&mut left, 50).is_empty());
            assert_eq!(left, before);
        }
        for enough in LEAST_VALUES..50 {
            let mut left = stats(&[(c::HOLD_LEFT, enough, 4.5)]);
            assert_eq!(take_ripe(&mut left, 50).get(c::HOLD_LEFT).unwrap().count(), 18);
            assert!(left.is_empty());
        }
    }

    #[test]
    fn shares_of_few_values_are_told_in_eighths() {
        let mut sevenths = stats(&[(c::ROLLOVER_LEFT_RIGHT, 7, 2.0 / 7.0)]);
        let sent = take_ripe(&mut sevenths, 50);
        let stat = sent.get(c::ROLLOVER_LEFT_RIGHT).unwrap();
        assert!((stat.mean() - 0.25).abs() < 1e-12);
        assert!((stat.variance().sqrt() * 8.0).fract().abs() < 1e-9);
    }

    #[test]
    fn what_is_measured_of_one_press_has_one_count() {
        let usual = |name: &str| {
            let feature = c::ALL.iter().find(|f| f.modality == Modality::Keyboard && f.name == name).unwrap();
            usual(feature.id, 1_000)
        };
        for (one, other) in [
            ("down_down.erase_erase", "down_down.erase_erase.within_340"),
            ("down_down.left_space", "up_down.left_space"),
            ("rollover.space_right", "down_down.space_right.within_110"),
            ("hold.erase", "hold.erase.within_160"),
            ("hold.space", "hold.space.within_50"),
        ] {
            assert_eq!(usual(one), usual(other), "{one}");
        }
    }
}
