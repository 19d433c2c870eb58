//! Takes a batch of a device's records: decide what is new, judge the windows, commit everything in one transaction.
//!
//! The session rows stay locked from reading the state to the commit, so that any process can take any stream and two can
//! never go on with one session at once.

mod judge;
mod plan;
mod profiles;
mod signal;
pub mod silence;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tacit_engine::VerdictKind;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::app::{App, devices};
use crate::domain::record::{Body, Record};
use crate::domain::{DeviceId, SessionId, SubjectId};
use crate::secrets::Purpose;
use crate::store::Unit;
use crate::store::sessions::SessionRow;
use crate::{Error, Result};

use judge::Judged;
use plan::Plan;
pub use profiles::ProfileCache;

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
    /// Sessions that have just entered `different_person`.
    pub different_person: Vec<SessionId>,
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
    if unit.device_may_speak(device).await? != Some(true) {
        return Err(devices::revoked());
    }
    let mut ids: Vec<Uuid> = records.iter().map(|r| r.session.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let sessions: BTreeMap<SessionId, SessionRow> =
        unit.lock_sessions(&ids).await?.into_iter().map(|row| (row.id, row)).collect();

    let Plan { accepted, acks, refused, redated } = plan::plan(device, now, &sessions, records);
    let sessions = open_sessions(app, &mut unit, device, sessions, &accepted, now).await?;
    let profiles = load_profiles(app, &mut unit, &sessions, &accepted).await?;

    let judging = judge::Judge {
        secrets: Arc::clone(&app.secrets),
        population: Arc::clone(&app.population),
        policy: app.settings.policy.judging,
        sessions,
        profiles,
    };
    let judged =
        tokio::task::spawn_blocking(move || judging.judge(accepted)).await.map_err(Error::internal)??;
    let Judged { sessions, events, windows, verdicts, profiles, entered } = judged;

    unit.add_events(&events).await?;
    unit.add_windows(&windows).await?;
    unit.add_verdicts(&verdicts, now).await?;
    for profile in &profiles {
        unit.put_profile(&profile.row, &profile.maturity, now).await?;
    }
    unit.put_sessions(&sessions, Some(now)).await?;
    unit.commit().await?;

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
    Ok(Outcome { acks, different_person: entered, refused })
}

/// Makes the rows of sessions that the batch opens. Subjects are made in the order of their pseudonyms, so that two batches
/// never wait for each other.
async fn open_sessions(
    app: &App,
    unit: &mut Unit,
    device: DeviceId,
    mut sessions: BTreeMap<SessionId, SessionRow>,
    accepted: &[Record],
    now: OffsetDateTime,
) -> Result<BTreeMap<SessionId, SessionRow>> {
    let mut opened: Vec<_> = accepted
        .iter()
        .filter_map(|record| match &record.body {
            Body::Opened { account, remote } => {
                Some((app.secrets.pseudonym(account), account, *remote, record))
            }
            _ => None,
        })
        .collect();
    opened.sort_by(|a, b| a.0.cmp(&b.0));
    for (pseudonym, account, remote, record) in opened {
        let subject = unit.subject(&pseudonym, SubjectId(app.ambient.id()), now).await?;
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
            state: None,
        };
        if !unit.open_session(&row, remote, record.at, now).await? {
            return Err(Error::unavailable("the session is being opened by another call; try again"));
        }
        sessions.insert(row.id, row);
    }
    Ok(sessions)
}

/// The profiles that the batch judges against, with those that it may change locked.
async fn load_profiles(
    app: &App,
    unit: &mut Unit,
    sessions: &BTreeMap<SessionId, SessionRow>,
    accepted: &[Record],
) -> Result<BTreeMap<SubjectId, judge::Versioned>> {
    let of = |wanted: fn(&Body) -> bool| {
        let mut ids: Vec<Uuid> = accepted
            .iter()
            .filter(|record| wanted(&record.body))
            .filter_map(|record| sessions.get(&record.session))
            .map(|session| session.subject_id.0)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let changed = of(|body| matches!(body, Body::Closed));
    if !changed.is_empty() {
        unit.lock_subjects(&changed).await?;
    }
    let needed = of(|body| matches!(body, Body::Closed | Body::Window { .. }));
    app.profiles.load(unit, &app.secrets, &needed).await
}

/// Whether a verdict has just become `different_person`.
fn enters(before: Option<&str>, now: VerdictKind) -> bool {
    now == VerdictKind::DifferentPerson && before != Some(crate::domain::verdict::name(now))
}
