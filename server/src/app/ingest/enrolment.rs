//! The enrolment guard while sessions are judged: which of them teach, which are held back, and what is learned of those that were.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use super::judge::{Judge, Judged};
use super::kept::Kept;
use super::respond::Standing;
use crate::app::App;
use crate::domain::enrolment::{EnrolmentGuard, Shown, Unvouched, VouchedBy};
use crate::domain::policy::GroupPolicy;
use crate::domain::{DeviceId, SubjectId};
use crate::store::Unit;
use crate::store::sessions::SessionRow;
use crate::{Error, Result};

/// What decides whether sessions on one device teach.
#[derive(Debug, Default)]
pub(super) struct Enrolment {
    guard: EnrolmentGuard,
    days: u32,
    now: Option<OffsetDateTime>,
    /// Accounts that nobody has vouched for there.
    unvouched: BTreeMap<SubjectId, Unvouched>,
    /// Their sessions that are held back, oldest first.
    held: BTreeMap<SubjectId, Vec<SessionRow>>,
    /// Who vouched for which of them meanwhile.
    vouched: BTreeMap<SubjectId, VouchedBy>,
}

impl Enrolment {
    /// For accounts on a device, of which some have sessions that close; the caller holds the subjects of these. `open` are
    /// sessions that are not looked for among those held back.
    pub(super) async fn load(
        unit: &mut Unit,
        policy: &GroupPolicy,
        device: DeviceId,
        now: OffsetDateTime,
        (subjects, closing): (&[Uuid], &[Uuid]),
        open: &[Uuid],
    ) -> Result<Self> {
        let mut enrolment = Self {
            guard: policy.enrolment_guard,
            days: policy.enrolment_days(),
            now: Some(now),
            ..Self::default()
        };
        if subjects.is_empty() {
            return Ok(enrolment);
        }
        // Servers of the version before take no note of where they open sessions.
        unit.meet(subjects, device, now).await?;
        enrolment.unvouched = unit.unvouched(subjects, device).await?.into_iter().collect();
        let unvouched = |subject: &&Uuid| enrolment.unvouched.contains_key(&SubjectId(**subject));
        let closing: Vec<Uuid> = closing.iter().filter(unvouched).copied().collect();
        if !closing.is_empty() {
            for row in unit.lock_held(&closing, device, open).await? {
                enrolment.held.entry(row.subject_id).or_default().push(row);
            }
        }
        Ok(enrolment)
    }

    /// Whether a session that closes may teach, and whether the account was accused on the device in the same batch.
    pub(super) fn teaches(&mut self, subject: SubjectId, state: &Kept, alarmed: bool) -> bool {
        if let Some(of) = self.unvouched.get_mut(&subject).filter(|_| alarmed) {
            of.alarm_at = self.now;
        }
        // Who was asked and is accused all the same vouches for nobody.
        let accused = state.person.is_confirmed() || state.person.in_doubt() || state.automation.seen();
        let stepped_up = state.answered.stepped_up() && !accused;
        let shown = Shown { stepped_up, confirmed: state.person.vouched_for() };
        self.decide(subject, shown)
    }

    fn decide(&mut self, subject: SubjectId, shown: Shown) -> bool {
        let (Some(of), Some(now)) = (self.unvouched.get(&subject), self.now) else { return true };
        let Some(by) = self.guard.vouched(self.days, of, shown, now) else { return false };
        self.unvouched.remove(&subject);
        self.vouched.insert(subject, by);
        true
    }

    /// What was held back of an account that someone has vouched for, oldest first.
    pub(super) fn release(&mut self, subject: SubjectId) -> Vec<SessionRow> {
        if self.unvouched.contains_key(&subject) {
            return Vec::new();
        }
        self.held.remove(&subject).unwrap_or_default()
    }

    /// Whether a person is asked for a step-up, so that their device can be learned.
    pub(super) fn asks(&self, subject: SubjectId) -> bool {
        self.guard == EnrolmentGuard::StepUp
            && self.unvouched.get(&subject).is_some_and(|of| !of.first_device)
    }

    /// Who vouched for whom.
    pub(super) fn vouched(&self) -> BTreeMap<SubjectId, VouchedBy> {
        self.vouched.clone()
    }
}

/// Lets an analyst vouch for an account on a device: what was held back of it is learned. Returns whether any was.
///
/// # Errors
/// As the database; internal for a fault.
pub async fn vouch(app: &Arc<App>, unit: &mut Unit, subject: SubjectId, device: DeviceId) -> Result<bool> {
    let now = app.ambient.now();
    let subjects = [subject.0];
    unit.lock_subjects(&subjects).await?;
    let policy = GroupPolicy::default();
    let mut enrolment = Enrolment::load(unit, &policy, device, now, (&subjects, &subjects), &[]).await?;
    if !enrolment.decide(subject, Shown { confirmed: true, ..Shown::default() }) {
        return Err(Error::internal("an analyst's word was not taken"));
    }
    let profiles = app.profiles.load(unit, &app.secrets, &subjects).await?;
    let judge = Judge::without_verdicts(app, enrolment, BTreeMap::new(), profiles);
    let judged =
        tokio::task::spawn_blocking(move || judge.learn_held(subject)).await.map_err(Error::internal)??;
    let learned = !judged.profiles.is_empty();
    judged.keep_learned(unit, device, now).await?;
    Ok(learned)
}

impl Judged {
    /// Writes what was learned, and who vouched for it. The caller holds the subjects.
    pub(super) async fn keep_learned(
        &self,
        unit: &mut Unit,
        device: DeviceId,
        now: OffsetDateTime,
    ) -> Result<()> {
        for profile in &self.profiles {
            unit.put_profile(&profile.row, &profile.maturity, now).await?;
        }
        for (subject, by) in &self.vouched {
            unit.vouch(*subject, device, *by, now).await?;
        }
        unit.put_sessions(&self.released, None).await
    }

    /// Lets go of what is held back beyond what may be, after the sessions are written.
    pub(super) async fn bound_held(&self, unit: &mut Unit) -> Result<()> {
        let held = self.sessions.iter().filter(|session| session.held_at.is_some());
        let pairs: BTreeSet<_> = held.map(|session| (session.subject_id, session.device_id)).collect();
        for (subject, device) in pairs {
            unit.bound_held(subject, device).await?;
        }
        Ok(())
    }
}

/// Accounts whose sessions are looked at by the guard: those that close, and where a step-up vouches all, since it is asked for
/// while they work.
pub(super) fn guarded(standing: &Standing, closing: &[Uuid], at_work: &[Uuid]) -> Vec<Uuid> {
    let asks = standing.policy.enrolment_guard == EnrolmentGuard::StepUp;
    let mut subjects = closing.to_vec();
    subjects.extend(if asks { at_work } else { &[] });
    subjects.sort_unstable();
    subjects.dedup();
    subjects
}
