//! What every write has in common: `Idempotency-Key`, and that this process knows of its own changes at once.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts as _, MatchedPath, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::LARGEST_BODY;
use super::problem::Failure;
use crate::app::App;
use crate::app::changes::Topics;
use crate::app::once::{self, Answered, Once, Question};
use crate::domain::Caller;
use crate::{Error, ErrorKind, Result};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Characters of a key at most.
const LONGEST_KEY: usize = 255;
/// No answer to a write is larger: an alert with all the notes that are shown.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;
/// What is read by these is read anew each time, key or not: names are not kept beside where they are guarded, and each reading of
/// one is in the audit log.
const NOT_KEPT: [&str; 2] = ["/v1/subjects/{id}/reveal", "/ssf/streams/{id}/poll"];
/// Tells of its subject no more than an id, and is given after the erasure.
const ERASURE: &str = "/v1/subjects/{id}/erase";

/// Carries out a write, once for each key of its caller.
pub(super) async fn answer(app: &Arc<App>, request: Request, next: Next) -> Result<Response, Failure> {
    let response = match key(&request)? {
        Some((key, caller)) if request.method() == Method::POST && !NOT_KEPT.contains(&route(&request)) => {
            once(app, &key, &caller, request, next).await?
        }
        _ => next.run(request).await,
    };
    if response.status().is_success() {
        // The database tells other processes, this one too, but perhaps after the answer has arrived.
        app.changes.bump(Topics::ALL);
    }
    Ok(response)
}

fn route(request: &Request) -> &str {
    request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str)
}

/// Of which subject, session, alert or exemption the answer will tell, as the path or the body names it.
async fn about(request: &mut Parts, body: &[u8]) -> Option<Uuid> {
    #[derive(serde::Deserialize)]
    struct Of {
        subject_id: Uuid,
    }
    let path = RawPathParams::from_request_parts(request, &()).await.ok();
    let id = path.iter().flatten().find_map(|(_, value)| value.parse().ok());
    id.or_else(|| serde_json::from_slice::<Of>(body).ok().map(|of| of.subject_id))
}

fn key(request: &Request) -> Result<Option<(String, Caller)>> {
    let mut given = request.headers().get_all(&KEY).iter();
    let (Some(key), Some(caller)) = (given.next(), request.extensions().get::<Caller>()) else {
        return Ok(None);
    };
    let text = key.to_str().ok().map(|key| key.trim().trim_matches('"'));
    let sound = text.filter(|key| (1..=LONGEST_KEY).contains(&key.len()) && given.next().is_none());
    let key = sound.ok_or_else(|| {
        Error::of_field(
            "Idempotency-Key",
            format!("Idempotency-Key must be one key of 1 to {LONGEST_KEY} ASCII characters, such as a UUID"),
        )
    })?;
    Ok(Some((key.to_owned(), caller.clone())))
}

async fn once(
    app: &Arc<App>,
    key: &str,
    caller: &Caller,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let erasure = route(&request) == ERASURE;
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY)
        .await
        .map_err(|_| Error::new(ErrorKind::TooLarge, "the body is too large, or broke off"))?;
    let about = if erasure { None } else { about(&mut parts, &body).await };
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let question = Question::new(&caller.name(), key, parts.method.as_str(), path, &body, about);
    match once::begin(app, &question).await? {
        Once::Answered(answered) => return Ok(replay(answered)),
        Once::Asked => {}
    }
    let carrying = carry_out(Arc::clone(app), question, Request::from_parts(parts, Body::from(body)), next);
    // In a task of its own, which goes on when the caller is gone: what was done and has no answer would be done again.
    match tokio::spawn(carrying).await {
        Ok(answer) => answer,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(Failure(Error::internal(error))),
        },
    }
}

async fn carry_out(
    app: Arc<App>,
    question: Question,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let response = next.run(request).await;
    let status = response.status();
    // Refusals before anything was done, and faults: the same request may yet succeed.
    if !status.is_success() {
        once::forget(&app, &question).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes: Bytes = to_bytes(body, LARGEST_ANSWER).await.map_err(Error::internal)?;
    once::keep(&app, &question, &Answered { status: status.as_u16(), body: bytes.to_vec() }).await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn replay(answered: Answered) -> Response {
    let status = StatusCode::from_u16(answered.status).unwrap_or(StatusCode::OK);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (REPLAYED, HeaderValue::from_static("true")),
    ];
    (status, headers, answered.body).into_response()
}
