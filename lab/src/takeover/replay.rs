//! One person's sessions against the engine, in order: enrolment, then what was held out, alone and taken over.

use rand::seq::SliceRandom;
use rand::{Rng, RngExt};
use serde::Serialize;
use tacit_engine::Profile;
use tacit_measure::{Settings, TimedInput};
use tacit_proto::Modality;

use super::session::{Session, Slice, Spent, Spliced, Taken, parts};
use super::sweep::{Court, Sweep};

/// One person of a set.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// Sessions that the profile is learned from, in order.
    pub enrolment: Vec<Session>,
    /// Sessions that are judged, in order.
    pub held_out: Vec<Session>,
    /// Sessions that the person takes others' over with; those held out if there are none.
    pub intrusions: Vec<Session>,
}

/// Sessions that the first half of a lone recording enrols.
const LONE_SESSIONS: usize = 3;

impl Subject {
    /// Someone of a lone recording: its first half enrols, its second is judged.
    #[must_use]
    pub fn of_lone(recording: &[TimedInput]) -> Self {
        let halves = parts(recording, 2);
        Self {
            enrolment: parts(halves[0], LONE_SESSIONS).into_iter().map(Session::of).collect(),
            held_out: vec![Session::of(halves[1])],
            intrusions: Vec::new(),
        }
    }
}

/// What a session is judged against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Basis {
    /// The profile that enrolment has learned.
    Profile,
    /// The session's own start: the subject has no profile.
    OwnStart,
}

/// A person's windows and takeovers, drawn once and judged on every basis.
#[derive(Debug, Clone, Default)]
pub struct Case {
    /// Windows of each session that the profile is learned from.
    pub enrolment: Vec<Vec<Slice>>,
    /// Windows of each session that is judged.
    pub held_out: Vec<Vec<Slice>>,
    /// Who goes on in them.
    pub takeovers: Vec<Takeover>,
}

/// One session held out in which another person goes on.
#[derive(Debug, Clone)]
pub struct Takeover {
    /// Which of the sessions held out.
    pub session: usize,
    /// Its windows.
    pub spliced: Spliced,
}

impl Case {
    /// Draws `takeovers` of `people[own]`, by as many others as can.
    #[must_use]
    pub fn draw<'a>(
        people: &[&'a Subject],
        own: usize,
        (modality, settings): (Modality, Settings),
        takeovers: usize,
        rng: &mut impl Rng,
    ) -> Self {
        let subject = people[own];
        let all = |sessions: &[Session]| sessions.iter().map(|s| s.windows(modality, settings)).collect();
        let with = |subject: &'a Subject| {
            if subject.intrusions.is_empty() { &subject.held_out } else { &subject.intrusions }
        };
        let others = people.iter().enumerate().filter(|(other, _)| *other != own);
        let mut others: Vec<&Vec<Session>> = others.map(|(_, subject)| with(subject)).collect();
        others.retain(|sessions| !sessions.is_empty() && !subject.held_out.is_empty());
        others.shuffle(rng);
        let mut drawn = Vec::new();
        for with in others.iter().cycle().take(takeovers) {
            let session = rng.random_range(0..subject.held_out.len());
            let by = &with[rng.random_range(0..with.len())];
            let spliced = subject.held_out[session].taken_over_by(by, modality, settings, rng);
            let spliced = spliced.filter(|s| !s.after.is_empty());
            drawn.extend(spliced.map(|spliced| Takeover { session, spliced }));
        }
        Self { enrolment: all(&subject.enrolment), held_out: all(&subject.held_out), takeovers: drawn }
    }
}

/// What became of one takeover.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Called by its name before the impostor ran out of input.
    pub detected: bool,
    /// The impostor's keystrokes or strokes until then, or all there were.
    pub inputs: f64,
    /// The impostor's active seconds; `None` where the set does not tell.
    pub active_s: Option<f64>,
    /// Windows that closed after the takeover until then.
    pub windows: usize,
}

/// What became of one person under one threshold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Judged keystrokes or strokes of the person's own.
    pub genuine_inputs: u64,
    /// Judged active seconds; `None` where the set does not tell.
    pub genuine_active_s: Option<f64>,
    /// Times that the person was called someone else.
    pub false_flags: u32,
    /// Takeovers of sessions that were not flagged before.
    pub takeovers: Vec<Outcome>,
    /// Takeovers not counted: the session had been flagged before.
    pub flagged_before: usize,
}

/// Replays one person: a tally for each threshold. `None` if nothing was judged: the profile did not mature, or the engine
/// does not judge on this basis.
#[must_use]
pub fn replay(court: Court<'_>, case: &Case, basis: Basis) -> Option<Vec<Tally>> {
    let mut profile = Profile::default();
    if basis == Basis::Profile {
        for session in &case.enrolment {
            let mut sweep = Sweep::new(court);
            for slice in session {
                sweep.observe(&profile, slice);
            }
            sweep.close(&mut profile);
        }
        if !profile.maturity(court.policy).iter().any(|m| m.modality == court.modality && m.mature) {
            return None;
        }
    }
    let mut tallies = vec![Tally::default(); court.thresholds.len()];
    for (at, session) in case.held_out.iter().enumerate() {
        let takeovers: Vec<&Takeover> = case.takeovers.iter().filter(|t| t.session == at).collect();
        let (mut sweep, mut accusing, mut flagged) = (Sweep::new(court), 0, 0);
        for closed in 0..=session.len() {
            for takeover in takeovers.iter().filter(|t| t.spliced.kept == closed) {
                tallies[..flagged].iter_mut().for_each(|t| t.flagged_before += 1);
                let outcomes =
                    outcomes(&takeover.spliced.after, court.thresholds.len(), sweep.clone(), &profile);
                tallies.iter_mut().zip(outcomes).skip(flagged).for_each(|(t, o)| t.takeovers.push(o));
            }
            let Some(slice) = session.get(closed) else { break };
            let Some(now) = sweep.observe(&profile, slice) else { continue };
            for tally in &mut tallies {
                tally.genuine_inputs += u64::from(slice.inputs);
                if let Some(active_s) = slice.active_s {
                    *tally.genuine_active_s.get_or_insert_default() += active_s;
                }
            }
            tallies[accusing.min(now)..now].iter_mut().for_each(|t| t.false_flags += 1);
            (accusing, flagged) = (now, flagged.max(now));
        }
        if basis == Basis::Profile {
            sweep.close(&mut profile);
        }
    }
    tallies.first().is_some_and(|t| t.genuine_inputs > 0).then_some(tallies)
}

/// What becomes of one takeover under each of so many thresholds.
fn outcomes(after: &[Taken], thresholds: usize, mut sweep: Sweep<'_>, profile: &Profile) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(thresholds);
    let mut so_far = Outcome { detected: false, inputs: 0.0, active_s: None, windows: 0 };
    for taken in after {
        let Spent { inputs, active_s } = taken.so_far;
        so_far = Outcome { inputs, active_s, windows: so_far.windows + 1, ..so_far };
        let accusing = sweep.observe(profile, &taken.slice).unwrap_or(0);
        while outcomes.len() < accusing {
            outcomes.push(Outcome { detected: true, ..so_far });
        }
        if outcomes.len() == thresholds {
            break;
        }
    }
    outcomes.resize(thresholds, so_far);
    outcomes
}
