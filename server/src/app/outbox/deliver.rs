//! Hands what waits over to one destination: at least once, in order within a session, and nobody waits for anyone else.
//!
//! One server process at a time delivers to a destination, under a lease. While a receiver is away its events wait and are
//! probed one at a time; what a receiver refuses is held back with the later events of its session only, and given up after
//! some attempts.

use time::Duration;
use uuid::Uuid;

use crate::app::{App, streams};
use crate::domain::alert::Severity;
use crate::domain::destination::Target;
use crate::domain::{DestinationId, backoff};
use crate::out::{Credentials, Device, Message, Outcome, Sender, Subject, short};
use crate::secrets::Purpose;
use crate::store::destinations::{DestinationRow, Fares};
use crate::store::outbox::{Attempt, Waiting};
use crate::{Error, ErrorKind, Result};

/// Longer than a batch takes at most.
const LEASE: Duration = Duration::minutes(3);
/// Events handed over at once at most.
const BATCH: i64 = 64;
/// Between attempts of an event at most.
const LONGEST: Duration = Duration::minutes(5);
/// Between attempts to reach a receiver that is away at most.
const LONGEST_AWAY: Duration = Duration::minutes(1);
/// An event that was refused so often is given up: after half an hour to an hour.
const MOST_REFUSALS: i32 = 12;

/// Delivers to a destination until nothing is due or it is away. Returns how many events it took.
///
/// # Errors
/// Unavailable when the database is away.
pub async fn deliver(app: &App, id: DestinationId) -> Result<u64> {
    let lease = app.ambient.id();
    let done = deliver_under(app, id, lease).await;
    app.store.release_destination(id, lease).await?;
    done
}

async fn deliver_under(app: &App, id: DestinationId, lease: Uuid) -> Result<u64> {
    let mut delivered = 0;
    let mut open: Option<(time::OffsetDateTime, Sender)> = None;
    while !app.stopping.is_cancelled() {
        let now = app.ambient.now();
        let Some(row) = app.store.lease_destination(id, lease, now, now + LEASE).await? else { break };
        let limit = if row.failing > 0 { 1 } else { BATCH };
        let waiting = app.store.waiting(id, now, limit).await?;
        if waiting.is_empty() {
            break;
        }
        let opened = match open.take() {
            Some((changed_at, sender)) if changed_at == row.changed_at => Ok(sender),
            _ => sender(app, &row).await,
        };
        let sender = match opened {
            Ok(sender) => sender,
            Err(error) if error.kind() == ErrorKind::Unavailable => return Err(error),
            // Nothing can be said of its receiver: it waits as for one that is away, and whoever keeps it reads why.
            Err(error) => {
                settle(app, &row, lease, &waiting, vec![Outcome::Away(short(error.detail()), None)]).await?;
                break;
            }
        };
        let named = row.names_reason.is_some();
        let messages = waiting.iter().map(|w| message(app, w, named)).collect::<Result<Vec<_>>>()?;
        let outcomes = sender.send(&messages, &app.ambient).await;
        let (taken, away) = settle(app, &row, lease, &waiting, outcomes).await?;
        delivered += taken;
        if away {
            break;
        }
        open = Some((row.changed_at, sender));
    }
    Ok(delivered)
}

/// Opens the credentials of a destination.
///
/// # Errors
/// Internal, when they were sealed under another master key.
pub fn credentials(app: &App, row: &DestinationRow) -> Result<Credentials> {
    let plain = app.secrets.open(Purpose::Destination, row.id.0, &row.secrets)?;
    serde_json::from_slice(&plain).map_err(Error::internal)
}

/// What hands over to a destination.
///
/// # Errors
/// Internal, when what was checked before no longer holds; conflict for what is not called; as the database.
pub async fn sender(app: &App, row: &DestinationRow) -> Result<Sender> {
    let target: Target = serde_json::from_value(row.target.clone()).map_err(Error::internal)?;
    let tokens = match target {
        Target::PushStream { .. } => Some(streams::tokens(app, row).await?),
        _ => None,
    };
    Sender::new(&target, credentials(app, row)?, tokens, &app.settings)
}

