//! How a hand's times hang together: what it owes to single keys, how its pace drifts, and in which order its fingers come up.
//!
//! Sizes are those of people of klicke and aalto (in this order, means over people): of logarithms of gaps and holds, once what
//! relations and places say is taken out. A standard normal value that is drawn here has the same spread as one by itself, so
//! that what is drawn of a person's means and spreads stays true.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tacit_measure::{Column, Zone};

use super::draw::normal;

/// Places that a hand knows apart: five columns of either half, space, and all else.
const PLACES: usize = 12;

/// Correlation of gaps that follow each other, 0.070 and 0.074; 0.067 and 0.064 two apart, 0.049 and 0.042 three apart, 0.013
/// and 0.005 ten apart: as a drift of this share of the variance has it that keeps so much from key to key.
const PACE: Drifts = Drifts { share: 0.11, kept: 0.8 };
/// Of holds, 0.151 and 0.113; 0.087 and 0.049, 0.071 and 0.036, 0.041 and 0.012: as two drifts have it.
const TOUCH: Drifts = Drifts { share: 0.2, kept: 0.55 };
const WEIGHT: Drifts = Drifts { share: 0.03, kept: 0.99 };
/// Spread of a hold that its column explains, over what is left: 0.20 and 0.17.
const COLUMN: f64 = 0.35;
/// Of a gap that the pair of columns explains: 0.26 and 0.18 of those with enough of a pair.
const PAIR: f64 = 0.3;
/// Correlation of a hold with the gap before it, -0.018 and -0.085, and with the gap after it, 0.081 and 0.033.
const BEFORE: f64 = -0.05;
const AFTER: f64 = 0.06;
/// Of keys that overlap the next, how many come up after it: 0.014 and 0.040 of the median person, 0.043 and 0.093 on average. Here,
/// of those whose holds would have it so, which makes it fewer.
const OUT_OF_ORDER: (f64, f64) = (0.02, 1.1);
/// Of the same, how many are still down when the key after the next goes down: 0.014 and 0.015, 0.033 and 0.025.
const THREE_DOWN: (f64, f64) = (0.015, 1.1);

/// Tails of gaps and holds, over what a normal law has: kurtosis 6.4 and 4.7 with a skewness of 0.4 and 0.6 (hesitations), and
/// 11.2 and 10.2 with hardly any: so often a value is drawn from another law, with this mean and this spread.
const HESITATES: Tail = Tail { share: 0.1, mean: 2.0, spread: 0.9 };
const SLIPS: Tail = Tail { share: 0.06, mean: 0.0, spread: 2.2 };

/// How some values are drawn.
struct Tail {
    share: f64,
    mean: f64,
    spread: f64,
}

impl Tail {
    /// A value of mean 0 and spread 1.
    fn draw(&self, rng: &mut ChaCha8Rng) -> f64 {
        let others = 1.0 - self.share;
        if rng.random_bool(self.share) {
            return self.mean + self.spread * normal(rng);
        }
        let mean = -self.share * self.mean / others;
        let variance = 1.0 - self.share * (self.mean.powi(2) + self.spread.powi(2));
        mean + (variance / others - mean * mean).sqrt() * normal(rng)
    }
}

/// A drift: its share of the variance, and how much of it is kept from key to key.
struct Drifts {
    share: f64,
    kept: f64,
}

impl Drifts {
    fn moved(&self, now: f64, rng: &mut ChaCha8Rng) -> f64 {
        self.kept * now + (1.0 - self.kept * self.kept).sqrt() * normal(rng)
    }
}

/// A person's.
#[derive(Debug, Clone)]
pub(super) struct Habit {
    columns: [f64; PLACES],
    pairs: Vec<f64>,
    out_of_order: f64,
    three_down: f64,
}

/// How the hand is at a key.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace {
    gap: f64,
    hold: f64,
    weight: f64,
}

impl Habit {
    pub(super) fn draw(rng: &mut ChaCha8Rng) -> Self {
        let columns = std::array::from_fn(|_| normal(rng));
        let pairs = (0..PLACES * PLACES).map(|_| normal(rng)).collect();
        let mut share = |(median, spread): (f64, f64)| (median * (spread * normal(rng)).exp()).min(0.5);
        Self { columns, pairs, out_of_order: share(OUT_OF_ORDER), three_down: share(THREE_DOWN) }
    }

    /// Where the gap before a key lies in its law.
    pub(super) fn gap(
        &self,
        pace: &mut Pace,
        before: (Zone, Column),
        place: (Zone, Column),
        rng: &mut ChaCha8Rng,
    ) -> f64 {
        pace.gap = PACE.moved(pace.gap, rng);
        let rest = 1.0 - PACE.share - PAIR * PAIR;
        let pair = self.pairs[PLACES * number(before) + number(place)];
        PACE.share.sqrt() * pace.gap + PAIR * pair + rest.sqrt() * HESITATES.draw(rng)
    }

    /// Where a hold lies in its law, between gaps that lie there in theirs.
    pub(super) fn hold(
        &self,
        pace: &mut Pace,
        place: (Zone, Column),
        before: f64,
        after: f64,
        rng: &mut ChaCha8Rng,
    ) -> f64 {
        pace.hold = TOUCH.moved(pace.hold, rng);
        pace.weight = WEIGHT.moved(pace.weight, rng);
        let rest = 1.0 - TOUCH.share - WEIGHT.share - COLUMN * COLUMN - BEFORE * BEFORE - AFTER * AFTER;
        TOUCH.share.sqrt() * pace.hold
            + WEIGHT.share.sqrt() * pace.weight
            + COLUMN * self.columns[number(place)]
            + BEFORE * before
            + AFTER * after
            + rest.sqrt() * SLIPS.draw(rng)
    }

    /// Whether a key that overlaps the next comes up after it.
    pub(super) fn comes_up_late(&self, rng: &mut ChaCha8Rng) -> bool {
        rng.random_bool(self.out_of_order)
    }

    /// Whether a key stays down when a third goes down.
    pub(super) fn stays_down(&self, rng: &mut ChaCha8Rng) -> bool {
        rng.random_bool(self.three_down)
    }
}

fn number((zone, column): (Zone, Column)) -> usize {
    let column = usize::from(column.0.min(4));
    match zone {
        Zone::Left => column,
        Zone::Right => 5 + column,
        Zone::Space => 10,
        _ => 11,
    }
}
