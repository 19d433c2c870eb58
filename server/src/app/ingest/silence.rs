//! Ends sessions that nothing is heard of any more: a workstation that was switched off, reinstalled or lost never says that
//! its sessions have ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::enrolment::Enrolment;
use super::judge::Judge;
use crate::app::{App, policies};
use crate::domain::SessionId;
use crate::{Error, ErrorKind, Result};

/// Sessions ended in one go at most; the rest follow with the next.
const MOST: i64 = 1_000;

/// Closes sessions of which nothing was heard for as long as policy says, if their device is silent too or has gone on to
/// another session: a screen that stays locked over a weekend ends nothing. They close as any session does, and open again when
/// their device sends what it kept. Returns how many were closed.
///
/// # Errors
/// Unavailable when the database is away.
pub async fn close_silent(app: &Arc<App>) -> Result<u64> {
    let before = app.ambient.now() - Duration::hours(app.settings.policy.silent_after_hours.into());
    let mut closed = 0;
    for id in app.store.silent_sessions(before, MOST).await? {
        if app.stopping.is_cancelled() {
            break;
        }
        match close(app, id, before).await {
            Ok(done) => closed += u64::from(done),
            Err(error) if error.kind() == ErrorKind::Unavailable => return Err(error),
            // The others can still be closed.
            Err(error) => {
                tracing::error!(session = %id, detail = %error.detail(), "cannot close a silent session");
            }
        }
    }
    metrics::counter!("tacit_sessions_silent_total").increment(closed);
    Ok(closed)
}

/// `false` if the session was heard of or closed meanwhile, or is at work.
async fn close(app: &Arc<App>, id: SessionId, before: OffsetDateTime) -> Result<bool> {
    let mut unit = app.store.begin().await?;
    let Some((row, heard_at)) = unit.lock_silent(id, before).await? else { return Ok(false) };
    let subject = [row.subject_id.0];
    unit.lock_subjects(&subject).await?;
    let device = row.device_id;
    let standing = unit.device_standing(device).await?;
    let standing = standing.ok_or_else(|| Error::internal("a session's device is gone"))?;
    let policy = policies::standing(app, &mut unit, standing).await?.policy;
    let now = app.ambient.now();
    let enrolment = Enrolment::load(&mut unit, &policy, device, now, (&subject, &subject), &[id.0]).await?;
    let profiles = app.profiles.load(&mut unit, &app.secrets, &subject).await?;
    let restricted = unit.restricted(&subject).await?.into_iter().collect();
    let mut judge = Judge::without_verdicts(app, enrolment, BTreeMap::from([(id, row)]), profiles);
    judge.restricted = restricted;
    let judged = tokio::task::spawn_blocking(move || judge.fall_silent(heard_at)).await;
    let judged = judged.map_err(Error::internal)??;
    judged.keep_learned(&mut unit, device, now).await?;
    unit.put_sessions(&judged.sessions, None).await?;
    judged.bound_held(&mut unit).await?;
    unit.commit().await?;
    for profile in judged.profiles {
        app.profiles.put(profile.row.subject_id, profile.row.version, profile.profile);
    }
    Ok(true)
}
