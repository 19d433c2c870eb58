//! Fetching tokens (RFC 8936): what waits is answered until it is acknowledged.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{owned, tokens};
use crate::app::App;
use crate::app::outbox::deliver::message;
use crate::domain::Caller;
use crate::out::set::Tokens;
use crate::store::destinations::DestinationRow;
use crate::store::outbox::{Attempt, Waiting};
use crate::{Error, Result};

/// Tokens in one answer at most.
const MOST_TOKENS: i64 = 64;
/// A poll that waits for tokens is answered after this time at the latest.
const LONGEST_POLL: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A poll (RFC 8936).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Poll {
    /// Tokens wanted at most; 0 to acknowledge only.
    #[serde(default)]
    pub max_events: Option<i64>,
    /// Not to wait for tokens.
    #[serde(default)]
    pub return_immediately: bool,
    /// `jti` of tokens that were taken.
    #[serde(default)]
    pub ack: Vec<String>,
    /// `jti` of tokens that cannot be taken, and why.
    #[serde(default)]
    pub set_errs: BTreeMap<String, SetError>,
}

/// Why a token cannot be taken.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct SetError {
    /// Code.
    pub err: String,
    /// In words.
    #[serde(default)]
    pub description: String,
}

/// The answer to a poll.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Polled {
    /// Tokens by `jti`.
    pub sets: BTreeMap<String, String>,
    /// Whether more wait.
    pub more_available: bool,
}

/// Takes acknowledgements, and answers with what waits. What is not acknowledged is answered again.
///
/// # Errors
/// Not found; as the database.
pub async fn poll(app: &App, caller: &Caller, id: Uuid, poll: &Poll) -> Result<Polled> {
    let row = owned(app, caller, id).await?;
    if row.kind != "poll_stream" {
        return Err(Error::invalid("this stream pushes: it cannot be polled"));
    }
    let tokens = tokens(app, &row).await?;
    acknowledge(app, &row, poll).await?;
    let limit = poll.max_events.unwrap_or(MOST_TOKENS).clamp(0, MOST_TOKENS);
    let limit = usize::try_from(limit).unwrap_or(0);
    let started = tokio::time::Instant::now();
    loop {
        let polled = collect(app, &row, &tokens, limit).await?;
        let late = started.elapsed() >= LONGEST_POLL || app.stopping.is_cancelled();
        if !polled.sets.is_empty() || limit == 0 || poll.return_immediately || late {
            return Ok(polled);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The event of a token.
fn event_of(jti: &str) -> Option<Uuid> {
    jti.rsplit_once('.')?.0.parse().ok()
}

async fn acknowledge(app: &App, row: &DestinationRow, poll: &Poll) -> Result<()> {
    let mut unit = app.store.begin().await?;
    for jti in &poll.ack {
        if let Some(event) = event_of(jti) {
            unit.acknowledge(row.id, event, jti).await?;
        }
    }
    for (jti, error) in &poll.set_errs {
        if let Some(event) = event_of(jti) {
            let said = crate::out::short(format!("{}: {}", error.err, error.description));
            unit.refuse(row.id, event, &said, app.ambient.now()).await?;
        }
    }
    unit.commit().await
}

/// Settles what is wholly acknowledged, and writes the tokens of what waits.
async fn collect(app: &App, row: &DestinationRow, tokens: &Tokens, limit: usize) -> Result<Polled> {
    let now = app.ambient.now();
    let named = row.names_reason.is_some();
    if row.paused || !row.enabled {
        return Ok(Polled { sets: BTreeMap::new(), more_available: false });
    }
    loop {
        let waiting = app.store.waiting(row.id, now, MOST_TOKENS).await?;
        let mut taken = Vec::new();
        let mut sets = BTreeMap::new();
        let mut more = false;
        for event in &waiting {
            let message = message(app, event, named)?;
            let mut left: Vec<_> =
                tokens.ids(&message).into_iter().filter(|jti| !event.acked.contains(jti)).collect();
            if left.is_empty() {
                taken.push(attempt(event, now));
                continue;
            }
            let room = limit.saturating_sub(sets.len());
            more |= left.len() > room;
            left.truncate(room);
            if left.is_empty() {
                continue;
            }
            let written = tokens.write(&message, &app.ambient)?;
            sets.extend(written.into_iter().filter(|(jti, _)| left.contains(jti)));
        }
        if taken.is_empty() {
            let more_available =
                more || app.store.count_waiting(row.id).await? > i64::try_from(waiting.len()).unwrap_or(0);
            return Ok(Polled { sets, more_available });
        }
        // Later events of the same sessions come forward.
        let mut unit = app.store.begin().await?;
        unit.settle(row.id, &taken, now).await?;
        unit.took(row.id, now).await?;
        unit.commit().await?;
    }
}

fn attempt(event: &Waiting, now: time::OffsetDateTime) -> Attempt {
    Attempt { seq: event.seq, state: "delivered", refused: false, due_at: now, error: None }
}
