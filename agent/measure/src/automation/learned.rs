//! Small networks over the [`measures`] of a run, and the weights that ship.
//!
//! `tacit-lab train-drawn` writes them; docs/detection.md says of whom they are learned. The file is one network's numbers after
//! another's, in the order of their fields, 32-bit floats of little end first: of another length it does not compile.

use super::each::{NEAR, SAID, pooled};
use super::hanging::{MEASURES, measures};
use super::struck::Struck;

/// Units of the first layer, and of the second.
pub const FIRST: usize = 32;
#[expect(missing_docs, reason = "above")]
pub const SECOND: usize = 16;
/// What is known of a run: its measures, and what its strokes say.
pub const OF_RUN: usize = MEASURES + SAID;
/// Numbers of a network.
const fn count(inputs: usize) -> usize {
    2 * inputs + (inputs + 1) * FIRST + (FIRST + 1) * SECOND + SECOND + 1
}
/// Bytes of what judges one family.
pub const BYTES: usize = 4 * (count(NEAR) + count(OF_RUN) + 1);
/// A judge for each family of programs: of those that draw from many people's times, of those that draw around means, and of
/// those that know nothing of people. What tells one family tells little of another.
pub const JUDGES: usize = 3;
/// Strokes that each looks at together. Two more say what came after them: at the 70th key, 99 in 100 programs that type
/// without corrections have made 66. What a synthesiser lacks shows in many only.
pub const STROKES: [usize; JUDGES] = [64, 240, 64];
/// Further from people's mean, in spreads, no measure counts for more.
pub const FARTHEST: f32 = 4.0;

/// The weights that ship.
pub static LEARNED: [Judge; JUDGES] = read(include_bytes!("learned.f32"));

/// What tells one family of programs.
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    /// Of a stroke and those next to it: whether a hand made it. Silent where runs are long.
    pub each: Network<NEAR>,
    /// Of a run: the same, in natural-log units.
    pub run: Network<OF_RUN>,
    /// What runs must say in all to tell a machine.
    pub limit: f32,
}

/// Weights: a row of outputs for each input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network<const INPUTS: usize> {
    /// Mean of each input over people.
    pub middle: [f32; INPUTS],
    /// Standard deviation of the same.
    pub spread: [f32; INPUTS],
    /// Of each input, in spreads from the middle, to the first layer.
    pub first: [[f32; FIRST]; INPUTS],
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
}

const fn read(bytes: &[u8; JUDGES * BYTES]) -> [Judge; JUDGES] {
    let mut file = File { bytes, at: 0 };
    [Judge::next(&mut file), Judge::next(&mut file), Judge::next(&mut file)]
}

impl Judge {
    const fn next(file: &mut File<'_>) -> Self {
        Self { each: Network::next(file), run: Network::next(file), limit: file.number() }
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let numbers = [self.each.numbers(), self.run.numbers(), vec![self.limit]].concat();
        numbers.into_iter().flat_map(f32::to_le_bytes).collect()
    }

    /// How much it looks as if the times of a run, and of the two strokes after it, were drawn, and not made by a hand:
    /// natural-log units.
    #[must_use]
    pub fn said(&self, strokes: &[Struck]) -> f64 {
        self.run.said(&of_run(&self.each, strokes))
    }
}

/// What is known of a run, once the network of strokes is.
#[must_use]
pub fn of_run(each: &Network<NEAR>, strokes: &[Struck]) -> [f32; OF_RUN] {
    let (measures, pooled) = (measures(strokes), pooled(each, strokes));
    #[expect(clippy::cast_possible_truncation, reason = "precise enough")]
    std::array::from_fn(|at| {
        measures.get(at).map_or_else(|| pooled[at - MEASURES], |measure| *measure as f32)
    })
}

impl<const INPUTS: usize> Network<INPUTS> {
    /// One that says nothing of anything.
    #[must_use]
    pub const fn silent() -> Self {
        Self {
            middle: [0.0; INPUTS],
            spread: [1.0; INPUTS],
            first: [[0.0; FIRST]; INPUTS],
            first_bias: [0.0; FIRST],
            second: [[0.0; SECOND]; FIRST],
            second_bias: [0.0; SECOND],
            last: [0.0; SECOND],
            last_bias: 0.0,
        }
    }

    /// Whether it says nothing, of anything.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        let zeros = |values: &[f32]| values.iter().all(|value| *value == 0.0);
        zeros(self.second.as_flattened()) && zeros(&self.second_bias) && self.last_bias == 0.0
    }

    /// What its numbers say, in the order of the fields; `None` of fewer or more than it has.
    #[must_use]
    pub fn of(numbers: &[f32]) -> Option<Self> {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        (numbers.len() == count(INPUTS)).then(|| Self::next(&mut File { bytes: &bytes, at: 0 }))
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
        }
    }

    fn numbers(&self) -> Vec<f32> {
        let rows: [&[f32]; 8] = [
            &self.middle,
            &self.spread,
            self.first.as_flattened(),
            &self.first_bias,
            self.second.as_flattened(),
            &self.second_bias,
            &self.last,
            &[self.last_bias],
        ];
        rows.concat()
    }

    /// Inputs in spreads from people's middle.
    #[must_use]
    pub fn scaled(&self, inputs: &[f32; INPUTS]) -> [f32; INPUTS] {
        std::array::from_fn(|at| {
            ((inputs[at] - self.middle[at]) / self.spread[at]).clamp(-FARTHEST, FARTHEST)
        })
    }

    /// Natural-log units for a program, and what the units of the second layer say.
    #[must_use]
    pub fn weighed(&self, inputs: &[f32; INPUTS]) -> (f32, [f32; SECOND]) {
        let first = layer(&self.scaled(inputs), &self.first, &self.first_bias);
        let second = layer(&first, &self.second, &self.second_bias);
        let said = second.iter().zip(self.last).map(|(value, weight)| value * weight).sum::<f32>();
        (said + self.last_bias, second)
    }

    /// Natural-log units for a program.
    #[must_use]
    pub fn said(&self, inputs: &[f32; INPUTS]) -> f64 {
        f64::from(self.weighed(inputs).0)
    }
}

/// Sums of the inputs by the weights of each output, negative ones cut off.
fn layer<const I: usize, const O: usize>(
    from: &[f32; I],
    weights: &[[f32; O]; I],
    bias: &[f32; O],
) -> [f32; O] {
    let mut to = *bias;
    for (value, weights) in from.iter().zip(weights).filter(|(value, _)| **value != 0.0) {
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
        assert_eq!(LEARNED.iter().flat_map(Judge::bytes).collect::<Vec<u8>>(), committed);
        let numbers: Vec<f32> =
            committed.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        assert!(numbers.iter().all(|n| n.is_finite() && n.abs() < 1e3));
        assert_eq!(LEARNED.each_ref().map(|judge| judge.each.is_silent()), [false, true, false]);
        for judge in &LEARNED {
            assert!(judge.limit > 1.0);
            assert!(judge.run.spread.iter().all(|spread| *spread > 0.0));
            // What is as people are on average is no machine's.
            assert!(judge.run.said(&judge.run.middle) < 0.0);
        }
    }
}
