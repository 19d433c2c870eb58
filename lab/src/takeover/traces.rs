//! Any folder of traces as people with sessions, judged under the population that ships.

use std::path::Path;

use indicatif::ProgressBar;
use tacit_engine::{Policy, Population};
use tacit_measure::TimedInput;
use tacit_proto::Modality;

use super::replay::Subject;
use super::session::Session;
use super::sets::{Known, Set, TAKEOVERS};
use crate::accuracy::sets::each_user;
use crate::accuracy::trials::Person;
use crate::data;

/// A set for each kind of input of the population: the first half of a person's recordings enrols, of a lone recording its
/// first half.
///
/// # Errors
/// When the folder or a trace cannot be read.
pub(super) fn sets(folder: &Path, bar: &ProgressBar) -> anyhow::Result<Vec<Set>> {
    let subjects = each_user(folder, bar, |user| {
        let recordings = user.sessions.iter().map(|path| data::seen(path)).collect::<Result<Vec<_>, _>>()?;
        Ok(subject(&recordings))
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
    if let [lone] = recordings {
        return Subject::of_lone(lone);
    }
    let (first, rest) = recordings.split_at(recordings.len() / 2);
    let all = |of: &[Vec<TimedInput>]| of.iter().map(|events| Session::of(events)).collect();
    Subject { enrolment: all(first), held_out: all(rest), intrusions: Vec::new() }
}
