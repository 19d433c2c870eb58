//! Subjects and the state of their profiles.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Pages};
use crate::Result;
use crate::app::{App, read};
use crate::domain::drift::Drift;
use crate::domain::{Caller, SubjectId};
use crate::http::params::{Fields, FromFields, Id, Nothing, PageParams, Params};
use crate::http::problem::Problem;
use crate::http::reading::Listing;
use crate::store::read::subjects::{ProfileState, Subject, SubjectFilter};

/// Which subjects.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SubjectParams {
    /// Those whose pseudonyms begin so.
    #[param(min_length = 1, max_length = 64)]
    pseudonym: Option<String>,
    /// With a profile that is mature in any modality (`true`), or in none (`false`).
    mature: Option<bool>,
    /// With a profile that has moved so far in any modality; for the roles admin, analyst and privacy.
    drift: Option<Drift>,
    #[param(ignore)]
    page: PageParams,
}

impl FromFields for SubjectParams {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        let pseudonym = fields.short("pseudonym")?;
        let mature = fields.value("mature", "true or false")?;
        let drift = fields.value("drift", "steady, drifting or changed")?;
        Ok(Self { pseudonym, mature, drift, page: PageParams::from_fields(fields)? })
    }
}

/// A page of subjects.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Subjects {
    /// Oldest first.
    subjects: Vec<Subject>,
    /// `after` of the next page; null after the last.
    next: Option<String>,
}

/// Subjects by pseudonym, with the state of their profiles.
#[utoipa::path(get, path = "/v1/subjects", tag = "subjects", operation_id = "list_subjects",
    params(SubjectParams, PageParams), security(("bearer" = [])), responses(
    (status = 200, body = Subjects),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Params(SubjectParams { pseudonym, mature, drift, page }): Params<SubjectParams>,
) -> Pages<Subjects> {
    let filter = SubjectFilter { pseudonym, mature, drift };
    let (subjects, next) = read::subjects(&app.store, &caller, &filter, &page.into()).await?;
    Ok(Listing { next: next.clone(), body: Subjects { subjects, next } })
}

/// One subject.
#[utoipa::path(get, path = "/v1/subjects/{id}", tag = "subjects", operation_id = "get_subject",
    params(("id" = uuid::Uuid, Path, description = "Subject")), security(("bearer" = [])), responses(
    (status = 200, body = Subject),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
) -> Answer<Subject> {
    Ok(Json(read::subject(&app.store, &caller, SubjectId(id)).await?))
}

/// State of a subject's profile; never its content.
#[utoipa::path(get, path = "/v1/subjects/{id}/profile", tag = "subjects", operation_id = "get_profile",
    params(("id" = uuid::Uuid, Path, description = "Subject")), security(("bearer" = [])), responses(
    (status = 200, body = ProfileState),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn profile(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
) -> Answer<ProfileState> {
    Ok(Json(read::profile(&app.store, &caller, SubjectId(id)).await?))
}
