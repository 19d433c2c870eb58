//! Learns a network: logistic loss, by Adam (Kingma & Ba 2015), the same for the same seed.

use indicatif::ProgressBar;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use tacit_measure::automation::hanging::MEASURES;
use tacit_measure::automation::learned::{BYTES, FARTHEST, FIRST, Network, SECOND};

/// What is measured of one run.
pub(super) type Measured = [f64; MEASURES];

/// All people weigh so much more than all programs, so that it is the rare run of a person that is learned of.
const PEOPLE_WEIGH: f32 = 30.0;
const PASSES: usize = 15;
const BATCH: usize = 512;
/// Rate of the first pass; it falls as a cosine.
const RATE: f32 = 0.002;
const DECAY: f32 = 1e-4;
const MOMENTUM: f32 = 0.9;
const SQUARES: f32 = 0.999;

/// Of which a network learns.
struct Example {
    measures: [f32; MEASURES],
    /// 1 of a program's.
    program: f32,
    weight: f32,
}

/// The network that tells runs of programs from those of people. Its limit is left open.
///
/// # Errors
/// When there are no runs.
pub(super) fn learn(
    people: &[Measured],
    programs: &[Measured],
    seed: u64,
    bar: &ProgressBar,
) -> anyhow::Result<Network> {
    anyhow::ensure!(!people.is_empty() && !programs.is_empty(), "nobody typed enough to learn of");
    let (middle, spread) = scale(people);
    let all = (people.len() + programs.len()) as f32;
    let example = |measures: &Measured, program: f32, share: f32, count: usize| Example {
        measures: std::array::from_fn(|at| {
            ((measures[at] as f32 - middle[at]) / spread[at]).clamp(-FARTHEST, FARTHEST)
        }),
        program,
        weight: share / (1.0 + PEOPLE_WEIGH) * all / count as f32,
    };
    let mut examples: Vec<Example> = Vec::new();
    examples.extend(people.iter().map(|m| example(m, 0.0, PEOPLE_WEIGH, people.len())));
    examples.extend(programs.iter().map(|m| example(m, 1.0, 1.0, programs.len())));

    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut layers = [
        Layer::new(MEASURES, FIRST, &mut rng),
        Layer::new(FIRST, SECOND, &mut rng),
        Layer::new(SECOND, 1, &mut rng),
    ];
    let batches = examples.len().div_ceil(BATCH);
    bar.set_prefix("learn");
    bar.set_length((PASSES * batches) as u64);
    bar.set_position(0);
    let mut step = 0;
    for _ in 0..PASSES {
        examples.shuffle(&mut rng);
        for batch in examples.chunks(BATCH) {
            for example in batch {
                pass(&mut layers, example, 1.0 / batch.len() as f32);
            }
            step += 1;
            let done = step as f32 / (PASSES * batches) as f32;
            let rate = RATE * 0.5 * (1.0 + (std::f32::consts::PI * done).cos());
            layers.iter_mut().for_each(|layer| layer.update(rate, step));
            bar.inc(1);
        }
    }
    network(&middle, &spread, &layers)
}

fn network(middle: &[f32], spread: &[f32], layers: &[Layer; 3]) -> anyhow::Result<Network> {
    let mut numbers = [middle, spread].concat();
    for layer in layers {
        numbers.extend(layer.numbers.iter().map(|number| number.value));
    }
    numbers.push(f32::INFINITY);
    let bytes: Vec<u8> = numbers.into_iter().flat_map(f32::to_le_bytes).collect();
    let bytes: [u8; BYTES] = bytes.try_into().map_err(|_| anyhow::anyhow!("a network of another shape"))?;
    Ok(Network::read(&bytes))
}

/// Mean and standard deviation of each measure.
fn scale(people: &[Measured]) -> ([f32; MEASURES], [f32; MEASURES]) {
    let count = people.len() as f64;
    let mean: Measured = std::array::from_fn(|at| people.iter().map(|m| m[at]).sum::<f64>() / count);
    let spread = |at: usize| (people.iter().map(|m| (m[at] - mean[at]).powi(2)).sum::<f64>() / count).sqrt();
    (mean.map(|m| m as f32), std::array::from_fn(|at| spread(at).max(1e-3) as f32))
}

