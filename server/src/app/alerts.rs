//! Alerts: read by the security team, acknowledged, assigned, commented, resolved.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::app::feedback::{self, NewFeedback, Said};
use crate::app::outbox::{self, Event};
use crate::app::read::{self, Page};
use crate::app::{App, audit};
use crate::domain::alert::{self, Resolution};
use crate::domain::audit::{Action, Object};
use crate::domain::{AlertId, Caller, DeviceId, Scope, SessionId, SubjectId, verdict};
use crate::store::Unit;
use crate::store::alerts::AlertStanding;
use crate::store::read::alerts::{Alert, AlertFilter, Note};
use crate::store::read::sessions::Session;
use crate::{Error, Result};

/// Earlier alerts of a subject shown with one.
const EARLIER: i64 = 20;

/// An alert with what is needed to decide about it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AlertDetail {
    /// The alert.
    #[serde(flatten)]
    pub alert: Alert,
    /// Its session as it stands.
    pub session: Session,
    /// What was written beside it, in the order of writing.
    pub notes: Vec<Note>,
    /// The subject's alerts before it, newest first, at most 20.
    pub earlier: Vec<Alert>,
}

/// A page of alerts, newest first, and the cursor of the next.
///
/// # Errors
/// Invalid argument for a cursor or limit; as the database.
pub async fn list(
    app: &App,
    scope: &Scope,
    filter: &AlertFilter,
    page: &Page,
) -> Result<(Vec<Alert>, Option<String>)> {
    read::alerts(&app.store, scope, filter, page).await
}

/// One alert.
///
/// # Errors
/// Not found; as the database.
pub async fn one(app: &App, scope: &Scope, id: AlertId) -> Result<AlertDetail> {
    let alert = app.store.read_alert(scope, id).await?.ok_or_else(no_such_alert)?;
    let session = read::session(&app.store, scope, SessionId(alert.session_id)).await?;
    let notes = app.store.read_notes(&alert).await?;
    let filter = AlertFilter { subject: Some(alert.subject_id), ..AlertFilter::default() };
    let place = crate::store::read::Place { at: alert.opened_at, id: alert.id };
    let earlier = app.store.read_alerts(scope, &filter, Some(place), EARLIER).await?;
    Ok(AlertDetail { alert, session, notes, earlier })
}

/// Takes an alert on: the caller looks at it, and is its assignee unless someone is. Once is as good as twice.
///
/// # Errors
/// Not found; conflict if it is resolved; as the database.
pub async fn acknowledge(app: &App, caller: &Caller, id: AlertId) -> Result<AlertDetail> {
    let of = app.store.read_alert(&caller.scope(), id).await?.ok_or_else(no_such_alert)?;
    let mut unit = app.store.begin().await?;
    unit.lock_sessions(&[of.session_id]).await?;
    let standing = not_resolved(&mut unit, caller, id).await?;
    if standing.state == "open" {
        unit.acknowledge_alert(id, &caller.name(), app.ambient.now()).await?;
        outbox::enqueue(app, &mut unit, vec![changed(app, &of, "acknowledged", None)]).await?;
        record(app, &mut unit, caller, Action::AlertAcknowledged, standing.object(id), json!({})).await?;
        unit.commit().await?;
        tracing::info!(alert = %id, "alert acknowledged");
    }
    one(app, &caller.scope(), id).await
}

/// To whom.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// Who deals with it, 1 to 200 characters, such as `user:` and the subject of their token; null for nobody.
    #[schema(min_length = 1, max_length = 200)]
    pub assignee: Option<String>,
}

/// Gives an alert to someone.
///
/// # Errors
/// Not found; conflict if it is resolved; invalid argument for a name that is none; as the database.
pub async fn assign(app: &App, caller: &Caller, id: AlertId, to: &Assignment) -> Result<AlertDetail> {
    let assignee = to.assignee.as_deref().map(alert::check_assignee).transpose()?;
    let mut unit = app.store.begin().await?;
    let standing = not_resolved(&mut unit, caller, id).await?;
    unit.assign_alert(id, assignee, app.ambient.now()).await?;
    let details = json!({ "to_anyone": assignee.is_some() });
    record(app, &mut unit, caller, Action::AlertAssigned, standing.object(id), details).await?;
    unit.commit().await?;
    tracing::info!(alert = %id, "alert assigned");
    one(app, &caller.scope(), id).await
}

/// A note to write.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// What, 1 to 2000 characters. It stays as it is for as long as the alert is kept: name nobody, and nobody's health.
    #[schema(min_length = 1, max_length = 2000)]
    pub text: String,
}

