//! The handlers, one file a noun.

pub(super) mod alerts;
pub(super) mod audit;
pub(super) mod destinations;
pub(super) mod devices;
pub(super) mod docs;
pub(super) mod events;
pub(super) mod exemptions;
pub(super) mod fleet;
pub(super) mod keys;
pub(super) mod log_in;
pub(super) mod policies;
pub(super) mod responses;
pub(super) mod retention;
pub(super) mod rights;
pub(super) mod sessions;
pub(super) mod streams;
pub(super) mod subjects;
pub(super) mod system;
pub(super) mod tokens;
pub(super) mod verdicts;

use super::problem::Failure;

/// What a handler gives.
type Answer<T> = Result<axum::Json<T>, Failure>;
/// What a handler gives that has made something.
type Made<T> = Result<(http::StatusCode, axum::Json<T>), Failure>;

/// What a handler of a list gives.
type Pages<T> = Result<super::reading::Listing<T>, Failure>;
