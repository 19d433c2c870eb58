//! What profiles learn of sessions that end, and of those that were held back until someone vouched for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tacit_engine::Profile;
use time::OffsetDateTime;

use super::enrolment::Enrolment;
use super::judge::{Judge, Judged, Learned, Open, Versioned};
use super::kept::Kept;
use super::respond::Responding;
use crate::Result;
use crate::app::App;
use crate::domain::{SessionId, SubjectId};
use crate::store::sessions::SessionRow;

impl Judge {
    /// For sessions that end outside of a batch: nothing is judged of their input, and nothing follows.
    pub(super) fn without_verdicts(
        app: &App,
        enrolment: Enrolment,
        sessions: BTreeMap<SessionId, SessionRow>,
        profiles: BTreeMap<SubjectId, Versioned>,
    ) -> Self {
        Self {
            secrets: Arc::clone(&app.secrets),
            population: Arc::clone(&app.population),
            policy: app.settings.policy.judging,
            responding: Responding::none(app),
            assisted: BTreeSet::new(),
            elsewhere: BTreeMap::new(),
            asked_apart: BTreeMap::new(),
            known: BTreeSet::new(),
            restricted: BTreeSet::new(),
            enrolment,
            sessions,
            profiles,
        }
    }

    /// Ends a session: the profile learns what may be learned of it, or it is held back until someone vouches.
    pub(super) fn close(
        &mut self,
        session: &mut Open,
        learned: &mut Learned,
        judged: &mut Judged,
    ) -> Result<()> {
        let subject = session.row.subject_id;
        if self.restricted.contains(&subject) {
            session.row.held_at = None;
            session.taught = true;
            return Ok(());
        }
        if self.enrolment.teaches(subject, &session.state, judged.alarmed.contains(&subject)) {
            self.release(subject, learned, judged)?;
            session.row.held_at = None;
            session.taught = self.teach(subject, &session.state, learned);
        } else {
            let mut profile = self.profiles.get(&subject).map(|v| (*v.profile).clone()).unwrap_or_default();
            let held = self.learn(&session.state, &mut profile);
            session.row.held_at = held.then_some(self.responding.now);
        }
        Ok(())
    }

    /// Teaches the profile what was held back of an account, if someone has vouched for it.
    fn release(&mut self, subject: SubjectId, learned: &mut Learned, judged: &mut Judged) -> Result<()> {
        for row in self.enrolment.release(subject) {
            let Open { mut row, state, .. } = self.open(row)?;
            self.teach(subject, &state, learned);
            (row.held_at, row.state) = (None, None);
            judged.released.push(row);
        }
        Ok(())
    }

    fn teach(&mut self, subject: SubjectId, state: &Kept, learned: &mut Learned) -> bool {
        let mut versioned = self.profiles.get(&subject).cloned().unwrap_or_default();
        let taught = self.learn(state, Arc::make_mut(&mut versioned.profile));
        if taught {
            // One write a batch, whatever number of sessions it closes.
            if !learned.contains_key(&subject) {
                versioned.version += 1;
            }
            self.profiles.insert(subject, versioned.clone());
            learned.insert(subject, versioned);
        }
        taught
    }

    /// Learns what was held back of an account that someone has vouched for.
    pub(super) fn learn_held(mut self, subject: SubjectId) -> Result<Judged> {
        let mut judged = Judged::default();
        let mut learned = Learned::new();
        self.release(subject, &mut learned, &mut judged)?;
        self.conclude(judged, [], learned)
    }

    /// Closes all sessions, at the times they were last heard of.
    pub(super) fn fall_silent(mut self, heard_at: OffsetDateTime) -> Result<Judged> {
        let mut judged = Judged::default();
        let mut silent = Vec::new();
        let mut learned = Learned::new();
        for row in std::mem::take(&mut self.sessions).into_values() {
            let mut session = self.open(row)?;
            session.row.closed_at = Some(heard_at);
            session.row.ended_by_silence = true;
            self.close(&mut session, &mut learned, &mut judged)?;
            silent.push(session);
        }
        self.conclude(judged, silent, learned)
    }

    /// Teaches a profile what may be learned of a session; whether there was anything.
    fn learn(&self, state: &Kept, profile: &mut Profile) -> bool {
        !state.automation.seen() && state.person.close(&self.population, &self.policy, profile)
    }
}
