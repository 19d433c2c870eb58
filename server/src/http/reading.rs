//! What every read has in common: `ETag` and `304`, `wait=`, `fields=`, `Link`.
//!
//! [`READS`] says of each route on what its answers rest. A poll that names the `ETag` it has is answered from the counters of
//! this process ([`crate::app::changes`]), and asks no table; nor does one whose answer is still held ([`super::answers`]).

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::answers::{self, Answers};
use super::problem::Failure;
use crate::app::App;
use crate::app::changes::{Stamp, Topics};
use crate::domain::Caller;
use crate::{Error, Result};

/// Longest that a poll waits.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Fields that `fields=` names at most.
const MOST_FIELDS: usize = 50;
/// No answer is larger.
const LARGEST: usize = 64 * 1024 * 1024;

/// A route whose answers change only with what is written.
pub(super) struct Read {
    /// As matched.
    pub(super) route: &'static str,
    /// On what its answers rest.
    topics: Topics,
    /// Under which name it lists; `None` for a single thing.
    pub(super) list: Option<&'static str>,
    /// It is polled: takes `wait=`, and its answers are held for a moment.
    pub(super) polled: bool,
}

const fn read(route: &'static str, topics: Topics, list: Option<&'static str>) -> Read {
    Read { route, topics, list, polled: false }
}

/// Every such route. Not here: what changes with time alone, and reads that are written down.
pub(super) const READS: &[Read] = &[
    Read { polled: true, ..read("/v1/verdicts", Topics::SETTLED.and(Topics::REST), Some("verdicts")) },
    Read { polled: true, ..read("/v1/alerts", Topics::ALERTS.and(Topics::REST), Some("alerts")) },
    Read { polled: true, ..read("/v1/alerts/{id}", Topics::ALL, None) },
    read("/v1/subjects", Topics::SESSIONS.and(Topics::REST), Some("subjects")),
    read("/v1/subjects/{id}", Topics::SESSIONS.and(Topics::REST), None),
    read("/v1/subjects/{id}/profile", Topics::SESSIONS.and(Topics::REST), None),
    // When a device was last heard of is seen with the next change, 30 s later at most.
    read("/v1/devices", Topics::ALL, Some("devices")),
    read("/v1/devices/{id}", Topics::ALL, None),
    read("/v1/sessions", Topics::SESSIONS.and(Topics::REST), Some("sessions")),
    read("/v1/sessions/{id}", Topics::SESSIONS.and(Topics::REST), None),
    read("/v1/sessions/{id}/timeline", Topics::SESSIONS.and(Topics::REST), Some("entries")),
    read("/v1/policies", Topics::REST, Some("groups")),
    read("/v1/policies/{group}", Topics::REST, None),
    read("/v1/policies/{group}/versions", Topics::REST, Some("versions")),
];

/// Until when a handler may wait for something new.
#[derive(Debug, Clone, Copy)]
pub(super) struct Until(pub(super) Instant);

/// A page of a list: its body, and the cursor that follows it.
pub(super) struct Listing<T> {
    pub(super) body: T,
    pub(super) next: Option<String>,
}

#[derive(Clone)]
struct Following(String);

impl<T: Serialize> IntoResponse for Listing<T> {
    fn into_response(self) -> Response {
        let mut response = axum::Json(self.body).into_response();
        if let Some(next) = self.next {
            response.extensions_mut().insert(Following(next));
        }
        response
    }
}

/// Answers a read as polls want it.
pub(super) async fn answer(
    app: &Arc<App>,
    held: &Answers,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let Some(read) = READS.iter().find(|read| route.as_deref() == Some(read.route)) else {
        return Ok(next.run(request).await);
    };
    let uri = request.uri().clone();
    let Query { kept, fields, wait } = Query::of(&uri, read.polled)?;
    let until = wait.map(|wait| Instant::now() + wait);
    let caller = request.extensions().get::<Caller>();
    // No such read tells two callers apart who may the same.
    let caller = caller.map(|caller| format!("{:?} {:?}", caller.role(), caller.scope())).unwrap_or_default();

    let mut stamp = app.changes.stamp(read.topics);
    let mut tag = stamp.map(|stamp| tag(&stamp, &caller, &uri));
    if names(request.headers(), tag.as_ref()) {
        if let Some(until) = until
            && app.changes.changed(read.topics, stamp, until).await
        {
            stamp = app.changes.stamp(read.topics);
            tag = stamp.map(|stamp| self::tag(&stamp, &caller, &uri));
        }
        if names(request.headers(), tag.as_ref()) {
            return Ok(tagged(StatusCode::NOT_MODIFIED.into_response(), tag));
        }
    }
    let head = *request.method() == Method::HEAD;
    // What a poll may wait for is not what was there before.
    let holds = tag.clone().filter(|_| read.polled && !head && until.is_none());
    if let Some(response) = holds.as_ref().and_then(|tag| held.of(tag)) {
        return Ok(tagged(response, tag));
    }
    if fields.is_some() || wait.is_some() {
        *request.uri_mut() = kept;
    }
    if let Some(until) = until {
        request.extensions_mut().insert(Until(until));
    }
    let mut response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return Ok(response);
    }
    if let Some(Following(next)) = response.extensions_mut().remove::<Following>() {
        link(&mut response, &uri, &next);
    }
    if let Some(fields) = fields.filter(|_| !head) {
        response = sparse(response, read.list, &fields).await?;
    }
    if let Some(tag) = holds
        && response.body().size_hint().upper().is_some_and(|size| size <= answers::LARGEST as u64)
    {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, answers::LARGEST).await.map_err(Error::internal)?;
        response = Response::from_parts(parts, Body::from(body.clone()));
        held.hold(&tag, &response, &body);
    }
    Ok(tagged(response, tag))
}

