//! Accuracy on any folder of traces, under the population that ships.

use std::path::Path;

use anyhow::ensure;
use indicatif::ProgressBar;
use tacit_engine::Population;
use tacit_measure::{Settings, TimedInput};
use tacit_proto::Modality;

use super::protocols::row;
use super::row::{Row, Trained};
use super::trials::{Person, run};
use crate::data::{self, Sample, folder};

/// How much of a person is one probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ProbeSize {
    /// So many keystrokes, or strokes for pointer and touch.
    Inputs(u32),
    /// So many seconds in use.
    Seconds(u32),
}

impl ProbeSize {
    fn settings(self) -> Settings {
        match self {
            Self::Inputs(n) => Settings { window_keystrokes: n, window_strokes: n, ..data::WHOLE },
            Self::Seconds(s) => Settings { window_active_ms: s.saturating_mul(1_000), ..data::WHOLE },
        }
    }
}

/// Enrols the first `fraction` of each person's events and probes the rest, in pieces of `probe`. A row for each modality
/// that anyone can be probed by. People with one recording are split within it, others between and within recordings.
///
/// # Errors
/// When `fraction` is not between 0 and 1, a trace cannot be read, or nobody can be enrolled and probed.
pub(super) fn rows(
    folder: &Path,
    fraction: f64,
    probe: ProbeSize,
    bar: &ProgressBar,
) -> anyhow::Result<Vec<Row>> {
    ensure!(fraction > 0.0 && fraction < 1.0, "the share to enrol must be between 0 and 1");
    let population = Population::shipped();
    let mut measured = Modality::ALL.map(|modality| (modality, Vec::new()));
    let users = folder::users(folder)?;
    bar.set_length(users.len() as u64);
    bar.set_message("reading");
    for user in &users {
        let sessions = user.sessions.iter().map(|p| data::seen(p)).collect::<Result<Vec<_>, _>>()?;
        for (modality, people) in &mut measured {
            people.push(person(&sessions, *modality, fraction, probe));
        }
        bar.inc(1);
    }
    let set = folder::name(folder);
    let mut rows = Vec::new();
    for (modality, people) in &measured {
        let modality = *modality;
        let people: Vec<&Person> = people.iter().filter(|p| !p.probes.is_empty()).collect();
        let enrolled = people.iter().filter(|p| !p.enrolment.is_empty()).count();
        if enrolled == 0 || people.len() < 2 || population.model(modality).is_none() {
            continue;
        }
        let size = match (probe, modality) {
            (ProbeSize::Inputs(n), Modality::Keyboard) => format!("{n} keys"),
            (ProbeSize::Inputs(n), Modality::Pointer | Modality::Touch) => format!("{n} strokes"),
            (ProbeSize::Seconds(s), _) => format!("{s} s"),
        };
        let protocol = format!("enrol first {:.0} %, probe {size}", 100.0 * fraction);
        let trials = run(&population, modality, &people, bar);
        rows.push(row(&set, &protocol, Trained::Shipped, modality, &trials)?);
    }
    ensure!(!rows.is_empty(), "{}: too little input to enrol one person and probe two", folder.display());
    Ok(rows)
}

fn person(sessions: &[Vec<TimedInput>], modality: Modality, fraction: f64, probe: ProbeSize) -> Person {
    let events: usize = sessions.iter().map(Vec::len).sum();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    let mut left = (events as f64 * fraction) as usize;
    let mut person = Person::default();
    for session in sessions {
        let (enrol, rest) = session.split_at(left.min(session.len()));
        left -= enrol.len();
        person.enrolment.extend(data::whole(enrol, modality));
        person.probes.extend(full(data::windows(rest, modality, probe.settings()), probe));
    }
    person
}

/// Probes of a stated number of inputs only: the remainder of a recording is no probe.
fn full(windows: Vec<Sample>, probe: ProbeSize) -> impl Iterator<Item = Sample> {
    windows.into_iter().filter(move |w| match probe {
        ProbeSize::Inputs(n) => w.inputs >= n,
        ProbeSize::Seconds(_) => true,
    })
}
