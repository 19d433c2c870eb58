//! Judges the new records of a batch: engine and cryptography, no SQL. Runs on a blocking thread.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use tacit_engine::{
    Assessment, Assistive, AutomationPolicy, Occasion, Policy, Population, Profile, VerdictKind,
};
use tacit_proto::wire::CheckedWindow;
use time::{Duration, OffsetDateTime};

use super::enrolment::Enrolment;
use super::kept::Kept;
use super::profiles::state;
use super::respond::{Given, Responding, Unlock};
use super::signal::{appeared, sign};
use crate::domain::enrolment::VouchedBy;
use crate::domain::record::{Body, Record};
use crate::domain::{SessionId, SubjectId, verdict};
use crate::secrets::{Purpose, Secrets};
use crate::store::directives::DirectiveRow;
use crate::store::sessions::{EventRow, SessionRow, VerdictRow, WindowRow};
use crate::store::subjects::ProfileRow;
use crate::{Error, Result};

/// Longest that people who stay at their desk neither type nor point.
const LONG_REST: Duration = Duration::minutes(10);
/// Two desks are at work at once if their input lies no further apart.
pub(super) const SAME_MINUTES: Duration = Duration::minutes(2);

/// A profile with the version it has in the database; 0 before it is there.
#[derive(Debug, Clone, Default)]
pub(super) struct Versioned {
    pub(super) version: i64,
    pub(super) profile: Arc<Profile>,
}

/// What judging needs, read and locked.
pub(super) struct Judge {
    pub(super) secrets: Arc<Secrets>,
    pub(super) population: Arc<Population>,
    pub(super) policy: Policy,
    pub(super) responding: Responding,
    /// Subjects whose assistive software is no machine, whatever the policy says.
    pub(super) assisted: BTreeSet<SubjectId>,
    /// When the accounts of sessions were last at work on other devices.
    pub(super) elsewhere: BTreeMap<SessionId, Vec<OffsetDateTime>>,
    /// When people, or policy after a silence, last asked that sessions be interrupted.
    pub(super) asked_apart: BTreeMap<SessionId, OffsetDateTime>,
    /// Accounts that open sessions on a device that something has vouched for.
    pub(super) known: BTreeSet<SubjectId>,
    /// Accounts of whose input nothing is made.
    pub(super) restricted: BTreeSet<SubjectId>,
    pub(super) enrolment: Enrolment,
    pub(super) sessions: BTreeMap<SessionId, SessionRow>,
    pub(super) profiles: BTreeMap<SubjectId, Versioned>,
}

/// A profile that changed.
pub(super) struct ChangedProfile {
    pub(super) row: ProfileRow,
    pub(super) maturity: Value,
    pub(super) profile: Arc<Profile>,
}

/// What to write.
#[derive(Default)]
pub(super) struct Judged {
    pub(super) sessions: Vec<SessionRow>,
    pub(super) events: Vec<EventRow>,
    pub(super) windows: Vec<WindowRow>,
    pub(super) verdicts: Vec<VerdictRow>,
    pub(super) profiles: Vec<ChangedProfile>,
    pub(super) directives: Vec<DirectiveRow>,
    /// Sessions that were held back and are no longer.
    pub(super) released: Vec<SessionRow>,
    /// Who vouched for accounts on the device.
    pub(super) vouched: BTreeMap<SubjectId, VouchedBy>,
    /// Accounts of which someone else or a machine was told.
    pub(super) alarmed: BTreeSet<SubjectId>,
}

/// Profiles that have learned in this batch.
pub(super) type Learned = BTreeMap<SubjectId, Versioned>;

/// A session with its state, opened.
pub(super) struct Open {
    pub(super) row: SessionRow,
    pub(super) state: Kept,
    /// The profile has learned what there was to learn.
    pub(super) taught: bool,
}

