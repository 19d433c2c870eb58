//! Streams of security event tokens, as their receivers manage them (OpenID Shared Signals Framework 1.0). A stream is a
//! destination; who made it, or an administrator, manages it.

mod poll;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::destinations::{self, Wanted};
use crate::app::{App, audit, outbox};
use crate::domain::alert::Severity;
use crate::domain::audit::{Action, Object};
use crate::domain::destination::Target;
use crate::domain::plain::is_plain;
use crate::domain::policy::DEFAULT_GROUP;
use crate::domain::signal_stream::{StreamEvent, SubjectFormat};
use crate::domain::{Caller, DestinationId, EventId, Role};
use crate::out::set::{self, Signer, Tokens};
use crate::secrets::Purpose;
use crate::store::destinations::DestinationRow;
use crate::store::outbox::NewEvent;
use crate::{Error, Result};
pub use poll::{Poll, Polled, SetError, poll};

/// Push (RFC 8935).
pub const PUSH: &str = "urn:ietf:rfc:8935";
/// Poll (RFC 8936).
pub const POLL: &str = "urn:ietf:rfc:8936";
/// Characters of a description at most.
const LONGEST_DESCRIPTION: usize = 500;

/// How tokens are delivered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// `urn:ietf:rfc:8935` (push) or `urn:ietf:rfc:8936` (poll).
    pub method: String,
    /// Where to push to, set by the receiver; or where to poll, set by the server.
    #[serde(default)]
    pub endpoint_url: Option<String>,
    /// Value of the `authorization` header of pushes; never shown.
    #[serde(default, skip_serializing)]
    pub authorization_header: Option<String>,
}

/// A stream to make, or what is to change of one.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct Asked {
    /// Which stream, of a change.
    #[serde(default)]
    pub stream_id: Option<Uuid>,
    /// How tokens are delivered.
    #[serde(default)]
    pub delivery: Option<Delivery>,
    /// URIs of events; of those that are not supported none is delivered. Left out, all that are.
    #[serde(default)]
    pub events_requested: Option<Vec<String>>,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
}

/// A stream.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Stream {
    /// Its id.
    pub stream_id: Uuid,
    /// Who tells.
    pub iss: String,
    /// `aud` of its tokens.
    pub aud: String,
    /// How they are delivered.
    pub delivery: Delivery,
    /// URIs of events that it could carry.
    pub events_supported: Vec<String>,
    /// URIs of events that it carries.
    pub events_delivered: Vec<String>,
    /// For people.
    pub description: Option<String>,
}

/// Whether a stream carries anything now.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StreamStatus {
    /// Which stream.
    pub stream_id: Uuid,
    /// `enabled`, `paused` (tokens are kept) or `disabled` (they are not).
    pub status: String,
}

/// What the server can do, for `/.well-known/ssf-configuration`.
#[must_use]
pub fn configuration(app: &App) -> Value {
    let issuer = app.settings.issuer();
    json!({
        "spec_version": "1_0",
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/ssf/jwks.json"),
        "delivery_methods_supported": [PUSH, POLL],
        "configuration_endpoint": format!("{issuer}/ssf/streams"),
        "status_endpoint": format!("{issuer}/ssf/status"),
        "verification_endpoint": format!("{issuer}/ssf/verify"),
        "authorization_schemes": [{ "spec_urn": "urn:ietf:rfc:6750" }],
        "default_subjects": "ALL",
    })
}

/// The keys that verify tokens.
///
/// # Errors
/// As the database.
pub async fn jwks(app: &App) -> Result<Value> {
    signer(app).await?;
    let keys = app.store.signing_keys().await?;
    let keys: Vec<_> = keys.iter().map(|key| set::jwk(key.id, &key.public_key)).collect();
    Ok(json!({ "keys": keys }))
}

/// What signs tokens; made when it is first needed.
///
/// # Errors
/// As the database; internal, when the key was sealed under another master key.
pub async fn signer(app: &App) -> Result<Arc<Signer>> {
    if let Some(key) = app.store.signing_keys().await?.first() {
        let plain = app.secrets.open(Purpose::Destination, key.id, &key.sealed)?;
        return Ok(Arc::new(Signer::new(key.id, &zeroize::Zeroizing::new(plain))));
    }
    let (id, (plain, point)) = (app.ambient.id(), set::new_key()?);
    let sealed = app.secrets.seal(Purpose::Destination, id, &plain)?;
    app.store.add_signing_key(id, &point, &sealed, app.ambient.now()).await?;
    tracing::info!(key = %id, "made a key that signs security event tokens");
    Ok(Arc::new(Signer::new(id, &plain)))
}

