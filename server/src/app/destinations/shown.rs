//! Destinations as they are shown: what was set, and how each fares.

use std::collections::HashMap;

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::none;
use crate::app::App;
use crate::app::outbox::deliver;
use crate::domain::DestinationId;
use crate::domain::alert::Severity;
use crate::domain::destination::Target;
use crate::{Error, Result};

/// A destination and how it fares.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Destination {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Where to, and how.
    pub target: Target,
    /// Of devices in these groups alone; null is all.
    pub groups: Option<Vec<String>>,
    /// Of these verdicts alone, and of their end; null is all.
    pub verdicts: Option<Vec<String>>,
    /// Of what matters at least so much.
    pub minimum_severity: Severity,
    /// Why it is told account names; null: it is not.
    pub names_reason: Option<String>,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Whether its receiver asked to keep what it is told for later; only of streams.
    pub paused: bool,
    /// Whether requests carry credentials.
    pub has_authorization: bool,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// By whom.
    pub made_by: String,
    /// When it was last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub changed_at: OffsetDateTime,
    /// By whom.
    pub changed_by: String,
    /// Events that wait.
    pub waiting: i64,
    /// Since when the oldest waits.
    #[serde(with = "time::serde::rfc3339::option")]
    pub oldest_waits_since: Option<OffsetDateTime>,
    /// Events that were given up: its dead letters.
    pub dead: i64,
    /// Failures since the last delivery.
    pub failing: i32,
    /// No attempt before.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_attempt_at: Option<OffsetDateTime>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it last took something.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_delivered_at: Option<OffsetDateTime>,
    /// Since when it says that it is gone (410); events wait, and a change tries again.
    #[serde(with = "time::serde::rfc3339::option")]
    pub gone_at: Option<OffsetDateTime>,
}

/// Every destination.
///
/// # Errors
/// As the database.
pub async fn list(app: &App) -> Result<Vec<Destination>> {
    let mut backlogs: HashMap<_, _> =
        app.store.backlogs().await?.into_iter().map(|b| (b.name.clone(), b)).collect();
    let rows = app.store.read_destinations().await?;
    rows.into_iter()
        .map(|row| {
            let backlog = backlogs.remove(&row.name);
            let has_authorization = deliver::credentials(app, &row)?.authorization.is_some();
            let target = serde_json::from_value(row.target).map_err(Error::internal)?;
            Ok(Destination {
                id: row.id.0,
                name: row.name,
                target,
                groups: row.groups,
                verdicts: row.verdicts,
                minimum_severity: Severity::of_level(row.minimum_severity),
                names_reason: row.names_reason,
                enabled: row.enabled,
                paused: row.paused,
                has_authorization,
                made_at: row.made_at,
                made_by: row.made_by,
                changed_at: row.changed_at,
                changed_by: row.changed_by,
                waiting: backlog.as_ref().map_or(0, |b| b.waiting),
                oldest_waits_since: backlog.as_ref().and_then(|b| b.oldest),
                dead: backlog.as_ref().map_or(0, |b| b.dead),
                failing: row.failing,
                next_attempt_at: row.not_before,
                last_error: row.last_error,
                last_delivered_at: row.last_delivered_at,
                gone_at: row.gone_at,
            })
        })
        .collect()
}

/// One destination.
///
/// # Errors
/// Not found; as the database.
pub async fn one(app: &App, id: DestinationId) -> Result<Destination> {
    list(app).await?.into_iter().find(|of| of.id == id.0).ok_or_else(none)
}
