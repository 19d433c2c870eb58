//! Destinations: made, changed, tried, and what they did not take.

mod letters;
mod shown;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::Duration;
use utoipa::ToSchema;

use crate::app::outbox::{TEST, deliver};
use crate::app::{App, audit};
use crate::domain::alert::Severity;
use crate::domain::audit::{Action, Object};
use crate::domain::destination::{self, MOST, Target};
use crate::domain::policy::DEFAULT_GROUP;
use crate::domain::{Caller, DestinationId};
use crate::out::reach::Reach;
use crate::out::webhook::SigningKey;
use crate::out::{Credentials, Message, Outcome};
use crate::secrets::Purpose;
use crate::store::Unit;
use crate::store::destinations::DestinationRow;
use crate::{Error, Result};
pub use letters::{Replay, dead_letters, replay};
pub use shown::{Destination, list, one};

/// A key that was replaced signs so long beside its successor.
pub const OVERLAP: Duration = Duration::hours(24);
/// Characters of credentials at most.
const LONGEST_AUTHORIZATION: usize = 4_096;
/// Deliveries deleted in one statement.
const AT_ONCE: i64 = 5_000;

/// A destination as it is to be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// 1 to 63 of a-z, 0-9 and -; it labels metrics.
    pub name: String,
    /// Where to, and how.
    pub target: Target,
    /// Of devices in these groups alone; left out, of all.
    #[serde(default)]
    pub groups: Option<Vec<String>>,
    /// Of these verdicts alone, and of their end: `suspicious`, `different_person`, `automation`, `silent`; left out, of all.
    #[serde(default)]
    pub verdicts: Option<Vec<String>>,
    /// Of what matters at least so much: `suspicious` is low, `silent` medium, `different_person` and `automation` high.
    #[serde(default = "medium")]
    pub minimum_severity: Severity,
    /// Tell account names besides pseudonyms, for this reason. Left out, pseudonyms alone.
    #[serde(default)]
    pub names_reason: Option<String>,
    /// Whether it is told anything. What happens while it is not is not told later.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Value of the `authorization` header of webhooks, such as `Bearer ...` or `Splunk ...`; never shown again. Left out in a
    /// change, it stays; empty, it goes.
    #[serde(default)]
    pub authorization: Option<String>,
}

fn medium() -> Severity {
    Severity::Medium
}

fn yes() -> bool {
    true
}

/// A destination with a secret that is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct Made {
    /// The destination.
    pub destination: Destination,
    /// Verifies what a webhook is sent (`whsec_...`); null where nothing is signed.
    pub secret: Option<String>,
}

/// What became of a trial.
#[derive(Debug, Serialize, ToSchema)]
pub struct Trial {
    /// Whether it was taken.
    pub delivered: bool,
    /// What went wrong.
    pub error: Option<String>,
}

/// Makes a destination, which is told of what happens from now on.
///
/// # Errors
/// Invalid argument for what makes no sense; conflict for a name that is taken, or too many; as the database.
pub async fn make(app: &App, caller: &Caller, wanted: Wanted) -> Result<Made> {
    let id = DestinationId(app.ambient.id());
    let now = app.ambient.now();
    let mut credentials = Credentials::default();
    if wanted.target.signs() {
        credentials.signing.push(SigningKey::new(&app.ambient));
    }
    let secret = credentials.signing.first().map(SigningKey::secret);
    let row = DestinationRow {
        id,
        name: String::new(),
        kind: String::new(),
        target: Value::Null,
        secrets: Vec::new(),
        groups: None,
        verdicts: None,
        minimum_severity: 1,
        names_reason: None,
        enabled: true,
        paused: false,
        made_at: now,
        made_by: caller.name(),
        changed_at: now,
        changed_by: caller.name(),
        failing: 0,
        not_before: None,
        last_error: None,
        last_delivered_at: None,
        gone_at: None,
    };
    let row = fill(app, row, wanted, credentials)?;
    if i64::try_from(app.store.read_destinations().await?.len()).is_ok_and(|count| count >= MOST) {
        return Err(Error::conflict(format!("there are {MOST} destinations already: remove one first")));
    }
    let mut unit = app.store.begin().await?;
    if !unit.add_destination(&row).await? {
        return Err(taken());
    }
    record(app, &mut unit, caller, Action::DestinationMade, id, facts(&row)).await?;
    unit.commit().await?;
    tracing::info!(destination = row.name, kind = row.kind, by = row.made_by, "destination made");
    Ok(Made { destination: one(app, id).await?, secret })
}