/// What the tokens of a stream say.
///
/// # Errors
/// As for [`signer`]; internal, when the destination is no stream.
pub async fn tokens(app: &App, row: &DestinationRow) -> Result<Tokens> {
    let target: Target = serde_json::from_value(row.target.clone()).map_err(Error::internal)?;
    let (Target::PushStream { audience, events, subject, .. }
    | Target::PollStream { audience, events, subject, .. }) = target
    else {
        return Err(Error::internal("a destination is no stream"));
    };
    let subject = if row.names_reason.is_some() { subject } else { SubjectFormat::Opaque };
    let (issuer, signer) = (app.settings.issuer(), signer(app).await?);
    Ok(Tokens { issuer, audience, stream: row.id.0, events, subject, signer })
}

fn shown(app: &App, row: &DestinationRow) -> Result<Stream> {
    let issuer = app.settings.issuer();
    let target: Target = serde_json::from_value(row.target.clone()).map_err(Error::internal)?;
    let (delivery, audience, events, description) = match target {
        Target::PushStream { url, audience, events, description, .. } => {
            let delivery =
                Delivery { method: PUSH.to_owned(), endpoint_url: Some(url), authorization_header: None };
            (delivery, audience, events, description)
        }
        Target::PollStream { audience, events, description, .. } => {
            let url = format!("{issuer}/ssf/streams/{}/poll", row.id);
            let delivery =
                Delivery { method: POLL.to_owned(), endpoint_url: Some(url), authorization_header: None };
            (delivery, audience, events, description)
        }
        _ => return Err(none()),
    };
    let uris = |events: &[StreamEvent]| events.iter().map(|event| event.uri()).collect();
    Ok(Stream {
        stream_id: row.id.0,
        iss: issuer,
        aud: audience,
        delivery,
        events_supported: uris(&StreamEvent::ALL),
        events_delivered: uris(&events),
        description,
    })
}

fn events(asked: Option<&[String]>) -> Vec<StreamEvent> {
    let Some(asked) = asked else { return StreamEvent::ALL.to_vec() };
    let events: BTreeSet<_> = asked.iter().filter_map(|uri| StreamEvent::of_uri(uri)).collect();
    events.into_iter().collect()
}

fn description(asked: Option<&str>) -> Result<Option<String>> {
    if asked.is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION || !is_plain(text)) {
        let says = format!("description must be at most {LONGEST_DESCRIPTION} characters of plain text");
        return Err(Error::of_field("description", says));
    }
    Ok(asked.map(str::to_owned))
}

fn pushes(delivery: &Delivery) -> Result<bool> {
    match delivery.method.as_str() {
        PUSH => Ok(true),
        POLL => Ok(false),
        _ => Err(Error::of_field("delivery.method", format!("delivery.method must be {PUSH} or {POLL}"))),
    }
}

fn push_url(delivery: &Delivery) -> Result<String> {
    delivery.endpoint_url.clone().ok_or_else(|| {
        Error::of_field("delivery.endpoint_url", "delivery.endpoint_url must say where to push to")
    })
}

/// Makes a stream that names subjects by their pseudonyms.
///
/// # Errors
/// As for [`destinations::make`].
pub async fn make(app: &App, caller: &Caller, asked: Asked) -> Result<Stream> {
    let delivery = asked.delivery.ok_or_else(|| {
        Error::of_field("delivery", format!("delivery must say how: method {PUSH} (push) or {POLL} (poll)"))
    })?;
    let name = format!("stream-{}", hex::encode(app.ambient.bytes::<6>()));
    let (audience, subject) = (format!("urn:tacit:{name}"), SubjectFormat::Opaque);
    let events = events(asked.events_requested.as_deref());
    let description = description(asked.description.as_deref())?;
    let target = if pushes(&delivery)? {
        let url = push_url(&delivery)?;
        Target::PushStream { url, audience, events, subject, description, ca: None }
    } else {
        Target::PollStream { audience, events, subject, description }
    };
    let wanted = Wanted {
        name,
        target,
        groups: None,
        verdicts: None,
        minimum_severity: Severity::Low,
        names_reason: None,
        enabled: true,
        authorization: delivery.authorization_header,
    };
    let made = destinations::make(app, caller, wanted).await?;
    let row = owned(app, caller, made.destination.id).await?;
    shown(app, &row)
}

/// A stream, if it is the caller's.
async fn owned(app: &App, caller: &Caller, id: Uuid) -> Result<DestinationRow> {
    let row = app.store.read_destination(DestinationId(id)).await?;
    row.filter(|row| is_stream(row) && may(caller, row)).ok_or_else(none)
}

fn is_stream(row: &DestinationRow) -> bool {
    matches!(row.kind.as_str(), "push_stream" | "poll_stream")
}

fn may(caller: &Caller, row: &DestinationRow) -> bool {
    caller.role() == Some(Role::Admin) || row.made_by == caller.name()
}