impl Judge {
    pub(super) fn judge(mut self, records: Vec<Record>) -> Result<Judged> {
        let mut judged = Judged::default();
        let mut open: BTreeMap<SessionId, Open> = BTreeMap::new();
        let mut learned = Learned::new();
        for record in records {
            let session = match open.entry(record.session) {
                std::collections::btree_map::Entry::Occupied(held) => held.into_mut(),
                std::collections::btree_map::Entry::Vacant(place) => {
                    let row = self
                        .sessions
                        .remove(&record.session)
                        .ok_or_else(|| Error::internal("a planned session was not loaded"))?;
                    let session = place.insert(self.open(row)?);
                    if session.row.ended_by_silence {
                        session.row.ended_by_silence = false;
                        session.row.closed_at = None;
                        session.row.held_at = None;
                    }
                    session
                }
            };
            session.row.last_sequence = record.sequence;
            if self.drops(session, &record) {
                continue;
            }
            if let Some(kind) = record.body.event_kind() {
                judged.events.push(EventRow {
                    session: record.session,
                    sequence: record.sequence,
                    at: record.at,
                    kind,
                    count: if let Body::Signal { count, .. } = record.body { count } else { 1 },
                });
            }
            match &record.body {
                Body::Opened { .. } => {
                    if self.known.contains(&session.row.subject_id) {
                        session.state.person.on_known_device();
                    }
                }
                Body::Signal { kind, count, marks, strength } => {
                    if let Some(modality) = appeared(*kind) {
                        session.state.person.input_device_appeared(modality);
                    }
                    let sign = sign(*kind, *count, *marks, *strength);
                    let policy = self.automation(session.row.subject_id);
                    let assessment = sign.and_then(|s| session.state.automation.signal(&policy, &s));
                    if let Some(assessment) = assessment {
                        self.pronounce(&mut judged, session, &record, assessment)?;
                    }
                }
                Body::Locked => {
                    session.row.locked = true;
                    let asked = self.asked_apart.get(&session.row.id).copied();
                    let asked = asked.filter(|_| self.responding.live(record.at));
                    session.state.answered.locked(record.at, asked);
                }
                Body::Unlocked => {
                    session.row.locked = false;
                    match session.state.answered.unlocked(record.at) {
                        Unlock::Answer => session.state.person.unlocked(),
                        Unlock::Unasked => {}
                        Unlock::Late => session.state.person.may_have_changed_hands(Occasion::Unlock),
                    }
                }
                Body::Closed => {
                    session.row.closed_at = Some(record.at);
                    self.close(session, &mut learned, &mut judged)?;
                }
                Body::Window { window, encoded } => {
                    self.attend(session, record.at, window);
                    let assessment = self.observe(session, window);
                    judged.windows.push(self.kept_window(session, &record, window, encoded)?);
                    self.pronounce(&mut judged, session, &record, assessment)?;
                }
            }
        }
        self.conclude(judged, open.into_values(), learned)
    }

    /// Whether nothing is made of a record, because its subject has asked for that. The session says so by its verdict.
    fn drops(&self, session: &mut Open, record: &Record) -> bool {
        let drops = matches!(record.body, Body::Window { .. } | Body::Signal { .. })
            && self.restricted.contains(&session.row.subject_id);
        if drops {
            session.row.verdict = Some(verdict::name(VerdictKind::NotScorable).to_owned());
            session.row.trust = None;
            session.row.verdict_at = Some(record.at);
        }
        drops
    }

    pub(super) fn open(&self, row: SessionRow) -> Result<Open> {
        let mut state = Kept::open(&self.secrets, &row)?;
        let (high, low) = row.device_id.0.as_u64_pair();
        state.person.on_device(high ^ low);
        Ok(Open { row, state, taught: false })
    }

    /// Tells the engine what a window's time says: a long rest before it, and work on another device meanwhile.
    fn attend(&self, session: &mut Open, at: OffsetDateTime, window: &CheckedWindow) {
        let began = at - Duration::milliseconds(i64::from(window.active_ms));
        if session.row.input_at.is_some_and(|before| began - before > LONG_REST) {
            session.state.person.may_have_changed_hands(Occasion::Rest);
        }
        session.state.person.begins(window.beginning);
        let elsewhere = self.elsewhere.get(&session.row.id).into_iter().flatten();
        if elsewhere.into_iter().any(|other| (*other - at).abs() <= SAME_MINUTES) {
            session.state.person.at_work_elsewhere();
        }
        session.row.input_at = Some(session.row.input_at.map_or(at, |before| before.max(at)));
    }

    pub(super) fn conclude(
        &self,
        mut judged: Judged,
        sessions: impl IntoIterator<Item = Open>,
        learned: Learned,
    ) -> Result<Judged> {
        judged.vouched = self.enrolment.vouched();
        for session in sessions {
            judged.sessions.push(self.finish(session)?);
        }
        for (subject, versioned) in learned {
            judged.profiles.push(self.changed(subject, versioned)?);
        }
        Ok(judged)
    }

