//! One session as the engine sees it: its recent windows, its trust, its pooled stats. Serialises with serde, so that any
//! server process can go on with it.
//!
//! Windows of one session share the session term, so their scores are not added up: the stats of the last 1, 2, 3, 4, 6, 8, 16
//! and 32 windows are pooled and each pool is scored. A takeover that long ago is one hypothesis each, weighed by a small hazard a
//! window (Shiryaev 1963); trust is the posterior that none of them holds. While the subject has no mature profile, the
//! session's own start takes its place.

use serde::{Deserialize, Serialize};
use tacit_proto::{FeatureStats, MIN_KEYSTROKES, MIN_STROKES, Modality};

use crate::device::Device;
use crate::explain::{beside, explain, told, told_with};
use crate::feedback::Feedback;
use crate::hazard::Hazard;
use crate::origin::Origin;
use crate::packed::PackedStats;
use crate::pool::{Windows, compare, evidence};
use crate::profile::Taken;
use crate::reason::{learning, reason, reason_of_start};
use crate::score::{Compared, Weights};
use crate::start::{self, Beside, OwnStart, Seen, Sitting};
use crate::suffix::{Ratio, SUFFIXES, Standing, Suffix, conclude, strongest};
use crate::verdict::Cause;
use crate::{
    Assessment, Evidence, Maturity, Policy, Population, Profile, Reference, VerdictKind, score_against,
};

/// A session this unlike what is already learned is not learned.
const ESTRANGED: f64 = -5.0;
/// Least ratio of a session by the founding sessions alone, for a mature profile to follow it. Genuine sessions of 1,000 keys
/// have a mean of 7.
const FITS_FOUNDING: f64 = 3.0;
/// What profile and the session's own start count for together: both speak of the same windows, so that much is said twice.
const TOGETHER: f64 = 0.7;
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
    /// What came before the latest windows.
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
    /// Keystrokes or strokes; none if an earlier version kept it.
    #[serde(default)]
    inputs: u32,
    stats: PackedStats,
    /// Score of this window alone.
    llr: f64,
}

