//! What enrolment has learned of one subject.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use tacit_proto::{FeatureStats, Modality};

use crate::Population;
use crate::packed::KeptStats;
use crate::posterior::Posterior;

/// Sessions kept apart, a modality, of those that founded the profile. The oldest two are pooled when there are more.
const FOUNDING: usize = 6;
/// Founding sessions for each later one that is kept apart: what a profile follows weighs half of what it was founded on.
const FOUNDING_A_LATER: usize = 2;
/// Profiles are kept in lengths that are multiples of this.
const PADDED: usize = 4_096;

/// How far a modality of a profile has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maturity {
    /// Modality it speaks of.
    pub modality: Modality,
    /// Sessions learned from, up to as many as make it mature.
    pub sessions: u32,
    /// Keystrokes or strokes learned from, up to as many as make it mature.
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
pub(crate) struct Learned {
    modality: Modality,
    sessions: u32,
    /// Of these, those after the ones that made it mature.
    #[serde(default)]
    pub(crate) since: u32,
    inputs: u64,
    /// Sessions that founded the profile, oldest first: nothing later takes their place.
    founding: Vec<Kept>,
    /// Those that it has followed since.
    later: Vec<Kept>,
}

/// A session, or several pooled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    stats: KeptStats,
    /// Key of the device that it was made on, if that was told; of several, the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<u64>,
    /// Founds a profile that was mature already, because people vouched for it.
    #[serde(default, skip_serializing_if = "is_false")]
    vouched: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_false(of: &bool) -> bool {
    !of
}

impl Kept {
    pub(crate) fn unpack(&self) -> FeatureStats {
        self.stats.unpack()
    }
}

/// As what a profile takes a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// As one of those that make it mature.
    Founding,
    /// As one that people vouched for after that: it founds the profile anew.
    Vouched,
    /// As one that it follows.
    Later,
}

impl Learned {
    fn nothing(modality: Modality) -> Self {
        Self { modality, sessions: 0, since: 0, inputs: 0, founding: Vec::new(), later: Vec::new() }
    }

    fn kept(&self) -> impl Iterator<Item = &Kept> {
        self.founding.iter().chain(&self.later)
    }

    /// Sessions that made the profile mature.
    pub(crate) fn founded_on(&self) -> impl Iterator<Item = &Kept> {
        self.founding.iter().filter(|k| !k.vouched)
    }

    /// Sessions that it has taken since, vouched for or not.
    pub(crate) fn since(&self) -> impl Iterator<Item = &Kept> {
        self.founding.iter().filter(|k| k.vouched).chain(&self.later)
    }
}

/// Profiles are equal when they have learned the same.
impl PartialEq for Profile {
    fn eq(&self, other: &Self) -> bool {
        self.learned.len() == other.learned.len()
            && self.learned.iter().zip(&other.learned).all(|(a, b)| {
                (a.modality, a.sessions, a.inputs) == (b.modality, b.sessions, b.inputs)
                    && (&a.founding, &a.later) == (&b.founding, &b.later)
            })
    }
}

impl Profile {
    /// Learns the pooled stats of one modality of one closed session that is surely the subject's: of enrolment, or vouched
    /// for by people. Such sessions found the profile: they outweigh all that it follows later.
    pub fn learn(&mut self, modality: Modality, inputs: u32, stats: &FeatureStats) {
        self.add(modality, inputs, stats, (Taken::Founding, None));
    }

    /// Follows the pooled stats of one modality of one trusted, closed session.
    pub fn follow(&mut self, modality: Modality, inputs: u32, stats: &FeatureStats) {
        self.add(modality, inputs, stats, (Taken::Later, None));
    }

    /// Takes a session, made on a device, by its key.
    pub(crate) fn add(
        &mut self,
        modality: Modality,
        inputs: u32,
        stats: &FeatureStats,
        (taken, device): (Taken, Option<u64>),
    ) {
        if stats.is_empty() {
            return;
        }
        self.reference = OnceLock::new();
        let at = match self.learned.iter().position(|l| l.modality == modality) {
            Some(at) => at,
            None => {
                self.learned.push(Learned::nothing(modality));
                self.learned.len() - 1
            }
        };
        let learned = &mut self.learned[at];
        learned.sessions = learned.sessions.saturating_add(1);
        learned.since = learned.since.saturating_add(u32::from(taken != Taken::Founding));
        learned.inputs = learned.inputs.saturating_add(u64::from(inputs));
        let founds = taken != Taken::Later;
        let most = if founds { FOUNDING } else { (learned.founding.len() / FOUNDING_A_LATER).max(1) };
        let kept = if founds { &mut learned.founding } else { &mut learned.later };
        kept.push(Kept { stats: stats.into(), device, vouched: taken == Taken::Vouched });
        if kept.len() > most {
            // The oldest two of a kind, so that what the profile was founded on stays what it was.
            let alike = |pair: &[Kept]| pair[0].vouched == pair[1].vouched;
            let at = kept.windows(2).position(alike).unwrap_or(0);
            let oldest = kept.remove(at);
            let mut pooled = oldest.unpack();
            pooled.merge(&kept[at].unpack());
            kept[at].stats = (&pooled).into();
            kept[at].vouched &= oldest.vouched;
        }
    }

