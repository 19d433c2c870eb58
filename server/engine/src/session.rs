//! One session as the engine sees it: its recent windows, its trust, its pooled stats. Serialises with serde, so that any
//! server process can go on with it.
//!
//! Windows of one session share the session term, so their scores are not added up: the stats of the last 1, 2, 4, 8 and 16
//! windows are pooled and each pool is scored. A takeover that long ago is one hypothesis each, weighed by a small hazard a
//! window (Shiryaev 1963); trust is the posterior that none of them holds. While the subject has no mature profile, the
//! session's own start takes its place.

use serde::{Deserialize, Serialize};
use tacit_proto::{FeatureStats, MIN_KEYSTROKES, MIN_STROKES, Modality};

use crate::device::Device;
use crate::explain::{explain, told, told_with};
use crate::feedback::Feedback;
use crate::hazard::Hazard;
use crate::origin::Origin;
use crate::packed::PackedStats;
use crate::pool::Windows;
use crate::profile::Taken;
use crate::reason::{learning, reason, reason_of_start};
use crate::score::{Compared, Weights};
use crate::start::OwnStart;
use crate::suffix::{SUFFIXES, Standing, Suffix, conclude, strongest};
use crate::verdict::Cause;
use crate::{
    Assessment, Evidence, Maturity, Policy, Population, Profile, Reference, VerdictKind, score_against,
};

/// A session this unlike what is already learned is not learned.
const ESTRANGED: f64 = -5.0;
/// Least ratio of a session by the founding sessions alone, for a mature profile to follow it. Genuine sessions of 1,000 keys
/// have a mean of 7.
const FITS_FOUNDING: f64 = 3.0;
/// Windows' worth of least input below which a session teaches nothing.
const LEAST_TAUGHT: u32 = 2;

/// State of an open session.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SessionState {
    /// The last windows of mature modalities, oldest first.
    pub(crate) recent: Vec<Recent>,
    pools: Vec<Pool>,
    pub(crate) standing: Option<Standing>,
    /// Was ever doubted by too much to teach.
    pub(crate) doubted: bool,
    /// Empty once a profile is mature, unless people say that it does not fit the subject any more.
    #[serde(default)]
    pub(crate) start: OwnStart,
    /// What people have said of it.
    #[serde(default)]
    pub(crate) feedback: Feedback,
    #[serde(default)]
    pub(crate) device: Device,
    #[serde(default)]
    pub(crate) hazard: Hazard,
    #[serde(default)]
    pub(crate) origin: Origin,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recent {
    modality: Modality,
    stats: PackedStats,
    /// Score of this window alone.
    llr: f64,
}

/// All of the session, a modality.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pool {
    modality: Modality,
    inputs: u32,
    stats: PackedStats,
}

impl SessionState {
    /// Takes the next window of the session and concludes.
    pub fn observe(
        &mut self,
        population: &Population,
        profile: &Profile,
        policy: &Policy,
        modality: Modality,
        inputs: u32,
        stats: &FeatureStats,
    ) -> Assessment {
        let reference = self.device.reference(population, profile);
        self.pool(modality, inputs, stats);
        let maturity = profile.maturity(policy);
        let mature = |m: Modality| maturity.iter().any(|s| s.modality == m && s.mature);
        if !maturity.iter().any(|m| m.mature) {
            return self.against_start(population, &maturity, policy, modality, inputs, stats);
        }
        let packed = PackedStats::from(stats);
        let alone = Scored::of(Windows::of([(modality, &packed)]), 1, population, &reference);
        if !mature(modality) || alone.compared.is_empty() {
            return self.unchanged(modality, mature(modality));
        }
        self.begin(profile);
        if let Some(pool) = self.pools.iter().find(|p| p.modality == modality) {
            self.device.sees(population, profile, modality, &pool.stats.unpack());
        }
        self.recent.push(Recent { modality, stats: packed, llr: sum(&alone.compared) });
        if self.recent.len() > SUFFIXES[SUFFIXES.len() - 1] {
            self.recent.remove(0);
        }
        self.hazard.window();
        let (suffixes, pools) = self.suffixes(population, &reference, alone);
        self.origin.window(&suffixes);
        if self.changed(policy, &suffixes, (modality, inputs, stats)) {
            return self.unlike_profile(population, policy, &suffixes);
        }
        let standing = self.stand(&suffixes, policy, self.origin.cause(self.feedback));
        let strongest = strongest(&suffixes);
        let pool = pools.iter().find(|p| p.windows == strongest.windows);
        let evidence = pool.map(|p| p.evidence(population, &reference)).unwrap_or_default();
        let facts = if standing.kind == VerdictKind::Genuine { Vec::new() } else { self.origin.evidence() };
        Assessment {
            kind: standing.kind,
            cause: standing.cause,
            trust: Some(standing.trust),
            llr: Some(standing.llr),
            reason: reason(standing.kind, standing.cause, standing.llr, strongest.windows),
            evidence: told_with(evidence, facts, standing.llr),
        }
    }

