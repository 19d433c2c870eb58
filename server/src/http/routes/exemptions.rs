//! Exemptions of subjects.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::Result;
use crate::app::App;
use crate::app::exemptions::{self, NewExemption};
use crate::domain::{Caller, ExemptionId};
use crate::http::auth::Within;
use crate::http::body::Given;
use crate::http::params::{Fields, FromFields, Id, Nothing, Params};
use crate::http::problem::Problem;
use crate::store::exemptions::Exemption;

/// Which exemptions.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExemptionParams {
    /// Of this subject.
    subject: Option<Uuid>,
}

impl FromFields for ExemptionParams {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self { subject: fields.id("subject")? })
    }
}

/// Exemptions that serve now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Exemptions {
    /// Those that end first first.
    exemptions: Vec<Exemption>,
}

/// Exemptions that serve now, at most 1000.
#[utoipa::path(get, path = "/v1/exemptions", tag = "exemptions", operation_id = "list_exemptions",
    params(ExemptionParams), security(("bearer" = [])), responses(
    (status = 200, body = Exemptions),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Params(params): Params<ExemptionParams>,
) -> Answer<Exemptions> {
    Ok(Json(Exemptions { exemptions: exemptions::list(&app, &scope, params.subject).await? }))
}

/// Exempts a subject from every automatic response, until a time. Verdicts are still given.
#[utoipa::path(post, path = "/v1/exemptions", tag = "exemptions", operation_id = "make_exemption",
    request_body = NewExemption, security(("bearer" = [])), responses(
    (status = 200, body = Exemption),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn make(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    _: Params<Nothing>,
    Given(new): Given<NewExemption>,
) -> Answer<Exemption> {
    Ok(Json(exemptions::make(&app, &caller, &new).await?))
}

/// Ends an exemption early. Once is as good as twice.
#[utoipa::path(post, path = "/v1/exemptions/{id}/end", tag = "exemptions", operation_id = "end_exemption",
    params(("id" = Uuid, Path, description = "Exemption")), security(("bearer" = [])), responses(
    (status = 200, body = Exemption, description = "The exemption, ended"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn end(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
) -> Answer<Exemption> {
    Ok(Json(exemptions::end(&app, &caller, ExemptionId(id)).await?))
}