/// Changes a destination. What it is sent is signed as before.
///
/// # Errors
/// Not found; as for [`make`].
pub async fn change(app: &App, caller: &Caller, id: DestinationId, wanted: Wanted) -> Result<Destination> {
    let mut unit = app.store.begin().await?;
    let mut row = unit.lock_destination(id).await?.ok_or_else(none)?;
    if row.kind != wanted.target.kind() {
        return Err(Error::conflict(format!(
            "this destination is a {}: make another one for another kind, and remove this one",
            row.kind
        )));
    }
    let credentials = deliver::credentials(app, &row)?;
    row.changed_at = app.ambient.now();
    row.changed_by = caller.name();
    let row = fill(app, row, wanted, credentials)?;
    if unit.destination_name_taken(id, &row.name).await? {
        return Err(taken());
    }
    unit.put_destination(&row).await?;
    record(app, &mut unit, caller, Action::DestinationChanged, id, facts(&row)).await?;
    unit.commit().await?;
    tracing::info!(destination = row.name, by = row.changed_by, "destination changed");
    one(app, id).await
}

/// Checks what is wanted and puts it into a row.
fn fill(
    app: &App,
    row: DestinationRow,
    wanted: Wanted,
    mut credentials: Credentials,
) -> Result<DestinationRow> {
    destination::check_name(&wanted.name)?;
    wanted.target.validate()?;
    if let Some(host) = wanted.target.host() {
        Reach::new(&app.settings.out.networks).check(&host)?;
    }
    destination::filter(wanted.groups.as_deref(), wanted.verdicts.as_deref(), wanted.minimum_severity)?;
    if let Some(authorization) = wanted.authorization {
        let authorization = authorization.trim();
        let sound = authorization.len() <= LONGEST_AUTHORIZATION
            && authorization.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if !sound || !(authorization.is_empty() || wanted.target.authorizes()) {
            return Err(Error::of_field(
                "authorization",
                format!(
                    "authorization must be at most {LONGEST_AUTHORIZATION} characters of ASCII, for a webhook"
                ),
            ));
        }
        credentials.authorization = (!authorization.is_empty()).then(|| authorization.to_owned());
    }
    let names_reason = destination::check_names_reason(wanted.names_reason.as_deref())?;
    if wanted.target.names() && names_reason.is_none() {
        return Err(Error::of_field(
            "names_reason",
            "names_reason must say why this stream names accounts; with subjects of the format opaque it does not",
        ));
    }
    Ok(DestinationRow {
        name: wanted.name,
        kind: wanted.target.kind().to_owned(),
        target: serde_json::to_value(&wanted.target).map_err(Error::internal)?,
        secrets: seal(app, row.id, &credentials)?,
        groups: wanted.groups,
        verdicts: wanted.verdicts,
        minimum_severity: wanted.minimum_severity.level(),
        names_reason,
        enabled: wanted.enabled,
        ..row
    })
}

fn seal(app: &App, id: DestinationId, credentials: &Credentials) -> Result<Vec<u8>> {
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(credentials).map_err(Error::internal)?);
    app.secrets.seal(Purpose::Destination, id.0, &plain)
}

/// What the audit log keeps of a destination: where to, and what it may be told.
fn facts(row: &DestinationRow) -> Value {
    let mut target = row.target.clone();
    if let Some(target) = target.as_object_mut() {
        target.remove("ca");
        // Paths and queries of some receivers' addresses are their secrets.
        if let Some(Value::String(url)) = target.get_mut("url")
            && let Ok(parsed) = reqwest::Url::parse(url)
        {
            *url = parsed.origin().ascii_serialization();
        }
    }
    json!({
        "name": row.name,
        "target": target,
        "groups": row.groups,
        "names_reason": row.names_reason,
        "enabled": row.enabled,
    })
}