    /// Concludes anew, from what follows.
    pub(crate) fn begin_anew(&mut self) {
        self.standing = None;
        self.recent.clear();
        self.start = OwnStart::default();
        self.hazard = Hazard::default();
    }

    /// Says that whoever is at the controls has just unlocked the screen with the subject's own secret: judging begins anew with
    /// what follows. What a session may teach stays as it was, since the doubt of before is not refuted.
    pub fn unlocked(&mut self) {
        self.begin_anew();
    }

    /// Called once, when the session has closed: teaches the profile what may be learned of the session. Returns whether
    /// the profile changed. A session that was ever doubted by too much teaches nothing, nor does one of too little input, one that
    /// is unlike what has been learned so far, or one that the founding sessions of a mature profile do not make likelier than
    /// someone else's: however small its steps, a profile never walks away from what it was founded on.
    pub fn close(&self, population: &Population, policy: &Policy, profile: &mut Profile) -> bool {
        if self.doubted || self.feedback == Feedback::Confirmed {
            return false;
        }
        let vouched = self.feedback.vouches();
        let maturity = profile.maturity(policy);
        let mature = |m| maturity.iter().any(|s| s.modality == m && s.mature);
        let known = self.device.reference(population, profile);
        let founding = profile.founded();
        let mut changed = false;
        for pool in self.pools.iter().filter(|p| p.inputs >= least_taught(p.modality)) {
            let (modality, stats) = (pool.modality, pool.stats.unpack());
            let fits = |reference: &Reference, least: f64| {
                score_against(population, reference, modality, &stats).is_none_or(|s| s.llr >= least)
            };
            if !vouched && !fits(&known, ESTRANGED) {
                continue;
            }
            let taken = match (mature(modality), vouched) {
                (false, _) => Taken::Founding,
                (true, true) => Taken::Vouched,
                (true, false) => Taken::Later,
            };
            if taken == Taken::Later && !fits(&self.device.reference(population, &founding), FITS_FOUNDING) {
                continue;
            }
            profile.add(modality, pool.inputs, &stats, (taken, self.device.key(modality)));
            changed = true;
        }
        changed
    }

    /// Trust now, 0 to 100; `None` before anything could be scored. Of a session that is learned, trust in that it goes on
    /// as it began, which a verdict does not tell.
    #[must_use]
    pub fn trust(&self) -> Option<f64> {
        self.standing.map(|s| s.trust)
    }

    /// Whether there is doubt about the person now.
    #[must_use]
    pub fn in_doubt(&self) -> bool {
        self.standing.is_some_and(|s| s.kind != VerdictKind::Genuine)
    }

    /// No profile is mature: `learning`, unless the session clearly does not go on as it began.
    fn against_start(
        &mut self,
        population: &Population,
        maturity: &[Maturity],
        policy: &Policy,
        modality: Modality,
        inputs: u32,
        stats: &FeatureStats,
    ) -> Assessment {
        self.start.push(modality, inputs, stats, self.in_doubt());
        self.hazard.window();
        let suffixes = self.start.suffixes(population);
        if suffixes.is_empty() {
            return match self.standing {
                Some(Standing { kind: VerdictKind::DifferentPerson, .. }) => self.unchanged(modality, false),
                _ => learning(maturity, policy),
            };
        }
        let standing = self.stand(&suffixes, policy, Cause::Takeover);
        if standing.kind != VerdictKind::DifferentPerson {
            return learning(maturity, policy);
        }
        let windows = strongest(&suffixes).windows;
        Assessment {
            kind: standing.kind,
            cause: standing.cause,
            trust: Some(standing.trust),
            llr: Some(standing.llr),
            reason: reason_of_start(standing.llr, windows, "the profile is still being learned"),
            evidence: told(self.start.evidence(population, windows), standing.llr),
        }
    }

