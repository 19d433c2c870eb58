//! What is told to other systems, decided where it happens and written in its transaction.
//!
//! To tell of something else: an [`Event`] with a `kind` of its own, [`enqueue`] in the unit that writes what it tells of, and
//! its fields in docs/integrations.md. Who enqueues an event of a session holds the session's row, so that events of one
//! session are in order.

pub mod deliver;

use serde_json::{Value, json};
use tacit_engine::VerdictKind;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::app::App;
use crate::domain::alert::Severity;
use crate::domain::destination::{self, Filter};
use crate::domain::told::{self, Told};
use crate::domain::{DeviceId, EventId, SessionId, SubjectId, verdict};
use crate::store::Unit;
use crate::store::outbox::{Listener, NewEvent};
use crate::store::sessions::VerdictRow;
use crate::{Error, Result};

/// What stands of a session has changed.
pub const VERDICT_CHANGED: &str = "tacit.verdict.changed";
/// Someone deals with an alert.
pub const ALERT_CHANGED: &str = "tacit.alert.changed";
/// Someone wants to see whether events arrive.
pub const TEST: &str = "tacit.test";

/// Something to be told.
#[derive(Debug, Clone)]
pub struct Event {
    /// Such as [`VERDICT_CHANGED`].
    pub kind: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Verdicts it is about, for destinations that want to hear of some only; empty if it is about none.
    pub about: Vec<VerdictKind>,
    /// Of which session.
    pub session: Option<SessionId>,
    /// Of whom.
    pub subject: Option<SubjectId>,
    /// Where.
    pub device: Option<DeviceId>,
    /// In which group.
    pub group: String,
    /// When it happened.
    pub at: OffsetDateTime,
    /// What happened, without any name of a person.
    pub body: Value,
}

/// Writes events for whoever wants to hear of them, in the unit that writes what they tell of.
///
/// # Errors
/// As the database.
pub async fn enqueue(app: &App, unit: &mut Unit, events: Vec<Event>) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let now = app.ambient.now();
    let listeners = unit.listeners().await?;
    let listeners = listeners.into_iter().map(filter).collect::<Result<Vec<_>>>()?;
    for event in events {
        let wants = |filter: &Filter| {
            if event.about.is_empty() {
                filter.wants(&event.group, event.severity)
            } else {
                filter.wants_change(&event.group, &event.about)
            }
        };
        let to: Vec<Uuid> = listeners.iter().filter(|(_, filter)| wants(filter)).map(|(id, _)| *id).collect();
        if to.is_empty() {
            continue;
        }
        let kind = event.kind;
        let row = NewEvent {
            id: EventId(app.ambient.id()),
            session: event.session,
            subject: event.subject,
            device: event.device,
            group: event.group,
            kind,
            severity: event.severity.level(),
            at: event.at,
            body: event.body,
        };
        unit.add_event(&row, &to, now).await?;
        metrics::counter!("tacit_outbox_events_total", "type" => kind).increment(1);
    }
    Ok(())
}

fn filter(listener: Listener) -> Result<(Uuid, Filter)> {
    let Listener { id, groups, verdicts, minimum_severity } = listener;
    let severity = Severity::of_level(minimum_severity);
    let filter = destination::filter(groups.as_deref(), verdicts.as_deref(), severity);
    Ok((id.0, filter.map_err(Error::internal)?))
}

/// Tells of verdicts that change what stands of their sessions, whose rows the unit has locked. All are of devices in a group.
///
/// # Errors
/// As the database.
pub async fn tell(app: &App, unit: &mut Unit, group: &str, verdicts: &[VerdictRow]) -> Result<()> {
    if verdicts.is_empty() {
        return Ok(());
    }
    let mut sessions: Vec<Uuid> = verdicts.iter().map(|row| row.session.0).collect();
    sessions.sort_unstable();
    sessions.dedup();
    let mut events = Vec::new();
    for (session, stored) in unit.told(&sessions).await? {
        let mut told = Told::stored(&stored);
        for row in verdicts.iter().filter(|row| row.session == session) {
            let change = verdict::named(row.verdict).and_then(|kind| told.take(kind));
            events.extend(change.map(|change| event(row, group, change)));
        }
        let names = told.names();
        if names != stored {
            unit.put_told(session, &names).await?;
        }
    }
    enqueue(app, unit, events).await
}

fn event(row: &VerdictRow, group: &str, change: told::Change) -> Event {
    Event {
        kind: VERDICT_CHANGED,
        severity: told::severity(change.now),
        about: change.about,
        session: Some(row.session),
        subject: Some(row.subject),
        device: Some(row.device),
        group: group.to_owned(),
        at: row.at,
        body: json!({
            "verdict": row.verdict,
            "before": change.before.map(verdict::name),
            "cause": row.cause,
            "trust": row.trust,
            "llr": row.llr,
            "reason": row.reason,
            "evidence": row.evidence,
            "sequence": row.sequence,
        }),
    }
}