/// An event on its way out; with the account's name if the destination may know it.
pub(crate) fn message(app: &App, waiting: &Waiting, named: bool) -> Result<Message> {
    let account = match (&waiting.name, waiting.subject) {
        (Some(sealed), Some(subject)) if named => {
            let plain = app.secrets.open(Purpose::Name, subject, sealed)?;
            Some(String::from_utf8(plain).map_err(Error::internal)?)
        }
        _ => None,
    };
    let subject = waiting.subject.zip(waiting.pseudonym.clone());
    let device = waiting.device.zip(waiting.device_name.clone());
    Ok(Message {
        id: waiting.id.0,
        kind: waiting.kind.clone(),
        severity: Severity::of_level(waiting.severity),
        at: waiting.at,
        recorded_at: waiting.enqueued_at,
        group: waiting.group.clone(),
        body: waiting.body.clone(),
        session: waiting.session,
        subject: subject.map(|(id, pseudonym)| Subject { id, pseudonym, account }),
        device: device.map(|(id, name)| Device { id, name }),
    })
}

/// Keeps what became of a batch. Returns how many were taken, and whether the receiver is away.
async fn settle(
    app: &App,
    row: &DestinationRow,
    lease: Uuid,
    waiting: &[Waiting],
    outcomes: Vec<Outcome>,
) -> Result<(u64, bool)> {
    let now = app.ambient.now();
    let random = || u16::from_be_bytes(app.ambient.bytes());
    let mut fares =
        Fares { failing: row.failing, not_before: None, error: None, delivered_at: None, gone_at: None };
    let mut attempts = Vec::new();
    let (mut taken, mut away) = (0, None);
    for (event, outcome) in waiting.iter().zip(outcomes) {
        let failures = u32::try_from(event.attempts).unwrap_or(0).saturating_add(1);
        let later = now + backoff::after(failures, LONGEST, random());
        let refused = matches!(outcome, Outcome::Refused(_));
        let (state, error) = match outcome {
            Outcome::Untried => continue,
            Outcome::Delivered => {
                taken += 1;
                ("delivered", None)
            }
            // Only what the receiver said of the event counts, not how often it was away.
            Outcome::Refused(error) if event.refusals + 1 >= MOST_REFUSALS => ("dead", Some(error)),
            Outcome::Refused(error) => ("waiting", Some(error)),
            Outcome::Away(error, asked) => {
                away = away.max(Some(asked.unwrap_or_default()));
                ("waiting", Some(error))
            }
            Outcome::Gone(error) => {
                fares.gone_at = Some(now);
                ("waiting", Some(error))
            }
        };
        if let Some(error) = &error {
            fares.error = Some(error.clone());
        }
        attempts.push(Attempt { seq: event.seq, state, refused, due_at: later, error });
    }
    if taken > 0 {
        fares.failing = 0;
        fares.delivered_at = Some(now);
    }
    if let Some(asked) = away {
        fares.failing = fares.failing.saturating_add(1);
        let failures = u32::try_from(fares.failing).unwrap_or(1);
        fares.not_before = Some(now + backoff::after(failures, LONGEST_AWAY, random()).max(asked));
    }
    let mut unit = app.store.begin().await?;
    if !unit.put_fares(row.id, lease, &fares).await? {
        tracing::warn!(
            destination = row.name,
            "another process delivers by now: what was just handed over may be sent again"
        );
        return Ok((0, true));
    }
    unit.settle(row.id, &attempts, now).await?;
    unit.commit().await?;
    count(row, &attempts);
    if fares.gone_at.is_some() {
        tracing::warn!(
            destination = row.name,
            "the receiver says that it is gone: nothing is sent until it is changed"
        );
    } else if fares.failing == 1 {
        tracing::warn!(destination = row.name, error = fares.error, "the receiver is away; events wait");
    }
    Ok((taken, away.is_some() || fares.gone_at.is_some()))
}

fn count(row: &DestinationRow, attempts: &[Attempt]) {
    for attempt in attempts {
        let outcome = match attempt.state {
            "waiting" => "failed",
            state => state,
        };
        let labels = [("destination", row.name.clone()), ("outcome", outcome.to_owned())];
        metrics::counter!("tacit_outbox_attempts_total", &labels).increment(1);
    }
}