/// The caller's streams; an administrator's are all.
///
/// # Errors
/// As the database.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<Stream>> {
    let rows = app.store.read_destinations().await?;
    rows.iter().filter(|row| is_stream(row) && may(caller, row)).map(|row| shown(app, row)).collect()
}

/// One stream.
///
/// # Errors
/// Not found; as the database.
pub async fn one(app: &App, caller: &Caller, id: Uuid) -> Result<Stream> {
    shown(app, &owned(app, caller, id).await?)
}

/// Changes what is given of a stream.
///
/// # Errors
/// Not found; as for [`destinations::change`].
pub async fn change(app: &App, caller: &Caller, asked: Asked) -> Result<Stream> {
    let id = asked.stream_id.ok_or_else(|| Error::of_field("stream_id", "stream_id must name the stream"))?;
    let row = owned(app, caller, id).await?;
    let mut target: Target = serde_json::from_value(row.target).map_err(Error::internal)?;
    let changed = description(asked.description.as_deref())?;
    if let Target::PushStream { events: held, description: said, .. }
    | Target::PollStream { events: held, description: said, .. } = &mut target
    {
        if asked.events_requested.is_some() {
            *held = events(asked.events_requested.as_deref());
        }
        if changed.is_some() {
            *said = changed;
        }
    }
    let mut authorization = None;
    if let Some(delivery) = asked.delivery {
        match (&mut target, pushes(&delivery)?) {
            (Target::PushStream { url, .. }, true) => *url = push_url(&delivery)?,
            (Target::PollStream { .. }, false) => {}
            _ => {
                let says = "delivery.method cannot change: make another stream, and delete this one";
                return Err(Error::of_field("delivery.method", says));
            }
        }
        authorization = delivery.authorization_header;
    }
    let wanted = Wanted {
        name: row.name,
        target,
        groups: row.groups,
        verdicts: row.verdicts,
        minimum_severity: Severity::of_level(row.minimum_severity),
        names_reason: row.names_reason,
        enabled: row.enabled,
        authorization,
    };
    destinations::change(app, caller, DestinationId(id), wanted).await?;
    one(app, caller, id).await
}

/// Removes a stream.
///
/// # Errors
/// Not found; as the database.
pub async fn remove(app: &Arc<App>, caller: &Caller, id: Uuid) -> Result<()> {
    owned(app, caller, id).await?;
    destinations::remove(app, caller, DestinationId(id)).await
}

/// Whether a stream carries anything now.
///
/// # Errors
/// Not found; as the database.
pub async fn status(app: &App, caller: &Caller, id: Uuid) -> Result<StreamStatus> {
    let row = owned(app, caller, id).await?;
    let status = match (row.enabled, row.paused) {
        (true, false) => "enabled",
        (true, true) => "paused",
        (false, _) => "disabled",
    };
    Ok(StreamStatus { stream_id: id, status: status.to_owned() })
}

/// Says whether a stream is to carry anything.
///
/// # Errors
/// Not found; invalid argument; as the database.
pub async fn set_status(app: &App, caller: &Caller, wanted: &StreamStatus) -> Result<StreamStatus> {
    let id = wanted.stream_id;
    owned(app, caller, id).await?;
    let (enabled, paused) = match wanted.status.as_str() {
        "enabled" => (true, false),
        "paused" => (true, true),
        "disabled" => (false, false),
        _ => return Err(Error::of_field("status", "status must be enabled, paused or disabled")),
    };
    let mut unit = app.store.begin().await?;
    unit.set_enabled(DestinationId(id), enabled, paused, &caller.name(), app.ambient.now()).await?;
    let (object, details) = (Object::Destination(DestinationId(id)), json!({ "status": wanted.status }));
    audit::record(&mut unit, &app.ambient, caller, Action::DestinationChanged, object, details).await?;
    unit.commit().await?;
    status(app, caller, id).await
}

/// Puts a verification event on a stream, with the receiver's own `state`.
///
/// # Errors
/// Not found; invalid argument for a state that is too long; as the database.
pub async fn verify(app: &App, caller: &Caller, id: Uuid, state: Option<&str>) -> Result<()> {
    if state.is_some_and(|state| state.len() > LONGEST_DESCRIPTION) {
        let says = format!("state must be at most {LONGEST_DESCRIPTION} bytes");
        return Err(Error::of_field("state", says));
    }
    owned(app, caller, id).await?;
    let now = app.ambient.now();
    let event = NewEvent {
        id: EventId(app.ambient.id()),
        session: None,
        subject: None,
        device: None,
        group: DEFAULT_GROUP.to_owned(),
        kind: outbox::TEST,
        severity: Severity::Info.level(),
        at: now,
        body: json!({ "state": state }),
    };
    let mut unit = app.store.begin().await?;
    unit.add_event(&event, &[id], now).await?;
    unit.commit().await
}

fn none() -> Error {
    Error::not_found("no such stream")
}
