//! Directives on their way: what a device has to be sent, and what became of it.

use time::OffsetDateTime;

use crate::app::{App, read};
use crate::domain::directive::{Directive, LONGEST_DETAIL, Outcome};
use crate::domain::{DeviceId, DirectiveId, Scope, SessionId};
use crate::store::directives::{DirectiveRow, DirectiveState};
use crate::{Error, Result};

/// Directives of one session shown at most.
const MOST: i64 = 1_000;

/// What a device has to be sent now.
///
/// # Errors
/// Unavailable when the database is away: then nothing is sent.
pub async fn pending(app: &App, device: DeviceId) -> Result<Vec<Directive>> {
    app.store.pending_directives(device, app.ambient.now()).await
}

/// What an agent says it did.
#[derive(Debug)]
pub struct Told {
    /// About which directive.
    pub id: DirectiveId,
    /// What it did.
    pub outcome: Outcome,
    /// When, by its clock.
    pub acted_at: Option<OffsetDateTime>,
    /// Why not.
    pub detail: String,
}

/// Keeps the outcome of a directive; a repetition changes nothing.
///
/// # Errors
/// Permission denied for a directive of another device; unavailable when the database is away.
pub async fn acknowledge(app: &App, device: DeviceId, told: Told) -> Result<()> {
    let detail: String = told.detail.chars().filter(|c| !c.is_control()).take(LONGEST_DETAIL).collect();
    let detail = Some(detail.as_str()).filter(|detail| !detail.is_empty());
    let (id, outcome) = (told.id, told.outcome);
    let now = app.ambient.now();
    let known = app.store.acknowledge_directive(device, id, outcome, told.acted_at, detail, now).await?;
    match known {
        None => Err(Error::denied("the device was sent no such directive")),
        Some(false) => Ok(()),
        Some(true) => {
            metrics::counter!("tacit_directive_outcomes_total", "outcome" => outcome.name()).increment(1);
            tracing::info!(%device, directive = %id, outcome = outcome.name(), "directive acknowledged");
            Ok(())
        }
    }
}

/// What was made of a session's verdicts, newest first.
///
/// # Errors
/// Not found; as the database.
pub async fn of_session(app: &App, scope: &Scope, id: SessionId) -> Result<Vec<DirectiveState>> {
    let of = read::session(&app.store, scope, id).await?;
    app.store.read_directives(&of, MOST).await
}

/// Counts what was committed.
pub(super) fn count(directives: &[DirectiveRow]) {
    for row in directives {
        let response = row.directive.response.name();
        let withheld = row.withheld.unwrap_or("no");
        metrics::counter!("tacit_directives_total", "response" => response, "withheld" => withheld)
            .increment(1);
    }
}
