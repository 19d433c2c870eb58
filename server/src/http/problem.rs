//! Errors as RFC 9457 problems. One map from kinds to statuses; [`super::frame`] writes the body, because it knows the request's id.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::LARGEST_BODY;
use super::serve::{LARGEST_HEAD, LARGEST_PATH, MOST_FIELDS};
use crate::{Error, ErrorKind};

/// Why a request did not succeed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// Names the kind of problem: `urn:tacit:problem:CODE`.
    r#type: String,
    /// The kind in words.
    title: &'static str,
    /// HTTP status.
    status: u16,
    /// What is wrong with this request.
    detail: String,
    /// The parameter that is wrong, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Stable code of the kind.
    code: &'static str,
    /// Id under which the server's log holds this request.
    request_id: String,
}

/// An error on its way to its caller.
#[derive(Debug)]
pub(super) struct Failure(pub(super) Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = status(self.0.kind()).into_response();
        if self.0.kind() == ErrorKind::Unauthenticated {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tacit\""));
        }
        response.extensions_mut().insert(Arc::new(self.0));
        response
    }
}

fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::InvalidArgument => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn title(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidArgument => "The request cannot succeed as it is",
        ErrorKind::Unauthenticated => "Authentication is required",
        ErrorKind::PermissionDenied => "Not allowed",
        ErrorKind::NotFound => "There is no such thing",
        ErrorKind::Conflict => "The request contradicts what is stored",
        ErrorKind::KeyReused => "The key stands for another request",
        ErrorKind::TooLarge => "The request is too large",
        ErrorKind::RateLimited => "Too many requests",
        ErrorKind::Unavailable => "Not available now",
        ErrorKind::Internal => "A fault of the server",
    }
}

impl Problem {
    pub(super) fn of(error: &Error, request_id: &str) -> Self {
        let kind = error.kind();
        Self {
            r#type: format!("urn:tacit:problem:{}", kind.name()),
            title: title(kind),
            status: status(kind).as_u16(),
            detail: error.public().to_owned(),
            field: error.field().map(str::to_owned),
            code: kind.name(),
            request_id: request_id.to_owned(),
        }
    }

    /// For a status that a layer below answered without saying why.
    pub(super) fn of_status(status: StatusCode, request_id: &str) -> Self {
        let too_large = ErrorKind::TooLarge.name();
        let (code, detail) = match status {
            StatusCode::METHOD_NOT_ALLOWED => {
                ("method-not-allowed", "this route has no such method; `allow` names those it has".to_owned())
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                (too_large, format!("the body holds more than {LARGEST_BODY} bytes"))
            }
            StatusCode::URI_TOO_LONG => {
                (too_large, format!("the path with its parameters holds more than {LARGEST_PATH} bytes"))
            }
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => (
                too_large,
                format!(
                    "there are more than {MOST_FIELDS} header fields, or they hold more than {LARGEST_HEAD} bytes"
                ),
            ),
            StatusCode::SERVICE_UNAVAILABLE => {
                (ErrorKind::Unavailable.name(), "the answer took too long".to_owned())
            }
            status if status.is_server_error() => (ErrorKind::Internal.name(), "internal error".to_owned()),
            _ => (ErrorKind::InvalidArgument.name(), "the request is malformed".to_owned()),
        };
        Self {
            r#type: format!("urn:tacit:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail,
            field: None,
            code,
            request_id: request_id.to_owned(),
        }
    }

    /// As the answer, with what `answer` says besides its body.
    pub(super) fn instead_of(&self, answer: Response) -> Response {
        let (mut parts, _) = answer.into_parts();
        let body = serde_json::to_vec(self).unwrap_or_default();
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        Response::from_parts(parts, body.into())
    }
}

pub(super) async fn no_such_route() -> Failure {
    Failure(Error::not_found("there is no such route"))
}

pub(super) async fn method_not_allowed() -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}
