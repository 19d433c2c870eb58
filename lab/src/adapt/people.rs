//! People recorded on several days, under populations of others.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use indicatif::ProgressBar;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tacit_engine::train::TrainSettings;
use tacit_engine::{Policy, Population, Profile, SessionState, VerdictKind};
use tacit_measure::Settings;
use tacit_proto::Modality;

use crate::accuracy::sets::{self, CALIBRATION_KEYSTROKES, each_user};
use crate::accuracy::trials::{Person, fit, folds};
use crate::data::Sample;
use crate::data::ikdd::Log;

/// Deals people to parts.
const SEED: u64 = 2;
/// Parts that are judged under a population of the other parts.
const PARTS: usize = 5;
/// Fewer windows are no session.
const LEAST_WINDOWS: usize = 4;

/// Someone with logs of several days.
#[derive(Debug, Clone)]
pub struct Worker {
    /// What a population learns of them.
    pub training: Person,
    /// A log each, in order of days.
    pub logs: Vec<Log>,
}

/// Everyone of a folder of logs.
///
/// # Errors
/// When a log cannot be read.
pub(super) fn read(folder: &Path, bar: &ProgressBar) -> anyhow::Result<Vec<Worker>> {
    let training = sets::ikdd(folder, CALIBRATION_KEYSTROKES, bar)?;
    let logs = each_user(folder, bar, |user| user.sessions.iter().map(|path| Log::read(path)).collect())?;
    Ok(training.into_iter().zip(logs).map(|(training, logs)| Worker { training, logs }).collect())
}

/// Those who are judged together, and the population that knows none of them.
pub(super) struct Part<'a> {
    pub(super) population: Population,
    pub(super) workers: Vec<&'a Worker>,
}

/// What `judge` says of each worker of each part, by place in the part; the same in whatever order they are done.
pub(super) fn judged<T: Send>(
    workers: &[Worker],
    bar: &ProgressBar,
    judge: impl Fn(&Part<'_>, usize) -> Option<T> + Sync,
) -> Vec<T> {
    let mut dealt: Vec<&Worker> = workers.iter().collect();
    dealt.shuffle(&mut ChaCha8Rng::seed_from_u64(SEED));
    let mut all = Vec::new();
    for ((training, tested), part) in folds(&dealt, PARTS).into_iter().zip(1..) {
        bar.set_message(format!("part {part} of {PARTS}: population"));
        let training: Vec<&Person> = training.iter().map(|worker| &worker.training).collect();
        if training.is_empty() {
            continue;
        }
        let population =
            fit(Modality::Keyboard, &training, &TrainSettings::default(), &ProgressBar::hidden());
        bar.set_message(format!("part {part} of {PARTS}: sessions"));
        bar.set_length(tested.len() as u64);
        bar.set_position(0);
        let part = Part { population, workers: tested };
        all.extend(in_parallel(part.workers.len(), |own| {
            let said = judge(&part, own);
            bar.inc(1);
            said
        }));
    }
    all.into_iter().flatten().collect()
}

/// Each of so many done by one of several threads; in order.
fn in_parallel<T: Send>(count: usize, one: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let mut done: Vec<(usize, T)> = thread::scope(|scope| {
        let work = || {
            let claim = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < count);
            std::iter::from_fn(claim).map(|at| (at, one(at))).collect::<Vec<_>>()
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running.into_iter().flat_map(|r| r.join().unwrap_or_default()).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, said)| said).collect()
}

/// The windows of a log, of the size of a shipped window.
pub(super) fn windows(log: &Log) -> Vec<Sample> {
    log.slices(Settings::default().window_keystrokes as usize)
}

/// The windows of a log as sessions of so many.
pub(super) fn sessions(log: &Log, of_windows: usize) -> Vec<Vec<Sample>> {
    let windows = windows(log);
    let parts = windows.chunks(of_windows).filter(|part| part.len() >= LEAST_WINDOWS.min(of_windows));
    parts.map(<[Sample]>::to_vec).collect()
}

/// A session before a policy.
#[derive(Debug, Clone, Default)]
pub(super) struct Hearing {
    pub(super) state: SessionState,
    /// Was ever doubted, even if that was lifted.
    pub(super) doubted: bool,
    /// Times that it began to be called someone else's.
    pub(super) flags: u32,
    /// Was ever said to be impossible to judge.
    pub(super) not_scorable: bool,
    flagged: bool,
}

impl Hearing {
    /// Of a session on a device, by its key.
    pub(super) fn on(device: u64) -> Self {
        let mut hearing = Self::default();
        hearing.state.on_device(device);
        hearing
    }

    /// Takes the next window. Says whether a flag is raised by it.
    pub(super) fn observe(
        &mut self,
        population: &Population,
        profile: &Profile,
        policy: &Policy,
        window: &Sample,
    ) -> bool {
        let seen =
            self.state.observe(population, profile, policy, Modality::Keyboard, window.inputs, &window.stats);
        let flagged = seen.kind == VerdictKind::DifferentPerson;
        let raised = flagged && !self.flagged;
        self.flagged = flagged;
        self.flags += u32::from(raised);
        self.doubted |= self.state.in_doubt() || flagged;
        self.not_scorable |= seen.kind == VerdictKind::NotScorable;
        raised
    }

    /// Someone says that it was the subject after all.
    pub(super) fn false_alarm(&mut self) {
        self.state.false_alarm();
        self.flagged = false;
    }

    /// A session from its first to its last window; nobody says anything of it.
    pub(super) fn of(
        population: &Population,
        profile: &Profile,
        policy: &Policy,
        session: &[Sample],
    ) -> Self {
        let mut hearing = Self::default();
        for window in session {
            hearing.observe(population, profile, policy, window);
        }
        hearing
    }

    /// Whether the session is never doubted; stops at the first doubt.
    pub(super) fn is_unsuspected(
        population: &Population,
        profile: &Profile,
        policy: &Policy,
        session: &[Sample],
    ) -> bool {
        let mut hearing = Self::default();
        session.iter().all(|window| {
            hearing.observe(population, profile, policy, window);
            !hearing.doubted
        })
    }
}
