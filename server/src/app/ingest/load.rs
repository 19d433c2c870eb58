//! What judging a batch needs, read and locked in its unit of work.

use std::collections::{BTreeMap, BTreeSet};

use tacit_engine::Assistive;
use time::OffsetDateTime;
use uuid::Uuid;

use super::enrolment::{self, Enrolment};
use super::judge::{SAME_MINUTES, Versioned};
use super::respond::{Responding, Standing};
use crate::Result;
use crate::app::App;
use crate::domain::guard;
use crate::domain::policy::Mode;
use crate::domain::record::{Body, Record};
use crate::domain::{DeviceId, SessionId, SubjectId};
use crate::store::Unit;
use crate::store::sessions::SessionRow;

/// What responding needs, and whose assistive software is no machine. Asks nothing of the database where policy does nothing.
pub(super) async fn responding(
    app: &App,
    unit: &mut Unit,
    standing: Standing,
    sessions: &BTreeMap<SessionId, SessionRow>,
    now: OffsetDateTime,
) -> Result<(Responding, BTreeSet<SubjectId>)> {
    let acts = standing.policy.mode != Mode::Observe;
    let judging = standing.policy.judging(&app.settings.policy.judging);
    let mut exempt = Vec::new();
    if acts || judging.automation.assistive == Assistive::Forbidden {
        let subjects: Vec<Uuid> = sessions.values().map(|session| session.subject_id.0).collect();
        exempt = unit.exempt(&subjects, now).await?;
    }
    let mut spoken = BTreeMap::new();
    if acts {
        let ids: Vec<Uuid> = sessions.keys().map(|id| id.0).collect();
        spoken = unit.spoken_since(&ids, now - guard::APART).await?.into_iter().collect();
    }
    let assisted = exempt.iter().filter(|(_, assisted)| *assisted).map(|(subject, _)| *subject).collect();
    let exempt = exempt.into_iter().map(|(subject, _)| subject).collect();
    let ambient = app.ambient.clone();
    Ok((Responding { standing, exempt, spoken, ambient, now }, assisted))
}

/// When people, or policy after a silence, last asked for a step-up or a lock in sessions whose screens were locked, if it serves still.
pub(super) async fn asked_apart(
    unit: &mut Unit,
    accepted: &[Record],
    now: OffsetDateTime,
) -> Result<BTreeMap<SessionId, OffsetDateTime>> {
    let locked = accepted.iter().filter(|record| matches!(record.body, Body::Locked));
    let ids: BTreeSet<Uuid> = locked.map(|record| record.session.0).collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<Uuid> = ids.into_iter().collect();
    Ok(unit.asked_apart(&ids, now).await?.into_iter().collect())
}

/// When the accounts of sessions with new windows were last at work on other devices.
pub(super) async fn elsewhere(
    unit: &mut Unit,
    accepted: &[Record],
) -> Result<BTreeMap<SessionId, Vec<OffsetDateTime>>> {
    let windows = || accepted.iter().filter(|record| matches!(record.body, Body::Window { .. }));
    let Some(earliest) = windows().map(|record| record.at).min() else { return Ok(BTreeMap::new()) };
    let ids: BTreeSet<Uuid> = windows().map(|record| record.session.0).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut elsewhere = BTreeMap::<_, Vec<_>>::new();
    for (session, at) in unit.at_work_elsewhere(&ids, earliest - SAME_MINUTES).await? {
        elsewhere.entry(session).or_default().push(at);
    }
    Ok(elsewhere)
}

/// Sessions that the batch opens and leaves open, of subjects of whose input something is made.
pub(super) fn begun<'a>(
    sessions: &'a BTreeMap<SessionId, SessionRow>,
    accepted: &[Record],
    restricted: &BTreeSet<SubjectId>,
) -> Vec<&'a SessionRow> {
    let mut begun = BTreeSet::new();
    for record in accepted {
        match record.body {
            Body::Opened { .. } => begun.insert(record.session),
            Body::Closed => begun.remove(&record.session),
            _ => continue,
        };
    }
    let begun = begun.into_iter().filter_map(|id| sessions.get(&id));
    begun.filter(|session| !restricted.contains(&session.subject_id)).collect()
}

/// Accounts that open sessions on a device that something has vouched for.
pub(super) async fn known(
    unit: &mut Unit,
    device: DeviceId,
    sessions: &BTreeMap<SessionId, SessionRow>,
    accepted: &[Record],
) -> Result<BTreeSet<SubjectId>> {
    let subjects = subjects_of(sessions, accepted, |body| matches!(body, Body::Opened { .. }));
    let mut known: BTreeSet<SubjectId> = subjects.iter().copied().map(SubjectId).collect();
    if !known.is_empty() {
        for (subject, _) in unit.unvouched(&subjects, device).await? {
            known.remove(&subject);
        }
    }
    Ok(known)
}

/// Accounts of whose input nothing is made.
pub(super) async fn restricted(
    unit: &mut Unit,
    sessions: &BTreeMap<SessionId, SessionRow>,
) -> Result<BTreeSet<SubjectId>> {
    let subjects: Vec<Uuid> = sessions.values().map(|session| session.subject_id.0).collect();
    Ok(unit.restricted(&subjects).await?.into_iter().collect())
}

/// What the enrolment guard needs.
pub(super) async fn enrolment(
    unit: &mut Unit,
    standing: &Standing,
    device: DeviceId,
    sessions: &BTreeMap<SessionId, SessionRow>,
    accepted: &[Record],
    now: OffsetDateTime,
) -> Result<Enrolment> {
    let closing = subjects_of(sessions, accepted, |body| matches!(body, Body::Closed));
    let at_work = subjects_of(sessions, accepted, |_| true);
    let subjects = enrolment::guarded(standing, &closing, &at_work);
    let open: Vec<Uuid> = sessions.keys().map(|id| id.0).collect();
    Enrolment::load(unit, &standing.policy, device, now, (&subjects, &closing), &open).await
}

/// Subjects of which there are such records, in order.
fn subjects_of(
    sessions: &BTreeMap<SessionId, SessionRow>,
    accepted: &[Record],
    wanted: fn(&Body) -> bool,
) -> Vec<Uuid> {
    let of = accepted.iter().filter(|record| wanted(&record.body));
    let subjects: BTreeSet<Uuid> =
        of.filter_map(|record| sessions.get(&record.session)).map(|session| session.subject_id.0).collect();
    subjects.into_iter().collect()
}

/// The profiles that the batch judges against, with those that it may change locked.
pub(super) async fn profiles(
    app: &App,
    unit: &mut Unit,
    sessions: &BTreeMap<SessionId, SessionRow>,
    accepted: &[Record],
) -> Result<BTreeMap<SubjectId, Versioned>> {
    let of = |wanted| subjects_of(sessions, accepted, wanted);
    let changed = of(|body| matches!(body, Body::Closed));
    if !changed.is_empty() {
        unit.lock_subjects(&changed).await?;
    }
    let needed = of(|body| matches!(body, Body::Closed | Body::Window { .. } | Body::Signal { .. }));
    app.profiles.load(unit, &app.secrets, &needed).await
}
