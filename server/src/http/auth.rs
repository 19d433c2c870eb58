//! Who calls, and whether they may: before any handler runs, by the one table ([`crate::domain::access`]).

use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::cookie::Cookie;
use super::known::KnownKeys;
use super::limit::Limits;
use super::problem::Failure;
use crate::app::App;
use crate::app::log_in::{self, Web};
use crate::domain::access::{self, Who};
use crate::domain::{Caller, Scope, token};
use crate::idp::Shared;
use crate::{Error, ErrorKind, Result};

/// Nobody signs longer tokens.
const LARGEST_TOKEN: usize = 8 * 1024;

/// What a page of this server sends with a call that changes something.
const CSRF: HeaderName = HeaderName::from_static("x-tacit-csrf");

/// Counts a credential that does not hold.
pub(super) fn refused(error: &Error) {
    metrics::counter!("tacit_http_refused_total", "reason" => error.kind().name()).increment(1);
}

/// What recognises callers.
#[derive(Clone)]
pub(super) struct Gate {
    app: Arc<App>,
    provider: Shared,
    limits: Arc<Limits>,
    keys: Arc<KnownKeys>,
}

impl Gate {
    pub(super) fn new(app: Arc<App>, provider: Shared) -> Self {
        let limits = Arc::new(Limits::new(app.settings.rest));
        Self { app, provider, limits, keys: Arc::default() }
    }

    /// Who calls, and with which session of a browser.
    async fn caller(&self, method: &Method, headers: &HeaderMap) -> Result<Option<(Caller, Option<Web>)>> {
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = given.next() else { return self.of_cookie(method, headers).await };
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
            return Ok(Some((self.keys.caller(&self.app, credential, now).await?, None)));
        }
        match &self.provider {
            Some(provider) => Ok(Some((provider.caller(credential, now).await?, None))),
            None => Err(Error::unauthenticated("access tokens are not set up here; use an API key")),
        }
    }

    async fn of_cookie(&self, method: &Method, headers: &HeaderMap) -> Result<Option<(Caller, Option<Web>)>> {
        let Some(id) = Cookie::Session.of(headers, &self.app.settings) else { return Ok(None) };
        let web = log_in::session(&self.app, id).await?;
        let web = web.ok_or_else(|| Error::unauthenticated("the session has ended: log in again"))?;
        // Browsers send cookies with what other sites make them send, but not this header.
        let safe = matches!(*method, Method::GET | Method::HEAD);
        if !safe && !headers.get(CSRF).is_some_and(|header| web.sent_by_its_page(header.as_bytes())) {
            return Err(Error::denied(
                "with a cookie, a call that changes something needs the header x-tacit-csrf, as /v1/me says it",
            ));
        }
        Ok(Some((web.caller.clone(), Some(web))))
    }
}

/// What the caller of a request may see; of nobody, nothing.
pub(super) struct Within(pub(super) Scope);

impl<S: Sync> FromRequestParts<S> for Within {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let caller = parts.extensions.get::<Caller>();
        Ok(Self(caller.map_or_else(|| Scope::of(Vec::new()), Caller::scope)))
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
    let caller = if open {
        None
    } else {
        gate.caller(request.method(), request.headers()).await.inspect_err(refused)?
    };
    let Some((caller, web)) = caller else {
        access::authorize(&call, None)?;
        return Ok(next.run(request).await);
    };
    match gate.limits.take(&caller.name()) {
        Ok(left) => {
            let answer = match access::authorize(&call, Some(&caller)) {
                Ok(()) => {
                    request.extensions_mut().insert(caller);
                    if let Some(web) = web {
                        request.extensions_mut().insert(web);
                    }
                    next.run(request).await
                }
                Err(error) => Failure(error).into_response(),
            };
            Ok(told(answer, |headers| left.tell(headers)))
        }
        Err(spent) => {
            metrics::counter!("tacit_http_limited_total").increment(1);
            let error = Error::new(
                ErrorKind::RateLimited,
                "this caller has made too many requests: come back when `retry-after` says",
            );
            Ok(told(Failure(error).into_response(), |headers| spent.tell(headers)))
        }
    }
}

fn told(mut answer: Response, tell: impl FnOnce(&mut HeaderMap)) -> Response {
    tell(answer.headers_mut());
    answer
}
