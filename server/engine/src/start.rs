//! The session's own start: what its recent windows are scored against beside the profile, and in its place while the subject
//! has no mature one.
//!
//! Start and recent windows are of one session and share its term, so that term counts with the person here: someone else
//! comes with a session of their own. Only what drifts within a session is left between the two.

use serde::{Deserialize, Serialize};
use tacit_proto::{Family, FeatureStats, Modality};

use crate::explain::explain;
use crate::model::pick;
use crate::packed::PackedStats;
use crate::pool::{Windows, compare, evidence};
use crate::score::Weights;
use crate::suffix::{Ratio, Suffix};
use crate::{Dimension, Evidence, Model, Policy, Population, Profile, Reference, Score, score_against};

/// Windows that may be someone else's, shortest suffix first: one alone would name nobody.
const SUFFIXES: [usize; 3] = [2, 4, 8];
const LATEST: usize = SUFFIXES[SUFFIXES.len() - 1];
/// Keystrokes of a start that is judged against.
const LEAST_KEYSTROKES: u32 = 100;
/// Strokes of a start that is judged against.
const LEAST_STROKES: u32 = 60;

/// Share of the policy's hazard where the start alone tells: a short start is a weaker measure than a profile, and asks for more.
const HAZARD_ALONE: f64 = 0.25;

/// Share of a session's term that drifts within the session.
const DRIFT: f64 = 0.3;

/// The windows of a session, the older ones pooled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct OwnStart {
    /// All windows before the latest, a modality.
    early: Vec<Part>,
    /// Oldest first; none beside a profile, where the session keeps its latest windows itself.
    latest: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Part {
    modality: Modality,
    inputs: u32,
    stats: PackedStats,
}

/// What else speaks of the windows that are held against a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    Nothing,
    Profile,
}

/// One or more windows of a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) modality: Modality,
    pub(crate) inputs: u32,
    pub(crate) stats: &'a PackedStats,
}

impl Part {
    fn seen(&self) -> Seen<'_> {
        Seen { modality: self.modality, inputs: self.inputs, stats: &self.stats }
    }
}

/// What a policy comes to where a start alone tells.
pub(crate) fn policy_alone(policy: &Policy) -> Policy {
    Policy { takeover_hazard: policy.takeover_hazard * HAZARD_ALONE, ..*policy }
}

impl OwnStart {
    /// Takes the next window. What leaves the latest windows of a session in doubt does not become its start: it may be
    /// someone else's.
    pub(crate) fn push(&mut self, modality: Modality, inputs: u32, stats: &FeatureStats, doubted: bool) {
        self.latest.push(Part { modality, inputs, stats: stats.into() });
        if self.latest.len() > LATEST {
            let part = self.latest.remove(0);
            if !doubted {
                self.keep(part.seen());
            }
        }
    }

    /// Takes what is no longer among the latest windows.
    pub(crate) fn keep(&mut self, part: Seen<'_>) {
        let Seen { modality, inputs, stats } = part;
        match self.early.iter_mut().find(|p| p.modality == modality) {
            Some(early) => {
                let mut all = early.stats.unpack();
                all.merge(&stats.unpack());
                early.inputs = early.inputs.saturating_add(inputs);
                early.stats = (&all).into();
            }
            None => self.early.push(Part { modality, inputs, stats: stats.clone() }),
        }
    }

    /// What the latest windows are held against; `None` while the start before them is too short.
    pub(crate) fn sitting(&self, population: &Population) -> Option<Sitting> {
        self.sitting_before(population, Beside::Nothing, self.latest.iter().map(Part::seen))
    }

    /// The same where the session keeps its latest windows itself.
    pub(crate) fn sitting_before<'a>(
        &self,
        population: &Population,
        beside: Beside,
        latest: impl Iterator<Item = Seen<'a>>,
    ) -> Option<Sitting> {
        Sitting::of(population, beside, &self.early, &latest.collect::<Vec<_>>())
    }

    /// Goes on with what the session keeps itself from here on.
    pub(crate) fn settle(&mut self, doubted: bool) {
        for part in std::mem::take(&mut self.latest) {
            if !doubted {
                self.keep(part.seen());
            }
        }
    }
}

/// What the latest windows are scored with.
pub(crate) struct Sitting {
    population: Population,
    /// The start, learned as one session.
    reference: Reference,
    /// Windows that do not belong to it, oldest first.
    latest: Vec<(Modality, PackedStats)>,
}

