//! Serves connections, and answers heads that are too large in the server's own words.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio_util::sync::CancellationToken;

use crate::tls::Incoming;

/// Bytes of a path with its parameters at most.
pub(super) const LARGEST_PATH: usize = 8 * 1024;
/// Header fields at most, and their bytes together. The largest of them carries an access token.
pub(super) const MOST_FIELDS: usize = 100;
pub(super) const LARGEST_HEAD: usize = 16 * 1024;
/// What is read of a head in order to refuse it. Beyond that the protocol's own refusal, a status alone, has to do.
const READ_FIELDS: usize = 4 * MOST_FIELDS;
const READ_HEAD: u32 = 256 * 1024;

/// From the end of an answer, or the beginning of a connection, to the end of the next head.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// How often a silent peer of HTTP/2 is asked whether it is there, and how long it may take to answer.
const ALIVE_EVERY: Duration = Duration::from_secs(20);
const ALIVE_WITHIN: Duration = Duration::from_secs(10);

/// Serves REST until `stopping` and until its calls have ended.
pub async fn serve(router: Router, incoming: Incoming, stopping: CancellationToken) {
    let mut connections = incoming.into_inner();
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().max_headers(READ_FIELDS).max_buf_size(READ_HEAD as usize);
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    builder.http2().max_header_list_size(READ_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(ALIVE_EVERY)
        .keep_alive_timeout(ALIVE_WITHIN);
    let open = GracefulShutdown::new();
    loop {
        let connection = tokio::select! {
            () = stopping.cancelled() => break,
            connection = connections.recv() => connection,
        };
        let Some((connection, peer)) = connection else { break };
        let service = TowerToHyperService::new(router.clone());
        let serving = builder.serve_connection(TokioIo::new(connection), service).into_owned();
        let serving = open.watch(serving);
        tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::debug!(%peer, error, "connection failed");
            }
        });
    }
    open.shutdown().await;
}

/// Lets a request pass whose head is of a size that anyone needs.
pub(super) async fn limit_head(request: Request, next: Next) -> Response {
    if request.uri().path_and_query().is_some_and(|path| path.as_str().len() > LARGEST_PATH) {
        return StatusCode::URI_TOO_LONG.into_response();
    }
    let headers = request.headers();
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > MOST_FIELDS || size > LARGEST_HEAD {
        return StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response();
    }
    next.run(request).await
}
