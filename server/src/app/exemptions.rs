//! Exempting subjects from what policy does, and ending that.

use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::{App, audit};
use crate::domain::audit::{Action, Object};
use crate::domain::exemption::{ExemptionKind, check_until};
use crate::domain::{Caller, ExemptionId, Scope, SubjectId};
use crate::store::exemptions::Exemption;
use crate::{Error, Result};

/// Exemptions shown at once at most.
const MOST: i64 = 1_000;

/// An exemption to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExemption {
    /// Whose.
    pub subject_id: Uuid,
    /// Why, as much as others need to know.
    pub kind: ExemptionKind,
    /// Until when; at most 366 days away.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
}

/// Makes an exemption.
///
/// # Errors
/// Invalid argument for a time that is not possible; not found for a subject that is not there; as the database.
pub async fn make(app: &App, caller: &Caller, new: &NewExemption) -> Result<Exemption> {
    let now = app.ambient.now();
    check_until(new.until, now)?;
    let (id, subject) = (ExemptionId(app.ambient.id()), SubjectId(new.subject_id));
    let mut unit = app.store.begin().await?;
    if !unit.add_exemption(caller, id, subject, new.kind, new.until, now).await? {
        return Err(Error::not_found("no such subject"));
    }
    // The kind may tell of someone's health: it is not kept longer than the exemption.
    let object = Object::Exemption(id, subject);
    audit::record(&mut unit, &app.ambient, caller, Action::ExemptionMade, object, json!({})).await?;
    unit.commit().await?;
    // Who is exempt, and why, is nothing for a log.
    tracing::info!(exemption = %id, "exemption made");
    one(app, &caller.scope(), id).await
}

/// Ends an exemption early.
///
/// # Errors
/// Not found; as the database.
pub async fn end(app: &App, caller: &Caller, id: ExemptionId) -> Result<Exemption> {
    let mut unit = app.store.begin().await?;
    let scope = caller.scope();
    let ended = unit.end_exemption(&scope, id, &caller.name(), app.ambient.now()).await?;
    let (subject, first) = ended.ok_or_else(no_such_exemption)?;
    if first {
        let object = Object::Exemption(id, subject);
        audit::record(&mut unit, &app.ambient, caller, Action::ExemptionEnded, object, json!({})).await?;
    }
    unit.commit().await?;
    tracing::info!(exemption = %id, "exemption ended");
    one(app, &scope, id).await
}

/// Exemptions that serve now, of one subject or of all.
///
/// # Errors
/// As the database.
pub async fn list(app: &App, scope: &Scope, subject: Option<Uuid>) -> Result<Vec<Exemption>> {
    app.store.read_exemptions(scope, subject, app.ambient.now(), MOST).await
}

async fn one(app: &App, scope: &Scope, id: ExemptionId) -> Result<Exemption> {
    app.store.read_exemption(scope, id).await?.ok_or_else(no_such_exemption)
}

fn no_such_exemption() -> Error {
    Error::not_found("no such exemption")
}