/// Writes a note beside an alert, resolved or not.
///
/// # Errors
/// Not found; invalid argument for a text that is none; as the database.
pub async fn note(app: &App, caller: &Caller, id: AlertId, new: &NewNote) -> Result<AlertDetail> {
    let text = alert::check_note(&new.text)?;
    let mut unit = app.store.begin().await?;
    let standing = unit.lock_alert(&caller.scope(), id).await?.ok_or_else(no_such_alert)?;
    unit.add_note((app.ambient.id(), id), text, &caller.name(), app.ambient.now()).await?;
    record(app, &mut unit, caller, Action::AlertNoted, standing.object(id), json!({})).await?;
    unit.commit().await?;
    one(app, &caller.scope(), id).await
}

/// What an alert turned out to be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertOutcome {
    /// `confirmed` and `false_alarm` are feedback on the session as well; of a `test` the engine learns nothing.
    pub resolution: Resolution,
    /// A note to go with it.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub note: Option<String>,
}

/// Deals with an alert, and lets its session follow.
///
/// # Errors
/// Not found; conflict if it is resolved as something else; as the database.
pub async fn resolve(
    app: &Arc<App>,
    caller: &Caller,
    id: AlertId,
    outcome: &AlertOutcome,
) -> Result<AlertDetail> {
    let text = outcome.note.as_deref().map(alert::check_note).transpose()?;
    let of = app.store.read_alert(&caller.scope(), id).await?.ok_or_else(no_such_alert)?;
    let mut unit = app.store.begin().await?;
    // In the order of ingest: the session, then what hangs on it.
    let session = unit.lock_sessions(&[of.session_id]).await?.pop().ok_or_else(no_such_alert)?;
    let standing = unit.lock_alert(&caller.scope(), id).await?.ok_or_else(no_such_alert)?;
    match standing.resolution.as_deref() {
        Some(already) if already == outcome.resolution.name() => return one(app, &caller.scope(), id).await,
        Some(already) => {
            return Err(Error::conflict(format!(
                "the alert was resolved as {already}: what is known now can be said of its session, with POST /v1/sessions/{}/feedback",
                of.session_id
            )));
        }
        None => {}
    }
    let (by, now) = (caller.name(), app.ambient.now());
    unit.resolve_alert(id, outcome.resolution, &by, now).await?;
    if let Some(text) = text {
        unit.add_note((app.ambient.id(), id), text, &by, now).await?;
    }
    let event = changed(app, &of, "resolved", Some(outcome.resolution));
    outbox::enqueue(app, &mut unit, vec![event]).await?;
    let said = match outcome.resolution {
        Resolution::Confirmed => Some(Said::Confirmed),
        Resolution::FalseAlarm => Some(Said::FalseAlarm),
        Resolution::Test => None,
    };
    let effect = match said {
        Some(said) => {
            let new = NewFeedback { said, verdict_id: None };
            Some(feedback::keep(app, &mut unit, caller, session, new).await?)
        }
        None => None,
    };
    let details = json!({ "resolution": outcome.resolution });
    record(app, &mut unit, caller, Action::AlertResolved, standing.object(id), details).await?;
    unit.commit().await?;
    app.changes.ingested();
    if let Some(effect) = effect {
        effect.count(SessionId(of.session_id));
    }
    metrics::counter!("tacit_alerts_resolved_total", "resolution" => outcome.resolution.name()).increment(1);
    tracing::info!(alert = %id, resolution = outcome.resolution.name(), "alert resolved");
    one(app, &caller.scope(), id).await
}

/// Tells other systems where an alert stands; who deals with it is nothing for them.
fn changed(app: &App, of: &Alert, state: &str, resolution: Option<Resolution>) -> Event {
    Event {
        kind: outbox::ALERT_CHANGED,
        severity: of.severity,
        about: verdict::named(&of.verdict).into_iter().collect(),
        session: Some(SessionId(of.session_id)),
        subject: Some(SubjectId(of.subject_id)),
        device: Some(DeviceId(of.device_id)),
        group: of.group.clone(),
        at: app.ambient.now(),
        body: json!({
            "alert": { "id": of.id, "verdict": of.verdict, "state": state, "resolution": resolution },
            "reason": format!("the alert is {state}"),
        }),
    }
}

impl AlertStanding {
    fn object(&self, id: AlertId) -> Object {
        Object::Alert(id, SubjectId(self.subject_id))
    }
}

async fn record(
    app: &App,
    unit: &mut Unit,
    caller: &Caller,
    action: Action,
    object: Object,
    details: Value,
) -> Result<()> {
    audit::record(unit, &app.ambient, caller, action, object, details).await
}

/// Holds an alert that is not resolved.
async fn not_resolved(unit: &mut Unit, caller: &Caller, id: AlertId) -> Result<AlertStanding> {
    let standing = unit.lock_alert(&caller.scope(), id).await?.ok_or_else(no_such_alert)?;
    match &standing.resolution {
        None => Ok(standing),
        Some(already) => Err(Error::conflict(format!("the alert was resolved as {already}"))),
    }
}

fn no_such_alert() -> Error {
    Error::not_found("no such alert")
}
