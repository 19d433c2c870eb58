//! Logging in with a browser, logging out, and who one is.

use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, uri::Authority};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::Answer;
use crate::app::App;
use crate::app::log_in::{self, Opened, PATIENCE, Return, Web};
use crate::domain::{Caller, Role};
use crate::http::auth::refused;
use crate::http::body::Given;
use crate::http::cookie::Cookie;
use crate::http::params::{Fields, FromFields, Nothing, Params};
use crate::http::problem::{Failure, Problem};
use crate::idp::Shared;
use crate::{Error, Result};

/// Who calls, and what they may.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// `user:` and the subject of the token, or `key:` and the key's id.
    name: String,
    /// What the caller may do.
    role: Role,
    /// Groups the caller is limited to; null for every group.
    groups: Option<Vec<String>>,
    /// In a browser: what calls that change something carry as `x-tacit-csrf`.
    csrf: Option<String>,
    /// In a browser: when the session ends, however much it is used.
    #[serde(with = "time::serde::rfc3339::option")]
    session_expires_at: Option<OffsetDateTime>,
}

impl Me {
    fn of(caller: &Caller, web: Option<&Web>) -> Result<Self> {
        let role = caller.role().ok_or_else(|| Error::denied("a device is nobody here"))?;
        Ok(Self {
            name: caller.name(),
            role,
            groups: caller.scope().groups().map(<[String]>::to_vec),
            csrf: web.map(|web| web.csrf.clone()),
            session_expires_at: web.map(|web| web.expires_at),
        })
    }
}

/// Who calls.
#[utoipa::path(get, path = "/v1/me", tag = "access", operation_id = "me", security(("bearer" = [])), responses(
    (status = 200, body = Me),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn me(
    Extension(caller): Extension<Caller>,
    web: Option<Extension<Web>>,
    _: Params<Nothing>,
) -> Answer<Me> {
    Ok(Json(Me::of(&caller, web.as_deref())?))
}

/// Where to go after a log-in.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogInParams {
    /// A path of this server; `/` unless given.
    to: Option<String>,
}

impl FromFields for LogInParams {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self { to: fields.text("to")? })
    }
}

/// What browsers call this server, without a path.
fn base(app: &App, request: &Request) -> Result<String> {
    if let Some(url) = &app.settings.auth.public_url {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let named = named.or_else(|| request.uri().authority().map(Authority::as_str));
    let host = named.filter(|host| host.parse::<Authority>().is_ok() && !host.contains('@'));
    let host = host.ok_or_else(|| Error::invalid("the request must say which host it is for"))?;
    let scheme = if app.settings.insecure_loopback { "http" } else { "https" };
    Ok(format!("{scheme}://{host}"))
}

fn go(to: &str, cookies: &[HeaderValue]) -> Result<Response> {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let to =
        HeaderValue::from_str(to).map_err(|_| Error::of_field("to", "to must be a path of this server"))?;
    response.headers_mut().insert(header::LOCATION, to);
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    Ok(response)
}

/// Sends a browser to the identity provider to log in.
#[utoipa::path(get, path = "/auth/login", tag = "access", operation_id = "log_in", params(LogInParams), responses(
    (status = 303, description = "To the identity provider"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    Extension(provider): Extension<Shared>,
    Params(params): Params<LogInParams>,
    request: Request,
) -> Result<Response, Failure> {
    let to = params.to.as_deref().unwrap_or("/");
    let begun = log_in::begin(&app, provider.as_deref(), &base(&app, &request)?, to).await?;
    let kept = Cookie::LogIn.set(&app.settings, &begun.kept, Some(PATIENCE.whole_seconds()))?;
    Ok(go(&begun.at, &[kept])?)
}

/// What the provider sends a browser back with; others of its parameters do not matter.
#[derive(Debug, Deserialize)]
pub(crate) struct ReturnParams {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// Where the identity provider sends a browser back to.
#[utoipa::path(get, path = "/auth/callback", tag = "access", operation_id = "logged_in", params(
    ("state" = Option<String>, Query, description = "Of the log-in"),
    ("code" = Option<String>, Query, description = "Of the provider"),
    ("iss" = Option<String>, Query, description = "The provider"),
    ("error" = Option<String>, Query, description = "Why nobody logged in"),
), responses(
    (status = 303, description = "Logged in; to where the log-in was to lead"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn finish(
    State(app): State<Arc<App>>,
    Extension(provider): Extension<Shared>,
    headers: HeaderMap,
    query: Result<Query<ReturnParams>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Failure> {
    let Ok(Query(params)) = query else {
        return Err(Failure(Error::invalid("the query string must be name=value&name=value, each once")));
    };
    let ReturnParams { state, code, iss, error } = params;
    let back = Return { state, code, issuer: iss, error };
    let kept = Cookie::LogIn.of(&headers, &app.settings);
    let (opened, to) = log_in::finish(&app, provider.as_deref(), kept, back).await.inspect_err(refused)?;
    let cookies =
        [Cookie::LogIn.clear(&app.settings)?, Cookie::Session.set(&app.settings, &opened.id, None)?];
    Ok(go(&to, &cookies)?)
}

/// A key to log in with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyLogIn {
    /// An API key.
    key: String,
}

/// Logs a browser in with an API key, such as the one of the first start.
#[utoipa::path(post, path = "/auth/key", tag = "access", operation_id = "log_in_with_key", request_body = KeyLogIn,
    responses(
    (status = 200, body = Me, description = "Logged in; the cookie is set"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn with_key(
    State(app): State<Arc<App>>,
    _: Params<Nothing>,
    Given(KeyLogIn { key }): Given<KeyLogIn>,
) -> Result<Response, Failure> {
    let Opened { id, web } = log_in::with_key(&app, &key).await.inspect_err(refused)?;
    let mut response = Json(Me::of(&web.caller, Some(&web))?).into_response();
    response.headers_mut().append(header::SET_COOKIE, Cookie::Session.set(&app.settings, &id, None)?);
    Ok(response)
}

/// Ends the browser's session.
#[utoipa::path(post, path = "/auth/logout", tag = "access", operation_id = "log_out", security(("bearer" = [])), responses(
    (status = 204, description = "Logged out"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn log_out(
    State(app): State<Arc<App>>,
    web: Option<Extension<Web>>,
    _: Params<Nothing>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let id = web.and_then(|_| Cookie::Session.of(&headers, &app.settings));
    let id =
        id.ok_or_else(|| Error::invalid("there is no session to end: a key serves until it is revoked"))?;
    log_in::end(&app, id).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().append(header::SET_COOKIE, Cookie::Session.clear(&app.settings)?);
    Ok(response)
}
