//! Bodies of requests: JSON, or a problem that says what was expected.

use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde::de::DeserializeOwned;

use super::problem::Failure;
use crate::{Error, ErrorKind};

/// A JSON body.
pub(super) struct Given<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Given<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.and_then(|value| value.split(';').next()).map(str::trim);
        if kind.is_none_or(|kind| !kind.eq_ignore_ascii_case("application/json")) {
            return Err(Failure(Error::invalid(
                "the body must be JSON, with `content-type: application/json`; /v1/openapi.json describes it",
            )));
        }
        let bytes = axum::body::Bytes::from_request(request, state).await.map_err(|error| match error {
            BytesRejection::FailedToBufferBody(_) => {
                Failure(Error::new(ErrorKind::TooLarge, "the body is too large, or broke off"))
            }
            _ => Failure(Error::invalid("the body cannot be read")),
        })?;
        // What serde says names fields and values of the request alone.
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            Failure(Error::invalid(format!("the body is not what this route takes: {error}")))
        })
    }
}
