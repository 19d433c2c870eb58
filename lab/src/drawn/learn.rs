//! Learns a network: logistic loss, by Adam (Kingma & Ba 2015), the same for the same seed.

use anyhow::Context;
use indicatif::ProgressBar;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use tacit_measure::automation::learned::{FARTHEST, FIRST, Network, SECOND};

/// How a network learns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    /// All people weigh so much more than all programs.
    people_weigh: f32,
    passes: usize,
    batch: usize,
    /// Of the first pass; it falls as a cosine.
    rate: f32,
    /// Inputs are put in spreads from people's mean.
    scales: bool,
}

/// Of runs: people weigh more, so that it is the rare run of a person that is learned of.
pub(super) const RUNS: Course =
    Course { people_weigh: 30.0, passes: 8, batch: 512, rate: 0.002, scales: true };
/// Of strokes, whose places are zeros and ones.
pub(super) const STROKES: Course =
    Course { people_weigh: 1.0, passes: 2, batch: 1_024, rate: 0.003, scales: false };
const DECAY: f32 = 1e-4;
const MOMENTUM: f32 = 0.9;
const SQUARES: f32 = 0.999;

/// Of which a network learns.
struct Example<const INPUTS: usize> {
    inputs: [f32; INPUTS],
    /// 1 of a program's.
    program: f32,
    weight: f32,
}

/// The network that tells what programs made from what people did.
///
/// # Errors
/// When there is nothing to learn of.
pub(super) fn learn<const INPUTS: usize>(
    course: Course,
    people: &[[f32; INPUTS]],
    programs: &[[f32; INPUTS]],
    seed: u64,
    bar: &ProgressBar,
) -> anyhow::Result<Network<INPUTS>> {
    anyhow::ensure!(!people.is_empty() && !programs.is_empty(), "nobody typed enough to learn of");
    let (middle, spread) = if course.scales { scale(people) } else { ([0.0; INPUTS], [1.0; INPUTS]) };
    let all = (people.len() + programs.len()) as f32;
    let example = |inputs: &[f32; INPUTS], program: f32, share: f32, count: usize| Example {
        inputs: std::array::from_fn(|at| ((inputs[at] - middle[at]) / spread[at]).clamp(-FARTHEST, FARTHEST)),
        program,
        weight: share / (1.0 + course.people_weigh) * all / count as f32,
    };
    let mut examples: Vec<Example<INPUTS>> = Vec::new();
    examples.extend(people.iter().map(|m| example(m, 0.0, course.people_weigh, people.len())));
    examples.extend(programs.iter().map(|m| example(m, 1.0, 1.0, programs.len())));

    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut layers = [
        Layer::new(INPUTS, FIRST, &mut rng),
        Layer::new(FIRST, SECOND, &mut rng),
        Layer::new(SECOND, 1, &mut rng),
    ];
    let batches = examples.len().div_ceil(course.batch);
    bar.set_prefix("learn");
    bar.set_length((course.passes * batches) as u64);
    bar.set_position(0);
    let mut step = 0;
    for _ in 0..course.passes {
        examples.shuffle(&mut rng);
        for batch in examples.chunks(course.batch) {
            for example in batch {
                pass(&mut layers, example, 1.0 / batch.len() as f32);
            }
            step += 1;
            let done = step as f32 / (course.passes * batches) as f32;
            let rate = course.rate * 0.5 * (1.0 + (std::f32::consts::PI * done).cos());
            layers.iter_mut().for_each(|layer| layer.update(rate, step));
            bar.inc(1);
        }
    }
    let mut numbers = [middle, spread].concat();
    for layer in &layers {
        numbers.extend(&layer.values);
    }
    Network::of(&numbers).context("a network of another shape")
}

/// Mean and standard deviation of each input.
fn scale<const INPUTS: usize>(people: &[[f32; INPUTS]]) -> ([f32; INPUTS], [f32; INPUTS]) {
    let count = people.len() as f64;
    let mean: [f64; INPUTS] =
        std::array::from_fn(|at| people.iter().map(|m| f64::from(m[at])).sum::<f64>() / count);
    let spread = |at: usize| {
        (people.iter().map(|m| (f64::from(m[at]) - mean[at]).powi(2)).sum::<f64>() / count).sqrt()
    };
    (mean.map(|m| m as f32), std::array::from_fn(|at| spread(at).max(1e-3) as f32))
}

/// Adds to the gradients what one example says.
fn pass<const INPUTS: usize>(layers: &mut [Layer; 3], example: &Example<INPUTS>, share: f32) {
    let [first, second, last] = layers;
    first.forward(&example.inputs, true);
    second.forward(&first.out, true);
    last.forward(&second.out, false);
    let likely = 1.0 / (1.0 + (-last.out[0]).exp());
    last.backward(&second.out, &[(likely - example.program) * example.weight * share]);
    second.backward_cut(&first.out, &last.back);
    first.backward_cut(&example.inputs, &second.back);
}

