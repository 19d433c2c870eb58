//! The log-likelihood ratio of pooled stats: same person against someone else.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use tacit_proto::{Family, FeatureStats, Modality, Stat};

use crate::factor::{Bench, Triangle, Whitened};
use crate::model::{Model, Observation, table};
use crate::posterior::Posterior;
use crate::{Calibration, Population, Profile, Reference};

/// Degrees of freedom of the densities: how heavy their tails are. On people apart, typing and pointing of other days are
/// told apart best between 8 and 30; one sitting, where a Gaussian would do, loses the less the higher it is.
const TAIL: f64 = 15.0;

/// What families count for as evidence where holds are shown. Holds are modelled apart from the times between keys, although
/// the two go together in a person, so that what both say would count twice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weights {
    /// Holds beside others.
    holds: f64,
    /// All others beside holds.
    others: f64,
    /// Holds where nothing else is shown.
    alone: f64,
}

impl Weights {
    /// By a profile: learned on recordings of one sitting each, on pools of one and two windows.
    pub(crate) const PROFILE: Self = Self { holds: 0.6, others: 1.2, alone: 1.3 };
    /// By the session's start alone, which is short.
    pub(crate) const START: Self = Self { holds: 0.5, others: 1.2, alone: 1.3 };
}

/// What one feature family adds to a score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// The family.
    pub family: Family,
    /// Natural-log units; negative speaks against the subject.
    pub llr: f64,
}

/// A score with its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Calibrated log-likelihood ratio, natural log; positive speaks for the subject.
    pub llr: f64,
    /// The ratio before calibration.
    pub raw: f64,
    /// Adds up to the score, but for the calibration's offset, which is shared among them.
    pub families: Vec<Contribution>,
}

impl Score {
    /// What the score is evidence of.
    pub(crate) fn weighed(mut self, weights: Weights) -> Self {
        let holds = |c: &Contribution| c.family == Family::Hold;
        let (shown, alone) = (self.families.iter().any(holds), self.families.iter().all(holds));
        if shown {
            for family in &mut self.families {
                let weight = match (holds(family), alone) {
                    (true, true) => weights.alone,
                    (true, false) => weights.holds,
                    (false, _) => weights.others,
                };
                self.llr += (weight - 1.0) * family.llr;
                family.llr *= weight;
            }
        }
        self
    }
}

/// Scores pooled stats of one modality against a profile. `None` if the profile knows nothing of the modality, or no
/// feature of the stats is in the population.
#[must_use]
pub fn score(
    population: &Population,
    profile: &Profile,
    modality: Modality,
    stats: &FeatureStats,
) -> Option<Score> {
    score_against(population, &profile.reference(population), modality, stats)
}

/// Scores against posteriors that have been worked out before.
#[must_use]
pub fn score_against(
    population: &Population,
    reference: &Reference,
    modality: Modality,
    stats: &FeatureStats,
) -> Option<Score> {
    Some(Compared::of(population, reference, modality, &table(stats))?.score())
}

/// What stats show of a person, and how likely they are of anyone: whatever does not depend on a profile, worked out once
/// for scores against many.
#[derive(Debug)]
pub struct Shown<'a> {
    model: &'a Model,
    observed: Vec<Observation>,
    /// Covariance of what is observed about its subject's term, a block each.
    within: Vec<Triangle<f64>>,
    /// Of anyone, all blocks.
    anyone: Vec<Whitened>,
}

impl<'a> Shown<'a> {
    /// `None` if no feature of the stats is in the population.
    #[must_use]
    pub fn of(population: &'a Population, modality: Modality, stats: &FeatureStats) -> Option<Self> {
        let model = population.model(modality)?;
        let observed = model.observe(stats);
        let within: Vec<_> = observed.iter().map(|o| model.within(o)).collect();
        let mut anyone = Vec::with_capacity(model.dimensions.len());
        with_bench(|bench, _| {
            for (o, within) in observed.iter().zip(&within) {
                whiten_anyone(bench, model, o, within, &mut anyone);
            }
        });
        (!observed.is_empty()).then_some(Self { model, observed, within, anyone })
    }

    /// Scores against a profile. `None` if it knows nothing of the modality.
    #[must_use]
    pub fn score(&self, reference: &Reference) -> Option<Score> {
        let posterior = reference.posterior(self.model.modality)?;
        let mut same = Vec::with_capacity(self.anyone.len());
        with_bench(|bench, _| {
            for (o, within) in self.observed.iter().zip(&self.within) {
                whiten_same(bench, posterior, o, within, &mut same);
            }
        });
        Some(scored(self.model, &self.observed, &same, &self.anyone))
    }
}

/// What stats show of a person, likely as they are of the subject of one profile and of anyone.
#[derive(Debug)]
pub(crate) struct Compared<'a> {
    model: &'a Model,
    observed: Vec<Observation>,
    same: Vec<Whitened>,
    anyone: Vec<Whitened>,
}

