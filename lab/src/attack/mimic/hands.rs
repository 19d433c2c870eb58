//! Who types what an attacker knows: another person who adapts, or a program that draws times.

use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};
use tacit_measure::{Column, HESITATION_US, Zone, hold_feature, relation};
use tacit_proto::FeatureId;
use tacit_proto::catalogue::{self, HESITATION_SHARE};

use super::manner::{Law, Manner};
use crate::attack::typists::{Key, Times};

/// A longer gap is a hesitation: nobody is told from its length.
const HESITATION_MS: f64 = HESITATION_US as f64 / 1000.0;
/// No gap and no hold is shorter than this, in milliseconds.
const LEAST_MS: f64 = 1.0;
/// A pause is no longer than this, in milliseconds: a longer one is an absence.
pub(crate) const PAUSES_MS: std::ops::Range<f64> = 600.0..30_000.0;
/// Draws of a gap until it rolls over, or does not, as it should.
const DRAWS: usize = 40;
/// Where nothing is known, in milliseconds.
const GAP_MS: f64 = 180.0;
const HELD_MS: f64 = 100.0;
/// Of the way that is left for single hands and relations once the overall means are reached.
const SINGLE: f64 = 0.5;

/// A key as it is struck: where it lies, milliseconds since the press before it, milliseconds that it is held.
pub(crate) type Stroke = ((Zone, Column), f64, f64);

/// As it was typed.
pub(super) fn as_typed(text: &[Key]) -> Vec<Stroke> {
    text.iter().map(|key| (key.place, key.gap_ms.unwrap_or(GAP_MS), key.held_ms)).collect()
}

/// What a person typed, had they gone a share of the way from their own means to those of `target`: the overall means of
/// logarithms of gaps and of holds, from which rollover follows; and, if `singly`, the mean of each relation and zone, half
/// as far. What varies from key to key stays their own.
pub(super) fn adapted(text: &[Key], own: &Manner, target: &Manner, share: f64, singly: bool) -> Vec<Stroke> {
    let apart = |feature: FeatureId| Some(target.law(feature)?.mean - own.law(feature)?.mean);
    let gaps: Vec<Option<f64>> = (0..text.len())
        .map(|at| apart(relation(text[at.saturating_sub(1)].place, text[at].place).down_down()))
        .collect();
    let holds: Vec<Option<f64>> = text.iter().map(|key| apart(hold_feature(key.place.0))).collect();
    let (all_gaps, all_holds) = (mean(&gaps), mean(&holds));
    let by = |all: f64, single: Option<f64>| {
        let rest = if singly { single.map_or(0.0, |single| SINGLE * (single - all)) } else { 0.0 };
        (share * (all + rest)).exp()
    };
    let mut strokes = as_typed(text);
    for (at, (_, gap_ms, held_ms)) in strokes.iter_mut().enumerate() {
        if *gap_ms <= HESITATION_MS {
            *gap_ms *= by(all_gaps, gaps[at]);
        }
        *held_ms *= by(all_holds, holds[at]);
    }
    strokes
}

fn mean(values: &[Option<f64>]) -> f64 {
    let (count, sum) =
        values.iter().flatten().fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    if count > 0.0 { sum / count } else { 0.0 }
}

/// A program that types where these keys lie: each hold and each gap log-normal by zone and relation, rollover as often as
/// it should be, hesitations as often, each as long as one of `pauses_ms`.
pub(crate) fn synthesised(
    text: &[Key],
    manner: &Manner,
    pauses_ms: &[f64],
    rng: &mut ChaCha8Rng,
) -> Vec<Stroke> {
    let hesitates = manner.law(HESITATION_SHARE).map_or(0.0, |law| law.mean.clamp(0.0, 1.0));
    let mut strokes: Vec<Stroke> = Vec::with_capacity(text.len());
    for (at, key) in text.iter().enumerate() {
        let zone = hold_feature(key.place.0);
        let held_ms = draw(manner.law(zone), zone, HELD_MS, rng);
        let gap_ms = if rng.random_bool(hesitates) {
            pauses_ms.choose(rng).copied().unwrap_or(1_000.0)
        } else {
            let relation = relation(text[at.saturating_sub(1)].place, key.place);
            let before_ms = strokes.last().map_or(0.0, |(_, _, held_ms)| *held_ms);
            let rolls = relation
                .rollover()
                .and_then(|feature| manner.law(feature))
                .map(|law| rng.random_bool(law.mean.clamp(0.0, 1.0)));
            let feature = relation.down_down();
            let law = manner.law(feature);
            let mut gap_ms = draw(law, feature, GAP_MS, rng);
            for _ in 0..DRAWS {
                if rolls.is_none_or(|rolls| rolls == (gap_ms < before_ms)) && gap_ms <= HESITATION_MS {
                    break;
                }
                gap_ms = draw(law, feature, GAP_MS, rng);
            }
            gap_ms.min(HESITATION_MS)
        };
        strokes.push((key.place, gap_ms, held_ms));
    }
    strokes
}

