//! One session as the engine sees it: its recent windows, its trust, its pooled stats. Serialises with serde, so that any
//! server process can go on with it.
//!
//! Windows of one session share the session term, so their scores are not added up: the stats of the last 1, 2, 4, 8 and 16
//! windows are pooled and each pool is scored. A takeover that long ago is one hypothesis each, weighed by a small hazard a
//! window (Shiryaev 1963); trust is the posterior that none of them holds.

use serde::{Deserialize, Serialize};
use tacit_proto::{FeatureStats, MIN_KEYSTROKES, MIN_STROKES, Modality};

use crate::explain::explain;
use crate::profile::PackedStats;
use crate::{Assessment, Evidence, Policy, Population, Profile, Reference, VerdictKind, score_against};

/// Suffixes of the session that are scored, in windows.
const SUFFIXES: [usize; 5] = [1, 2, 4, 8, 16];
/// The evidence of one pool is drawn into this range: a ratio beyond it only says that the model is wrong.
const MOST_EVIDENCE: f64 = 25.0;
/// A session this unlike what is already learned is not learned.
const ESTRANGED: f64 = -5.0;
/// Windows' worth of least input below which a session teaches nothing.
const LEAST_TAUGHT: u32 = 2;
/// Share of the way from the threshold back to full trust that lifts a suspicion: verdicts do not flap.
const RELIEF: f64 = 0.4;

/// State of an open session.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SessionState {
    /// The last windows of mature modalities, oldest first.
    recent: Vec<Recent>,
    pools: Vec<Pool>,
    standing: Option<Standing>,
    /// Was ever suspicious or worse.
    doubted: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Recent {
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
    /// Against what was learned before, while that is not mature.
    estranged: bool,
}

/// The latest conclusion about the person.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Standing {
    kind: VerdictKind,
    trust: f64,
    llr: f64,
}

