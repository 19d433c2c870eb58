//! What a person may ask for, and the reading of names.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use futures::stream;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::app::rights::{self, Desk, Export, Format, NewName, Reason, Revealed, Writer};
use crate::app::{App, read};
use crate::domain::{Caller, SubjectId};
use crate::http::body::Given;
use crate::http::params::{Fields, FromFields, Id, Nothing, Params};
use crate::http::problem::{Failure, Problem};
use crate::store::read::subjects::Subject;
use crate::{Error, Result};

/// Says whom a pseudonym stands for. The reason and who asked are in the audit log, where the privacy officer reads them.
#[utoipa::path(post, path = "/v1/subjects/{id}/reveal", tag = "subjects", operation_id = "reveal_subject",
    params(("id" = Uuid, Path, description = "Subject")), request_body = Reason,
    security(("bearer" = [])), responses(
    (status = 200, body = Revealed),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn reveal(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
    Given(Reason { reason }): Given<Reason>,
) -> Answer<Revealed> {
    Ok(Json(rights::reveal(Desk::from(&*app), &caller, SubjectId(id), &reason).await?))
}

/// How it is wanted.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportParams {
    /// `json` unless `text` is asked for here, or `text/markdown` in the `Accept` header.
    format: Option<Format>,
}

impl FromFields for ExportParams {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        let format = match fields.text("format")?.as_deref() {
            None => None,
            Some("json") => Some(Format::Json),
            Some("text") => Some(Format::Text),
            Some(_) => return Err(Error::of_field("format", "format must be json or text")),
        };
        Ok(Self { format })
    }
}

/// Everything that is held of a subject, for the person who asks for it. The audit log says that it was made.
#[utoipa::path(get, path = "/v1/subjects/{id}/export", tag = "subjects", operation_id = "export_subject",
    params(("id" = Uuid, Path, description = "Subject"), ExportParams), security(("bearer" = [])), responses(
    (status = 200, body = Export, description = "Everything; in Markdown if that is asked for"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    Params(params): Params<ExportParams>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let format =
        params.format.unwrap_or(if accepted.contains("text/markdown") { Format::Text } else { Format::Json });
    let export = rights::export(Desk::from(&*app), &caller, SubjectId(id)).await?;
    let begun = (app, export, Writer::new(format));
    let pieces = stream::try_unfold(begun, |(app, mut export, mut writer)| async move {
        let Some(piece) = export.next(Desk::from(&*app)).await? else { return Ok(None) };
        let text = writer.write(piece)?;
        Ok::<_, Error>(Some((text, (app, export, writer))))
    });
    let content_type = match format {
        Format::Json => "application/json",
        Format::Text => "text/markdown; charset=utf-8",
    };
    Ok(([(header::CONTENT_TYPE, content_type)], Body::from_stream(pieces)).into_response())
}

/// What came of an erasure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Erased {
    /// The id that was erased.
    subject_id: Uuid,
    /// Whether there was anything to erase: `false` if it had been done before.
    erased: bool,
}

/// Forgets a subject for good. Once is as good as twice.
#[utoipa::path(post, path = "/v1/subjects/{id}/erase", tag = "subjects", operation_id = "erase_subject",
    params(("id" = Uuid, Path, description = "Subject")), request_body = Reason,
    security(("bearer" = [])), responses(
    (status = 200, body = Erased),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn erase(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
    Given(Reason { reason }): Given<Reason>,
) -> Answer<Erased> {
    let erased = rights::erase(Desk::from(&*app), &caller, SubjectId(id), &reason).await?;
    app.profiles.forget(SubjectId(id));
    Ok(Json(Erased { subject_id: id, erased }))
}

/// Whether anything is made of a subject's input. Nobody but the role privacy is told: that somebody has asked for this
/// is nothing for others.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Restriction {
    /// Whose.
    subject_id: Uuid,
    /// Whether nothing is made of it.
    restricted: bool,
}

/// Stops making anything of a subject's input: what comes is acknowledged and dropped. Once is as good as twice.
#[utoipa::path(post, path = "/v1/subjects/{id}/restrict", tag = "subjects", operation_id = "restrict_subject",
    params(("id" = Uuid, Path, description = "Subject")), request_body = Reason,
    security(("bearer" = [])), responses(
    (status = 200, body = Restriction),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn restrict(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
    Given(Reason { reason }): Given<Reason>,
) -> Answer<Restriction> {
    rights::restrict(Desk::from(&*app), &caller, SubjectId(id), true, &reason).await?;
    Ok(Json(Restriction { subject_id: id, restricted: true }))
}

/// Ends a restriction: input is measured and judged again. Once is as good as twice.
#[utoipa::path(post, path = "/v1/subjects/{id}/unrestrict", tag = "subjects", operation_id = "unrestrict_subject",
    params(("id" = Uuid, Path, description = "Subject")), request_body = Reason,
    security(("bearer" = [])), responses(
    (status = 200, body = Restriction),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn unrestrict(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
    Given(Reason { reason }): Given<Reason>,
) -> Answer<Restriction> {
    rights::restrict(Desk::from(&*app), &caller, SubjectId(id), false, &reason).await?;
    Ok(Json(Restriction { subject_id: id, restricted: false }))
}

/// Corrects the account that a subject stands for; its pseudonym changes with it.
#[utoipa::path(put, path = "/v1/subjects/{id}/name", tag = "subjects", operation_id = "put_subject_name",
    params(("id" = Uuid, Path, description = "Subject")), request_body = NewName,
    security(("bearer" = [])), responses(
    (status = 200, body = Subject),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn rectify(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
    Given(new): Given<NewName>,
) -> Answer<Subject> {
    rights::rectify(Desk::from(&*app), &caller, SubjectId(id), &new).await?;
    Ok(Json(read::subject(&app.store, &caller, SubjectId(id)).await?))
}
