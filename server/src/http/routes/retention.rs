//! How long things are kept.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::Answer;
use crate::app::App;
use crate::app::retention::Retention;
use crate::http::params::{Nothing, Params};
use crate::http::problem::Problem;

/// How long each kind of data is kept here.
#[utoipa::path(get, path = "/v1/retention", tag = "system", operation_id = "get_retention",
    security(("bearer" = [])), responses(
    (status = 200, body = Retention),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn retention(State(app): State<Arc<App>>, _: Params<Nothing>) -> Answer<Retention> {
    Ok(Json(app.settings.retention.into()))
}
