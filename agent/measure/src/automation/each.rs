//! What each stroke of a run says, by its times, those of the strokes next to it, and where all of them lie.
//!
//! People's times depend on where keys lie: which finger, which hand, what comes after. A time that is drawn by itself does not,
//! or less. A small network weighs every stroke; what all of them say together is one more measure of the run.

use super::hanging::{ALONE_MS, TICK_MS, number};
use super::learned::{Network, SECOND};
use super::struck::Struck;

/// Times of a stroke and of those next to it.
const TIMES: usize = 10;
/// Where keys may lie: columns of two hands, space, all others.
const PLACES: usize = 12;
/// Places that are looked at: of the press before, of its own, of the two after.
const LOOKED_AT: usize = 4;
/// What is known of a stroke.
pub const NEAR: usize = TIMES + LOOKED_AT * PLACES;
/// What is known of what all strokes of a run say: mean, spread, mean of each unit.
pub const SAID: usize = 2 + SECOND;
/// Farther out no time counts for more.
const FARTHEST: f32 = 3.0;
/// One stroke says no more than this.
const MOST_SAID: f32 = 4.0;
/// What a unit of overlaps is, in milliseconds.
const APART_MS: f32 = 50.0;

/// Of each stroke but the last two, which say what came after: its times against the means of all, and those next to it; a one
/// where each key lies.
#[must_use]
pub fn surroundings(strokes: &[Struck]) -> Vec<[f32; NEAR]> {
    let count = strokes.len().saturating_sub(2);
    #[expect(clippy::cast_possible_truncation, reason = "precise enough")]
    let (gap_ms, held_ms) = (|at: usize| strokes[at].gap_ms as f32, |at: usize| strokes[at].held_ms as f32);
    #[expect(clippy::cast_possible_truncation, reason = "two small numbers")]
    let (alone_ms, tick_ms) = (ALONE_MS as f32, TICK_MS as f32);
    let log = |ms: f32| (ms.min(alone_ms) + tick_ms).ln();
    let gaps: Vec<f32> = (0..strokes.len()).map(|at| log(gap_ms(at))).collect();
    let holds: Vec<f32> = (0..strokes.len()).map(|at| log(held_ms(at))).collect();
    let mean = |values: &[f32]| values.iter().sum::<f32>() / count.max(1) as f32;
    let (gap, hold) = (mean(&gaps[..count]), mean(&holds[..count]));
    let next_ms = |at: usize| if strokes[at + 1].follows { gap_ms(at + 1) } else { alone_ms };
    let apart: Vec<f32> = (0..count).map(|at| ((next_ms(at) - held_ms(at)) / APART_MS).asinh()).collect();
    let typical_apart = mean(&apart);
    (0..count)
        .map(|at| {
            let next = log(next_ms(at));
            let follow = strokes[at + 1].follows && strokes[at + 2].follows;
            let after = if follow { gaps[at + 2] } else { log(alone_ms) };
            let before = |values: &[f32], mean: f32| if at > 0 { values[at - 1] } else { mean };
            let crossed = ((next_ms(at) + held_ms(at + 1) - held_ms(at)) / APART_MS).asinh();
            let times: [f32; TIMES] = [
                before(&gaps, gap) - gap,
                gaps[at] - gap,
                next - gap,
                after - gap,
                2.0 * (before(&holds, hold) - hold),
                2.0 * (holds[at] - hold),
                2.0 * (holds[at + 1] - hold),
                apart[at] - 1.0,
                before(&apart, typical_apart) - 1.0,
                crossed - 1.5,
            ];
            let places =
                [strokes[at].before, strokes[at].place, strokes[at + 1].place, strokes[at + 2].place];
            let mut near = [0.0; NEAR];
            near[..TIMES].copy_from_slice(&times.map(|time| time.clamp(-FARTHEST, FARTHEST)));
            for (looked_at, place) in places.into_iter().enumerate() {
                near[TIMES + looked_at * PLACES + number(place)] = 1.0;
            }
            near
        })
        .collect()
}

/// What a network says of all strokes of a run; zeros of none, or if it is silent.
#[must_use]
pub fn pooled(network: &Network<NEAR>, strokes: &[Struck]) -> [f32; SAID] {
    if network.is_silent() {
        return [0.0; SAID];
    }
    let near = surroundings(strokes);
    let mut pooled = [0.0; SAID];
    let [mean, square, units @ ..] = &mut pooled;
    for near in &near {
        let (said, second) = network.weighed(near);
        let said = said.clamp(-MOST_SAID, MOST_SAID);
        *mean += said;
        *square += said * said;
        units.iter_mut().zip(second).for_each(|(unit, value)| *unit += value);
    }
    pooled = pooled.map(|sum| sum / near.len().max(1) as f32);
    pooled[1] = (pooled[1] - pooled[0] * pooled[0]).max(0.0).sqrt();
    pooled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Column, Zone};

    const STROKES: usize = 40;

    fn struck(gap_ms: f64, held_ms: f64) -> [Struck; STROKES + 2] {
        let place = |at: usize| ([Zone::Left, Zone::Right][at % 2], Column(0));
        std::array::from_fn(|at| Struck {
            gap_ms,
            held_ms,
            place: place(at),
            before: place(at + 1),
            follows: at > 0,
        })
    }

    #[test]
    fn each_stroke_knows_where_the_four_keys_lie_and_its_times_are_bounded() {
        for (gap_ms, held_ms) in [(0.0, 0.3), (150.0, 90.0), (1_500.0, 1e9)] {
            let near = surroundings(&struck(gap_ms, held_ms));
            assert_eq!(near.len(), STROKES);
            for near in near {
                let (times, places) = near.split_at(TIMES);
                assert!(times.iter().all(|time| time.abs() <= FARTHEST), "{times:?}");
                assert_eq!(places.iter().filter(|one| **one > 0.5).count(), LOOKED_AT);
            }
        }
        assert!(surroundings(&struck(1.0, 1.0)[..1]).is_empty());
    }

    #[test]
    fn what_strokes_say_is_bounded_and_follows_where_keys_lie() {
        let mut network = Network { last_bias: 9.0, ..Network::silent() };
        let strokes = struck(150.0, 90.0);
        assert_eq!(pooled(&network, &strokes)[..2], [MOST_SAID, 0.0]);
        // A key of the left hand says one way, one of the right hand the other.
        network.last_bias = -1.0;
        network.first[TIMES + PLACES][0] = 1.0;
        network.second[0][0] = 1.0;
        network.last[0] = 2.0;
        let [mean, spread, unit, ..] = pooled(&network, &strokes);
        assert!(mean.abs() < 1e-5 && (spread - 1.0).abs() < 1e-5 && (unit - 0.5).abs() < 1e-5);
    }
}
