//! What enrolment has learned of one subject.

use std::sync::{Arc, OnceLock};

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use tacit_proto::{FeatureId, FeatureStat, FeatureStats, Modality, Stat};

use crate::Population;
use crate::factor::{self, Triangle};
use crate::model::{Model, inverse};

/// Sessions kept apart, a modality; the oldest two are pooled when there are more.
const KEPT: usize = 12;

/// How far a modality of a profile has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maturity {
    /// Modality it speaks of.
    pub modality: Modality,
    /// Sessions learned from.
    pub sessions: u32,
    /// Keystrokes or strokes learned from.
    pub inputs: u64,
    /// Enough to judge against.
    pub mature: bool,
}

/// The posterior over one subject's own means, kept as the pooled stats of trusted sessions.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Profile {
    learned: Vec<Learned>,
    #[serde(skip)]
    reference: OnceLock<Arc<Reference>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Learned {
    modality: Modality,
    sessions: u32,
    inputs: u64,
    /// Pooled stats, oldest first.
    kept: Vec<PackedStats>,
    /// Devices that they were made on, as far as was told, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    devices: Vec<u64>,
}

/// Profiles are equal when they have learned the same.
impl PartialEq for Profile {
    fn eq(&self, other: &Self) -> bool {
        self.learned.len() == other.learned.len()
            && self.learned.iter().zip(&other.learned).all(|(a, b)| {
                (a.modality, a.sessions, a.inputs) == (b.modality, b.sessions, b.inputs)
                    && (&a.kept, &a.devices) == (&b.kept, &b.devices)
            })
    }
}

/// Stats as (feature id, count, mean, variance), in steps far finer than their noise: a session's state is written with
/// every window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct PackedStats(Vec<(u16, u32, i32, u32)>);

pub(crate) const MEAN_STEPS: f64 = 1e5;
pub(crate) const VARIANCE_STEPS: f64 = 1e6;

impl From<&FeatureStats> for PackedStats {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast saturates, far outside of what the catalogue lets through"
    )]
    fn from(stats: &FeatureStats) -> Self {
        let pack = |s: &FeatureStat| {
            let mean = (s.stat.mean() * MEAN_STEPS).round() as i32;
            (s.feature.0, s.stat.count(), mean, (s.stat.variance() * VARIANCE_STEPS).round() as u32)
        };
        Self(stats.iter().map(pack).collect())
    }
}

impl PackedStats {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, u32, i32, u32)> {
        // Stats of no values are none.
        self.0.iter().copied().filter(|(_, count, ..)| *count > 0)
    }

    pub(crate) fn unpack(&self) -> FeatureStats {
        let mut stats = FeatureStats::new();
        for (id, count, mean, variance) in &self.0 {
            let stat =
                Stat::new(*count, f64::from(*mean) / MEAN_STEPS, f64::from(*variance) / VARIANCE_STEPS);
            if let Some(stat) = stat {
                stats.add(FeatureId(*id), &stat);
            }
        }
        stats
    }
}

impl Profile {
    /// Learns the pooled stats of one modality of one trusted, closed session.
    pub fn learn(&mut self, modality: Modality, inputs: u32, stats: &FeatureStats) {
        if stats.is_empty() {
            return;
        }
        self.reference = OnceLock::new();
        let at = match self.learned.iter().position(|l| l.modality == modality) {
            Some(at) => at,
            None => {
                let (kept, devices) = (Vec::new(), Vec::new());
                self.learned.push(Learned { modality, sessions: 0, inputs: 0, kept, devices });
                self.learned.len() - 1
            }
        };
        let learned = &mut self.learned[at];
        learned.sessions = learned.sessions.saturating_add(1);
        learned.inputs = learned.inputs.saturating_add(u64::from(inputs));
        learned.kept.push(stats.into());
        if learned.kept.len() > KEPT {
            let mut oldest = learned.kept.remove(0).unpack();
            oldest.merge(&learned.kept[0].unpack());
            learned.kept[0] = (&oldest).into();
        }
    }

    /// Takes note of the device, by its key, that the session just learned was made on. All before the first that is told of
    /// count as made on the same.
    pub(crate) fn learned_on(&mut self, modality: Modality, device: Option<u64>) {
        let learned = self.learned.iter_mut().find(|l| l.modality == modality);
        let (Some(learned), Some(device)) = (learned, device) else { return };
        let untold = if learned.devices.is_empty() { learned.kept.len() } else { 1 };
        learned.devices.extend(std::iter::repeat_n(device, untold));
        learned.devices.drain(..learned.devices.len().saturating_sub(KEPT));
    }