impl<'a> Compared<'a> {
    /// Of a table of stats by feature id. `None` if the profile knows nothing of the modality, or no feature is in the
    /// population.
    pub(crate) fn of(
        population: &'a Population,
        reference: &Reference,
        modality: Modality,
        table: &[Stat],
    ) -> Option<Self> {
        let posterior = reference.posterior(modality)?;
        let model = population.model(modality)?;
        let observed = model.observe_table(table);
        let room = || Vec::with_capacity(model.dimensions.len());
        let (mut same, mut anyone) = (room(), room());
        with_bench(|bench, within| {
            for o in &observed {
                model.fill_within(o, within);
                whiten_same(bench, posterior, o, within, &mut same);
                whiten_anyone(bench, model, o, within, &mut anyone);
            }
        });
        (!observed.is_empty()).then_some(Self { model, observed, same, anyone })
    }

    /// The calibrated ratio.
    pub(crate) fn llr(&self) -> f64 {
        self.of_first(self.same.len())
    }

    /// The ratio of [`Score::weighed`], which is all that most scores are for.
    pub(crate) fn evidence(&self, weights: Weights) -> f64 {
        let holds = self.holds();
        if holds == 0 {
            return self.llr();
        }
        if holds == self.same.len() {
            return weights.alone * self.llr();
        }
        weights.others * self.llr() + (weights.holds - weights.others) * self.of_first(holds)
    }

    /// What the first so many dimensions add to the ratio.
    #[expect(clippy::cast_precision_loss, reason = "numbers of dimensions")]
    fn of_first(&self, dimensions: usize) -> f64 {
        let Calibration { slope, offset } = self.model.calibration;
        let raw = density(&self.same[..dimensions]) - density(&self.anyone[..dimensions]);
        slope * raw + offset * dimensions as f64 / self.same.len() as f64
    }

    /// Observed dimensions that are holds: the first ones, a block of their own.
    fn holds(&self) -> usize {
        let is = |o: &&Observation| {
            let first = &self.model.dimensions[self.model.blocks[o.block].start];
            first.family() == Some(Family::Hold)
        };
        self.observed.first().filter(is).map_or(0, |o| o.index.len())
    }

    /// The ratio with its parts.
    pub(crate) fn score(&self) -> Score {
        scored(self.model, &self.observed, &self.same, &self.anyone)
    }
}

thread_local! {
    /// Room that is used from score to score: asking the system for it costs as much as a small score.
    static BENCH: RefCell<(Bench, Triangle<f64>)> = RefCell::default();
}

fn with_bench(work: impl FnOnce(&mut Bench, &mut Triangle<f64>)) {
    BENCH.with_borrow_mut(|(bench, within)| work(bench, within));
}

fn whiten_anyone(
    bench: &mut Bench,
    model: &Model,
    o: &Observation,
    within: &Triangle<f64>,
    into: &mut Vec<Whitened>,
) {
    bench.whiten(within, &model.subject[o.block], &o.index, |r| o.value[r], into);
}

fn whiten_same(
    bench: &mut Bench,
    posterior: &Posterior,
    o: &Observation,
    within: &Triangle<f64>,
    into: &mut Vec<Whitened>,
) {
    let (mean, covariance) = &posterior.blocks[o.block];
    bench.whiten(within, covariance, &o.index, |r| o.value[r] - f64::from(mean[o.index[r]]), into);
}

/// A term for each observed dimension given those before it (the chain rule): they add up exactly.
fn scored(model: &Model, observed: &[Observation], same: &[Whitened], anyone: &[Whitened]) -> Score {
    #[expect(clippy::cast_precision_loss, reason = "a number of dimensions")]
    let count = anyone.len() as f64;
    let Calibration { slope, offset } = model.calibration;
    let dimensions = observed.iter().flat_map(|o| o.index.iter().map(|i| model.blocks[o.block].start + i));
    let mut raw = 0.0;
    let mut families: Vec<Contribution> = Vec::new();
    for ((dimension, same), anyone) in dimensions.zip(terms(same)).zip(terms(anyone)) {
        let part = same - anyone;
        raw += part;
        let Some(family) = model.dimensions[dimension].family() else { continue };
        let llr = slope * part + offset / count;
        match families.iter_mut().find(|c| c.family == family) {
            Some(c) => c.llr += llr,
            None => families.push(Contribution { family, llr }),
        }
    }
    Score { llr: slope * raw + offset, raw, families }
}

/// Log density of coordinates under Student's t, less the constants that every ratio cancels. How far sessions lie from
/// what their subject's others foretell has heavier tails than a Gaussian allows (Kenny 2010).
fn density(whitened: &[Whitened]) -> f64 {
    let squares: f64 = whitened.iter().map(|w| w.value * w.value).sum();
    // One logarithm for a few diagonals at a time: their product stays far within range.
    let logarithm = |some: &[Whitened]| some.iter().map(|w| w.diagonal).product::<f64>().ln();
    #[expect(clippy::cast_precision_loss, reason = "a number of dimensions")]
    let degrees = TAIL + whitened.len() as f64;
    -0.5 * degrees * (squares / TAIL).ln_1p() - whitened.chunks(4).map(logarithm).sum::<f64>()
}

/// The same by coordinates, each given those before it.
fn terms(whitened: &[Whitened]) -> impl Iterator<Item = f64> {
    let (mut degrees, mut squares, mut before) = (TAIL, 0.0, 0.0);
    whitened.iter().map(move |w| {
        degrees += 1.0;
        squares += w.value * w.value;
        let joint = -0.5 * degrees * (squares / TAIL).ln_1p();
        let term = joint - before - w.diagonal.ln();
        before = joint;
        term
    })
}
