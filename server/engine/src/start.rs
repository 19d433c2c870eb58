//! The session's own start: what its recent windows are scored against while the subject has no mature profile.
//!
//! Start and recent windows are of one session and share its term, so that term counts with the person here: someone else
//! comes with a session of their own. Only what drifts within a session is left between the two.

use serde::{Deserialize, Serialize};
use tacit_proto::{FeatureStats, Modality};

use crate::explain::explain;
use crate::profile::PackedStats;
use crate::suffix::{SUFFIXES, Suffix};
use crate::{Evidence, Model, Population, Profile, score_against};

/// Windows that may be someone else's; those before them are the start.
const LATEST: usize = 8;
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

    /// The latest windows against the start before them, as far as that is long enough; shortest first.
    pub(crate) fn suffixes(&self, population: &Population) -> Vec<Suffix> {
        let sitting = one_sitting(population);
        let suffixes = SUFFIXES.into_iter().take_while(|windows| *windows <= self.latest.len());
        suffixes
            .filter_map(|windows| {
                let reference = self.before(windows).prepare(&sitting);
                let part = self.last(windows);
                let ratio = |part: &[&Part]| {
                    let score = |m| score_against(&sitting, &reference, m, &pooled(part, m));
                    Modality::ALL.into_iter().filter_map(score).map(|s| s.llr).reduce(|sum, llr| sum + llr)
                };
                let alone: Vec<f64> = part.iter().map(|p| ratio(&[*p]).unwrap_or(0.0)).collect();
                ratio(&part)?;
                Some(Suffix::of(&alone, |without| {
                    let kept = part.iter().enumerate().filter(|(i, _)| Some(*i) != without);
                    ratio(&kept.map(|(_, p)| *p).collect::<Vec<_>>()).unwrap_or(0.0)
                }))
            })
            .collect()
    }

    /// What speaks against so many windows being the same person's as the start, and what for it.
    pub(crate) fn evidence(&self, population: &Population, windows: usize) -> Vec<Evidence> {
        let sitting = one_sitting(population);
        let reference = self.before(windows).prepare(&sitting);
        let part = self.last(windows);
        let told = |m| {
            let stats = pooled(&part, m);
            let score = score_against(&sitting, &reference, m, &stats)?;
            Some(explain(&sitting, &reference, m, &stats, &score))
        };
        Modality::ALL.into_iter().filter_map(told).flatten().collect()
    }

    fn last(&self, windows: usize) -> Vec<&Part> {
        self.latest[self.latest.len() - windows.min(self.latest.len())..].iter().collect()
    }

    /// A profile of the windows before the last ones, as one session.
    fn before(&self, windows: usize) -> Profile {
        let older = &self.latest[..self.latest.len() - windows.min(self.latest.len())];
        let mut start = Profile::default();
        for m in Modality::ALL {
            let parts: Vec<&Part> = self.early.iter().chain(older).filter(|p| p.modality == m).collect();
            let inputs = parts.iter().fold(0_u32, |sum, p| sum.saturating_add(p.inputs));
            if inputs >= least(m) {
                start.learn(m, inputs, &pooled(&parts, m));
            }
        }
        start
    }
}

fn least(modality: Modality) -> u32 {
    match modality {
        Modality::Keyboard => LEAST_KEYSTROKES,
        Modality::Pointer | Modality::Touch => LEAST_STROKES,
    }
}

fn pooled(part: &[&Part], modality: Modality) -> FeatureStats {
    let mut stats = FeatureStats::new();
    for part in part.iter().filter(|p| p.modality == modality) {
        stats.merge(&part.stats.unpack());
    }
    stats
}

/// The population as it differs within one sitting: a person's session goes with the person.
fn one_sitting(population: &Population) -> Population {
    let sitting = |model: &Model| Model {
        subject: &model.subject + &model.session * (1.0 - DRIFT),
        session: &model.session * DRIFT,
        ..model.clone()
    };
    let models = Modality::ALL.into_iter().filter_map(|m| population.model(m)).map(sitting);
    Population::new(models.collect(), Vec::new())
}
