//! Around every request: its id, its one line of log, its metric, and the body of its problem.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::problem::Problem;
use crate::clock::Ambient;
use crate::{Error, ErrorKind};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A caller's own id, if it is harmless in a log.
fn given(request: &Request) -> Option<String> {
    let id = request.headers().get(&REQUEST_ID)?.to_str().ok()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    ((1..=64).contains(&id.len()) && id.bytes().all(plain)).then(|| id.to_owned())
}

pub(super) async fn frame(State(ambient): State<Ambient>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = given(&request).unwrap_or_else(|| ambient.id().to_string());
    let method = request.method().clone();
    // The route, not the path: neither ids nor what a stranger makes up belong in the log.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let mut response = next.run(request).await;

    let status = response.status();
    if let Some(error) = response.extensions_mut().remove::<Arc<Error>>() {
        if error.kind() == ErrorKind::Internal {
            tracing::error!(request_id = id, route, detail = %error.detail(), "request failed");
        } else if error.kind() == ErrorKind::Unavailable {
            tracing::warn!(request_id = id, route, detail = %error.detail(), "request failed");
        }
        response = Problem::of(&error, &id).instead_of(response);
    } else if status.is_client_error() || status.is_server_error() {
        response = Problem::of_status(status, &id).instead_of(response);
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    // Files of the dashboard say themselves how long they serve.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));

    let took = started.elapsed();
    let labels = [("route", route.clone()), ("status", status.as_u16().to_string())];
    metrics::histogram!("tacit_http_request_seconds", &labels).record(took.as_secs_f64());
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(request_id = id, %method, route, status = status.as_u16(), ms, "request");
    response
}
