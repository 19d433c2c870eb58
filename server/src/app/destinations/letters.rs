//! What a destination did not take and was given up.

use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{none, record};
use crate::app::App;
use crate::domain::audit::Action;
use crate::domain::{Caller, DestinationId};
use crate::store::destinations::DeadLetter;
use crate::{Error, Result};

/// Dead letters shown, and events replayed by name, at once at most.
const MOST_LETTERS: i64 = 100;

/// A page of what a destination did not take, oldest first, and after which the next begins.
///
/// # Errors
/// Not found; as the database.
pub async fn dead_letters(
    app: &App,
    id: DestinationId,
    after: Option<i64>,
) -> Result<(Vec<DeadLetter>, Option<i64>)> {
    app.store.read_destination(id).await?.ok_or_else(none)?;
    let letters = app.store.read_dead_letters(id, after.unwrap_or(0), MOST_LETTERS).await?;
    let full = i64::try_from(letters.len()).is_ok_and(|count| count == MOST_LETTERS);
    let next = letters.last().map(|letter| letter.seq).filter(|_| full);
    Ok((letters, next))
}

/// What is to be sent again.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// These events; left out, all that were given up.
    #[serde(default)]
    pub event_ids: Option<Vec<Uuid>>,
}

/// Lets events that were given up wait anew. Returns how many.
///
/// # Errors
/// Not found; invalid argument for too many; as the database.
pub async fn replay(app: &App, caller: &Caller, id: DestinationId, replay: &Replay) -> Result<u64> {
    let events = replay.event_ids.as_deref();
    if events.is_some_and(|events| i64::try_from(events.len()).is_ok_and(|count| count > MOST_LETTERS)) {
        return Err(Error::of_field("event_ids", format!("event_ids must name {MOST_LETTERS} at most")));
    }
    let mut unit = app.store.begin().await?;
    let row = unit.lock_destination(id).await?.ok_or_else(none)?;
    let count = unit.replay(id, events, app.ambient.now()).await?;
    let details = json!({ "count": count });
    record(app, &mut unit, caller, Action::DeadLettersReplayed, id, details).await?;
    unit.commit().await?;
    tracing::info!(destination = row.name, count, by = caller.name(), "dead letters replayed");
    Ok(count)
}
