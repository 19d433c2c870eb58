//! Subjects and the state of their profiles.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Pages};
use crate::app::{App, read};
use crate::domain::SubjectId;
use crate::http::auth::Within;
use crate::http::params::{Id, Nothing, PageParams, Params};
use crate::http::problem::Problem;
use crate::http::reading::Listing;
use crate::store::read::subjects::{ProfileState, Subject};

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
    params(PageParams), security(("bearer" = [])), responses(
    (status = 200, body = Subjects),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Params(page): Params<PageParams>,
) -> Pages<Subjects> {
    let (subjects, next) = read::subjects(&app.store, &scope, &page.into()).await?;
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
    Within(scope): Within,
    Id(id): Id,
    _: Params<Nothing>,
) -> Answer<Subject> {
    Ok(Json(read::subject(&app.store, &scope, SubjectId(id)).await?))
}

/// State of a subject's profile; never its content.
#[utoipa::path(get, path = "/v1/subjects/{id}/profile", tag = "subjects", operation_id = "get_profile",
    params(("id" = uuid::Uuid, Path, description = "Subject")), security(("bearer" = [])), responses(
    (status = 200, body = ProfileState),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn profile(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Id(id): Id,
    _: Params<Nothing>,
) -> Answer<ProfileState> {
    Ok(Json(read::profile(&app.store, &scope, SubjectId(id)).await?))
}
