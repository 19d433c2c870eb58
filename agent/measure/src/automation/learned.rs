//! Small networks over the [`measures`](super::hanging::measures) of a run, and the weights that ship.
//!
//! `tacit-lab train-drawn` writes them; docs/detection.md says of whom they are learned. The file is one network's numbers after
//! another's, in the order of their fields, 32-bit floats of little end first: of another length it does not compile.

use super::hanging::MEASURES;

/// Units of the first layer, and of the second.
pub const FIRST: usize = 32;
#[expect(missing_docs, reason = "above")]
pub const SECOND: usize = 16;
/// Numbers of a network.
const NUMBERS: usize = 2 * MEASURES + (MEASURES + 1) * FIRST + (FIRST + 1) * SECOND + SECOND + 2;
/// Bytes of one network.
pub const BYTES: usize = 4 * NUMBERS;
/// A network for each family of programs: of those that draw from many people's times, of those that draw around means, and of
/// those that know nothing of people. What tells one family tells little of another.
pub const NETWORKS: usize = 3;
/// Strokes that each looks at together. What a synthesiser lacks shows in many only.
pub const STROKES: [usize; NETWORKS] = [60, 240, 60];
/// Further from people's mean, in spreads, no measure counts for more.
pub const FARTHEST: f32 = 4.0;

/// The weights that ship.
pub static LEARNED: [Network; NETWORKS] = read(include_bytes!("learned.f32"));

/// Weights: a row of outputs for each input.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// Mean of each measure over people.
    pub middle: [f32; MEASURES],
    /// Standard deviation of the same.
    pub spread: [f32; MEASURES],
    /// Of each measure, in spreads from the middle, to the first layer.
    pub first: [[f32; FIRST]; MEASURES],
    #[expect(missing_docs, reason = "of the above")]
    pub first_bias: [f32; FIRST],
    /// From the first layer, negative ones cut off, to the second.
    pub second: [[f32; SECOND]; FIRST],
    #[expect(missing_docs, reason = "of the above")]
    pub second_bias: [f32; SECOND],
    /// From the second layer, negative ones cut off, to what is said.
    pub last: [f32; SECOND],
    #[expect(missing_docs, reason = "of the above")]
    pub last_bias: f32,
    /// What runs must say in all to tell a machine.
    pub limit: f32,
}

const fn read(bytes: &[u8; NETWORKS * BYTES]) -> [Network; NETWORKS] {
    let mut file = File { bytes, at: 0 };
    [Network::next(&mut file), Network::next(&mut file), Network::next(&mut file)]
}

impl Network {
    /// What its bytes say.
    #[must_use]
    pub const fn read(bytes: &[u8; BYTES]) -> Self {
        Self::next(&mut File { bytes, at: 0 })
    }

    const fn next(file: &mut File<'_>) -> Self {
        Self {
            middle: file.row(),
            spread: file.row(),
            first: file.rows(),
            first_bias: file.row(),
            second: file.rows(),
            second_bias: file.row(),
            last: file.row(),
            last_bias: file.number(),
            limit: file.number(),
        }
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let rows: [&[f32]; 9] = [
            &self.middle,
            &self.spread,
            self.first.as_flattened(),
            &self.first_bias,
            self.second.as_flattened(),
            &self.second_bias,
            &self.last,
            &[self.last_bias],
            &[self.limit],
        ];
        rows.concat().into_iter().flat_map(f32::to_le_bytes).collect()
    }

    /// Measures in spreads from people's middle.
    #[must_use]
    pub fn scaled(&self, measures: &[f64; MEASURES]) -> [f32; MEASURES] {
        #[expect(clippy::cast_possible_truncation, reason = "precise enough")]
        std::array::from_fn(|at| {
            ((measures[at] as f32 - self.middle[at]) / self.spread[at]).clamp(-FARTHEST, FARTHEST)
        })
    }

    /// How much it looks as if times were drawn, and not made by a hand: natural-log units.
    #[must_use]
    pub fn said(&self, measures: &[f64; MEASURES]) -> f64 {
        let first = layer(&self.scaled(measures), &self.first, &self.first_bias);
        let second = layer(&first, &self.second, &self.second_bias);
        let said = second.iter().zip(self.last).map(|(value, weight)| value * weight).sum::<f32>();
        f64::from(said + self.last_bias)
    }
}

/// Sums of the inputs by the weights of each output, negative ones cut off.
fn layer<const I: usize, const O: usize>(
    from: &[f32; I],
    weights: &[[f32; O]; I],
    bias: &[f32; O],
) -> [f32; O] {
    let mut to = *bias;
    for (value, weights) in from.iter().zip(weights) {
        for (sum, weight) in to.iter_mut().zip(weights) {
            *sum += value * weight;
        }
    }
    to.map(|sum| sum.max(0.0))
}

/// Numbers that are read one after the other.
struct File<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl File<'_> {
    const fn number(&mut self) -> f32 {
        let (b, at) = (self.bytes, self.at);
        self.at += 4;
        f32::from_le_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]])
    }

    const fn row<const N: usize>(&mut self) -> [f32; N] {
        let mut row = [0.0; N];
        let mut at = 0;
        while at < N {
            row[at] = self.number();
            at += 1;
        }
        row
    }

    const fn rows<const N: usize, const M: usize>(&mut self) -> [[f32; N]; M] {
        let mut rows = [[0.0; N]; M];
        let mut at = 0;
        while at < M {
            rows[at] = self.row();
            at += 1;
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_committed_is_what_loads() {
        let committed = include_bytes!("learned.f32");
        assert_eq!(LEARNED.iter().flat_map(Network::bytes).collect::<Vec<u8>>(), committed);
        let numbers: Vec<f32> =
            committed.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        assert!(numbers.iter().all(|n| n.is_finite() && n.abs() < 1e3));
        for network in &LEARNED {
            assert!(network.spread.iter().all(|spread| *spread > 0.0) && network.limit > 1.0);
            // What is as people are on average is no machine's.
            assert!(network.said(&network.middle.map(f64::from)) < 0.0);
        }
    }
}
