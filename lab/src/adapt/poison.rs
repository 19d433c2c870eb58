//! An impostor who stays just below suspicion: how soon does the profile become the impostor's?
//!
//! Each working day the impostor types one session as the subject would, but for as much of their own manner as is not
//! doubted: the worst case, since the impostor knows the profile and the verdicts beforehand. The session teaches the profile,
//! and the next day a little more is possible.

use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use tacit_engine::{Policy, Population, Profile, score};
use tacit_proto::{FeatureStats, Modality, Stat};

use super::people::{Hearing, Part, Worker, judged, sessions};
use super::{mean, share};
use crate::data::Sample;

/// Working days that are told.
const DAYS: usize = 20;
/// Windows of a session: 1,000 keys.
const WINDOWS: usize = 20;
/// Halvings of what the impostor may add.
const HALVINGS: usize = 6;
/// Logs that both must have: the subject's first enrols, the last judges.
const LEAST_LOGS: usize = 3;
/// Variance below which a spread says nothing.
const LEAST_VARIANCE: f64 = 1e-6;

/// One day, over pairs of a subject and an impostor; a JSON object a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Whether the subject works on the same days, and teaches the profile too.
    pub subject_works: bool,
    /// Working days of poisoning; 0 is before the first.
    pub day: usize,
    /// Pairs of a subject and an impostor.
    pub pairs: usize,
    /// Mean share of the impostor's own manner that the day's session had.
    pub mix: f64,
    /// Share of impostors whose session taught.
    pub taught: f64,
    /// Share of impostors who type as themselves for a session, unsuspected: they own the profile.
    pub owned: f64,
    /// Share of the subject's sessions that are doubted.
    pub genuine_doubted: f64,
    /// Share of the subject's sessions that are called someone else's.
    pub genuine_flagged: f64,
    /// Mean score of the subject's sessions, natural log.
    pub genuine_llr: f64,
}

/// One day of one pair.
struct Day {
    mix: f64,
    taught: bool,
    owned: bool,
    /// Shares of the subject's sessions.
    doubted: f64,
    flagged: f64,
    llr: f64,
}

impl super::Row for Row {
    const NAME: &'static str = "poison";

    fn heading() -> String {
        format!(
            "{:<8} {:>4} {:>6} {:>6} {:>8} {:>8} {:>12} {:>12} {:>10}",
            "subject", "day", "pairs", "mix", "taught", "owned", "own doubted", "own flagged", "own score"
        )
    }

    fn line(&self) -> String {
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        format!(
            "{:<8} {:>4} {:>6} {:>6.2} {:>8} {:>8} {:>12} {:>12} {:>10.2}",
            if self.subject_works { "works" } else { "away" },
            self.day,
            self.pairs,
            self.mix,
            percent(self.taught),
            percent(self.owned),
            percent(self.genuine_doubted),
            percent(self.genuine_flagged),
            self.genuine_llr
        )
    }

    fn of(&self) -> String {
        format!("subject {}, day {}", if self.subject_works { "works" } else { "away" }, self.day)
    }

    fn shares(&self) -> Vec<f64> {
        vec![self.mix, self.taught, self.owned, self.genuine_doubted, self.genuine_flagged]
    }

    fn measure(workers: &[Worker], bar: &ProgressBar) -> Vec<Self> {
        let mut rows = Vec::new();
        for subject_works in [false, true] {
            let pairs = judged(workers, bar, |part, own| pair(part, own, subject_works));
            if pairs.is_empty() {
                break;
            }
            rows.extend((0..=DAYS).map(|day| {
                let days = || pairs.iter().map(|pair: &Vec<Day>| &pair[day]);
                Row {
                    subject_works,
                    day,
                    pairs: pairs.len(),
                    mix: mean(days().map(|d| d.mix)),
                    taught: share(days().map(|d| d.taught)),
                    owned: share(days().map(|d| d.owned)),
                    genuine_doubted: mean(days().map(|d| d.doubted)),
                    genuine_flagged: mean(days().map(|d| d.flagged)),
                    genuine_llr: mean(days().map(|d| d.llr)),
                }
            }));
        }
        rows
    }
}

/// A subject, and the next one of the part who can be an impostor. `None` if either has too few logs.
fn pair(part: &Part<'_>, own: usize, subject_works: bool) -> Option<Vec<Day>> {
    let able = |worker: &&Worker| worker.logs.len() >= LEAST_LOGS;
    let subject = Some(part.workers[own]).filter(able)?;
    let others = part.workers[own + 1..].iter().chain(&part.workers[..own]);
    let impostor = others.copied().find(able)?;
    let typed = |worker: &Worker| {
        let logs: Vec<Vec<Vec<Sample>>> = worker.logs.iter().map(|log| sessions(log, WINDOWS)).collect();
        logs.iter().all(|log| !log.is_empty()).then_some(logs)
    };
    let (subject, impostor) = (typed(subject)?, typed(impostor)?);
    let (enrolment, between, judged) = (subject.first()?, &subject[1..subject.len() - 1], subject.last()?);
    let work: Vec<&Vec<Sample>> = between.iter().flatten().collect();
    let (own_session, attacks) = (impostor.last()?.first()?, &impostor[..impostor.len() - 1]);
    let attacks: Vec<&Vec<Sample>> = attacks.iter().flatten().collect();
    let desk = Desk { population: &part.population, policy: Policy::default() };
    let mut profile = Profile::default();
    for session in enrolment {
        desk.teach(&mut profile, session);
    }
    let mature = profile.maturity(&desk.policy).iter().any(|m| m.mature);
    let towards = Disguise::of(&attacks, enrolment).filter(|_| mature)?;
    let mut days = vec![desk.day(&profile, 0.0, false, own_session, judged)];
    for at in 0..DAYS {
        if subject_works {
            desk.teach(&mut profile, work[at % work.len()]);
        }
        let session = attacks[at % attacks.len()];
        let mix = desk.most(&profile, |mix| towards.of_session(session, mix));
        let taught = desk.teach(&mut profile, &towards.of_session(session, mix));
        days.push(desk.day(&profile, mix, taught, own_session, judged));
    }
    Some(days)
}

