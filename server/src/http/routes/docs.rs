//! A viewer of the API's description. All of it comes from this server.

use std::sync::{Arc, LazyLock};

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa_swagger_ui::Config;

use crate::http::params::{Nothing, Params};
use crate::http::problem::{Failure, Problem};
use crate::{Error, Result};

static CONFIG: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::new(["/v1/openapi.json"]).validator_url("none")));

/// The viewer's own styles are in its page; nothing else is let in, and nothing goes out but calls of this API.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/// A page to read and try this API.
#[utoipa::path(get, path = "/docs", tag = "system", operation_id = "docs", responses(
    (status = 200, body = String, content_type = "text/html"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn page(_: Params<Nothing>) -> Result<Response, Failure> {
    let (kind, bytes) = file("index.html")?;
    // The page names its files relative to itself.
    let text = String::from_utf8_lossy(&bytes).replacen("<head>", "<head><base href=\"/docs/\">", 1);
    Ok(served(&kind, text.into_bytes()))
}

/// A file of that page.
#[utoipa::path(get, path = "/docs/{file}", tag = "system", operation_id = "docs_file",
    params(("file" = String, Path, description = "Name of the file")), responses(
    (status = 200, body = String, content_type = "text/css"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn asset(Path(name): Path<String>, _: Params<Nothing>) -> Result<Response, Failure> {
    let (kind, bytes) = file(&name)?;
    Ok(served(&kind, bytes))
}

fn file(name: &str) -> Result<(String, Vec<u8>)> {
    let file = utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG))
        .map_err(|error| Error::internal(error.to_string()))?
        .ok_or_else(|| Error::not_found("the viewer has no such file"))?;
    Ok((file.content_type, file.bytes.into_owned()))
}

fn served(kind: &str, bytes: Vec<u8>) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY)];
    (headers, bytes).into_response()
}