/// Adds to the gradients what one example says.
fn pass(layers: &mut [Layer; 3], example: &Example, share: f32) {
    let [first, second, last] = layers;
    first.forward(&example.measures, true);
    second.forward(&first.out, true);
    last.forward(&second.out, false);
    let likely = 1.0 / (1.0 + (-last.out[0]).exp());
    last.backward(&second.out, &[(likely - example.program) * example.weight * share]);
    second.backward_cut(&first.out, &last.back);
    first.backward_cut(&example.measures, &second.back);
}

/// A number that is learned.
#[derive(Debug, Clone, Copy, Default)]
struct Number {
    value: f32,
    gradient: f32,
    mean: f32,
    square: f32,
}

/// Weights, a row of outputs for each input, then the biases.
struct Layer {
    outputs: usize,
    numbers: Vec<Number>,
    /// What it gave last.
    out: Vec<f32>,
    /// By how much what it gave should have been otherwise, at its inputs.
    back: Vec<f32>,
}

impl Layer {
    fn new(inputs: usize, outputs: usize, rng: &mut ChaCha8Rng) -> Self {
        let width = (2.0 / inputs as f32).sqrt();
        let mut numbers: Vec<Number> = (0..inputs * outputs)
            .map(|_| {
                let z: f32 = StandardNormal.sample(rng);
                Number { value: width * z, ..Number::default() }
            })
            .collect();
        numbers.resize(inputs * outputs + outputs, Number::default());
        Self { outputs, numbers, out: vec![0.0; outputs], back: vec![0.0; inputs] }
    }

    fn forward(&mut self, from: &[f32], cut: bool) {
        let (weights, biases) = self.numbers.split_at(from.len() * self.outputs);
        for (out, bias) in self.out.iter_mut().zip(biases) {
            *out = bias.value;
        }
        for (value, row) in from.iter().zip(weights.chunks_exact(self.outputs)) {
            for (out, weight) in self.out.iter_mut().zip(row) {
                *out += value * weight.value;
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
        let (weights, biases) = self.numbers.split_at_mut(from.len() * self.outputs);
        for (bias, wrong) in biases.iter_mut().zip(wrong) {
            bias.gradient += wrong;
        }
        for ((value, back), row) in
            from.iter().zip(&mut self.back).zip(weights.chunks_exact_mut(self.outputs))
        {
            *back = 0.0;
            for (weight, wrong) in row.iter_mut().zip(wrong) {
                *back += weight.value * wrong;
                weight.gradient += value * wrong;
            }
        }
    }

    fn update(&mut self, rate: f32, step: i32) {
        let (mean_of, square_of) = (1.0 - MOMENTUM.powi(step), 1.0 - SQUARES.powi(step));
        let weights = self.numbers.len() - self.outputs;
        for (at, number) in self.numbers.iter_mut().enumerate() {
            let decay = if at < weights { DECAY * number.value } else { 0.0 };
            let gradient = std::mem::take(&mut number.gradient) + decay;
            number.mean = MOMENTUM * number.mean + (1.0 - MOMENTUM) * gradient;
            number.square = SQUARES * number.square + (1.0 - SQUARES) * gradient * gradient;
            number.value -= rate * (number.mean / mean_of) / ((number.square / square_of).sqrt() + 1e-8);
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
        let mut run = |program: bool| -> Measured {
            let mut measured: Measured = std::array::from_fn(|_| rng.random_range(-1.0..1.0));
            for value in &mut measured[..12] {
                *value += if program { 0.6 } else { 0.0 };
            }
            measured
        };
        let people: Vec<Measured> = (0..4_000).map(|_| run(false)).collect();
        let programs: Vec<Measured> = (0..4_000).map(|_| run(true)).collect();
        let hidden = ProgressBar::hidden();
        let network = learn(&people[..3_500], &programs[..3_500], 7, &hidden).unwrap();
        let over = |runs: &[Measured]| {
            let mut said: Vec<f64> = runs.iter().map(|m| network.said(m)).collect();
            said.sort_by(f64::total_cmp);
            said
        };
        let (people_say, programs_say) = (over(&people[3_500..]), over(&programs[3_500..]));
        // Seven people in ten say less than seven programs in ten.
        assert!(people_say[350] < programs_say[150], "{} {}", people_say[350], programs_say[150]);
        assert_eq!(learn(&people[..3_500], &programs[..3_500], 7, &hidden).unwrap(), network);
    }
}