fn tag(stamp: &Stamp, caller: &str, uri: &Uri) -> HeaderValue {
    let query = uri.path_and_query().map_or("", |path| path.as_str());
    let text = [stamp.bytes().as_slice(), caller.as_bytes(), b"\n", query.as_bytes()].concat();
    let digest = digest(&SHA256, &text);
    let short = digest.as_ref().get(..18).unwrap_or_default();
    HeaderValue::try_from(format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(short)))
        .unwrap_or_else(|_| HeaderValue::from_static("W/\"\""))
}

/// Whether a request has the answer that is called so.
fn names(headers: &HeaderMap, tag: Option<&HeaderValue>) -> bool {
    let Some(tag) = tag.and_then(|tag| tag.to_str().ok()) else { return false };
    let opaque = |text: &str| text.trim().trim_start_matches("W/").to_owned();
    let given = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(',')).any(|of| opaque(of) == opaque(tag))
}

fn tagged(mut response: Response, tag: Option<HeaderValue>) -> Response {
    if let Some(tag) = tag {
        let headers = response.headers_mut();
        headers.insert(header::ETAG, tag);
        headers.insert(header::VARY, HeaderValue::from_static("authorization, cookie"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    response
}

fn link(response: &mut Response, uri: &Uri, next: &str) {
    let query = uri.query().unwrap_or_default();
    let others = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("after="));
    let after = format!("after={next}");
    let query: Vec<&str> = others.chain([after.as_str()]).collect();
    let link = format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"));
    if let Ok(link) = HeaderValue::try_from(link) {
        response.headers_mut().insert(header::LINK, link);
    }
}

/// The parameters that every read takes, and the URI without them.
struct Query {
    kept: Uri,
    fields: Option<Vec<String>>,
    wait: Option<Duration>,
}

impl Query {
    fn of(uri: &Uri, waits: bool) -> Result<Self> {
        let mut of = Self { kept: uri.clone(), fields: None, wait: None };
        let Some(query) = uri.query() else { return Ok(of) };
        let mut others = Vec::new();
        for pair in query.split('&') {
            match pair.split_once('=') {
                Some(("fields", value)) if of.fields.is_none() => of.fields = Some(fields(value)?),
                Some(("wait", value)) if waits && of.wait.is_none() => of.wait = Some(wait(value)?),
                _ => others.push(pair),
            }
        }
        let path = match others.as_slice() {
            [] => uri.path().to_owned(),
            others => format!("{}?{}", uri.path(), others.join("&")),
        };
        of.kept =
            path.parse().map_err(|_| Error::invalid("the query string must be name=value&name=value"))?;
        Ok(of)
    }
}

fn fields(value: &str) -> Result<Vec<String>> {
    let value = value.replace("%2C", ",").replace("%2c", ",");
    let names: Vec<String> = value.split(',').map(str::to_owned).collect();
    let plain = |name: &String| {
        !name.is_empty() && name.len() <= 40 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    };
    if names.len() <= MOST_FIELDS && names.iter().all(plain) {
        return Ok(names);
    }
    Err(Error::of_field(
        "fields",
        format!(
            "fields must be up to {MOST_FIELDS} names of fields of the answer's rows, with commas between"
        ),
    ))
}

fn wait(value: &str) -> Result<Duration> {
    let seconds: Option<u64> = value.strip_suffix('s').unwrap_or(value).parse().ok();
    let wait = seconds.map(Duration::from_secs).filter(|wait| *wait <= LONGEST_WAIT);
    wait.ok_or_else(|| {
        let most = LONGEST_WAIT.as_secs();
        Error::of_field("wait", format!("wait must be seconds up to {most}, such as {most}s"))
    })
}

/// The answer with these fields of its rows alone.
async fn sparse(response: Response, list: Option<&str>, fields: &[String]) -> Result<Response, Failure> {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, LARGEST).await.map_err(Error::internal)?;
    let mut answer: Value = serde_json::from_slice(&bytes).map_err(Error::internal)?;
    match list {
        Some(list) => {
            let rows = answer.get_mut(list).and_then(Value::as_array_mut);
            for row in rows.into_iter().flatten() {
                keep(row, fields)?;
            }
        }
        None => keep(&mut answer, fields)?,
    }
    let bytes = serde_json::to_vec(&answer).map_err(Error::internal)?;
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn keep(row: &mut Value, fields: &[String]) -> Result<()> {
    let Some(of) = row.as_object_mut() else { return Ok(()) };
    let mut kept = Map::new();
    for field in fields {
        match of.remove(field) {
            Some(value) => {
                kept.insert(field.clone(), value);
            }
            None if kept.contains_key(field) => {}
            None => {
                let known: Vec<&str> = kept.keys().chain(of.keys()).map(String::as_str).collect();
                return Err(Error::of_field(
                    "fields",
                    format!("there is no field `{field}`: the rows have {}", known.join(", ")),
                ));
            }
        }
    }
    *row = Value::Object(kept);
    Ok(())
}