    /// What was learned, by modality: the stats of all sessions that are kept, pooled.
    #[must_use]
    pub fn pooled(&self) -> Vec<(Modality, FeatureStats)> {
        let pooled = |l: &Learned| {
            let mut stats = FeatureStats::new();
            for kept in l.kept() {
                stats.merge(&kept.unpack());
            }
            (l.modality, stats)
        };
        self.learned.iter().map(pooled).collect()
    }

    pub(crate) fn of(&self, modality: Modality) -> Option<&Learned> {
        self.learned.iter().find(|l| l.modality == modality)
    }

    /// The profile as it was founded, without what it has followed since.
    pub(crate) fn founded(&self) -> Self {
        let founded = |l: &Learned| Learned { later: Vec::new(), ..l.clone() };
        Self { learned: self.learned.iter().map(founded).collect(), reference: OnceLock::new() }
    }

    /// Share of the kept sessions of a modality that were made on a device; `None` if nobody told of any.
    pub(crate) fn share_on(&self, modality: Modality, device: u64) -> Option<f64> {
        let learned = self.of(modality)?;
        let there = learned.kept().filter(|k| k.device == Some(device)).count();
        #[expect(clippy::cast_precision_loss, reason = "at most the sessions kept")]
        let share = there as f64 / learned.kept().count() as f64;
        learned.kept().any(|k| k.device.is_some()).then_some(share)
    }

    /// How far each modality has come under a policy, and no further than it has to: beyond that a count would say how much
    /// somebody works, and one profile from another. A modality never seen is absent.
    #[must_use]
    pub fn maturity(&self, policy: &crate::Policy) -> Vec<Maturity> {
        let so_far = |l: &Learned| {
            let least = match l.modality {
                Modality::Keyboard => policy.mature_keystrokes,
                Modality::Pointer | Modality::Touch => policy.mature_strokes,
            };
            Maturity {
                modality: l.modality,
                sessions: l.sessions.min(policy.mature_sessions),
                inputs: l.inputs.min(least),
                mature: l.inputs >= least && l.sessions >= policy.mature_sessions,
            }
        };
        self.learned.iter().map(so_far).collect()
    }

    /// As JSON, filled up with spaces to a multiple of 4 KiB: a length to the byte would tell one profile from another although it
    /// is sealed.
    ///
    /// # Errors
    /// When a number is not finite.
    pub fn padded(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut plain = serde_json::to_vec(self)?;
        plain.resize(plain.len().next_multiple_of(PADDED), b' ');
        Ok(plain)
    }

    /// The posteriors that scores are taken against. Worked out once and kept until the profile learns again; a process
    /// uses one population.
    #[must_use]
    pub fn reference(&self, population: &Population) -> Arc<Reference> {
        Arc::clone(self.reference.get_or_init(|| Arc::new(self.prepare(population))))
    }

    /// Bytes of the numbers of a loaded profile: the sessions that are kept and their posteriors under a population.
    #[must_use]
    pub fn bytes(&self, population: &Population) -> usize {
        let kept: usize = self.learned.iter().flat_map(Learned::kept).map(|k| k.stats.bytes()).sum();
        kept + self.reference(population).bytes()
    }

    /// The posteriors under a population, worked out afresh.
    #[must_use]
    pub fn prepare(&self, population: &Population) -> Reference {
        let posteriors = self.learned.iter().filter_map(|l| {
            let sessions: Vec<_> = l.kept().map(Kept::unpack).collect();
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
    fn bytes(&self) -> usize {
        let blocks = self.posteriors.iter().flat_map(|(_, p)| &p.blocks);
        blocks.map(|(mean, cov)| mean.len() * size_of::<f32>() + cov.numbers() * size_of::<f32>()).sum()
    }

    /// Whether stats show anything of a modality that the population and the profile know.
    pub(crate) fn knows(&self, population: &Population, modality: Modality, stats: &FeatureStats) -> bool {
        let model = population.model(modality).filter(|_| self.posterior(modality).is_some());
        model.is_some_and(|model| !model.observe(stats).is_empty())
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
