//! The log-likelihood ratio of pooled stats: same person against someone else.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use tacit_proto::{Family, FeatureStats, Modality, Stat};

use crate::model::{Model, Observation, table};
use crate::posterior::Posterior;
use crate::whiten::{Room, Whitened};
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
    let compared = Compared::of_all(population, reference, modality, &[table(stats)]);
    Some(compared.into_iter().next()??.score())
}

/// What stats show of a person, and how likely they are of anyone: whatever does not depend on a profile, worked out once
/// for scores against many.
#[derive(Debug)]
pub struct Shown<'a> {
    model: &'a Model,
    observed: Vec<Observation>,
    /// Of anyone, all blocks.
    anyone: Vec<Whitened>,
}

impl<'a> Shown<'a> {
    /// Of each of several stats: many cost little more than one. `None` of those that show no feature of the population.
    #[must_use]
    pub fn of_all<'s>(
        population: &'a Population,
        modality: Modality,
        stats: impl IntoIterator<Item = &'s FeatureStats>,
    ) -> Vec<Option<Self>> {
        let tables: Vec<_> = stats.into_iter().map(table).collect();
        Self::of_tables(population, modality, &tables)
    }

    /// Of tables of stats by feature id.
    fn of_tables(population: &'a Population, modality: Modality, tables: &[Vec<Stat>]) -> Vec<Option<Self>> {
        let Some(model) = population.model(modality) else { return tables.iter().map(|_| None).collect() };
        let observed: Vec<_> = tables.iter().map(|table| model.observe_table(table)).collect();
        let anyone = whiten(model, &observed.iter().map(Vec::as_slice).collect::<Vec<_>>(), None);
        let shown = observed.into_iter().zip(anyone);
        shown
            .map(|(observed, anyone)| (!observed.is_empty()).then_some(Self { model, observed, anyone }))
            .collect()
    }

    /// Scores each of several, all of one modality and population, against a profile. `None` if there are none, or it knows
    /// nothing of the modality.
    #[must_use]
    pub fn score_all(all: &[Self], reference: &Reference) -> Option<Vec<Score>> {
        let model = all.first()?.model;
        let posterior = reference.posterior(model.modality)?;
        let observed: Vec<_> = all.iter().map(|shown| shown.observed.as_slice()).collect();
        let same = whiten(model, &observed, Some(posterior));
        Some(all.iter().zip(&same).map(|(shown, same)| shown.score(same)).collect())
    }

    /// A term for each observed dimension given those before it (the chain rule): they add up exactly.
    fn score(&self, same: &[Whitened]) -> Score {
        let Self { model, observed, anyone } = self;
        #[expect(clippy::cast_precision_loss, reason = "a number of dimensions")]
        let count = anyone.len() as f64;
        let Calibration { slope, offset } = model.calibration;
        let dimensions =
            observed.iter().flat_map(|o| o.index.iter().map(|i| model.blocks[o.block].start + i));
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
}

/// What stats show of a person, likely as they are of the subject of one profile and of anyone.
#[derive(Debug)]
pub(crate) struct Compared<'a> {
    shown: Shown<'a>,
    same: Vec<Whitened>,
}

impl<'a> Compared<'a> {
    /// Of each of several tables of stats by feature id. `None` if the profile knows nothing of the modality, or no feature is
    /// in the population.
    pub(crate) fn of_all(
        population: &'a Population,
        reference: &Reference,
        modality: Modality,
        tables: &[Vec<Stat>],
    ) -> Vec<Option<Self>> {
        let (Some(model), Some(posterior)) = (population.model(modality), reference.posterior(modality))
        else {
            return tables.iter().map(|_| None).collect();
        };
        let shown = Shown::of_tables(population, modality, tables);
        let observed: Vec<_> = shown.iter().flatten().map(|shown| shown.observed.as_slice()).collect();
        let mut same = whiten(model, &observed, Some(posterior)).into_iter();
        shown.into_iter().map(|shown| Some(Self { shown: shown?, same: same.next()? })).collect()
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
        let Calibration { slope, offset } = self.shown.model.calibration;
        let raw = density(&self.same[..dimensions]) - density(&self.shown.anyone[..dimensions]);
        slope * raw + offset * dimensions as f64 / self.same.len() as f64
    }

    /// Observed dimensions that are holds: the first ones, a block of their own.
    fn holds(&self) -> usize {
        let is = |o: &&Observation| {
            let model = self.shown.model;
            let first = &model.dimensions[model.blocks[o.block].start];
            first.family() == Some(Family::Hold)
        };
        self.shown.observed.first().filter(is).map_or(0, |o| o.index.len())
    }

    /// The ratio with its parts.
    pub(crate) fn score(&self) -> Score {
        self.shown.score(&self.same)
    }
}

thread_local! {
    static ROOM: RefCell<Room> = RefCell::default();
}

/// What each of several shows, whitened by how likely it is of a profile's subject, or of anyone.
fn whiten(model: &Model, observed: &[&[Observation]], subject: Option<&Posterior>) -> Vec<Vec<Whitened>> {
    let mut whitened: Vec<_> =
        observed.iter().map(|o| Vec::with_capacity(o.iter().map(|o| o.index.len()).sum())).collect();
    ROOM.with_borrow_mut(|room| {
        for block in 0..model.blocks.len() {
            let pools: Vec<_> = observed.iter().map(|all| all.iter().find(|o| o.block == block)).collect();
            let varies = &model.varies()[block];
            match subject.map(|posterior| &posterior.blocks[block]) {
                Some((mean, covariance)) => {
                    room.whiten_subject(varies, (mean, covariance), &pools, &mut whitened);
                }
                None => room.whiten_anyone(varies, &pools, &mut whitened),
            }
        }
    });
    whitened
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
