//! Any folder of traces as people with sessions, judged under the population that ships.

use std::path::Path;

use indicatif::ProgressBar;
use tacit_engine::{Policy, Population};
use tacit_measure::TimedInput;
use tacit_proto::Modality;

use super::replay::Subject;
use super::session::{Session, parts};
use super::sets::{Known, Set, TAKEOVERS};
use crate::accuracy::sets::each_user;
use crate::accuracy::trials::Person;
use crate::data;

/// Sessions that the first half of a lone recording enrols.
const SESSIONS: usize = 3;

/// A set for each kind of input of the population: the first half of a person's recordings enrols, of a lone recording its
/// first half.
///
/// # Errors
/// When the folder or a trace cannot be read.
pub(super) fn sets(folder: &Path, bar: &ProgressBar) -> anyhow::Result<Vec<Set>> {
    let subjects = each_user(folder, bar, |user| {
        let recordings = user.sessions.iter().map(|path| Ok(data::held_once(&data::events(path)?)));
        Ok(subject(&recordings.collect::<anyhow::Result<Vec<_>>>()?))
    })?;
    let population = Population::shipped();
    let known = Modality::ALL.into_iter().filter(|modality| population.model(*modality).is_some());
    let set = |modality| Set {
        modality,
        policy: Policy::default(),
        population: Known::Shipped,
        people: subjects.iter().map(|subject| (Person::default(), subject.clone())).collect(),
        takeovers: TAKEOVERS,
        folds: 1,
    };
    Ok(known.map(set).collect())
}

fn subject(recordings: &[Vec<TimedInput>]) -> Subject {
    let trace = |events: &[TimedInput]| Session::Trace(events.into());
    let (enrolment, held_out) = if let [only] = recordings {
        let halves = parts(only, 2);
        (parts(halves[0], SESSIONS).into_iter().map(trace).collect(), vec![trace(halves[1])])
    } else {
        let (first, rest) = recordings.split_at(recordings.len() / 2);
        let all = |of: &[Vec<TimedInput>]| of.iter().map(|events| trace(events)).collect();
        (all(first), all(rest))
    };
    Subject { enrolment, held_out, intrusions: Vec::new() }
}
