//! People over months: a profile of the first log alone, and one that goes on learning from sessions that are trusted.
//!
//! A log of some 3,000 keys is one session. It is scored before it teaches.

use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use tacit_engine::{Policy, Profile, score};
use tacit_proto::Modality;

use super::people::{Hearing, Part, Worker, judged, windows};
use super::share;
use crate::data::Sample;
use crate::data::ikdd::Log;
use crate::metrics::{Figures, UserTrials};

/// Logs that someone must have.
const LEAST_LOGS: usize = 4;
/// Later logs are told together with this one: few have as many.
const LAST: usize = 5;
/// Keystrokes of a probe.
const KEYS: usize = 100;

/// The figures of one log after the first, over people; a JSON object a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Which log, the first being 1; 5 stands for later ones too. `None` is all of them.
    pub log: Option<usize>,
    /// People who have it.
    pub people: usize,
    /// Against the profile of the first log.
    pub first: Figures,
    /// Against the profile that has learned of every trusted log before.
    pub adapting: Figures,
    /// Share of people's own sessions that taught their profile.
    pub genuine_taught: f64,
    /// Share of others' sessions that would have taught it.
    pub impostor_taught: f64,
    /// Others' sessions.
    pub impostor_sessions: usize,
}

/// One log of one person.
struct Judged {
    log: usize,
    first: UserTrials,
    adapting: UserTrials,
    taught: bool,
    impostors_taught: Vec<bool>,
}

impl super::Row for Row {
    const NAME: &'static str = "drift";

    fn heading() -> String {
        format!(
            "{:<6} {:>6} {:>22} {:>22} {:>18} {:>18} {:>9} {:>9}",
            "log", "people", "EER a user", "EER global", "AUC", "Cllr", "own", "others"
        ) + &format!(
            "\n{:<6} {:>6} {:>22} {:>22} {:>18} {:>18} {:>9} {:>9}",
            "",
            "",
            "first / adapting",
            "first / adapting",
            "first / adapting",
            "first / adapting",
            "taught",
            "taught"
        )
    }

    fn line(&self) -> String {
        let percent = |share: f64| format!("{:.2} %", 100.0 * share);
        let (a, b) = (&self.first, &self.adapting);
        format!(
            "{:<6} {:>6} {:>22} {:>22} {:>18} {:>18} {:>9} {:>9}",
            name(self.log),
            self.people,
            format!("{} / {}", percent(a.eer_user), percent(b.eer_user)),
            format!("{} / {}", percent(a.eer_global), percent(b.eer_global)),
            format!("{:.4} / {:.4}", a.auc, b.auc),
            format!("{:.3} / {:.3}", a.cllr, b.cllr),
            percent(self.genuine_taught),
            percent(self.impostor_taught)
        )
    }

    fn of(&self) -> String {
        format!("log {}", name(self.log))
    }

    fn shares(&self) -> Vec<f64> {
        let of = |f: &Figures| [f.eer_user, f.eer_global, f.fnmr_at_fmr_1pct, f.auc];
        let own = [self.genuine_taught, self.impostor_taught];
        [&of(&self.first)[..], &of(&self.adapting), &own].concat()
    }

    fn measure(workers: &[Worker], bar: &ProgressBar) -> Vec<Self> {
        let all: Vec<Vec<Judged>> = judged(workers, bar, person);
        (2..=LAST).map(Some).chain([None]).filter_map(|log| row(&all, log)).collect()
    }
}

/// What a log is called.
pub(crate) fn name(log: Option<usize>) -> String {
    match log {
        Some(LAST) => format!("{LAST} on"),
        Some(log) => log.to_string(),
        None => "all".to_owned(),
    }
}

fn row(all: &[Vec<Judged>], log: Option<usize>) -> Option<Row> {
    let of = |j: &&Judged| log.is_none_or(|log| j.log.min(LAST) == log);
    let people: Vec<Vec<&Judged>> = all.iter().map(|logs| logs.iter().filter(of).collect()).collect();
    let people: Vec<_> = people.into_iter().filter(|logs: &Vec<&Judged>| !logs.is_empty()).collect();
    let figures = |trials: fn(&Judged) -> &UserTrials| {
        let of_person = |logs: &Vec<&Judged>| UserTrials {
            genuine: logs.iter().flat_map(|j| &trials(j).genuine).copied().collect(),
            impostor: logs.iter().flat_map(|j| &trials(j).impostor).copied().collect(),
        };
        let figures = Figures::of(&people.iter().map(of_person).collect::<Vec<_>>())?;
        Some(Figures { det: Vec::new(), ..figures })
    };
    let logs = || people.iter().flatten();
    Some(Row {
        log,
        people: people.len(),
        first: figures(|j| &j.first)?,
        adapting: figures(|j| &j.adapting)?,
        genuine_taught: share(logs().map(|j| j.taught)),
        impostor_taught: share(logs().flat_map(|j| j.impostors_taught.iter().copied())),
        impostor_sessions: logs().map(|j| j.impostors_taught.len()).sum(),
    })
}

/// All later logs of one person. `None` if there are too few.
fn person(part: &Part<'_>, own: usize) -> Option<Vec<Judged>> {
    let logs = &part.workers[own].logs;
    if logs.len() < LEAST_LOGS {
        return None;
    }
    // The first log alone is enough to judge by.
    let policy = Policy { mature_sessions: 1, ..Policy::default() };
    let population = &part.population;
    let mut first = Profile::default();
    let whole = logs[0].whole();
    first.learn(Modality::Keyboard, whole.inputs, &whole.stats);
    let mut adapting = first.clone();
    let mut judged = Vec::new();
    for (at, log) in logs.iter().enumerate().skip(1) {
        let others: Vec<&Log> = part
            .workers
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != own)
            .filter_map(|(_, worker)| worker.logs.get(at).or(worker.logs.last()))
            .collect();
        let trials = |profile: &Profile| {
            let llr = |probe: &Sample| score(population, profile, Modality::Keyboard, &probe.stats);
            let scores =
                |log: &Log| log.slices(KEYS).iter().filter_map(llr).map(|s| s.llr).collect::<Vec<_>>();
            UserTrials { genuine: scores(log), impostor: others.iter().flat_map(|log| scores(log)).collect() }
        };
        let (first, before) = (trials(&first), trials(&adapting));
        let would_teach = |log: &Log| {
            let hearing = Hearing::of(population, &adapting, &policy, &windows(log));
            hearing.state.close(population, &policy, &mut adapting.clone())
        };
        let impostors_taught = others.iter().map(|log| would_teach(log)).collect();
        let hearing = Hearing::of(population, &adapting, &policy, &windows(log));
        let taught = hearing.state.close(population, &policy, &mut adapting);
        judged.push(Judged { log: at + 1, first, adapting: before, taught, impostors_taught });
    }
    Some(judged)
}
