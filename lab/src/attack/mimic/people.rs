//! The people of an imitation: the essays of klicke, the first half to enrol, the second to be judged or imitated from.

use std::path::Path;

use anyhow::Context;
use indicatif::ProgressBar;
use tacit_engine::{Policy, Population, Profile, SessionState};
use tacit_proto::Modality;

use super::manner::Manner;
use crate::accuracy::sets::{self, each_user};
use crate::accuracy::trials::Person;
use crate::attack::typists::{self, Key, Typist};
use crate::data::{self, Sample};
use crate::drawn;
use crate::takeover::session::parts;

/// Sessions that the first half enrols.
const SESSIONS: usize = 3;

/// One who is imitated, or imitates, or of whom the population learns.
#[derive(Debug)]
pub(super) struct Writer {
    /// What the population learns when the person is in no trial.
    pub(super) training: Person,
    /// Windows of each session that enrols.
    pub(super) enrolment: Vec<Vec<Sample>>,
    /// How they type, as their windows tell it.
    pub(super) manner: Manner,
    /// Keys of the second half.
    pub(super) typed: Typist,
}

/// Everyone of klicke.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn read(data: &Path, bar: &ProgressBar) -> anyhow::Result<Vec<Writer>> {
    let folder = data.join("klicke");
    let training = sets::klicke(&folder, bar)?;
    let writers = each_user(&folder, bar, |user| {
        let path = user.sessions.first().context("a person without a recording")?;
        let events = data::events(path)?;
        let halves = parts(&events, 2);
        let enrolment: Vec<Vec<Sample>> = parts(halves[0], SESSIONS)
            .into_iter()
            .map(|part| data::windows(part, Modality::Keyboard, tacit_measure::Settings::default()))
            .collect();
        let pooled = Sample::pool(enrolment.iter().flatten()).unwrap_or_default();
        let keys: Vec<Key> = typists::keys(halves[1]);
        Ok(Writer {
            training: Person::default(),
            enrolment,
            manner: Manner::of(&pooled.stats),
            typed: Typist { set: typists::LEARNED_SET, learned_of: false, events: Vec::new(), keys },
        })
    })?;
    let writer = |(place, (training, writer)): (usize, (Person, Writer))| {
        let typed = Typist { learned_of: drawn::learned_of(place), ..writer.typed };
        Writer { training, typed, ..writer }
    };
    Ok(training.into_iter().zip(writers).enumerate().map(writer).collect())
}

impl Writer {
    /// What enrolment learns of them. `None` if that is too little to judge against.
    pub(super) fn profile(&self, population: &Population, policy: &Policy) -> Option<Profile> {
        let mut profile = Profile::default();
        for session in &self.enrolment {
            let mut state = SessionState::default();
            for window in session {
                state.observe(population, &profile, policy, Modality::Keyboard, window.inputs, &window.stats);
            }
            state.close(population, policy, &mut profile);
        }
        profile
            .maturity(policy)
            .iter()
            .any(|m| m.modality == Modality::Keyboard && m.mature)
            .then_some(profile)
    }
}