/// Score of one suffix, both modalities.
struct Suffix {
    windows: usize,
    llr: f64,
    /// The same without the window that speaks most against the subject; nothing for a single window.
    rest: f64,
    /// Windows that by themselves speak against the subject.
    against: usize,
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
        let reference = profile.reference(population);
        self.pool(population, &reference, modality, inputs, stats);
        let maturity = profile.maturity(policy);
        let mature = |m: Modality| maturity.iter().any(|s| s.modality == m && s.mature);
        if !maturity.iter().any(|m| m.mature) {
            return learning(&maturity, policy);
        }
        let alone =
            if mature(modality) { score_against(population, &reference, modality, stats) } else { None };
        let Some(alone) = alone else {
            return self.unchanged(modality, mature(modality));
        };
        self.recent.push(Recent { modality, stats: stats.into(), llr: alone.llr });
        if self.recent.len() > SUFFIXES[SUFFIXES.len() - 1] {
            self.recent.remove(0);
        }
        let suffixes = self.suffixes(population, &reference);
        let standing = self.conclude(&suffixes, policy);
        self.standing = Some(standing);
        if standing.kind != VerdictKind::Genuine {
            self.doubted = true;
        }
        let strongest = strongest(&suffixes);
        let evidence = self.evidence(population, &reference, strongest.windows);
        Assessment {
            kind: standing.kind,
            trust: Some(standing.trust),
            llr: Some(standing.llr),
            reason: reason(standing.kind, strongest.windows),
            evidence,
        }
    }

    /// Called once, when the session has closed: teaches the profile what may be learned of the session. Returns whether
    /// the profile changed. A session that was ever suspicious teaches nothing, nor does one of too little input or one that
    /// is unlike what has been learned so far.
    pub fn close(&self, profile: &mut Profile) -> bool {
        if self.doubted {
            return false;
        }
        let mut changed = false;
        for pool in self.pools.iter().filter(|p| !p.estranged && p.inputs >= least_taught(p.modality)) {
            profile.learn(pool.modality, pool.inputs, &pool.stats.unpack());
            changed = true;
        }
        changed
    }

    /// Trust now, 0 to 100; `None` before anything could be scored.
    #[must_use]
    pub fn trust(&self) -> Option<f64> {
        self.standing.map(|s| s.trust)
    }

    fn pool(
        &mut self,
        population: &Population,
        reference: &Reference,
        modality: Modality,
        inputs: u32,
        stats: &FeatureStats,
    ) {
        let at = match self.pools.iter().position(|p| p.modality == modality) {
            Some(at) => at,
            None => {
                self.pools.push(Pool {
                    modality,
                    inputs: 0,
                    stats: PackedStats::default(),
                    estranged: false,
                });
                self.pools.len() - 1
            }
        };
        let pool = &mut self.pools[at];
        let mut pooled = pool.stats.unpack();
        pooled.merge(stats);
        pool.inputs = pool.inputs.saturating_add(inputs);
        pool.stats = (&pooled).into();
        let score = score_against(population, reference, modality, &pooled);
        pool.estranged = score.is_some_and(|s| s.llr < ESTRANGED);
    }

    fn suffixes(&self, population: &Population, reference: &Reference) -> Vec<Suffix> {
        let mut suffixes = Vec::with_capacity(SUFFIXES.len());
        let mut reached = 0;
        for windows in SUFFIXES {
            let windows = windows.min(self.recent.len());
            if windows == reached {
                break;
            }
            reached = windows;
            let part: Vec<&Recent> = self.recent[self.recent.len() - windows..].iter().collect();
            let ratio = |part: &[&Recent]| {
                Modality::ALL
                    .into_iter()
                    .filter_map(|m| score_against(population, reference, m, &pooled(part, m)))
                    .map(|s| s.llr)
                    .sum::<f64>()
                    .clamp(-MOST_EVIDENCE, MOST_EVIDENCE)
            };
            let llr = ratio(&part);
            let worst = (0..windows).min_by(|a, b| part[*a].llr.total_cmp(&part[*b].llr)).unwrap_or(0);
            let others: Vec<&Recent> =
                part.iter().enumerate().filter(|(i, _)| *i != worst).map(|(_, r)| *r).collect();
            let against = part.iter().filter(|r| r.llr < 0.0).count();
            suffixes.push(Suffix { windows, llr, rest: ratio(&others), against });
        }
        suffixes
    }

    fn conclude(&self, suffixes: &[Suffix], policy: &Policy) -> Standing {
        // No single window decides: enough windows must each speak against the subject, and what names someone else must
        // be said at least half by all windows but the worst.
        let agreed = trust(suffixes, policy, |s| {
            let enough = u32::try_from(s.against).is_ok_and(|w| w >= policy.least_windows.max(2));
            if enough { s.llr.max(2.0 * s.rest) } else { f64::INFINITY }
        });
        let trust = trust(suffixes, policy, |s| s.llr);
        let was = self.standing.map_or(VerdictKind::Genuine, |s| s.kind);
        let relieved =
            if was == VerdictKind::Genuine { 0.0 } else { RELIEF * (100.0 - policy.suspicious_below) };
        let kind = if agreed < policy.different_person_below {
            VerdictKind::DifferentPerson
        } else if trust >= policy.suspicious_below + relieved {
            VerdictKind::Genuine
        } else if was == VerdictKind::DifferentPerson {
            VerdictKind::DifferentPerson
        } else {
            VerdictKind::Suspicious
        };
        Standing { kind, trust, llr: strongest(suffixes).llr }
    }

    fn evidence(&self, population: &Population, reference: &Reference, windows: usize) -> Vec<Evidence> {
        let from = self.recent.len() - windows.min(self.recent.len());
        let part: Vec<&Recent> = self.recent[from..].iter().collect();
        let mut evidence: Vec<Evidence> = Modality::ALL
            .into_iter()
            .flat_map(|m| {
                let stats = pooled(&part, m);
                score_against(population, reference, m, &stats)
                    .map(|score| explain(population, reference, m, &stats, &score))
                    .unwrap_or_default()
            })
            .collect();
        evidence.sort_by(|a, b| b.llr.abs().total_cmp(&a.llr.abs()));
        evidence.truncate(5);
        evidence
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

/// Posterior, 0 to 100, that no takeover began at any of the suffixes, given the ratio of each.
fn trust(suffixes: &[Suffix], policy: &Policy, llr: impl Fn(&Suffix) -> f64) -> f64 {
    let mut odds = 0.0;
    let mut before = 0;
    for suffix in suffixes {
        // A suffix stands for every beginning since the next shorter one.
        #[expect(clippy::cast_precision_loss, reason = "at most 16 windows")]
        let beginnings = (suffix.windows - before) as f64;
        before = suffix.windows;
        odds += policy.takeover_hazard * beginnings * (-llr(suffix)).exp();
    }
    100.0 / (1.0 + odds)
}

fn pooled(part: &[&Recent], modality: Modality) -> FeatureStats {
    let mut stats = FeatureStats::new();
    for recent in part.iter().filter(|r| r.modality == modality) {
        stats.merge(&recent.stats.unpack());
    }
    stats
}

/// The suffix that speaks most against the subject.
fn strongest(suffixes: &[Suffix]) -> &Suffix {
    static NONE: Suffix = Suffix { windows: 1, llr: 0.0, rest: 0.0, against: 0 };
    suffixes.iter().min_by(|a, b| a.llr.total_cmp(&b.llr)).unwrap_or(&NONE)
}

fn reason(kind: VerdictKind, windows: usize) -> String {
    let span =
        if windows == 1 { "the last window".to_owned() } else { format!("the last {windows} windows") };
    match kind {
        VerdictKind::Genuine => format!("{span} fit the profile"),
        VerdictKind::Suspicious => format!("{span} fit someone else better; more input will tell"),
        VerdictKind::DifferentPerson => format!("{span} fit someone else, by more than chance allows"),
        VerdictKind::Learning | VerdictKind::NotScorable => String::new(),
    }
}

fn learning(maturity: &[crate::Maturity], policy: &Policy) -> Assessment {
    let of = |modality: Modality, least: u64, unit: &str| {
        let so_far = maturity.iter().find(|m| m.modality == modality);
        let (sessions, inputs) = so_far.map_or((0, 0), |m| (m.sessions, m.inputs));
        format!("{inputs} of {least} {unit} in {sessions} of {} sessions", policy.mature_sessions)
    };
    let mut reason = format!(
        "the profile is being learned: {}; {}",
        of(Modality::Keyboard, policy.mature_keystrokes, "keystrokes"),
        of(Modality::Pointer, policy.mature_strokes, "strokes"),
    );
    // Most workstations have no touch screen.
    if maturity.iter().any(|m| m.modality == Modality::Touch) {
        reason += "; ";
        reason += &of(Modality::Touch, policy.mature_strokes, "touch strokes");
    }
    Assessment { kind: VerdictKind::Learning, trust: None, llr: None, reason, evidence: Vec::new() }
}
