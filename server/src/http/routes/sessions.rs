//! Sessions and their timelines.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Answer, Pages};
use crate::Result;
use crate::app::App;
use crate::app::read::{self, Entry};
use crate::domain::SessionId;
use crate::http::auth::Within;
use crate::http::params::{Fields, FromFields, Id, Nothing, PageParams, Params, VerdictName};
use crate::http::problem::Problem;
use crate::http::reading::Listing;
use crate::store::read::sessions::{Session, SessionFilter, SessionOrder};

/// Which sessions.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SessionParams {
    /// Of this subject.
    subject: Option<Uuid>,
    /// On this device.
    device: Option<Uuid>,
    /// With this latest verdict.
    verdict: Option<VerdictName>,
    /// Open (`true`) or closed (`false`).
    open: Option<bool>,
    /// Held back until someone vouches (`true`), or not (`false`).
    held_back: Option<bool>,
    /// Of subjects whose pseudonyms begin so.
    #[param(min_length = 1, max_length = 64)]
    pseudonym: Option<String>,
    /// On devices whose names begin so, in whatever case.
    #[param(min_length = 1, max_length = 64)]
    device_name: Option<String>,
    /// On devices of this group.
    group: Option<String>,
    /// Opened at or after this time.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<OffsetDateTime>,
    /// Opened before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<OffsetDateTime>,
    /// In this order; the newest first unless given.
    sort: Option<SessionOrder>,
    #[param(ignore)]
    page: PageParams,
}

impl FromFields for SessionParams {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self {
            subject: fields.id("subject")?,
            device: fields.id("device")?,
            verdict: fields.value("verdict", VerdictName::EXPECTED)?,
            open: fields.value("open", "true or false")?,
            held_back: fields.value("held_back", "true or false")?,
            pseudonym: fields.short("pseudonym")?,
            device_name: fields.short("device_name")?,
            group: fields.text("group")?,
            since: fields.time("since")?,
            until: fields.time("until")?,
            sort: fields.value("sort", "newest, oldest or least_trust")?,
            page: PageParams::from_fields(fields)?,
        })
    }
}

/// A page of sessions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sessions {
    /// In the order that was asked for.
    sessions: Vec<Session>,
    /// `after` of the next page; null after the last.
    next: Option<String>,
}

/// Sessions with their latest verdict.
///
/// In order of trust, a session whose trust changes between two pages may come twice or be passed over; by time, each comes once.
#[utoipa::path(get, path = "/v1/sessions", tag = "sessions", operation_id = "list_sessions",
    params(SessionParams, PageParams), security(("bearer" = [])), responses(
    (status = 200, body = Sessions),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Params(params): Params<SessionParams>,
) -> Pages<Sessions> {
    let filter = SessionFilter {
        subject: params.subject,
        device: params.device,
        verdict: params.verdict.map(VerdictName::stored),
        open: params.open,
        held_back: params.held_back,
        pseudonym: params.pseudonym,
        device_name: params.device_name,
        group: params.group,
        since: params.since,
        until: params.until,
    };
    let order = params.sort.unwrap_or_default();
    let (sessions, next) = read::sessions(&app.store, &scope, &filter, order, &params.page.into()).await?;
    Ok(Listing { next: next.clone(), body: Sessions { sessions, next } })
}

/// One session.
#[utoipa::path(get, path = "/v1/sessions/{id}", tag = "sessions", operation_id = "get_session",
    params(("id" = Uuid, Path, description = "Session")), security(("bearer" = [])), responses(
    (status = 200, body = Session),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Id(id): Id,
    _: Params<Nothing>,
) -> Answer<Session> {
    Ok(Json(read::session(&app.store, &scope, SessionId(id)).await?))
}

/// A page of a timeline.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Timeline {
    /// Of which session.
    session_id: Uuid,
    /// In order of sequence; a verdict follows its window.
    entries: Vec<Entry>,
    /// `after` of the next page; null after the last.
    next: Option<String>,
}

/// What happened in a session: windows without their feature values, events, verdicts. `limit` counts windows and events.
#[utoipa::path(get, path = "/v1/sessions/{id}/timeline", tag = "sessions", operation_id = "get_timeline",
    params(("id" = Uuid, Path, description = "Session"), PageParams), security(("bearer" = [])), responses(
    (status = 200, body = Timeline),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn timeline(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Id(id): Id,
    Params(page): Params<PageParams>,
) -> Pages<Timeline> {
    let (entries, next) = read::timeline(&app.store, &scope, SessionId(id), &page.into()).await?;
    Ok(Listing { next: next.clone(), body: Timeline { session_id: id, entries, next } })
}
