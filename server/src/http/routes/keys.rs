//! API keys.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Made};
use crate::app::App;
use crate::app::keys::{self, Key, KeyOrder, MadeKey};
use crate::domain::{ApiKeyId, Caller};
use crate::http::auth::Within;
use crate::http::body::Given;
use crate::http::params::{Id, Nothing, PageParams, Params};
use crate::http::problem::Problem;

/// A page of API keys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Keys {
    /// Newest first.
    api_keys: Vec<Key>,
    /// `after` of the next page; null after the last.
    next: Option<String>,
}

/// API keys, without the keys themselves.
#[utoipa::path(get, path = "/v1/api-keys", tag = "access", operation_id = "list_api_keys",
    params(PageParams), security(("bearer" = [])), responses(
    (status = 200, body = Keys),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Params(page): Params<PageParams>,
) -> Answer<Keys> {
    let (api_keys, next) = keys::list(&app, &scope, &page.into()).await?;
    Ok(Json(Keys { api_keys, next }))
}

/// Makes an API key. The answer alone holds it.
#[utoipa::path(post, path = "/v1/api-keys", tag = "access", operation_id = "make_api_key",
    request_body = KeyOrder, security(("bearer" = [])), responses(
    (status = 201, body = MadeKey),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn make(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    _: Params<Nothing>,
    Given(order): Given<KeyOrder>,
) -> Made<MadeKey> {
    Ok((StatusCode::CREATED, Json(keys::order(&app, &caller, &order).await?)))
}

/// Revokes an API key for ever. Once is as good as twice.
#[utoipa::path(post, path = "/v1/api-keys/{id}/revoke", tag = "access", operation_id = "revoke_api_key",
    params(("id" = uuid::Uuid, Path, description = "API key")), security(("bearer" = [])), responses(
    (status = 200, body = Key, description = "The key, revoked"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
) -> Answer<Key> {
    let id = ApiKeyId(id);
    keys::revoke(&app.store, &app.ambient, &caller, id).await?;
    Ok(Json(keys::one(&app, &caller.scope(), id).await?))
}
