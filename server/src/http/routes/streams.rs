//! Streams of security event tokens, as the OpenID Shared Signals Framework has them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::app::App;
use crate::app::streams::{self, Asked, Poll, Polled, Stream, StreamStatus};
use crate::domain::Caller;
use crate::http::body::Given;
use crate::http::params::{Fields, FromFields, Id, Nothing, Params};
use crate::http::problem::{Failure, Problem};
use crate::{Error, Result};

/// What the server transmits, and how (Shared Signals Framework, section 7).
#[utoipa::path(get, path = "/.well-known/ssf-configuration", tag = "streams", operation_id = "ssf_configuration",
    responses((status = 200, body = Object)))]
pub(crate) async fn configuration(
    State(app): State<Arc<App>>,
    _: Params<Nothing>,
) -> Json<serde_json::Value> {
    Json(streams::configuration(&app))
}

/// Public keys that verify tokens.
#[utoipa::path(get, path = "/ssf/jwks.json", tag = "streams", operation_id = "ssf_keys",
    responses((status = 200, body = Object)))]
pub(crate) async fn keys(State(app): State<Arc<App>>, _: Params<Nothing>) -> Answer<serde_json::Value> {
    Ok(Json(streams::jwks(&app).await?))
}

/// Which stream.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamParams {
    /// Its id.
    stream_id: Option<Uuid>,
}

impl FromFields for StreamParams {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self { stream_id: fields.id("stream_id")? })
    }
}

impl StreamParams {
    fn required(&self) -> Result<Uuid> {
        self.stream_id.ok_or_else(|| Error::of_field("stream_id", "stream_id must name the stream"))
    }
}

/// One stream, or a list of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Streams {
    /// The one that was asked for.
    One(Stream),
    /// The caller's.
    All(Vec<Stream>),
}

/// The caller's streams, or one of them.
#[utoipa::path(get, path = "/ssf/streams", tag = "streams", operation_id = "get_streams",
    params(StreamParams), security(("bearer" = [])), responses(
    (status = 200, body = Streams),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Params(params): Params<StreamParams>,
) -> Answer<Streams> {
    Ok(Json(match params.stream_id {
        Some(id) => Streams::One(streams::one(&app, &caller, id).await?),
        None => Streams::All(streams::list(&app, &caller).await?),
    }))
}

/// Makes a stream. Subjects are named by their pseudonyms.
#[utoipa::path(post, path = "/ssf/streams", tag = "streams", operation_id = "make_stream",
    request_body = Asked, security(("bearer" = [])), responses(
    (status = 201, body = Stream),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn make(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    _: Params<Nothing>,
    Given(asked): Given<Asked>,
) -> Result<(StatusCode, Json<Stream>), Failure> {
    Ok((StatusCode::CREATED, Json(streams::make(&app, &caller, asked).await?)))
}

/// Changes what is given of a stream.
#[utoipa::path(patch, path = "/ssf/streams", tag = "streams", operation_id = "change_stream",
    request_body = Asked, security(("bearer" = [])), responses(
    (status = 200, body = Stream),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    _: Params<Nothing>,
    Given(asked): Given<Asked>,
) -> Answer<Stream> {
    Ok(Json(streams::change(&app, &caller, asked).await?))
}

/// Removes a stream, with all that waits for it.
#[utoipa::path(delete, path = "/ssf/streams", tag = "streams", operation_id = "remove_stream",
    params(StreamParams), security(("bearer" = [])), responses(
    (status = 204),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Params(params): Params<StreamParams>,
) -> Result<StatusCode, Failure> {
    streams::remove(&app, &caller, params.required()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a stream carries anything now.
#[utoipa::path(get, path = "/ssf/status", tag = "streams", operation_id = "get_stream_status",
    params(StreamParams), security(("bearer" = [])), responses(
    (status = 200, body = StreamStatus),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn status(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Params(params): Params<StreamParams>,
) -> Answer<StreamStatus> {
    Ok(Json(streams::status(&app, &caller, params.required()?).await?))
}

/// Enables, pauses or disables a stream.
#[utoipa::path(post, path = "/ssf/status", tag = "streams", operation_id = "set_stream_status",
    request_body = StreamStatus, security(("bearer" = [])), responses(
    (status = 200, body = StreamStatus),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn set_status(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    _: Params<Nothing>,
    Given(wanted): Given<StreamStatus>,
) -> Answer<StreamStatus> {
    Ok(Json(streams::set_status(&app, &caller, &wanted).await?))
}

/// Asks for a verification event.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Verification {
    /// Which stream.
    stream_id: Uuid,
    /// Comes back in the event.
    #[serde(default)]
    state: Option<String>,
}

/// Puts a verification event on a stream.
#[utoipa::path(post, path = "/ssf/verify", tag = "streams", operation_id = "verify_stream",
    request_body = Verification, security(("bearer" = [])), responses(
    (status = 204),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn verify(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    _: Params<Nothing>,
    Given(wanted): Given<Verification>,
) -> Result<StatusCode, Failure> {
    streams::verify(&app, &caller, wanted.stream_id, wanted.state.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Acknowledges tokens and fetches those that wait (RFC 8936).
#[utoipa::path(post, path = "/ssf/streams/{id}/poll", tag = "streams", operation_id = "poll_stream",
    params(("id" = Uuid, Path, description = "Stream")), request_body = Poll, security(("bearer" = [])), responses(
    (status = 200, body = Polled),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn poll(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
    Given(wanted): Given<Poll>,
) -> Answer<Polled> {
    Ok(Json(streams::poll(&app, &caller, id, &wanted).await?))
}