    fn observe(&self, session: &mut Open, window: &CheckedWindow) -> Assessment {
        let policy = self.automation(session.row.subject_id);
        let machine = session.state.automation.window(&policy, window.modality, &window.stats);
        if let Some(assessment) = machine {
            return assessment;
        }
        let nothing = Versioned::default();
        let profile = &self.profiles.get(&session.row.subject_id).unwrap_or(&nothing).profile;
        session.state.person.observe(
            &self.population,
            profile,
            &self.policy,
            window.modality,
            window.inputs,
            &window.stats,
        )
    }

    /// What the policy states of machines, for a subject.
    fn automation(&self, subject: SubjectId) -> AutomationPolicy {
        let mut policy = self.policy.automation;
        if self.assisted.contains(&subject) {
            policy.assistive = Assistive::Allowed;
        }
        policy
    }

    fn kept_window(
        &self,
        session: &Open,
        record: &Record,
        window: &CheckedWindow,
        encoded: &[u8],
    ) -> Result<WindowRow> {
        let row = &session.row;
        let place = [row.id.0.as_bytes().as_slice(), &record.sequence.to_be_bytes()].concat();
        Ok(WindowRow {
            session: row.id,
            sequence: record.sequence,
            at: record.at,
            modality: verdict::modality(window.modality),
            inputs: i32::try_from(window.inputs).unwrap_or(i32::MAX),
            active_ms: i32::try_from(window.active_ms).unwrap_or(i32::MAX),
            body: self.secrets.seal(Purpose::Window, place, encoded)?,
        })
    }

    /// Makes an assessment the session's verdict, and answers it as policy says.
    fn pronounce(
        &mut self,
        judged: &mut Judged,
        session: &mut Open,
        record: &Record,
        assessment: Assessment,
    ) -> Result<()> {
        let profile = self.profiles.get(&session.row.subject_id).map(|v| v.profile.maturity(&self.policy));
        let given = Given {
            row: &session.row,
            kind: assessment.kind,
            sequence: record.sequence,
            at: record.at,
            on_window: matches!(record.body, Body::Window { .. }),
            mature: profile.is_some_and(|maturity| maturity.iter().any(|m| m.mature)),
            unvouched: self.enrolment.asks(session.row.subject_id),
        };
        let directive = self.responding.answer(&mut session.state.answered, &given);
        judged.directives.extend(directive);
        conclude(judged, session, record, assessment)
    }

    fn finish(&self, session: Open) -> Result<SessionRow> {
        let Open { mut row, state, taught } = session;
        // A session that fell silent may go on, and then is as doubtful as it was; what was learned of it is not learned again.
        row.state = if row.closed_at.is_some() && row.held_at.is_none() && (taught || !row.ended_by_silence) {
            None
        } else {
            Some(state.seal(&self.secrets, &row)?)
        };
        Ok(row)
    }

    fn changed(&self, subject: SubjectId, versioned: Versioned) -> Result<ChangedProfile> {
        let Versioned { version, profile } = versioned;
        let plain = profile.padded().map_err(Error::internal)?;
        let body = self.secrets.seal(Purpose::Profile, subject.0, &plain)?;
        let maturity = state(&profile, &self.population, &self.policy)?;
        Ok(ChangedProfile { row: ProfileRow { subject_id: subject, body, version }, maturity, profile })
    }
}

/// Makes an assessment the session's verdict.
fn conclude(judged: &mut Judged, session: &mut Open, record: &Record, assessment: Assessment) -> Result<()> {
    let row = &mut session.row;
    let name = verdict::name(assessment.kind);
    row.verdict = Some(name.to_owned());
    row.trust = single(assessment.trust);
    row.verdict_at = Some(record.at);
    if matches!(assessment.kind, VerdictKind::DifferentPerson | VerdictKind::Automation) {
        judged.alarmed.insert(row.subject_id);
    }
    judged.verdicts.push(VerdictRow {
        session: row.id,
        sequence: record.sequence,
        subject: row.subject_id,
        device: row.device_id,
        at: record.at,
        verdict: name,
        cause: assessment.cause.map(verdict::cause),
        trust: row.trust,
        llr: single(assessment.llr),
        reason: assessment.reason,
        evidence: serde_json::to_value(assessment.evidence).map_err(Error::internal)?,
    });
    Ok(())
}

/// Single precision, as stored; what is not a number is not kept.
#[expect(clippy::cast_possible_truncation, reason = "stored in single precision")]
fn single(value: Option<f64>) -> Option<f32> {
    value.filter(|v| v.is_finite()).map(|v| v as f32)
}