    /// Share of the last sessions of a modality that were made on a device; `None` if nobody told of any.
    pub(crate) fn share_on(&self, modality: Modality, device: u64) -> Option<f64> {
        let devices = &self.learned.iter().find(|l| l.modality == modality)?.devices;
        let there = devices.iter().filter(|d| **d == device).count();
        #[expect(clippy::cast_precision_loss, reason = "at most the sessions kept")]
        let share = there as f64 / devices.len() as f64;
        (!devices.is_empty()).then_some(share)
    }

    /// How far each modality has come under a policy; a modality never seen is absent.
    #[must_use]
    pub fn maturity(&self, policy: &crate::Policy) -> Vec<Maturity> {
        let mature = |l: &Learned| {
            let least = match l.modality {
                Modality::Keyboard => policy.mature_keystrokes,
                Modality::Pointer | Modality::Touch => policy.mature_strokes,
            };
            l.inputs >= least && l.sessions >= policy.mature_sessions
        };
        self.learned
            .iter()
            .map(|l| Maturity {
                modality: l.modality,
                sessions: l.sessions,
                inputs: l.inputs,
                mature: mature(l),
            })
            .collect()
    }

    /// The posteriors that scores are taken against. Worked out once and kept until the profile learns again; a process
    /// uses one population.
    #[must_use]
    pub fn reference(&self, population: &Population) -> Arc<Reference> {
        Arc::clone(self.reference.get_or_init(|| Arc::new(self.prepare(population))))
    }

    /// The posteriors under a population, worked out afresh.
    #[must_use]
    pub fn prepare(&self, population: &Population) -> Reference {
        let posteriors = self.learned.iter().filter_map(|l| {
            let sessions: Vec<_> = l.kept.iter().map(PackedStats::unpack).collect();
            Some((l.modality, Posterior::of(population.model(l.modality)?, &sessions)))
        });
        Reference { posteriors: posteriors.collect() }
    }
}

/// The posterior of the subject term, a modality.
#[derive(Debug, Clone)]
pub struct Reference {
    posteriors: Vec<(Modality, Posterior)>,
}

impl Reference {
    /// Bytes of the numbers that it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let blocks = self.posteriors.iter().flat_map(|(_, p)| &p.blocks);
        blocks.map(|(mean, cov)| mean.len() * size_of::<f64>() + cov.numbers() * size_of::<f32>()).sum()
    }

    pub(crate) fn posterior(&self, modality: Modality) -> Option<&Posterior> {
        self.posteriors.iter().find(|(m, _)| *m == modality).map(|(_, p)| p)
    }

    /// The same with so many session covariances more about each modality.
    pub(crate) fn widened(&self, population: &Population, by: impl Fn(Modality) -> f64) -> Self {
        let mut widened = self.clone();
        for (modality, posterior) in &mut widened.posteriors {
            let (Some(model), by) = (population.model(*modality), by(*modality)) else { continue };
            for ((_, covariance), session) in posterior.blocks.iter_mut().zip(&model.session) {
                covariance.add(session, by);
            }
        }
        widened
    }
}

/// Gaussian over a subject's term, standardised: mean and covariance of each block. Covariances are most of what a loaded
/// profile weighs, and single precision is far finer than what sessions tell.
#[derive(Debug, Clone)]
pub(crate) struct Posterior {
    pub(crate) blocks: Vec<(DVector<f64>, Triangle<f32>)>,
}

impl Posterior {
    fn of(model: &Model, sessions: &[FeatureStats]) -> Self {
        let mut sums: Vec<_> =
            model.subject.iter().map(|s| (DVector::zeros(s.nrows()), inverse(s))).collect();
        for o in sessions.iter().flat_map(|stats| model.observe(stats)) {
            let (pull, precision) = &mut sums[o.block];
            let weight = factor::inverse(&model.within(&o), o.index.len());
            let pulled = &weight * &o.value;
            for (r, &i) in o.index.iter().enumerate() {
                pull[i] += pulled[r];
                for (c, &j) in o.index.iter().enumerate() {
                    precision[(i, j)] += weight[(r, c)];
                }
            }
        }
        let posterior = |(pull, precision): (DVector<f64>, DMatrix<f64>)| {
            let covariance = inverse(&precision);
            (&covariance * pull, Triangle::of(&covariance))
        };
        Self { blocks: sums.into_iter().map(posterior).collect() }
    }
}