/// Weights, a row of outputs for each input, then the biases; and what is remembered of each to learn it.
struct Layer {
    outputs: usize,
    values: Vec<f32>,
    gradients: Vec<f32>,
    means: Vec<f32>,
    squares: Vec<f32>,
    /// What it gave last.
    out: Vec<f32>,
    /// By how much what it gave should have been otherwise, at its inputs that are not zero.
    back: Vec<f32>,
}

impl Layer {
    fn new(inputs: usize, outputs: usize, rng: &mut ChaCha8Rng) -> Self {
        let width = (2.0 / inputs as f32).sqrt();
        let normal = |_| {
            let z: f32 = StandardNormal.sample(rng);
            width * z
        };
        let mut values: Vec<f32> = (0..inputs * outputs).map(normal).collect();
        values.resize(inputs * outputs + outputs, 0.0);
        let none = vec![0.0; values.len()];
        Self {
            outputs,
            values,
            gradients: none.clone(),
            means: none.clone(),
            squares: none,
            out: vec![0.0; outputs],
            back: vec![0.0; inputs],
        }
    }

    fn forward(&mut self, from: &[f32], cut: bool) {
        let (weights, biases) = self.values.split_at(from.len() * self.outputs);
        self.out.copy_from_slice(biases);
        for (value, row) in from.iter().zip(weights.chunks_exact(self.outputs)) {
            if *value == 0.0 {
                continue;
            }
            for (out, weight) in self.out.iter_mut().zip(row) {
                *out += value * weight;
            }
        }
        if cut {
            self.out.iter_mut().for_each(|out| *out = out.max(0.0));
        }
    }

    /// As [`Self::backward`], of what was not cut off.
    fn backward_cut(&mut self, from: &[f32], wrong: &[f32]) {
        let wrong: Vec<f32> =
            self.out.iter().zip(wrong).map(|(out, wrong)| if *out > 0.0 { *wrong } else { 0.0 }).collect();
        self.backward(from, &wrong);
    }

    fn backward(&mut self, from: &[f32], wrong: &[f32]) {
        let weights = from.len() * self.outputs;
        for (bias, wrong) in self.gradients[weights..].iter_mut().zip(wrong) {
            *bias += wrong;
        }
        let rows = self.values.chunks_exact(self.outputs).zip(self.gradients.chunks_exact_mut(self.outputs));
        for ((value, back), (row, gradients)) in from.iter().zip(&mut self.back).zip(rows) {
            // Of what was cut off below, nothing is asked.
            if *value == 0.0 {
                continue;
            }
            *back = row.iter().zip(wrong).map(|(weight, wrong)| weight * wrong).sum();
            for (gradient, wrong) in gradients.iter_mut().zip(wrong) {
                *gradient += value * wrong;
            }
        }
    }

    fn update(&mut self, rate: f32, step: i32) {
        let (mean_of, square_of) = (1.0 - MOMENTUM.powi(step), 1.0 - SQUARES.powi(step));
        let weights = self.values.len() - self.outputs;
        for (at, value) in self.values.iter_mut().enumerate() {
            let decay = if at < weights { DECAY * *value } else { 0.0 };
            let gradient = std::mem::take(&mut self.gradients[at]) + decay;
            let (mean, square) = (&mut self.means[at], &mut self.squares[at]);
            *mean = MOMENTUM * *mean + (1.0 - MOMENTUM) * gradient;
            *square = SQUARES * *square + (1.0 - SQUARES) * gradient * gradient;
            *value -= rate * (*mean / mean_of) / ((*square / square_of).sqrt() + 1e-8);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    #[test]
    fn what_tells_programs_is_learned_and_the_same_seed_learns_the_same() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        // Programs lie higher in some measures, by less than people differ.
        let mut run = |program: bool| -> [f32; 38] {
            let mut measured = std::array::from_fn(|_| rng.random_range(-1.0..1.0));
            for value in &mut measured[..12] {
                *value += if program { 0.6 } else { 0.0 };
            }
            measured
        };
        let people: Vec<[f32; 38]> = (0..4_000).map(|_| run(false)).collect();
        let programs: Vec<[f32; 38]> = (0..4_000).map(|_| run(true)).collect();
        let hidden = ProgressBar::hidden();
        let learn = || learn(RUNS, &people[..3_500], &programs[..3_500], 7, &hidden).unwrap();
        let network = learn();
        let over = |runs: &[[f32; 38]]| {
            let mut said: Vec<f64> = runs.iter().map(|m| network.said(m)).collect();
            said.sort_by(f64::total_cmp);
            said
        };
        let (people_say, programs_say) = (over(&people[3_500..]), over(&programs[3_500..]));
        // Seven people in ten say less than seven programs in ten.
        assert!(people_say[350] < programs_say[150], "{} {}", people_say[350], programs_say[150]);
        assert_eq!(learn(), network);
    }
}
