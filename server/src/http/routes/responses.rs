//! What policy made of a session's verdicts, and what people say of them.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::app::feedback::{self, Effect, NewFeedback};
use crate::app::respond::{self, AskedFor, NewResponse};
use crate::app::{App, directives};
use crate::domain::{Caller, SessionId};
use crate::http::auth::Within;
use crate::http::body::Given;
use crate::http::params::{Id, Nothing, Params};
use crate::http::problem::Problem;
use crate::store::directives::DirectiveState;

/// Directives of a session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Directives {
    /// Of which session.
    session_id: Uuid,
    /// Newest first.
    directives: Vec<DirectiveState>,
}

/// What policy made of a session's verdicts: sent and with which outcome, or withheld by which rule. At most 1000.
#[utoipa::path(get, path = "/v1/sessions/{id}/directives", tag = "sessions", operation_id = "list_directives",
    params(("id" = Uuid, Path, description = "Session")), security(("bearer" = [])), responses(
    (status = 200, body = Directives),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn directives(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Id(id): Id,
    _: Params<Nothing>,
) -> Answer<Directives> {
    let directives = directives::of_session(&app, &scope, SessionId(id)).await?;
    Ok(Json(Directives { session_id: id, directives }))
}

/// Says that it was the subject after all (`false_alarm`), or that it was not (`confirmed`).
#[utoipa::path(post, path = "/v1/sessions/{id}/feedback", tag = "sessions", operation_id = "give_feedback",
    params(("id" = Uuid, Path, description = "Session")), request_body = NewFeedback,
    security(("bearer" = [])), responses(
    (status = 200, body = Effect),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn feedback(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
    Given(new): Given<NewFeedback>,
) -> Answer<Effect> {
    Ok(Json(feedback::give(&app, &caller, SessionId(id), new).await?))
}

/// Asks for a notice, a step-up or a lock at a session that is in progress. The rules that protect the person there stand; what is asked
/// is kept with who asked it.
#[utoipa::path(post, path = "/v1/sessions/{id}/respond", tag = "sessions", operation_id = "respond",
    params(("id" = Uuid, Path, description = "Session")), request_body = NewResponse,
    security(("bearer" = [])), responses(
    (status = 200, body = AskedFor),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn respond(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
    Given(new): Given<NewResponse>,
) -> Answer<AskedFor> {
    Ok(Json(respond::ask(&app, &caller, SessionId(id), &new).await?))
}
