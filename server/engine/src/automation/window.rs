//! Machines in the stats of a window: spreads that are too small for hands.

use tacit_proto::{Family, FeatureStats, Mark, Marks, Modality, catalogue};

/// Values below which a spread says nothing.
const LEAST_VALUES: u32 = 20;

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

/// Spreads within one feature, pooled over the features of a family, natural-log units. Over the windows of 50 keys of the
/// lab's typists; see docs/detection.md.
const LEAST: [Least; 2] = [
    Least { family: Family::Hold, mark: Mark::EvenHolds, never: 0.02, seldom: 0.08 },
    Least { family: Family::DownDown, mark: Mark::EvenGaps, never: 0.08, seldom: 0.17 },
];
/// What a spread that people never have says, and one that they seldom have.
const NEVER: f64 = 20.0;
const SELDOM: f64 = 7.0;

/// Whether a machine made the window.
pub(super) fn examine(modality: Modality, stats: &FeatureStats) -> Found {
    let mut found = Found { strength: 0.0, marks: Marks::NONE };
    if modality != Modality::Keyboard {
        return found;
    }
    for least in LEAST {
        let Some(spread) = spread(least.family, stats) else { continue };
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
    let of = stats.iter().filter(|s| catalogue::feature(s.feature).is_some_and(|f| f.family == family));
    let (count, sum) = of.filter(|s| s.stat.count() > 1).fold((0, 0.0), |(count, sum), s| {
        (count + s.stat.count(), sum + f64::from(s.stat.count()) * s.stat.variance())
    });
    (count >= LEAST_VALUES).then(|| (sum / f64::from(count)).sqrt())
}