/// Where sessions are judged.
struct Desk<'a> {
    population: &'a Population,
    policy: Policy,
}

impl Desk<'_> {
    /// Whether the session taught.
    fn teach(&self, profile: &mut Profile, session: &[Sample]) -> bool {
        Hearing::of(self.population, profile, &self.policy, session).state.close(
            self.population,
            &self.policy,
            profile,
        )
    }

    /// The largest mix found that is not doubted and teaches; 0 if none is.
    fn most(&self, profile: &Profile, session: impl Fn(f64) -> Vec<Sample>) -> f64 {
        let passes = |mix| {
            let session = session(mix);
            Hearing::is_unsuspected(self.population, profile, &self.policy, &session)
                && self.teach(&mut profile.clone(), &session)
        };
        if passes(1.0) {
            return 1.0;
        }
        let (mut passed, mut failed) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let mix = f64::midpoint(passed, failed);
            let side = if passes(mix) { &mut passed } else { &mut failed };
            *side = mix;
        }
        passed
    }

    fn day(
        &self,
        profile: &Profile,
        mix: f64,
        taught: bool,
        impostor: &[Sample],
        subject: &[Vec<Sample>],
    ) -> Day {
        let owned = Hearing::is_unsuspected(self.population, profile, &self.policy, impostor);
        let hearings = subject.iter().map(|s| Hearing::of(self.population, profile, &self.policy, s));
        let hearings: Vec<Hearing> = hearings.collect();
        let llr = |session: &Vec<Sample>| {
            let pooled = Sample::pool(session)?;
            score(self.population, profile, Modality::Keyboard, &pooled.stats).map(|s| s.llr)
        };
        Day {
            mix,
            taught,
            owned,
            doubted: share(hearings.iter().map(|h| h.doubted)),
            flagged: share(hearings.iter().map(|h| h.flags > 0)),
            llr: mean(subject.iter().filter_map(llr)),
        }
    }
}

/// How an impostor types nearer to a subject: the impostor's own windows, moved and spread towards the subject's.
struct Disguise {
    impostor: FeatureStats,
    subject: FeatureStats,
}

impl Disguise {
    fn of(impostor: &[&Vec<Sample>], subject: &[Vec<Sample>]) -> Option<Self> {
        let impostor = Sample::pool(impostor.iter().copied().flatten())?.stats;
        Some(Self { impostor, subject: Sample::pool(subject.iter().flatten())?.stats })
    }

    /// The session with so much of the impostor's manner: 1 is the impostor, 0 lies about the subject's means and spreads.
    fn of_session(&self, session: &[Sample], mix: f64) -> Vec<Sample> {
        let moved = |window: &Sample| {
            let mut stats = FeatureStats::new();
            for s in window.stats.iter() {
                let ends = self.impostor.get(s.feature).zip(self.subject.get(s.feature));
                let stat = ends.and_then(|(from, to)| moved(&s.stat, from, to, 1.0 - mix));
                stats.add(s.feature, &stat.unwrap_or(s.stat));
            }
            Sample { inputs: window.inputs, stats }
        };
        session.iter().map(moved).collect()
    }
}

/// A stat moved part of the way from one person's mean and spread to another's, in transformed units.
fn moved(stat: &Stat, from: &Stat, to: &Stat, part: f64) -> Option<Stat> {
    let mean = stat.mean() + part * (to.mean() - from.mean());
    let known = from.variance() > LEAST_VARIANCE && to.variance() > LEAST_VARIANCE;
    let spread = if known { (to.variance() / from.variance()).powf(part) } else { 1.0 };
    Stat::new(stat.count(), mean, stat.variance() * spread)
}

#[cfg(test)]
mod tests {
    use tacit_proto::catalogue::{DOWN_DOWN_LEFT_SPACE, HOLD_LEFT, HOLD_RIGHT};

    use super::*;

    fn sample(values: &[f64]) -> Sample {
        let mut stats = FeatureStats::new();
        values.iter().for_each(|v| stats.push(HOLD_LEFT, *v));
        stats.push(DOWN_DOWN_LEFT_SPACE, 5.0);
        Sample { inputs: 50, stats }
    }

    #[test]
    fn a_disguise_lies_between_the_impostor_and_the_subject() {
        let (impostor, mut subject) = (vec![sample(&[4.0, 5.0])], vec![sample(&[3.0, 3.5])]);
        subject[0].stats.push(HOLD_RIGHT, 4.0);
        let disguise = Disguise::of(&[&impostor], std::slice::from_ref(&subject)).unwrap();
        let hold = |mix| *disguise.of_session(&impostor, mix)[0].stats.get(HOLD_LEFT).unwrap();
        assert_eq!(hold(1.0), *impostor[0].stats.get(HOLD_LEFT).unwrap());
        let (none, half) = (hold(0.0), hold(0.5));
        assert!((none.mean() - 3.25).abs() < 1e-12 && (none.variance() - 0.0625).abs() < 1e-12);
        assert!((half.mean() - 3.875).abs() < 1e-12 && (half.variance() - 0.125).abs() < 1e-12);
        let moved = &disguise.of_session(&impostor, 0.5)[0].stats;
        assert!(moved.get(HOLD_RIGHT).is_none(), "what is not typed is not made up");
    }
}
