//! Parameters of requests: what cannot be read is a problem that says why, and what is not known is refused by name.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tacit_engine::VerdictKind;
use utoipa::ToSchema;
use uuid::Uuid;

use super::problem::Failure;
use crate::Error;
use crate::app::read::Page;
use crate::domain::verdict;

/// The query string.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(params)) => Ok(Self(params)),
            Err(refused) => Err(Failure(Error::invalid(refused.body_text()))),
        }
    }
}

/// The `{id}` of a path.
pub(super) struct Id(pub(super) Uuid);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::<Uuid>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(Failure(Error::invalid("the id in the path is not a UUID"))),
        }
    }
}

/// Of a route that takes no parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageParams {
    /// `next` of the page before.
    after: Option<String>,
    /// Rows at most, 1 to 1000; 100 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

impl From<PageParams> for Page {
    fn from(params: PageParams) -> Self {
        Self { after: params.after, limit: params.limit }
    }
}

/// The answers.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum VerdictName {
    /// The profile is not mature.
    Learning,
    /// The enrolled subject is at the controls.
    Genuine,
    /// Doubt, not enough to act on.
    Suspicious,
    /// Someone else is at the controls.
    DifferentPerson,
    /// Too little input, or input that cannot be judged.
    NotScorable,
}

impl VerdictName {
    /// As stored.
    pub(super) fn stored(self) -> &'static str {
        verdict::name(match self {
            Self::Learning => VerdictKind::Learning,
            Self::Genuine => VerdictKind::Genuine,
            Self::Suspicious => VerdictKind::Suspicious,
            Self::DifferentPerson => VerdictKind::DifferentPerson,
            Self::NotScorable => VerdictKind::NotScorable,
        })
    }
}
