//! Who calls, and whether they may: before any handler runs, by the one table ([`crate::domain::access`]).

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;

use super::jwt::Verifier;
use super::known::KnownKeys;
use super::problem::Failure;
use crate::app::App;
use crate::domain::access::{self, Who};
use crate::domain::{Caller, token};
use crate::{Error, Result};

/// Nobody signs longer tokens.
const LARGEST_TOKEN: usize = 8 * 1024;

/// What recognises callers.
#[derive(Clone)]
pub(super) struct Gate {
    app: Arc<App>,
    tokens: Option<Arc<Verifier>>,
    keys: Arc<KnownKeys>,
}

impl Gate {
    pub(super) fn new(app: Arc<App>) -> Result<Self> {
        let tokens = Verifier::load(&app.settings.auth)?.map(Arc::new);
        Ok(Self { app, tokens, keys: Arc::default() })
    }

    async fn caller(&self, headers: &HeaderMap) -> Result<Option<Caller>> {
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = given.next() else { return Ok(None) };
        let bearer = value.to_str().ok().and_then(|v| v.split_once(' '));
        let (None, Some((scheme, credential))) = (given.next(), bearer) else {
            return Err(Error::unauthenticated("authorization must be one bearer credential"));
        };
        let credential = credential.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || credential.len() > LARGEST_TOKEN {
            return Err(Error::unauthenticated("authorization must be one bearer credential"));
        }
        let now = self.app.ambient.now();
        if credential.starts_with(token::API_KEY_PREFIX) {
            return self.keys.caller(&self.app, credential, now).await.map(Some);
        }
        match &self.tokens {
            Some(verifier) => verifier.caller(credential, now).map(Some),
            None => Err(Error::unauthenticated("access tokens are not set up here; use an API key")),
        }
    }
}

/// Lets a request through to its handler, with its [`Caller`] if the route asks for one.
pub(super) async fn authorize(
    State(gate): State<Gate>,
    route: MatchedPath,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    // axum answers HEAD from the handler of GET.
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let call = format!("{method} {}", route.as_str());
    let open = access::rule(&call).is_some_and(|rule| rule.who == Who::Anyone);
    let caller = if open { None } else { gate.caller(request.headers()).await? };
    access::authorize(&call, caller.as_ref())?;
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller);
    }
    Ok(next.run(request).await)
}
