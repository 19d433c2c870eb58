//! How the times of keys hang together: what drawing each time by itself cannot imitate.
//!
//! A hand's holds and gaps vary less than those of all hands at once, follow where keys lie, lean on each other, and its
//! fingers come up in the order in which they went down.

use crate::input::{Column, Zone};

use super::struck::Struck;

/// The fewest strokes that may be looked at together.
pub const LEAST_STROKES: usize = 30;
/// What is measured of them.
pub const MEASURES: usize = 38;
/// After a stroke that nothing follows, in milliseconds.
pub(super) const ALONE_MS: f64 = 1_500.0;
/// Added to a time before its logarithm, so that the ticks of a clock weigh little in short ones.
pub(super) const TICK_MS: f64 = 4.0;
/// Added to a share, and to a spread, before its logarithm.
const LEAST: f64 = 0.01;
const SHORT_MS: f64 = 40.0;
/// Relations of hands, and one key again; there are fewer places.
const GROUPS: usize = 17;

/// Measures of a run of at least [`LEAST_STROKES`] strokes, and of two more that say what came after them; zeros of fewer.
#[must_use]
pub fn measures(strokes: &[Struck]) -> [f64; MEASURES] {
    let count = strokes.len().saturating_sub(2);
    if count < LEAST_STROKES {
        return [0.0; MEASURES];
    }
    let own = &strokes[..count];
    let log = |ms: f64| (ms.min(ALONE_MS) + TICK_MS).ln();
    let gaps: Vec<f64> = own.iter().map(|s| log(s.gap_ms)).collect();
    let holds: Vec<f64> = own.iter().map(|s| log(s.held_ms)).collect();
    let next_ms = |at: usize| if strokes[at + 1].follows { strokes[at + 1].gap_ms } else { ALONE_MS };
    let after_ms = |at: usize| {
        let [next, after] = [strokes[at + 1], strokes[at + 2]];
        if next.follows && after.follows { next.gap_ms + after.gap_ms } else { 2.0 * ALONE_MS }
    };
    let next: Vec<f64> = (0..count).map(|at| log(next_ms(at))).collect();
    let overlaps: Vec<f64> = (0..count).map(|at| (own[at].held_ms - next_ms(at)).max(0.0)).collect();
    let apart: Vec<f64> = (0..count).map(|at| ((next_ms(at) - own[at].held_ms) / 50.0).asinh()).collect();
    let share = |is: &dyn Fn(usize) -> bool| (0..count).filter(|at| is(*at)).count() as f64 / count as f64;
    let out_of_order =
        share(&|at| strokes[at + 1].follows && own[at].held_ms > next_ms(at) + strokes[at + 1].held_ms);
    let three_down = share(&|at| own[at].held_ms > after_ms(at));
    let short = share(&|at| own[at].gap_ms < SHORT_MS);
    let (sorted_gaps, sorted_holds, sorted_overlaps) = (sorted(&gaps), sorted(&holds), sorted(&overlaps));
    let quantile = |sorted: &[f64], of_60: usize| sorted[of_60 * count / 60];
    let [gap_spread, gap_skew, gap_tails] = shape(&gaps);
    let [hold_spread, hold_skew, hold_tails] = shape(&holds);
    let places: Vec<usize> = own.iter().map(|s| number(s.place)).collect();
    let hands: Vec<usize> = own.iter().map(|s| hand(s.place)).collect();
    let relations: Vec<usize> = own
        .iter()
        .map(|s| if s.place == s.before { 16 } else { 4 * hand(s.before) + hand(s.place) })
        .collect();
    // What is left of times once what places say is taken out.
    let (by_hand, by_place) = (rest(&holds, &hands), rest(&holds, &places));
    let by_relation = rest(&gaps, &relations);
    let later = |values: &[f64], by: usize| correlation(&values[by..], &values[..count - by]);
    let [_, _, hold_rest_tails] = shape(&by_place);
    let [_, gap_rest_skew, gap_rest_tails] = shape(&by_relation);
    let reach = |values: &[f64]| {
        let sorted = sorted(values);
        (quantile(&sorted, 50) - quantile(&sorted, 9) + LEAST).ln()
    };
    [
        gap_spread,
        gap_skew,
        gap_tails,
        hold_spread,
        hold_skew,
        hold_tails,
        quantile(&sorted_gaps, 6),
        quantile(&sorted_gaps, 15),
        quantile(&sorted_gaps, 30),
        quantile(&sorted_holds, 6),
        quantile(&sorted_holds, 30),
        quantile(&sorted_holds, 54),
        share(&|at| overlaps[at] > 0.0),
        (out_of_order + LEAST).ln(),
        (three_down + LEAST).ln(),
        (1.0 + mean(&overlaps)).ln(),
        (1.0 + sorted_overlaps[count - 1 - count / 30]).ln(),
        (1.0 + sorted_overlaps[count - 1]).ln(),
        shape(&apart)[0],
        (short + LEAST).ln(),
        by_group(&holds, &places),
        by_group(&holds, &hands),
        by_group(&gaps, &relations),
        correlation(&holds[1..], &holds[..count - 1]),
        correlation(&gaps[1..], &gaps[..count - 1]),
        correlation(&holds, &gaps) - correlation(&holds, &next),
        by_group(&by_hand, &places),
        later(&by_place, 1),
        later(&by_place, 2),
        later(&by_relation, 1),
        later(&by_relation, 2),
        correlation(&by_place, &by_relation),
        correlation(&by_place, &next),
        hold_rest_tails,
        gap_rest_skew,
        gap_rest_tails,
        reach(&by_place),
        reach(&by_relation),
    ]
}

