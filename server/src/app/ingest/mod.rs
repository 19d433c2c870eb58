//! Takes a batch of a device's records: decide what is new, judge the windows, commit everything in one transaction.
//!
//! The session rows stay locked from reading the state to the commit, so that any process can take any stream and two can
//! never go on with one session at once.

mod alert;
mod enrolment;
mod judge;
mod kept;
mod load;
mod plan;
mod profiles;
mod respond;
mod signal;
pub mod silence;
mod teach;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::app::{App, audit, devices, directives, outbox, policies, silent};
use crate::domain::audit::{Action, Object};
use crate::domain::directive::Directive;
use crate::domain::record::{Body, Record};
use crate::domain::{Caller, DeviceId, SessionId, SubjectId};
use crate::secrets::Purpose;
use crate::store::Unit;
use crate::store::sessions::SessionRow;
use crate::{Error, Result};

pub(super) use alert::raise_for;
pub use enrolment::vouch;
use judge::Judged;
pub use kept::follow;
use plan::Plan;
pub use profiles::ProfileCache;
pub use respond::Standing;

/// A record that will never be taken, and why.
#[derive(Debug)]
pub struct Refusal {
    /// Of which session.
    pub session: SessionId,
    /// Its place.
    pub sequence: u64,
    /// Why.
    pub error: Error,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Every record up to the sequence is committed.
    pub acks: Vec<(SessionId, u64)>,
    /// What policy makes of the verdicts, committed with them.
    pub directives: Vec<Directive>,
    /// The first record that will never be taken; those after it were not looked at.
    pub refused: Option<Refusal>,
}

/// Takes records of one device, in order, up to the first that will never be taken.
///
/// # Errors
/// Nothing was committed: permission denied when the device was revoked, unavailable when the database is away or another
/// process holds the sessions, internal for a fault.
pub async fn ingest(app: &Arc<App>, device: DeviceId, records: Vec<Record>) -> Result<Outcome> {
    if records.is_empty() {
        return Ok(Outcome::default());
    }
    let outcome = take(app, device, records).await;
    app.health.ingested(outcome.as_ref().map(drop), app.ambient.now());
    outcome
}

