//! REST adapter: unwraps a request, calls a use case, converts its answer. Rules live in [`crate::app`].
//!
//! A request passes [`frame`] (id, log line, problems) → catch-panic → timeout → limits of body and head → [`auth`] →
//! what reads ([`reading`]) or writes ([`writing`]) have in common → a route.
//! To add a route: its handler with `#[utoipa::path]` in [`mod@routes`], a line in `api` here, and its row in
//! [`crate::domain::access`].

mod answers;
mod auth;
mod body;
pub mod cookie;
mod describe;
mod frame;
mod known;
mod limit;
mod params;
mod problem;
mod reading;
mod routes;
mod serve;
#[cfg(test)]
mod tests;
mod writing;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Router};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi as _;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::clock::Ambient;
use crate::idp::{Provider, Shared};
use crate::{Error, Result};
use problem::Failure;
pub use serve::serve;

/// No route takes more.
const LARGEST_BODY: usize = 64 * 1024;
/// No answer takes longer, beside what a poll waits.
const LONGEST: Duration = reading::LONGEST_WAIT.saturating_add(Duration::from_secs(30));

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Tacit",
        description = "Subjects, devices, sessions, verdicts, alerts and policies. Times are RFC 3339, UTC. Errors are RFC 9457 \
                       problems. Lists come in pages: pass `next` of one page as `after` of the following, or follow `Link`. Reads \
                       carry an `ETag`: a poll with `If-None-Match` that finds nothing new costs nothing."
    ),
    components(schemas(problem::Problem, params::VerdictName, crate::domain::alert::AlertState, crate::domain::audit::Action)),
    modifiers(&Bearer)
)]
struct Description;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let mut http = Http::new(HttpAuthScheme::Bearer);
        http.description =
            Some("An API key (`tacit_...`) or an access token (JWT) of the identity provider; in a browser, the cookie of a \
                  log-in instead, and with it the header `x-tacit-csrf` on what changes something".into());
        let components = api.components.get_or_insert_with(Default::default);
        components.add_security_scheme("bearer", SecurityScheme::Http(http));
    }
}

fn api() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(routes::system::healthz))
        .routes(routes!(routes::system::readyz))
        .routes(routes!(routes::system::metrics))
        .routes(routes!(routes::system::description))
        .routes(routes!(routes::docs::page))
        .routes(routes!(routes::docs::asset))
        .routes(routes!(routes::subjects::list))
        .routes(routes!(routes::subjects::one))
        .routes(routes!(routes::subjects::profile))
        .routes(routes!(routes::rights::reveal))
        .routes(routes!(routes::rights::export))
        .routes(routes!(routes::rights::erase))
        .routes(routes!(routes::rights::restrict))
        .routes(routes!(routes::rights::unrestrict))
        .routes(routes!(routes::rights::rectify))
        .routes(routes!(routes::devices::list))
        .routes(routes!(routes::devices::one))
        .routes(routes!(routes::devices::revoke))
        .routes(routes!(routes::policies::move_device))
        .routes(routes!(routes::sessions::list))
        .routes(routes!(routes::sessions::one))
        .routes(routes!(routes::sessions::timeline))
        .routes(routes!(routes::responses::directives))
        .routes(routes!(routes::responses::feedback))
        .routes(routes!(routes::policies::list))
        .routes(routes!(routes::policies::one, routes::policies::put))
        .routes(routes!(routes::policies::history))
        .routes(routes!(routes::exemptions::list, routes::exemptions::make))
        .routes(routes!(routes::exemptions::end))
        .routes(routes!(routes::responses::respond))
        .routes(routes!(routes::verdicts::list))
        .routes(routes!(routes::audit::list))
        .routes(routes!(routes::events::stream))
        .routes(routes!(routes::fleet::fleet))
        .routes(routes!(routes::fleet::pulse))
        .routes(routes!(routes::policies::preview))
        .routes(routes!(routes::alerts::list))
        .routes(routes!(routes::alerts::one))
        .routes(routes!(routes::alerts::acknowledge))
        .routes(routes!(routes::alerts::assign))
        .routes(routes!(routes::alerts::note))
        .routes(routes!(routes::alerts::resolve))
        .routes(routes!(routes::keys::list, routes::keys::make))
        .routes(routes!(routes::keys::revoke))
        .routes(routes!(routes::tokens::list, routes::tokens::make))
        .routes(routes!(routes::tokens::revoke))
        .routes(routes!(routes::log_in::me))
        .routes(routes!(routes::log_in::begin))
        .routes(routes!(routes::log_in::finish))
        .routes(routes!(routes::log_in::with_key))
        .routes(routes!(routes::log_in::log_out))
        .routes(routes!(routes::destinations::list, routes::destinations::make))
        .routes(routes!(
            routes::destinations::one,
            routes::destinations::change,
            routes::destinations::remove
        ))
        .routes(routes!(routes::destinations::renew_secret))
        .routes(routes!(routes::destinations::test))
        .routes(routes!(routes::destinations::dead_letters))
        .routes(routes!(routes::destinations::replay))
        .routes(routes!(routes::streams::configuration))
        .routes(routes!(routes::streams::keys))
        .routes(routes!(
            routes::streams::read,
            routes::streams::make,
            routes::streams::change,
            routes::streams::remove
        ))
        .routes(routes!(routes::streams::status, routes::streams::set_status))
        .routes(routes!(routes::streams::verify))
        .routes(routes!(routes::streams::poll))
        .routes(routes!(routes::retention::retention))
}

/// Every route.
///
/// # Errors
/// Invalid argument when the identity provider's keys cannot be read.
pub fn router(app: Arc<App>) -> Result<Router> {
    metrics::describe_histogram!(
        "tacit_http_request_seconds",
        "From a REST request to its answer, by route and status"
    );
    metrics::describe_counter!(
        "tacit_http_refused_total",
        "Requests whose credential does not hold, by reason"
    );
    metrics::describe_counter!(
        "tacit_http_limited_total",
        "Requests refused since their caller made too many"
    );
    let provider: Shared = Provider::load(&app.settings.auth)?.map(Arc::new);
    let gate = auth::Gate::new(Arc::clone(&app), provider.clone());
    let ambient = app.ambient.clone();
    let (routes, _) = api().split_for_parts();
    let common = Common { app: Arc::clone(&app), answers: answers::Answers::new() };
    let routes = routes
        .layer(Extension(provider))
        .route_layer(from_fn_with_state(common, conventions))
        .merge(crate::web::routes())
        .route_layer(from_fn_with_state(gate, auth::authorize));
    Ok(finish(routes.with_state(app), ambient))
}

#[derive(Clone)]
struct Common {
    app: Arc<App>,
    answers: answers::Answers,
}

/// What reads have in common, and writes.
async fn conventions(
    State(common): State<Common>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    if request.method().is_safe() {
        reading::answer(&common.app, &common.answers, request, next).await
    } else {
        writing::answer(&common.app, request, next).await
    }
}

/// Puts around routes what every answer goes through.
fn finish(routes: Router, ambient: Ambient) -> Router {
    routes
        .method_not_allowed_fallback(problem::method_not_allowed)
        .fallback(problem::no_such_route)
        .layer(from_fn(serve::limit_head))
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(ambient, frame::frame))
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Failure(Error::internal("a handler panicked")).into_response()
}

/// The OpenAPI description of every route.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut api = api().into_openapi();
    describe::conventions(&mut api);
    api
}