async fn record(
    app: &App,
    unit: &mut Unit,
    caller: &Caller,
    action: Action,
    id: DestinationId,
    details: Value,
) -> Result<()> {
    audit::record(unit, &app.ambient, caller, action, Object::Destination(id), details).await
}

/// Removes a destination, with what waits for it, also if the caller does not wait for the end. A server that is killed meanwhile leaves
/// the destination disabled: remove it again.
///
/// # Errors
/// Not found; as the database.
pub async fn remove(app: &Arc<App>, caller: &Caller, id: DestinationId) -> Result<()> {
    let (app, caller) = (Arc::clone(app), caller.clone());
    tokio::spawn(async move { clear(&app, &caller, id).await }).await.map_err(Error::internal)?
}

async fn clear(app: &App, caller: &Caller, id: DestinationId) -> Result<()> {
    // Piece by piece, and before the destination: verdicts wait for whoever deletes that.
    if !app.store.silence_destination(id).await? {
        return Err(none());
    }
    while app.store.drop_deliveries(id, AT_ONCE).await? > 0 {}
    let mut unit = app.store.begin().await?;
    if !unit.drop_destination(id).await? {
        return Err(none());
    }
    record(app, &mut unit, caller, Action::DestinationRemoved, id, json!({})).await?;
    unit.commit().await?;
    tracing::info!(destination = %id, by = caller.name(), "destination removed");
    Ok(())
}

/// Makes a new signing key; the old one signs beside it for [`OVERLAP`].
///
/// # Errors
/// Not found; conflict for a destination whose events are not signed; as the database.
pub async fn renew_secret(app: &App, caller: &Caller, id: DestinationId) -> Result<Made> {
    let now = app.ambient.now();
    let mut unit = app.store.begin().await?;
    let mut row = unit.lock_destination(id).await?.ok_or_else(none)?;
    let mut credentials = deliver::credentials(app, &row)?;
    // Of several renewals within the time, two sign: the newest and the one before.
    let Some(mut before) = credentials.signing.first().cloned() else {
        return Err(Error::conflict("what this destination is sent is not signed"));
    };
    before.until = Some(now + OVERLAP);
    let fresh = SigningKey::new(&app.ambient);
    let secret = Some(fresh.secret());
    credentials.signing = vec![fresh, before];
    row.secrets = seal(app, id, &credentials)?;
    row.changed_at = now;
    row.changed_by = caller.name();
    unit.put_destination(&row).await?;
    record(app, &mut unit, caller, Action::DestinationSecretRenewed, id, json!({})).await?;
    unit.commit().await?;
    tracing::info!(destination = row.name, by = row.changed_by, "signing key renewed");
    Ok(Made { destination: one(app, id).await?, secret })
}

/// Sends a trial at once, whatever waits.
///
/// # Errors
/// Not found; as the database.
pub async fn test(app: &App, id: DestinationId) -> Result<Trial> {
    let row = app.store.read_destination(id).await?.ok_or_else(none)?;
    let now = app.ambient.now();
    let message = Message {
        id: app.ambient.id(),
        kind: TEST.to_owned(),
        severity: Severity::Info,
        at: now,
        recorded_at: now,
        group: DEFAULT_GROUP.to_owned(),
        body: json!({ "reason": "a trial, asked for by an administrator" }),
        session: None,
        subject: None,
        device: None,
    };
    let mut outcomes = deliver::sender(app, &row).await?.send(&[message], &app.ambient).await;
    let error = match outcomes.pop() {
        Some(Outcome::Delivered) => None,
        Some(Outcome::Refused(error) | Outcome::Away(error, _) | Outcome::Gone(error)) => Some(error),
        Some(Outcome::Untried) | None => Some("it was not tried".to_owned()),
    };
    Ok(Trial { delivered: error.is_none(), error })
}

fn none() -> Error {
    Error::not_found("no such destination")
}

fn taken() -> Error {
    Error::conflict("another destination has this name")
}
