//! What a text makes of a window, as an attacker knows it from other people: counts exactly, times on average.

use std::collections::HashMap;

use tacit_measure::{HESITATION_US, Zone, hold_feature, longest_hold_us, place, relation};
use tacit_proto::catalogue as c;

use super::typed::{Press, Typist};

const ZONES: usize = 11;
const RELATIONS: usize = 24;
/// Down to down, up to down, rollover.
const TIMES: usize = 3;
/// Of a hold: what its key makes of it, what the key after it, and what the key before it.
const HOLDS: usize = 3;
/// Numbers that describe a text.
pub const LENGTH: usize = 1 + (1 + HOLDS) * ZONES + (1 + TIMES) * RELATIONS;
/// Times of a key or pair below which what is known of it counts half.
const HALF_KNOWN: f64 = 15.0;

/// How much longer than others of its zone or relation a key is held, also before and after another, or a pair takes, learned
/// of people.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    holds: HashMap<u16, [f64; 1]>,
    before: HashMap<(u16, u16), [f64; 1]>,
    after: HashMap<(u16, u16), [f64; 1]>,
    pairs: HashMap<(u16, u16), [f64; TIMES]>,
}

impl Tables {
    /// Learns of people.
    #[must_use]
    pub fn learn<'a>(people: impl IntoIterator<Item = &'a Typist>) -> Self {
        let (mut holds, mut pairs) = (HashMap::new(), HashMap::new());
        let (mut before, mut after) = (HashMap::new(), HashMap::new());
        for person in people {
            let near = || person.presses.windows(2).filter(|two| gap(two) <= HESITATION_US);
            let hold_in = |two: &[Press], at: usize| {
                Some((zone_of(two[at].code), (two[0].code, two[1].code), [hold(&two[at])?]))
            };
            deviations(near().filter_map(|two| hold_in(two, 0)).collect(), &mut before);
            deviations(near().filter_map(|two| hold_in(two, 1)).collect(), &mut after);
            let of = person.presses.iter().filter_map(|p| Some((zone_of(p.code), p.code, [hold(p)?])));
            deviations(of.collect(), &mut holds);
            let of = person.presses.windows(2).filter_map(|two| {
                Some((relation_of(two[0].code, two[1].code), (two[0].code, two[1].code), pair(two)?))
            });
            deviations(of.collect(), &mut pairs);
        }
        Self { holds: shrunk(holds), before: shrunk(before), after: shrunk(after), pairs: shrunk(pairs) }
    }

    /// The text of these keys.
    #[must_use]
    pub fn text(&self, codes: &[u16]) -> Vec<f64> {
        let mut text = vec![0.0; LENGTH];
        text[0] = codes.len() as f64;
        for code in codes {
            let at = zone_at(*code);
            text[at] += 1.0;
            text[at + 1] += self.holds.get(code).map_or(0.0, |[later]| *later);
        }
        for two in codes.windows(2) {
            let pair = (two[0], two[1]);
            text[zone_at(pair.0) + 2] += self.before.get(&pair).map_or(0.0, |[later]| *later);
            text[zone_at(pair.1) + 3] += self.after.get(&pair).map_or(0.0, |[later]| *later);
            let at = 1 + (1 + HOLDS) * ZONES + (1 + TIMES) * relation_of(two[0], two[1]);
            text[at] += 1.0;
            if let Some(times) = self.pairs.get(&(two[0], two[1])) {
                times.iter().zip(&mut text[at + 1..]).for_each(|(later, sum)| *sum += later);
            }
        }
        text
    }

    /// How much later than usual the second key of a pair goes down, in natural logarithms, and how much longer a key is held.
    pub(super) fn later(&self, from: u16, to: u16) -> (f64, f64) {
        let pair = self.pairs.get(&(from, to)).map_or(0.0, |times| times[0]);
        (pair, self.holds.get(&to).map_or(0.0, |[later]| *later))
    }
}

type Sums<K, const N: usize> = HashMap<K, (f64, [f64; N])>;

/// Adds to `sums` what each key's values are above those of its class, for one person.
fn deviations<K: Copy + Eq + std::hash::Hash, const N: usize>(
    values: Vec<(usize, K, [f64; N])>,
    sums: &mut Sums<K, N>,
) {
    let mut means: HashMap<usize, (f64, [f64; N])> = HashMap::new();
    for (class, _, values) in &values {
        let mean = means.entry(*class).or_insert((0.0, [0.0; N]));
        mean.0 += 1.0;
        mean.1.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
    }
    for (class, key, values) in values {
        let (count, sum) = means[&class];
        let to = sums.entry(key).or_insert((0.0, [0.0; N]));
        to.0 += 1.0;
        for ((to, value), sum) in to.1.iter_mut().zip(values).zip(sum) {
            *to += value - sum / count;
        }
    }
}

fn shrunk<K: Eq + std::hash::Hash, const N: usize>(sums: Sums<K, N>) -> HashMap<K, [f64; N]> {
    sums.into_iter().map(|(key, (count, sums))| (key, sums.map(|sum| sum / (count + HALF_KNOWN)))).collect()
}

fn value(feature: tacit_proto::FeatureId, ms: f64) -> Option<f64> {
    c::feature(feature).and_then(|feature| feature.value(ms))
}

fn ms(us: u64) -> f64 {
    us as f64 / 1000.0
}

fn hold(press: &Press) -> Option<f64> {
    let held = press.up_us?.saturating_sub(press.down_us);
    let zone = place(press.code).0;
    let stroke = held > 0 && held <= longest_hold_us(zone);
    stroke.then(|| value(hold_feature(zone), ms(held)))?
}

/// Where the numbers of a key's zone are in a text.
fn zone_at(code: u16) -> usize {
    1 + (1 + HOLDS) * zone_of(code)
}

fn gap(two: &[Press]) -> u64 {
    two[1].down_us.saturating_sub(two[0].down_us)
}

fn pair(two: &[Press]) -> Option<[f64; TIMES]> {
    let (gap, up) = (gap(two), two[0].up_us?);
    if gap > HESITATION_US {
        return None;
    }
    let relation = relation(place(two[0].code), place(two[1].code));
    let up_down = ms(two[1].down_us) - ms(up);
    Some([
        value(relation.down_down(), ms(gap))?,
        value(relation.up_down(), up_down)?,
        if up_down < 0.0 { 1.0 } else { 0.0 },
    ])
}

/// Number of a key's zone, as holds tell zones apart.
pub(super) fn zone_of(code: u16) -> usize {
    usize::from(hold_feature(place(code).0).0 - c::HOLD_LEFT.0)
}

/// Number of the relation of two keys.
pub(super) fn relation_of(from: u16, to: u16) -> usize {
    usize::from(relation(place(from), place(to)).down_down().0 - c::DOWN_DOWN_LEFT_INWARD.0)
}

/// Whether a key is one of the letter block.
#[must_use]
pub fn is_letter(code: u16) -> bool {
    matches!(code, 16..=25 | 30..=38 | 44..=50) && matches!(place(code).0, Zone::Left | Zone::Right)
}
