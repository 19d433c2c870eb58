//! Health, metrics and the description of the API.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::Answer;
use crate::app::{App, health};
use crate::http::params::{Nothing, Params};
use crate::http::problem::Problem;

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "system", responses((status = 200, body = Health)))]
pub(crate) async fn healthz(_: Params<Nothing>) -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The server can do its work: the database answers, has every migration of this version, and takes writes.
#[utoipa::path(get, path = "/readyz", tag = "system", responses(
    (status = 200, body = Health),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn readyz(State(app): State<Arc<App>>, _: Params<Nothing>) -> Answer<Health> {
    health::ready(&app).await?;
    Ok(Json(Health { status: "ok" }))
}

/// Metrics of this process in Prometheus text form, which count every group: not for callers that are limited to some.
#[utoipa::path(get, path = "/metrics", tag = "system", security(("bearer" = [])), responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn metrics(State(app): State<Arc<App>>, _: Params<Nothing>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render())
}

/// This description.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "system", operation_id = "openapi",
    responses((status = 200, body = Object)))]
pub(crate) async fn description(_: Params<Nothing>) -> Json<utoipa::openapi::OpenApi> {
    Json(crate::http::openapi())
}