impl Recent {
    fn seen(&self) -> Seen<'_> {
        Seen { modality: self.modality, inputs: self.inputs, stats: &self.stats }
    }
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
        if !mature(modality) || !reference.knows(population, modality, stats) {
            return self.unchanged(modality, mature(modality));
        }
        self.begin(profile);
        if let Some(pool) = self.pools.iter().find(|p| p.modality == modality) {
            self.device.sees(population, profile, modality, || pool.stats.unpack());
        }
        self.push(Recent { modality, inputs, stats: PackedStats::from(stats), llr: 0.0 });
        self.hazard.window();
        let pools = self.score(population, &reference);
        let mut suffixes = self.suffixes(population, &reference, &pools);
        self.origin.window(&suffixes);
        if self.changed(policy, &suffixes) {
            return self.unlike_profile(population, policy, &suffixes);
        }
        let start = self.beside_start(population, &reference, policy, &pools, &mut suffixes);
        let standing = self.stand(&suffixes, policy, self.origin.cause(self.feedback));
        let strongest = strongest(&suffixes);
        let pool = pools.iter().find(|p| p.windows == strongest.windows);
        let mut evidence = pool.map(|p| p.evidence(population, &reference)).unwrap_or_default();
        if let Some(start) = start.filter(|_| strongest.taken_over) {
            evidence.extend(beside(start.evidence(strongest.windows)));
            evidence.iter_mut().for_each(|e| e.llr *= TOGETHER);
        }
        let facts = if standing.kind == VerdictKind::Genuine { Vec::new() } else { self.origin.evidence() };
        Assessment {
            kind: standing.kind,
            cause: standing.cause,
            trust: Some(standing.trust),
            llr: Some(standing.llr),
            reason: reason(standing.kind, standing.cause, &strongest),
            evidence: told_with(evidence, facts, standing.llr),
        }
    }

    /// Takes the newest window among the latest. What leaves them is the session's start, unless the session is in doubt: it may
    /// be someone else's.
    fn push(&mut self, window: Recent) {
        // What is among the latest already is no start of them.
        self.start.settle(self.in_doubt() || !self.recent.is_empty());
        self.recent.push(window);
        if self.recent.len() > SUFFIXES[SUFFIXES.len() - 1] {
            let oldest = self.recent.remove(0);
            if !self.in_doubt() {
                self.start.keep(oldest.seen());
            }
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
        let Some(sitting) = self.start.sitting(population) else {
            return match self.standing {
                Some(Standing { kind: VerdictKind::DifferentPerson, .. }) => self.unchanged(modality, false),
                _ => learning(maturity, policy),
            };
        };
        let suffixes = sitting.suffixes();
        let standing = self.stand(&suffixes, &start::policy_alone(policy), Cause::Takeover);
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
            evidence: told(sitting.evidence(windows), standing.llr),
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

    /// Scores the latest windows by the profile, as many as a suffix has, the shortest first: that of the newest window alone.
    fn score<'a>(&mut self, population: &'a Population, reference: &Reference) -> Vec<Scored<'a>> {
        let mut pools: Vec<(usize, Windows)> = Vec::with_capacity(SUFFIXES.len());
        // A suffix begins with what the next shorter one holds.
        let (mut pool, mut reached) = (Windows::default(), 0);
        for windows in SUFFIXES.map(|windows| windows.min(self.recent.len())) {
            if windows == reached {
                break;
            }
            let added = self.recent.iter().rev().take(windows).skip(reached);
            added.for_each(|recent| pool.add(recent.modality, &recent.stats));
            reached = windows;
            pools.push((windows, pool.clone()));
        }
        let (lengths, pools): (Vec<_>, Vec<_>) = pools.into_iter().unzip();
        let compared = compare(&pools, population, reference);
        let scored = lengths.into_iter().zip(pools).zip(compared);
        let scored: Vec<_> = scored
            .map(|((windows, pool), compared)| {
                let llr = evidence(&compared, Weights::PROFILE);
                Scored { windows, pool, compared, llr }
            })
            .collect();
        if let (Some(newest), Some(alone)) = (self.recent.last_mut(), scored.first()) {
            newest.llr = alone.llr;
        }
        scored
    }

    fn suffixes(&self, population: &Population, reference: &Reference, pools: &[Scored<'_>]) -> Vec<Suffix> {
        let alone: Vec<f64> = self.recent.iter().map(|r| r.llr).collect();
        let together: Vec<_> = pools.iter().map(|scored| (scored.windows, scored.llr)).collect();
        let rest = |without: &[(usize, usize)]| self.by_profile(population, reference, without);
        let ratios = Ratio::of_all(&alone, &together, rest);
        let suffix =
            |(scored, ratio): (&Scored<'_>, _)| Suffix { windows: scored.windows, ratio, taken_over: None };
        pools.iter().zip(ratios).map(suffix).collect()
    }

    /// What so many windows amount to by the profile, one of them left out.
    fn by_profile(
        &self,
        population: &Population,
        reference: &Reference,
        without: &[(usize, usize)],
    ) -> Vec<f64> {
        let pool = |&(windows, out): &(usize, usize)| {
            let part = &self.recent[self.recent.len() - windows..];
            Windows::without(out, part.iter().map(|r| (r.modality, &r.stats)))
        };
        let pools: Vec<_> = without.iter().map(pool).collect();
        compare(&pools, population, reference).iter().map(|pool| evidence(pool, Weights::PROFILE)).collect()
    }

    /// What came before the latest windows of a session with a profile.
    pub(crate) fn sitting(&self, population: &Population, beside: Beside) -> Option<Sitting> {
        self.start.sitting_before(population, beside, self.recent.iter().map(Recent::seen))
    }

    /// Lets the session's own start tell whether the subject was at the controls before the suffixes that the profile speaks
    /// against: it names nobody whom the profile fits, and need not name whom the profile names. Where an input device
    /// appeared, the session does not go on as it began anyway.
    fn beside_start(
        &mut self,
        population: &Population,
        reference: &Reference,
        policy: &Policy,
        pools: &[Scored<'_>],
        suffixes: &mut [Suffix],
    ) -> Option<Sitting> {
        self.hazard.settle(suffixes);
        let named = conclude(suffixes, policy, &self.hazard, VerdictKind::Genuine).kind;
        let asked = suffixes.iter().any(|s| s.windows > 1 && s.ratio.llr < 0.0);
        if self.device.changed() || !asked || named == VerdictKind::DifferentPerson {
            return None;
        }
        let sitting = self.sitting(population, Beside::Profile)?;
        let both = |by_profile: f64, by_start: f64| TOGETHER * (by_profile + by_start);
        let (lengths, by_profile): (Vec<_>, Vec<_>) = sitting
            .lengths()
            .filter_map(|windows| {
                let doubted = suffixes.iter().any(|s| s.windows == windows && s.ratio.llr < 0.0);
                let scored = pools.iter().find(|scored| doubted && scored.windows == windows)?;
                Some((windows, scored.llr))
            })
            .unzip();
        let (alone, by_start) = sitting.alone_and_together(&lengths);
        let latest = self.recent.iter().skip(self.recent.len() - alone.len());
        let alone: Vec<f64> = latest.zip(&alone).map(|(r, by_start)| both(r.llr, *by_start)).collect();
        let together = by_profile.into_iter().zip(by_start).map(|(p, s)| both(p, s));
        let together: Vec<_> = lengths.into_iter().zip(together).collect();
        let ratios = Ratio::of_all(&alone, &together, |without| {
            let by_profile = self.by_profile(population, reference, without);
            by_profile.into_iter().zip(sitting.without(without)).map(|(p, s)| both(p, s)).collect()
        });
        for ((windows, _), ratio) in together.into_iter().zip(ratios) {
            if let Some(suffix) = suffixes.iter_mut().find(|s| s.windows == windows) {
                suffix.taken_over = Some(ratio);
            }
        }
        Some(sitting)
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
    llr: f64,
}

impl Scored<'_> {
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
