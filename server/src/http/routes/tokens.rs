//! Enrolment tokens.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Made};
use crate::app::App;
use crate::app::tokens::{self, MadeToken, Token, TokenOrder};
use crate::domain::{Caller, EnrolmentTokenId};
use crate::http::auth::Within;
use crate::http::body::Given;
use crate::http::params::{Id, Nothing, PageParams, Params};
use crate::http::problem::Problem;

/// A page of enrolment tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// Newest first.
    enrolment_tokens: Vec<Token>,
    /// `after` of the next page; null after the last.
    next: Option<String>,
}

/// Enrolment tokens, without the tokens themselves.
#[utoipa::path(get, path = "/v1/enrolment-tokens", tag = "access", operation_id = "list_enrolment_tokens",
    params(PageParams), security(("bearer" = [])), responses(
    (status = 200, body = Tokens),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Params(page): Params<PageParams>,
) -> Answer<Tokens> {
    let (enrolment_tokens, next) = tokens::list(&app, &scope, &page.into()).await?;
    Ok(Json(Tokens { enrolment_tokens, next }))
}

/// Makes an enrolment token for a rollout. The answer alone holds it.
#[utoipa::path(post, path = "/v1/enrolment-tokens", tag = "access", operation_id = "make_enrolment_token",
    request_body = TokenOrder, security(("bearer" = [])), responses(
    (status = 201, body = MadeToken),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn make(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    _: Params<Nothing>,
    Given(order): Given<TokenOrder>,
) -> Made<MadeToken> {
    Ok((StatusCode::CREATED, Json(tokens::order(&app, &caller, &order).await?)))
}

/// Revokes an enrolment token. Devices it has enrolled stay. Once is as good as twice.
#[utoipa::path(post, path = "/v1/enrolment-tokens/{id}/revoke", tag = "access",
    operation_id = "revoke_enrolment_token",
    params(("id" = uuid::Uuid, Path, description = "Enrolment token")), security(("bearer" = [])), responses(
    (status = 200, body = Token, description = "The token, revoked"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
) -> Answer<Token> {
    let id = EnrolmentTokenId(id);
    tokens::revoke(&app.store, &app.ambient, &caller, id).await?;
    Ok(Json(tokens::one(&app, &caller.scope(), id).await?))
}