impl Sitting {
    /// Of everything before the longest suffix that leaves a start as long as itself, or before the shortest one.
    fn of(population: &Population, beside: Beside, early: &[Part], windows: &[Seen<'_>]) -> Option<Self> {
        let inputs = |seen: &[Seen<'_>], modality| {
            let of = seen.iter().filter(|s| s.modality == modality);
            of.fold(0_u32, |sum, s| sum.saturating_add(s.inputs))
        };
        let long = |latest: usize, modality, as_suffix: bool| {
            let (older, recent) = windows.split_at(windows.len() - latest);
            let early = early.iter().filter(|p| p.modality == modality);
            let older = early.fold(inputs(older, modality), |sum, p| sum.saturating_add(p.inputs));
            older >= least(modality).max(if as_suffix { inputs(recent, modality) } else { 0 })
        };
        let any = |latest: usize, as_suffix| {
            latest <= windows.len() && Modality::ALL.into_iter().any(|m| long(latest, m, as_suffix))
        };
        let latest = SUFFIXES.into_iter().rev().find(|windows| any(*windows, true));
        let latest = latest.or_else(|| SUFFIXES.into_iter().find(|windows| any(*windows, false)))?;
        let (older, recent) = windows.split_at(windows.len() - latest);
        let older: Vec<Seen<'_>> = early.iter().map(Part::seen).chain(older.iter().copied()).collect();
        let mut start = Profile::default();
        let mut models = Vec::new();
        for m in Modality::ALL.into_iter().filter(|m| long(latest, *m, false)) {
            let pooled = |seen: &[Seen<'_>]| Windows::of(seen.iter().map(|s| (s.modality, s.stats))).stats(m);
            let (before, after) = (pooled(&older), pooled(recent));
            models.extend(population.model(m).map(|model| one_sitting(model, beside, &before, &after)));
            start.learn(m, 0, &before);
        }
        let population = Population::new(models, Vec::new());
        let reference = start.prepare(&population);
        let latest = recent.iter().map(|s| (s.modality, s.stats.clone())).collect();
        Some(Self { population, reference, latest })
    }

    /// Numbers of latest windows that may be someone else's, the fewest first.
    pub(crate) fn lengths(&self) -> impl Iterator<Item = usize> + use<> {
        let latest = self.latest.len();
        SUFFIXES.into_iter().take_while(move |windows| *windows <= latest)
    }

    /// The latest windows against the start before them.
    pub(crate) fn suffixes(&self) -> Vec<Suffix> {
        let lengths: Vec<usize> = self.lengths().collect();
        let (alone, together) = self.alone_and_together(&lengths);
        let pools: Vec<_> = lengths.iter().copied().zip(together).collect();
        let ratios = Ratio::of_all(&alone, &pools, |without| self.without(without));
        lengths
            .into_iter()
            .zip(ratios)
            .map(|(windows, ratio)| Suffix { windows, ratio, taken_over: None })
            .collect()
    }

    /// Scores of the latest windows, each by itself, oldest first, and what so many of them amount to.
    pub(crate) fn alone_and_together(&self, lengths: &[usize]) -> (Vec<f64>, Vec<f64>) {
        let alone = self.latest.iter().map(|window| Windows::of(seen([window])));
        let together = lengths.iter().map(|windows| Windows::of(seen(self.last(*windows))));
        let mut alone = self.scores(&alone.chain(together).collect::<Vec<_>>());
        let together = alone.split_off(self.latest.len());
        (alone, together)
    }

    /// What so many windows amount to, one of them left out.
    pub(crate) fn without(&self, without: &[(usize, usize)]) -> Vec<f64> {
        let pool = |&(windows, out): &(usize, usize)| Windows::without(out, seen(self.last(windows)));
        self.scores(&without.iter().map(pool).collect::<Vec<_>>())
    }

    /// What speaks against so many windows being the same person's as the start, and what for it.
    pub(crate) fn evidence(&self, windows: usize) -> Vec<Evidence> {
        let pool = Windows::of(seen(self.last(windows)));
        let told = |m| {
            let stats = pool.stats(m);
            let score = self.score(m, &stats)?;
            Some(explain(&self.population, &self.reference, m, &stats, &score))
        };
        Modality::ALL.into_iter().filter_map(told).flatten().collect()
    }

    fn last(&self, windows: usize) -> &[(Modality, PackedStats)] {
        &self.latest[self.latest.len() - windows.min(self.latest.len())..]
    }

    fn score(&self, modality: Modality, stats: &FeatureStats) -> Option<Score> {
        Some(score_against(&self.population, &self.reference, modality, stats)?.weighed(Weights::START))
    }

    fn scores(&self, pools: &[Windows]) -> Vec<f64> {
        let compared = compare(pools, &self.population, &self.reference);
        compared.iter().map(|pool| evidence(pool, Weights::START)).collect()
    }
}

fn seen<'a>(
    windows: impl IntoIterator<Item = &'a (Modality, PackedStats)>,
) -> impl Iterator<Item = (Modality, &'a PackedStats)> {
    windows.into_iter().map(|(modality, stats)| (*modality, stats))
}

fn least(modality: Modality) -> u32 {
    match modality {
        Modality::Keyboard => LEAST_KEYSTROKES,
        Modality::Pointer | Modality::Touch => LEAST_STROKES,
    }
}

/// A model as people differ within one sitting: a person's session goes with the person. Only of what both parts show: the
/// effort grows with the cube of the dimensions. Beside a profile, which has told of holds already, without those where anything
/// else is shown.
fn one_sitting(model: &Model, beside: Beside, before: &FeatureStats, after: &FeatureStats) -> Model {
    let both_show = |d: &Dimension| {
        let shows = |stats| Dimension::raw(d.feature, d.aspect, stats).is_some();
        shows(before) && shows(after)
    };
    let other = |d: &Dimension| d.family() != Some(Family::Hold);
    let others = beside == Beside::Profile && model.dimensions.iter().any(|d| other(d) && both_show(d));
    let shown = |d: &Dimension| (other(d) || !others) && both_show(d);
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