fn hand(place: (Zone, Column)) -> usize {
    match place.0 {
        Zone::Left => 0,
        Zone::Right => 1,
        Zone::Space => 2,
        _ => 3,
    }
}

/// Of a finger's column, or of what lies outside the letters; below 12.
pub(super) fn number(place: (Zone, Column)) -> usize {
    let column = usize::from(place.1.0.min(4));
    match hand(place) {
        hand @ (0 | 1) => 5 * hand + column,
        other => 8 + other,
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Logarithm of the spread, skewness, logarithm of the kurtosis.
fn shape(values: &[f64]) -> [f64; 3] {
    let middle = mean(values);
    let moment = |power: i32, by: f64| {
        mean(&values.iter().map(|v| ((v - middle) / by).powi(power)).collect::<Vec<_>>())
    };
    let spread = moment(2, 1.0).sqrt();
    let by = spread + 2.0 * LEAST;
    [(spread + LEAST).ln(), moment(3, by), (moment(4, by) + 10.0 * LEAST).ln()]
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let (of_a, of_b) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| f(a - of_a, b - of_b)).sum::<f64>();
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b) + 1e-9).sqrt()
}

/// Values over the mean of their group.
fn rest(values: &[f64], groups: &[usize]) -> Vec<f64> {
    let mut sums = [(0.0, 0.0); GROUPS];
    for (value, group) in values.iter().zip(groups) {
        sums[*group].0 += 1.0;
        sums[*group].1 += value;
    }
    values.iter().zip(groups).map(|(value, group)| value - sums[*group].1 / sums[*group].0).collect()
}

/// How much the groups of values differ: logarithm of the variance between over that within.
fn by_group(values: &[f64], groups: &[usize]) -> f64 {
    let middle = mean(values);
    let mut sums = [(0.0, 0.0); GROUPS];
    for (value, group) in values.iter().zip(groups) {
        sums[*group].0 += 1.0;
        sums[*group].1 += value - middle;
    }
    let count = sums.iter().filter(|(count, _)| *count > 0.0).count() as f64;
    let between: f64 =
        sums.iter().filter(|(count, _)| *count > 0.0).map(|(count, sum)| sum * sum / count).sum();
    let all: f64 = values.iter().map(|v| (v - middle) * (v - middle)).sum();
    let within = (all - between).max(1e-6) / (values.len() as f64 - count).max(1.0);
    (between / (count - 1.0).max(1.0) / within.max(1e-6) + 0.1 * LEAST).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STROKES: usize = 60;

    /// Keys of both hands in turn; each gap and each hold by its number.
    fn struck(gap_ms: impl Fn(usize) -> f64, held_ms: impl Fn(usize) -> f64) -> [Struck; STROKES + 2] {
        let place = |at: usize| ([Zone::Left, Zone::Right][at % 2], Column(0));
        std::array::from_fn(|at| Struck {
            gap_ms: gap_ms(at),
            held_ms: held_ms(at),
            place: place(at),
            before: place(at + 1),
            follows: at > 0,
        })
    }

    #[test]
    fn what_hangs_together_shows() {
        let scattered = |at: usize| 60.0 + ((at * 37) % 101) as f64;
        let alone = measures(&struck(|_| 150.0, scattered));
        // The hand tells the hold; the hold before tells the gap.
        let by_hand = measures(&struck(|_| 150.0, |at| if at % 2 == 0 { 70.0 } else { 120.0 }));
        assert!(by_hand[21] > 3.0 && alone[21] < 1.5, "{} {}", by_hand[21], alone[21]);
        let wide = measures(&struck(|_| 150.0, |at| if at % 3 == 0 { 30.0 } else { 240.0 }));
        assert!(wide[3] > alone[3] && wide[12] > alone[12]);
        // A key that is up only after the next one is.
        let crossed = measures(&struck(|_| 50.0, |at| if at % 2 == 0 { 140.0 } else { 40.0 }));
        assert!(crossed[13] > f64::ln(0.4) && alone[13] < f64::ln(0.02));
        assert!(crossed[14] > f64::ln(0.4) && alone[14] < f64::ln(0.02));
    }

    #[test]
    fn measures_are_numbers_whatever_is_measured() {
        for (gap_ms, held_ms) in [(0.0, 0.0), (1_500.0, 1e9), (4.0, 1.0)] {
            let measured = measures(&struck(|_| gap_ms, |_| held_ms));
            assert!(measured.iter().all(|m| m.is_finite()), "{measured:?}");
        }
    }
}