    /// Concludes; `cause` is what it is put down to if someone else is at the controls and was not before.
    pub(crate) fn stand(&mut self, suffixes: &[Suffix], policy: &Policy, cause: Cause) -> Standing {
        self.hazard.settle(suffixes);
        let was = self.standing.map_or(VerdictKind::Genuine, |s| s.kind);
        let mut standing = conclude(suffixes, policy, &self.hazard, was);
        if standing.kind == VerdictKind::DifferentPerson {
            standing.cause = self.standing.and_then(|s| s.cause).or(Some(cause));
        }
        self.standing = Some(standing);
        self.doubted |=
            standing.kind == VerdictKind::DifferentPerson || standing.trust < policy.unteachable_below;
        standing
    }

    fn pool(&mut self, modality: Modality, inputs: u32, stats: &FeatureStats) {
        match self.pools.iter_mut().find(|p| p.modality == modality) {
            Some(pool) => {
                let mut pooled = pool.stats.unpack();
                pooled.merge(stats);
                pool.inputs = pool.inputs.saturating_add(inputs);
                pool.stats = (&pooled).into();
            }
            None => self.pools.push(Pool { modality, inputs, stats: stats.into() }),
        }
    }

    /// Suffixes and what was scored for them, the shortest first: that of the newest window, which is scored already.
    fn suffixes<'a>(
        &self,
        population: &'a Population,
        reference: &Reference,
        newest: Scored<'a>,
    ) -> (Vec<Suffix>, Vec<Scored<'a>>) {
        let mut newest = Some(newest);
        let (mut suffixes, mut scored) = (Vec::with_capacity(SUFFIXES.len()), Vec::new());
        // A suffix begins with what the next shorter one holds.
        let mut pool = Windows::default();
        let mut reached = 0;
        for windows in SUFFIXES {
            let windows = windows.min(self.recent.len());
            if windows == reached {
                break;
            }
            let from = self.recent.len() - windows;
            for recent in self.recent[from..self.recent.len() - reached].iter().rev() {
                pool.add(recent.modality, &recent.stats);
            }
            reached = windows;
            let part = &self.recent[from..];
            let anew = || Scored::of(pool.clone(), windows, population, reference);
            let all = newest.take().unwrap_or_else(anew);
            let alone: Vec<f64> = part.iter().map(|r| r.llr).collect();
            suffixes.push(Suffix::of(&alone, |without| match without {
                None => sum(&all.compared),
                Some(_) => {
                    let kept = part.iter().enumerate().filter(|(i, _)| Some(*i) != without);
                    let kept = Windows::of(kept.map(|(_, r)| (r.modality, &r.stats)));
                    sum(&kept.compare(population, reference))
                }
            }));
            scored.push(all);
        }
        (suffixes, scored)
    }

    /// A window that cannot be scored leaves the conclusion as it stands.
    fn unchanged(&self, modality: Modality, mature: bool) -> Assessment {
        let what = match modality {
            Modality::Keyboard => "keyboard",
            Modality::Pointer => "pointer",
            Modality::Touch => "touch",
        };
        let why =
            if mature { "shows nothing that the profile knows" } else { "profile is still being learned" };
        Assessment {
            kind: self.standing.map_or(VerdictKind::NotScorable, |s| s.kind),
            cause: self.standing.and_then(|s| s.cause),
            trust: self.standing.map(|s| s.trust),
            llr: self.standing.map(|s| s.llr),
            reason: format!("this window was not scored: its {what} {why}"),
            evidence: Vec::new(),
        }
    }
}

fn least_taught(modality: Modality) -> u32 {
    LEAST_TAUGHT
        * match modality {
            Modality::Keyboard => MIN_KEYSTROKES,
            Modality::Pointer | Modality::Touch => MIN_STROKES,
        }
}

/// Windows of a suffix beside the profile.
struct Scored<'a> {
    windows: usize,
    pool: Windows,
    compared: Vec<(Modality, Compared<'a>)>,
}

impl<'a> Scored<'a> {
    fn of(pool: Windows, windows: usize, population: &'a Population, reference: &Reference) -> Self {
        let compared = pool.compare(population, reference);
        Self { windows, pool, compared }
    }

    fn evidence(&self, population: &Population, reference: &Reference) -> Vec<Evidence> {
        let of = |(m, compared): &(Modality, Compared<'_>)| {
            explain(
                population,
                reference,
                *m,
                &self.pool.stats(*m),
                &compared.score().weighed(Weights::PROFILE),
            )
        };
        self.compared.iter().flat_map(of).collect()
    }
}

fn sum(compared: &[(Modality, Compared<'_>)]) -> f64 {
    compared.iter().map(|(_, c)| c.evidence(Weights::PROFILE)).sum()
}
