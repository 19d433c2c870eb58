//! Machines in the stats of a window: spreads that are too small for hands.

use tacit_proto::catalogue as c;
use tacit_proto::catalogue::Unit;
use tacit_proto::{Family, FeatureId, FeatureStat, FeatureStats, Mark, Marks, Modality};

/// Values below which a spread says nothing.
const LEAST_VALUES: u32 = 24;

/// What a window shows of a machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    /// Natural logarithm of how much likelier a machine is.
    pub(super) strength: f64,
    pub(super) marks: Marks,
}

/// A spread that people never stay below, and where one window in a thousand does.
#[derive(Debug, Clone, Copy)]
struct Least {
    family: Family,
    mark: Mark,
    never: f64,
    seldom: f64,
}

/// Spreads within one feature, pooled over the features of a family, natural-log units. Over windows of 50 keys of the lab's
/// typists; see docs/detection.md.
const LEAST: [Least; 2] = [
    Least { family: Family::Hold, mark: Mark::EvenHolds, never: 0.02, seldom: 0.08 },
    Least { family: Family::DownDown, mark: Mark::EvenGaps, never: 0.08, seldom: 0.17 },
];
/// Relations that a key which is held down, and repeats by itself, makes: even by the keyboard's doing.
const REPEATING: [FeatureId; 7] = [
    c::DOWN_DOWN_LEFT_SAME,
    c::DOWN_DOWN_RIGHT_SAME,
    c::DOWN_DOWN_ERASE_ERASE,
    c::DOWN_DOWN_DIGIT_DIGIT,
    c::DOWN_DOWN_PAD_PAD,
    c::DOWN_DOWN_NAVIGATION,
    c::DOWN_DOWN_OTHER,
];
/// A mean hold this close to the lower end of what is told apart, natural-log units, is a screen's or a repeating key's: no
/// finger held a key, and such holds are equal to whoever types.
const UNHELD: f64 = 0.35;
/// What a spread that people never have says, and one that they seldom have.
const NEVER: f64 = 20.0;
const SELDOM: f64 = 7.0;

/// Whether a machine made the window.
pub(super) fn examine(modality: Modality, stats: &FeatureStats) -> Found {
    let mut found = Found { strength: 0.0, marks: Marks::NONE };
    if modality != Modality::Keyboard {
        return found;
    }
    // One key that repeats has equal holds, too: there must be gaps that it cannot have made.
    let [hold, down_down] = LEAST.map(|least| spread(least.family, stats));
    let Some(down_down) = down_down else { return found };
    for (least, spread) in LEAST.into_iter().zip([hold, Some(down_down)]) {
        let Some(spread) = spread else { continue };
        let weight = if spread < least.never {
            NEVER
        } else if spread < least.seldom {
            SELDOM
        } else {
            0.0
        };
        found.strength += weight;
        found.marks = found.marks.with_if(weight > 0.0, least.mark);
    }
    found
}

/// Why, in one sentence.
pub(super) fn reason(modality: Modality) -> String {
    let what = if modality == Modality::Keyboard { "typed" } else { "moved the pointer" };
    format!("a machine {what}: the times of this window differ less than anybody's")
}

fn spread(family: Family, stats: &FeatureStats) -> Option<f64> {
    let of = stats.iter().filter(|s| s.stat.count() > 1 && by_hand(family, s));
    let (count, sum) = of.fold((0, 0.0), |(count, sum), s| {
        (count + s.stat.count(), sum + f64::from(s.stat.count()) * s.stat.variance())
    });
    (count >= LEAST_VALUES).then(|| (sum / f64::from(count)).sqrt())
}

/// Whether a stat is of times of a family, and a hand's evenness would show in it. Shares of the times within an edge, which
/// are of the family, too, are all alike wherever no time is near the edge.
fn by_hand(family: Family, of: &FeatureStat) -> bool {
    c::feature(of.feature).is_some_and(|feature| {
        let held = family != Family::Hold || of.stat.mean() > feature.value_range().0 + UNHELD;
        feature.family == family
            && feature.unit == Unit::Milliseconds
            && held
            && !REPEATING.contains(&of.feature)
    })
}

#[cfg(test)]
mod tests {
    use tacit_proto::Stat;

    use super::*;

    fn strength(features: &[(FeatureId, u32, f64, f64)]) -> f64 {
        let mut stats = FeatureStats::new();
        for (feature, count, mean, spread) in features {
            stats.add(*feature, &Stat::new(*count, *mean, spread * spread).unwrap());
        }
        examine(Modality::Keyboard, &stats).strength
    }

    #[test]
    fn even_times_are_a_machines_and_uneven_ones_are_not() {
        let typed = |gaps, holds| {
            strength(&[
                (c::DOWN_DOWN_LEFT_RIGHT, 15, 5.0, gaps),
                (c::DOWN_DOWN_RIGHT_LEFT, 15, 5.0, gaps),
                (c::HOLD_LEFT, 25, 4.5, holds),
                (c::HOLD_RIGHT, 25, 4.5, holds),
            ])
        };
        assert!(typed(0.01, 0.3) >= NEVER && typed(0.4, 0.01) >= NEVER);
        assert!(typed(0.4, 0.3).abs() < 1e-9);
    }

    #[test]
    fn shares_that_are_all_alike_say_nothing() {
        let slow = strength(&[
            (c::DOWN_DOWN_LEFT_RIGHT, 20, 6.0, 0.3),
            (c::DOWN_DOWN_LEFT_RIGHT_WITHIN_110, 20, 0.0, 0.0),
            (c::DOWN_DOWN_LEFT_RIGHT_WITHIN_160, 20, 0.0, 0.0),
            (c::DOWN_DOWN_LEFT_RIGHT_WITHIN_230, 20, 0.0, 0.0),
            (c::DOWN_DOWN_LEFT_RIGHT_WITHIN_340, 20, 0.0, 0.0),
        ]);
        assert!(slow.abs() < 1e-9, "{slow}");
    }

    #[test]
    fn a_key_that_is_held_down_and_a_screens_keyboard_are_no_machines() {
        let erasing =
            strength(&[(c::DOWN_DOWN_ERASE_ERASE, 50, 3.48, 0.03), (c::HOLD_ERASE, 50, 3.48, 0.01)]);
        let touched = strength(&[
            (c::DOWN_DOWN_LEFT_RIGHT, 30, 5.5, 0.4),
            (c::HOLD_LEFT, 25, f64::ln(10.0), 0.0),
            (c::HOLD_RIGHT, 25, f64::ln(10.0), 0.0),
        ]);
        assert!(erasing.abs() < 1e-9 && touched.abs() < 1e-9, "{erasing} {touched}");
    }
}
