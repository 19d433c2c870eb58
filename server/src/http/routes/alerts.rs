//! Alerts: what someone has to look at, and what they make of it.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Answer, Pages};
use crate::Result;
use crate::app::App;
use crate::app::alerts::{self, AlertDetail, AlertOutcome, Assignment, NewNote};
use crate::domain::alert::{AlertState, Severity};
use crate::domain::{AlertId, Caller};
use crate::http::auth::Within;
use crate::http::body::Given;
use crate::http::params::{Fields, FromFields, Id, Nothing, PageParams, Params, VerdictName};
use crate::http::problem::Problem;
use crate::http::reading::Listing;
use crate::store::read::alerts::{Alert, AlertFilter};

/// Which alerts.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AlertParams {
    /// In this state.
    state: Option<AlertState>,
    /// At least so severe.
    severity: Option<Severity>,
    /// Of this verdict.
    verdict: Option<VerdictName>,
    /// Of this session.
    session: Option<Uuid>,
    /// Of this subject.
    subject: Option<Uuid>,
    /// On this device.
    device: Option<Uuid>,
    /// On devices of this group.
    group: Option<String>,
    /// Opened at or after this time.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<OffsetDateTime>,
    /// Opened before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<OffsetDateTime>,
    #[param(ignore)]
    page: PageParams,
}

impl FromFields for AlertParams {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        let state = fields.value("state", "open, acknowledged or resolved")?;
        let severity = fields.value("severity", "info, low, medium, high or critical")?;
        let verdict = fields.value("verdict", VerdictName::EXPECTED)?;
        let session = fields.id("session")?;
        let subject = fields.id("subject")?;
        let device = fields.id("device")?;
        let group = fields.text("group")?;
        let since = fields.time("since")?;
        let until = fields.time("until")?;
        let page = PageParams::from_fields(fields)?;
        Ok(Self { state, severity, verdict, session, subject, device, group, since, until, page })
    }
}

/// A page of alerts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alerts {
    /// Newest first.
    alerts: Vec<Alert>,
    /// `after` of the next page; null after the last.
    next: Option<String>,
}

/// Alerts, newest first.
#[utoipa::path(get, path = "/v1/alerts", tag = "alerts", operation_id = "list_alerts",
    params(AlertParams, PageParams), security(("bearer" = [])), responses(
    (status = 200, body = Alerts),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Params(params): Params<AlertParams>,
) -> Pages<Alerts> {
    let filter = AlertFilter {
        state: params.state.map(AlertState::name),
        severity: params.severity,
        verdict: params.verdict.map(VerdictName::stored),
        session: params.session,
        subject: params.subject,
        device: params.device,
        group: params.group,
        since: params.since,
        until: params.until,
    };
    let (alerts, next) = alerts::list(&app, &scope, &filter, &params.page.into()).await?;
    Ok(Listing { next: next.clone(), body: Alerts { alerts, next } })
}

/// One alert with its session, its notes and earlier alerts of its subject.
#[utoipa::path(get, path = "/v1/alerts/{id}", tag = "alerts", operation_id = "get_alert",
    params(("id" = Uuid, Path, description = "Alert")), security(("bearer" = [])), responses(
    (status = 200, body = AlertDetail),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Id(id): Id,
    _: Params<Nothing>,
) -> Answer<AlertDetail> {
    Ok(Json(alerts::one(&app, &scope, AlertId(id)).await?))
}

/// Takes an alert on. Once is as good as twice.
#[utoipa::path(post, path = "/v1/alerts/{id}/acknowledge", tag = "alerts", operation_id = "acknowledge_alert",
    params(("id" = Uuid, Path, description = "Alert")), security(("bearer" = [])), responses(
    (status = 200, body = AlertDetail),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn acknowledge(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
) -> Answer<AlertDetail> {
    Ok(Json(alerts::acknowledge(&app, &caller, AlertId(id)).await?))
}

/// Gives an alert to someone, or to nobody.
#[utoipa::path(post, path = "/v1/alerts/{id}/assign", tag = "alerts", operation_id = "assign_alert",
    params(("id" = Uuid, Path, description = "Alert")), request_body = Assignment,
    security(("bearer" = [])), responses(
    (status = 200, body = AlertDetail),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn assign(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
    Given(to): Given<Assignment>,
) -> Answer<AlertDetail> {
    Ok(Json(alerts::assign(&app, &caller, AlertId(id), &to).await?))
}

/// Writes a note beside an alert. It cannot be changed.
#[utoipa::path(post, path = "/v1/alerts/{id}/notes", tag = "alerts", operation_id = "note_alert",
    params(("id" = Uuid, Path, description = "Alert")), request_body = NewNote,
    security(("bearer" = [])), responses(
    (status = 200, body = AlertDetail),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn note(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
    Given(new): Given<NewNote>,
) -> Answer<AlertDetail> {
    Ok(Json(alerts::note(&app, &caller, AlertId(id), &new).await?))
}

/// Deals with an alert: it was someone else (`confirmed`), the subject (`false_alarm`) or an exercise (`test`).
#[utoipa::path(post, path = "/v1/alerts/{id}/resolve", tag = "alerts", operation_id = "resolve_alert",
    params(("id" = Uuid, Path, description = "Alert")), request_body = AlertOutcome,
    security(("bearer" = [])), responses(
    (status = 200, body = AlertDetail),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn resolve(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
    Given(outcome): Given<AlertOutcome>,
) -> Answer<AlertDetail> {
    Ok(Json(alerts::resolve(&app, &caller, AlertId(id), &outcome).await?))
}
