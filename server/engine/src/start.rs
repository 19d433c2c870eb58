//! The session's own start: what its recent windows are scored against while the subject has no mature profile.
//!
//! Start and recent windows are of one session and share its term, so that term counts with the person here: someone else
//! comes with a session of their own. Only what drifts within a session is left between the two.

use serde::{Deserialize, Serialize};
use tacit_proto::{FeatureStats, Modality};

use crate::explain::explain;
use crate::model::pick;
use crate::packed::PackedStats;
use crate::pool::Windows;
use crate::score::Weights;
use crate::suffix::Suffix;
use crate::{Dimension, Evidence, Model, Population, Profile, Reference, Score, score_against};

/// Windows that may be someone else's, shortest suffix first: one alone would name nobody.
const SUFFIXES: [usize; 3] = [2, 4, 8];
const LATEST: usize = SUFFIXES[SUFFIXES.len() - 1];
/// Keystrokes of a start that is judged against.
const LEAST_KEYSTROKES: u32 = 200;
/// Strokes of a start that is judged against.
const LEAST_STROKES: u32 = 60;

/// Share of a session's term that drifts within the session.
const DRIFT: f64 = 0.3;

/// The windows of a session, the older ones pooled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct OwnStart {
    /// All windows before the latest, a modality.
    early: Vec<Part>,
    /// Oldest first.
    latest: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Part {
    modality: Modality,
    inputs: u32,
    stats: PackedStats,
}

impl OwnStart {
    /// Takes the next window. What leaves the latest windows of a session in doubt does not become its start: it may be
    /// someone else's.
    pub(crate) fn push(&mut self, modality: Modality, inputs: u32, stats: &FeatureStats, doubted: bool) {
        self.latest.push(Part { modality, inputs, stats: stats.into() });
        if self.latest.len() > LATEST {
            let part = self.latest.remove(0);
            if !doubted {
                self.keep(part);
            }
        }
    }

    fn keep(&mut self, part: Part) {
        match self.early.iter_mut().find(|p| p.modality == part.modality) {
            Some(early) => {
                let mut stats = early.stats.unpack();
                stats.merge(&part.stats.unpack());
                early.inputs = early.inputs.saturating_add(part.inputs);
                early.stats = (&stats).into();
            }
            None => self.early.push(part),
        }
    }

    /// The latest windows against the start before them; nothing while that is too short.
    pub(crate) fn suffixes(&self, population: &Population) -> Vec<Suffix> {
        let Some(sitting) = self.sitting(population) else { return Vec::new() };
        let all = self.last(sitting.latest);
        let alone: Vec<f64> = all.iter().map(|part| sitting.ratio(&[*part])).collect();
        let suffixes = SUFFIXES.into_iter().take_while(|windows| *windows <= sitting.latest);
        suffixes
            .map(|windows| {
                let from = all.len() - windows;
                Suffix::of(&alone[from..], |without| {
                    let kept = (from..all.len()).filter(|i| without != Some(i - from));
                    sitting.ratio(&kept.map(|i| all[i]).collect::<Vec<_>>())
                })
            })
            .collect()
    }

    /// What speaks against so many windows being the same person's as the start, and what for it.
    pub(crate) fn evidence(&self, population: &Population, windows: usize) -> Vec<Evidence> {
        let Some(sitting) = self.sitting(population) else { return Vec::new() };
        let part = self.last(windows);
        let told = |m| {
            let stats = pooled(&part, m);
            let score = sitting.score(m, &stats)?;
            Some(explain(&sitting.population, &sitting.reference, m, &stats, &score))
        };
        Modality::ALL.into_iter().filter_map(told).flatten().collect()
    }

    fn last(&self, windows: usize) -> Vec<&Part> {
        self.latest[self.latest.len() - windows.min(self.latest.len())..].iter().collect()
    }

    /// Everything before the longest suffix that leaves a start as long as itself, or before the shortest one.
    fn sitting(&self, population: &Population) -> Option<Sitting> {
        let long = |windows: usize, modality, as_suffix: bool| {
            let older = self.before(windows);
            let inputs = |parts: &[&Part]| {
                let of = parts.iter().filter(|p| p.modality == modality);
                of.fold(0_u32, |sum, p| sum.saturating_add(p.inputs))
            };
            let recent = if as_suffix { inputs(&self.last(windows)) } else { 0 };
            inputs(&older) >= least(modality).max(recent)
        };
        let any = |windows: usize, as_suffix| {
            windows <= self.latest.len() && Modality::ALL.into_iter().any(|m| long(windows, m, as_suffix))
        };
        let latest = SUFFIXES.into_iter().rev().find(|windows| any(*windows, true));
        let latest = latest.or_else(|| SUFFIXES.into_iter().find(|windows| any(*windows, false)))?;
        let (older, recent) = (self.before(latest), self.last(latest));
        let mut start = Profile::default();
        let mut models = Vec::new();
        for m in Modality::ALL.into_iter().filter(|m| long(latest, *m, false)) {
            let (before, after) = (pooled(&older, m), pooled(&recent, m));
            models.extend(population.model(m).map(|model| one_sitting(model, &before, &after)));
            start.learn(m, 0, &before);
        }
        let population = Population::new(models, Vec::new());
        let reference = start.prepare(&population);
        Some(Sitting { population, reference, latest })
    }

    fn before(&self, windows: usize) -> Vec<&Part> {
        let older = &self.latest[..self.latest.len() - windows.min(self.latest.len())];
        self.early.iter().chain(older).collect()
    }
}

/// What the latest windows are scored with.
struct Sitting {
    population: Population,
    /// The start, learned as one session.
    reference: Reference,
    /// Windows that do not belong to it.
    latest: usize,
}

impl Sitting {
    fn score(&self, modality: Modality, stats: &FeatureStats) -> Option<Score> {
        Some(score_against(&self.population, &self.reference, modality, stats)?.weighed(Weights::START))
    }

    fn ratio(&self, part: &[&Part]) -> f64 {
        Modality::ALL.into_iter().filter_map(|m| self.score(m, &pooled(part, m))).map(|s| s.llr).sum()
    }
}

fn least(modality: Modality) -> u32 {
    match modality {
        Modality::Keyboard => LEAST_KEYSTROKES,
        Modality::Pointer | Modality::Touch => LEAST_STROKES,
    }
}

fn pooled(part: &[&Part], modality: Modality) -> FeatureStats {
    Windows::of(part.iter().map(|p| (p.modality, &p.stats))).stats(modality)
}

/// A model as people differ within one sitting: a person's session goes with the person. Only of what both parts show: the
/// effort grows with the cube of the dimensions.
fn one_sitting(model: &Model, before: &FeatureStats, after: &FeatureStats) -> Model {
    let shown = |d: &Dimension| {
        let shows = |stats| Dimension::raw(d.feature, d.aspect, stats).is_some();
        shows(before) && shows(after)
    };
    let (mut kept, mut subject, mut session, mut noise) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (block, run) in model.blocks.iter().enumerate() {
        let dimensions = &model.dimensions[run.clone()];
        let index: Vec<usize> = (0..dimensions.len()).filter(|&i| shown(&dimensions[i])).collect();
        if index.is_empty() {
            continue;
        }
        let varies = pick(&model.session[block], &index);
        kept.extend(index.iter().map(|&i| dimensions[i]));
        subject.push(pick(&model.subject[block], &index) + &varies * (1.0 - DRIFT));
        session.push(varies * DRIFT);
        noise.push(pick(&model.noise[block], &index));
    }
    Model::new(model.modality, kept, subject, session, noise, model.calibration)
}
