//! The dashboard: files built from `server/web`, embedded in the binary, served as they are. No data and no rules: what the
//! dashboard shows it asks of REST, as whoever signed in to it.

use std::borrow::Cow;

use axum::Router;
use axum::extract::Path;
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

/// What `vite build` made; empty if it did not run.
#[derive(RustEmbed)]
#[folder = "web/dist"]
struct Built;

/// `METHOD /path` of what is served here; each has its row in [`crate::domain::access`].
pub const CALLS: [&str; 2] = ["GET /", "GET /assets/{file}"];

/// Scripts, styles and calls of this origin alone, nothing inline, and no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// A hashed name never stands for other bytes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Asked again each time, and answered without the bytes while they are the same.
const ASK_AGAIN: &str = "no-cache";
/// Shown by a server that was built without the dashboard.
const MISSING: &str = include_str!("missing.html");

/// The routes of the dashboard, for any state.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/", get(index)).route("/assets/{file}", get(asset))
}

async fn index(asked: HeaderMap) -> Response {
    let response = serve("index.html", ASK_AGAIN, &asked).unwrap_or_else(|| {
        let head = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
        (head, MISSING).into_response()
    });
    framed(response)
}

async fn asset(Path(file): Path<String>, asked: HeaderMap) -> Response {
    let found = serve(&format!("assets/{file}"), FOR_EVER, &asked);
    framed(found.unwrap_or_else(|| StatusCode::NOT_FOUND.into_response()))
}

/// A file, compressed if that is asked for and was made, or that it has not changed.
fn serve(path: &str, cache: &'static str, asked: &HeaderMap) -> Option<Response> {
    let plain = Built::get(path)?;
    let accepted = header_text(asked, &header::ACCEPT_ENCODING);
    let gzip = accepted.split(',').any(|coding| coding.split(';').next().is_some_and(|c| c.trim() == "gzip"));
    let packed = if gzip { Built::get(&format!("{path}.gz")) } else { None };
    let encoded = packed.is_some();
    let file = packed.unwrap_or(plain);
    let tag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
    let same = header_text(asked, &header::IF_NONE_MATCH)
        .split(',')
        .any(|given| given.trim().trim_start_matches("W/") == tag || given.trim() == "*");
    let mut response = if same {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let bytes = match file.data {
            Cow::Borrowed(bytes) => axum::body::Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        };
        ([(header::CONTENT_TYPE, kind(path))], bytes).into_response()
    };
    let headers = response.headers_mut();
    if encoded && !same {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Some(response)
}

fn header_text<'a>(of: &'a HeaderMap, name: &HeaderName) -> &'a str {
    of.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The media type of a file that the build makes.
fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// What a browser has to hold to.
fn framed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