/// A time in milliseconds.
fn draw(law: Option<Law>, feature: FeatureId, otherwise_ms: f64, rng: &mut ChaCha8Rng) -> f64 {
    let drawn = law.zip(catalogue::feature(feature)).and_then(|(law, feature)| {
        let value = Normal::new(law.mean, law.spread).ok()?.sample(rng);
        Some(feature.raw(value).clamp(feature.clip.0, feature.clip.1))
    });
    drawn.unwrap_or(otherwise_ms).max(LEAST_MS)
}

/// A program that types where these keys lie: each gap and each hold one of everybody's on keys that lie so.
pub(super) fn sampled(text: &[Key], times: &Times, rng: &mut ChaCha8Rng) -> Vec<Stroke> {
    let mut one_of = |own: Option<&Vec<f64>>, all: &[f64], otherwise_ms: f64| {
        own.map_or(all, Vec::as_slice).choose(rng).copied().unwrap_or(otherwise_ms)
    };
    let stroke = |(at, key): (usize, &Key)| {
        let relation = relation(text[at.saturating_sub(1)].place, key.place);
        let gap_ms = one_of(times.by_relation.get(&relation), &times.gaps_ms, GAP_MS);
        (key.place, gap_ms, one_of(times.by_zone.get(&key.place.0), &times.holds_ms, HELD_MS))
    };
    text.iter().enumerate().map(stroke).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use tacit_proto::catalogue::{DOWN_DOWN_LEFT_RIGHT, DOWN_DOWN_RIGHT_LEFT, HOLD_LEFT, HOLD_RIGHT};
    use tacit_proto::catalogue::{ROLLOVER_LEFT_RIGHT, ROLLOVER_RIGHT_LEFT};
    use tacit_proto::{FeatureStats, Stat};

    use super::*;

    fn manner(gap_ms: f64, held_ms: f64, rollover: f64) -> Manner {
        let mut stats = FeatureStats::new();
        let mut add = |feature, mean, variance| stats.add(feature, &Stat::new(100, mean, variance).unwrap());
        for feature in [DOWN_DOWN_LEFT_RIGHT, DOWN_DOWN_RIGHT_LEFT] {
            add(feature, f64::ln(gap_ms), 0.09);
        }
        for feature in [HOLD_LEFT, HOLD_RIGHT] {
            add(feature, f64::ln(held_ms), 0.04);
        }
        for feature in [ROLLOVER_LEFT_RIGHT, ROLLOVER_RIGHT_LEFT] {
            add(feature, rollover, 0.2);
        }
        Manner::of(&stats)
    }

    fn text(gap_ms: f64, held_ms: f64) -> Vec<Key> {
        let zones = [Zone::Left, Zone::Right];
        let key = |at: usize| Key { place: (zones[at % 2], Column(0)), gap_ms: Some(gap_ms), held_ms };
        (0..2_000).map(key).collect()
    }

    fn log_mean(values: impl Iterator<Item = f64>) -> f64 {
        let logs: Vec<f64> = values.map(f64::ln).collect();
        (logs.iter().sum::<f64>() / logs.len() as f64).exp()
    }

    #[test]
    fn a_person_goes_a_share_of_the_way() {
        let strokes =
            adapted(&text(200.0, 100.0), &manner(200.0, 100.0, 0.0), &manner(100.0, 50.0, 0.0), 0.5, false);
        let (gap, held) = (200.0 / f64::sqrt(2.0), 100.0 / f64::sqrt(2.0));
        // The first key follows none: how its gap relates is not known.
        assert!(strokes.iter().all(|(_, g, h)| (g - gap).abs() < 1e-6 && (h - held).abs() < 1e-6));
        let pauses =
            adapted(&text(900.0, 100.0), &manner(200.0, 100.0, 0.0), &manner(100.0, 50.0, 0.0), 1.0, true);
        assert!(pauses.iter().all(|(_, gap, _)| (gap - 900.0).abs() < 1e-6));
    }

    #[test]
    fn a_program_types_as_it_was_told_to() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let strokes = synthesised(&text(300.0, 30.0), &manner(120.0, 90.0, 0.2), &[], &mut rng);
        assert!((log_mean(strokes.iter().map(|s| s.1)) / 120.0 - 1.0).abs() < 0.06);
        assert!((log_mean(strokes.iter().map(|s| s.2)) / 90.0 - 1.0).abs() < 0.03);
        let rolled = strokes.windows(2).filter(|pair| pair[0].2 > pair[1].1).count() as f64 / 1_999.0;
        assert!((rolled - 0.2).abs() < 0.03, "{rolled}");
    }
}
