//! The audit log.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::app::read::Page;
use crate::app::{App, audit};
use crate::domain::audit::Action;
use crate::http::params::{Fields, FromFields, Params};
use crate::http::problem::Problem;
use crate::store::read::audit::{AuditEntry, AuditFilter};
use crate::{Error, Result};

/// Which entries.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditParams {
    /// `next` of the answer before; empty or absent for the oldest retained; `latest` for the present end alone.
    after: Option<String>,
    /// Rows at most, 1 to 1000; 100 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// Not before this time.
    since: Option<OffsetDateTime>,
    /// Before this time.
    until: Option<OffsetDateTime>,
    /// By this one: `user:SUBJECT`, `key:ID`, `device:ID`, `console` or `server`.
    actor: Option<String>,
    /// Of this kind.
    action: Option<Action>,
    /// To this, as `KIND:ID`.
    object: Option<String>,
    /// Concerning this subject.
    subject: Option<Uuid>,
}

fn moment(fields: &mut Fields, name: &'static str) -> Result<Option<OffsetDateTime>> {
    let Some(text) = fields.text(name)? else { return Ok(None) };
    let at = OffsetDateTime::parse(&text, &Rfc3339);
    let refuse = |_| Error::of_field(name, format!("{name} must be a time like 2026-03-01T12:00:00Z"));
    at.map(Some).map_err(refuse)
}

impl FromFields for AuditParams {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        let since = moment(fields, "since")?;
        let until = moment(fields, "until")?;
        let actor = fields.text("actor")?;
        let action = fields.value("action", Action::EXPECTED)?;
        let object = fields.text("object")?;
        let subject = fields.id("subject")?;
        let Page { after, limit } = fields.page()?;
        Ok(Self { after, limit, since, until, actor, action, object, subject })
    }
}

/// A page of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditEntries {
    /// Oldest first.
    entries: Vec<AuditEntry>,
    /// `after` of the next request; always given.
    next: String,
}

/// What people and programs did: names revealed, exports, erasures, policies, keys. Polling with `next` misses none.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", operation_id = "list_audit",
    params(AuditParams), security(("bearer" = [])), responses(
    (status = 200, body = AuditEntries),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Params(params): Params<AuditParams>,
) -> Answer<AuditEntries> {
    let filter = AuditFilter {
        since: params.since,
        until: params.until,
        actor: params.actor,
        action: params.action.map(Action::name),
        object: params.object,
        subject: params.subject,
    };
    let page = Page { after: params.after, limit: params.limit };
    let (entries, next) = audit::page(&app.store, &filter, &page).await?;
    Ok(Json(AuditEntries { entries, next }))
}