async fn take(app: &Arc<App>, device: DeviceId, records: Vec<Record>) -> Result<Outcome> {
    let started = Instant::now();
    let now = app.ambient.now();
    let mut unit = app.store.begin().await?;
    let standing = match unit.device_standing(device).await? {
        Some(standing) if standing.may_speak => standing,
        _ => return Err(devices::revoked()),
    };
    let standing = policies::standing(app, &mut unit, standing).await?;
    let group = standing.group.clone();
    let mut ids: Vec<Uuid> = records.iter().map(|r| r.session.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let sessions: BTreeMap<SessionId, SessionRow> =
        unit.lock_sessions(&ids).await?.into_iter().map(|row| (row.id, row)).collect();

    let Plan { accepted, acks, refused, redated } = plan::plan(device, now, &sessions, records);
    let opened = accepted.iter().filter(|record| matches!(record.body, Body::Opened { .. })).count();
    if opened > 0 {
        app.bounds.sessions(unit.open_sessions(device).await? + opened as u64)?;
    }
    let (sessions, met) = open_sessions(app, &mut unit, device, sessions, &accepted, now).await?;
    let profiles = load::profiles(app, &mut unit, &sessions, &accepted).await?;

    let restricted = load::restricted(&mut unit, &sessions).await?;
    let known = load::known(&mut unit, device, &sessions, &accepted).await?;
    let elsewhere = load::elsewhere(&mut unit, &accepted).await?;
    let asked_apart = load::asked_apart(&mut unit, &accepted, now).await?;
    let (mut responding, assisted) = load::responding(app, &mut unit, standing, &sessions, now).await?;
    let begun = load::begun(&sessions, &accepted, &restricted);
    let waiting = silent::wait_on(app, &mut unit, &begun, &responding.standing, now).await?;
    responding.spoke(&waiting);
    let enrolment =
        load::enrolment(&mut unit, &responding.standing, device, &sessions, &accepted, now).await?;
    let policy = Arc::clone(&responding.standing.policy);
    let judging = judge::Judge {
        secrets: Arc::clone(&app.secrets),
        population: Arc::clone(&app.population),
        policy: responding.standing.policy.judging(&app.settings.policy.judging),
        responding,
        assisted,
        elsewhere,
        asked_apart,
        known,
        restricted,
        enrolment,
        sessions,
        profiles,
    };
    let mut judged =
        tokio::task::spawn_blocking(move || judging.judge(accepted)).await.map_err(Error::internal)??;
    judged.directives.extend(waiting);
    unit.add_events(&judged.events).await?;
    unit.add_windows(&judged.windows, now).await?;
    unit.add_verdicts(&judged.verdicts, now).await?;
    outbox::tell(app, &mut unit, &group, &judged.verdicts).await?;
    judged.keep_learned(&mut unit, device, now).await?;
    if !judged.alarmed.is_empty() {
        let alarmed: Vec<Uuid> = judged.alarmed.iter().map(|subject| subject.0).collect();
        unit.alarm(&alarmed, device, now).await?;
    }
    let raised = raise_for(app, &mut unit, &judged.verdicts, &policy, now).await?;
    unit.put_sessions(&judged.sessions, Some(now)).await?;
    judged.bound_held(&mut unit).await?;
    unit.add_directives(&judged.directives, now).await?;
    for subject in met {
        let (actor, object) = (Caller::Device(device), Object::Subject(subject));
        audit::record(&mut unit, &app.ambient, &actor, Action::SubjectMet, object, json!({})).await?;
    }
    unit.commit().await?;
    app.changes.ingested();
    let Judged { windows, verdicts, profiles, directives, .. } = judged;

    for profile in profiles {
        app.profiles.put(profile.row.subject_id, profile.row.version, profile.profile);
    }
    if let Some((records, ahead)) = redated {
        let ahead_s = ahead.whole_seconds();
        tracing::warn!(%device, records, ahead_s, "records from the future got the server's time: the device's clock was ahead");
        metrics::counter!("tacit_records_redated_total").increment(records);
    }
    metrics::histogram!("tacit_ingest_batch_seconds").record(started.elapsed().as_secs_f64());
    metrics::counter!("tacit_windows_ingested_total").increment(windows.len() as u64);
    for verdict in &verdicts {
        metrics::counter!("tacit_verdicts_total", "verdict" => verdict.verdict).increment(1);
    }
    directives::count(&directives);
    raised.count();
    let directives = directives.into_iter().filter(|d| d.withheld.is_none()).map(|d| d.directive).collect();
    Ok(Outcome { acks, directives, refused })
}

/// Makes the rows of sessions that the batch opens, and says which accounts the device had no session of before. Subjects are made in
/// the order of their pseudonyms, so that two batches never wait for each other.
async fn open_sessions(
    app: &App,
    unit: &mut Unit,
    device: DeviceId,
    mut sessions: BTreeMap<SessionId, SessionRow>,
    accepted: &[Record],
    now: OffsetDateTime,
) -> Result<(BTreeMap<SessionId, SessionRow>, Vec<SubjectId>)> {
    if !accepted.iter().any(|record| matches!(record.body, Body::Opened { .. })) {
        return Ok((sessions, Vec::new()));
    }
    unit.hold_device(device).await?;
    let latest = unit.latest_generation().await?;
    let mut opened: Vec<_> = accepted
        .iter()
        .filter_map(|record| match &record.body {
            Body::Opened { account, remote } => {
                Some((app.secrets.pseudonyms(account, latest), account, *remote, record))
            }
            _ => None,
        })
        .collect();
    opened.sort_by(|a, b| a.0.cmp(&b.0));
    let mut met = Vec::new();
    for (pseudonyms, account, remote, record) in opened {
        let subject = unit.subject(&pseudonyms, SubjectId(app.ambient.id()), now).await?;
        let name = app.secrets.seal(Purpose::Name, subject.0, account.as_bytes())?;
        unit.name_subject(subject, &name).await?;
        let row = SessionRow {
            id: record.session,
            device_id: device,
            subject_id: subject,
            closed_at: None,
            ended_by_silence: false,
            locked: false,
            last_sequence: 0,
            verdict: None,
            trust: None,
            verdict_at: None,
            input_at: None,
            held_at: None,
            state: None,
        };
        if !unit.open_session(&row, remote, record.at, now).await? {
            return Err(Error::unavailable("the session is being opened by another call; try again"));
        }
        met.extend(unit.meet(&[subject.0], device, now).await?);
        sessions.insert(row.id, row);
    }
    if !met.is_empty() {
        // What the batch itself adds does not count: one that does would be refused as a whole, every time it is sent.
        let before = unit.met_since(device, now - Duration::HOUR).await?.saturating_sub(met.len() as u64);
        app.bounds.accounts(before)?;
    }
    Ok((sessions, met))
}
