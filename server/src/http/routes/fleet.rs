//! The fleet and the present hour in counts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::Answer;
use crate::Result;
use crate::app::App;
use crate::app::fleet::{self, Fleet, Pulse};
use crate::http::auth::Within;
use crate::http::params::{Fields, FromFields, Params};
use crate::http::problem::Problem;

/// Of which part of the fleet.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PartParams {
    /// On devices of this group.
    group: Option<String>,
}

impl FromFields for PartParams {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self { group: fields.text("group")? })
    }
}

/// The fleet in counts: devices up, silent and off, capture, records on their way, profiles, versions.
#[utoipa::path(get, path = "/v1/fleet", tag = "fleet", operation_id = "get_fleet",
    params(PartParams), security(("bearer" = [])), responses(
    (status = 200, body = Fleet),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn fleet(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Params(of): Params<PartParams>,
) -> Answer<Fleet> {
    Ok(Json(fleet::fleet(&app, &scope, of.group.as_deref()).await?))
}

/// The present hour in counts: verdicts a minute, alerts that stand, sessions at risk, how the server is.
#[utoipa::path(get, path = "/v1/pulse", tag = "fleet", operation_id = "get_pulse",
    params(PartParams), security(("bearer" = [])), responses(
    (status = 200, body = Pulse),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn pulse(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Params(of): Params<PartParams>,
) -> Answer<Pulse> {
    Ok(Json(fleet::pulse(&app, &scope, of.group.as_deref()).await?))
}
