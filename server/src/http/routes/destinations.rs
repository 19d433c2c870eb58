//! Systems that are told of verdicts.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::Answer;
use crate::Result;
use crate::app::App;
use crate::app::destinations::{self, Destination, Made, Replay, Trial, Wanted};
use crate::domain::{Caller, DestinationId};
use crate::http::body::Given;
use crate::http::params::{Fields, FromFields, Id, Nothing, Params};
use crate::http::problem::Problem;
use crate::store::destinations::DeadLetter;

/// Every destination.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Destinations {
    /// By name.
    destinations: Vec<Destination>,
}

/// Systems that are told of verdicts, and how each fares.
#[utoipa::path(get, path = "/v1/destinations", tag = "destinations", operation_id = "list_destinations",
    security(("bearer" = [])), responses(
    (status = 200, body = Destinations),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(app): State<Arc<App>>, _: Params<Nothing>) -> Answer<Destinations> {
    Ok(Json(Destinations { destinations: destinations::list(&app).await? }))
}

/// Adds a system, which is told of what happens from now on. The answer holds the secret that verifies webhooks, this once.
#[utoipa::path(post, path = "/v1/destinations", tag = "destinations", operation_id = "make_destination",
    request_body = Wanted, security(("bearer" = [])), responses(
    (status = 200, body = Made),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn make(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    _: Params<Nothing>,
    Given(wanted): Given<Wanted>,
) -> Answer<Made> {
    Ok(Json(destinations::make(&app, &caller, wanted).await?))
}

/// One destination.
#[utoipa::path(get, path = "/v1/destinations/{id}", tag = "destinations", operation_id = "get_destination",
    params(("id" = uuid::Uuid, Path, description = "Destination")), security(("bearer" = [])), responses(
    (status = 200, body = Destination),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn one(State(app): State<Arc<App>>, Id(id): Id, _: Params<Nothing>) -> Answer<Destination> {
    Ok(Json(destinations::one(&app, DestinationId(id)).await?))
}

/// Changes a destination: what is left out is as if it were new, except `authorization`, which stays. What waits is tried again
/// at once.
#[utoipa::path(put, path = "/v1/destinations/{id}", tag = "destinations", operation_id = "put_destination",
    params(("id" = uuid::Uuid, Path, description = "Destination")), request_body = Wanted,
    security(("bearer" = [])), responses(
    (status = 200, body = Destination),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
    Given(wanted): Given<Wanted>,
) -> Answer<Destination> {
    Ok(Json(destinations::change(&app, &caller, DestinationId(id), wanted).await?))
}

/// What was removed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Removed {
    /// The destination.
    id: uuid::Uuid,
}

/// Removes a destination, with all that waits for it.
#[utoipa::path(delete, path = "/v1/destinations/{id}", tag = "destinations", operation_id = "remove_destination",
    params(("id" = uuid::Uuid, Path, description = "Destination")), security(("bearer" = [])), responses(
    (status = 200, body = Removed),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
) -> Answer<Removed> {
    destinations::remove(&app, &caller, DestinationId(id)).await?;
    Ok(Json(Removed { id }))
}

/// Makes a new secret for a webhook. Requests carry two signatures for 24 hours, with the new one and with the one before.
#[utoipa::path(post, path = "/v1/destinations/{id}/secret", tag = "destinations", operation_id = "renew_destination_secret",
    params(("id" = uuid::Uuid, Path, description = "Destination")), security(("bearer" = [])), responses(
    (status = 200, body = Made),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn renew_secret(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
) -> Answer<Made> {
    Ok(Json(destinations::renew_secret(&app, &caller, DestinationId(id)).await?))
}

/// Sends an event of type `tacit.test` at once, and says what became of it.
#[utoipa::path(post, path = "/v1/destinations/{id}/test", tag = "destinations", operation_id = "test_destination",
    params(("id" = uuid::Uuid, Path, description = "Destination")), security(("bearer" = [])), responses(
    (status = 200, body = Trial),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn test(State(app): State<Arc<App>>, Id(id): Id, _: Params<Nothing>) -> Answer<Trial> {
    Ok(Json(destinations::test(&app, DestinationId(id)).await?))
}

/// Which dead letters.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LetterParams {
    /// `next` of the page before.
    after: Option<i64>,
}

impl FromFields for LetterParams {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self { after: fields.value("after", "the `next` of a page")? })
    }
}

/// A page of dead letters.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLetters {
    /// Oldest first.
    dead_letters: Vec<DeadLetter>,
    /// `after` of the next page; null after the last.
    next: Option<i64>,
}

/// Events that a destination did not take and that were given up, oldest first, at most 100.
#[utoipa::path(get, path = "/v1/destinations/{id}/dead-letters", tag = "destinations", operation_id = "list_dead_letters",
    params(("id" = uuid::Uuid, Path, description = "Destination"), LetterParams), security(("bearer" = [])), responses(
    (status = 200, body = DeadLetters),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn dead_letters(
    State(app): State<Arc<App>>,
    Id(id): Id,
    Params(params): Params<LetterParams>,
) -> Answer<DeadLetters> {
    let (dead_letters, next) = destinations::dead_letters(&app, DestinationId(id), params.after).await?;
    Ok(Json(DeadLetters { dead_letters, next }))
}

/// What waits anew.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Replayed {
    /// Events.
    count: u64,
}

/// Lets dead letters wait anew: all, or these. Receivers may then see events of a session after later ones; `sequence` and
/// `timestamp` tell.
#[utoipa::path(post, path = "/v1/destinations/{id}/dead-letters/replay", tag = "destinations",
    operation_id = "replay_dead_letters", params(("id" = uuid::Uuid, Path, description = "Destination")),
    request_body = Replay, security(("bearer" = [])), responses(
    (status = 200, body = Replayed),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn replay(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
    Given(wanted): Given<Replay>,
) -> Answer<Replayed> {
    Ok(Json(Replayed { count: destinations::replay(&app, &caller, DestinationId(id), &wanted).await? }))
}
