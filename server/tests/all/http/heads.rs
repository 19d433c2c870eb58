//! Heads of requests that are too large, over both versions of HTTP.

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tacit_server::tls;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::common::PATIENCE;
use crate::common::server::Server;

struct Listening {
    url: String,
    stopping: CancellationToken,
    serving: JoinHandle<()>,
}

async fn listen(server: &Server) -> Listening {
    let stopping = CancellationToken::new();
    let loopback = "127.0.0.1:0".parse().unwrap();
    let (incoming, at) = tls::listen(loopback, None, stopping.clone()).await.unwrap();
    let router = tacit_server::http::router(server.app.clone()).unwrap();
    let serving = tokio::spawn(tacit_server::http::serve(router, incoming, stopping.clone()));
    Listening { url: format!("http://{at}"), stopping, serving }
}

fn client(http2: bool) -> Client<HttpConnector, Body> {
    Client::builder(TokioExecutor::new()).http2_only(http2).build_http()
}

#[tokio::test]
async fn a_head_that_is_too_large_is_a_problem_that_says_how_large_it_may_be() {
    let server = Server::start().await;
    let listening = listen(&server).await;
    let get = |path: &str| Request::get(format!("{}{path}", listening.url));
    let long = format!("/healthz?after={}", "x".repeat(9_000));
    let many = |count: usize| (0..count).fold(get("/healthz"), |r, i| r.header(format!("x-{i}"), "x"));
    for http2 in [false, true] {
        let client = client(http2);
        for (request, status, said) in [
            (get("/healthz"), 200, "ok"),
            (many(50), 200, "ok"),
            (get(&long), 414, "more than 8192 bytes"),
            (get("/healthz").header("cookie", "x".repeat(20_000)), 431, "more than 16384 bytes"),
            (many(150), 431, "more than 100 header fields"),
            // The limits come before anything is looked up.
            (
                get("/v1/verdicts").header("authorization", format!("Bearer {}", "x".repeat(20_000))),
                431,
                "16384",
            ),
        ] {
            let response = client.request(request.body(Body::empty()).unwrap()).await.unwrap();
            let (parts, body) = response.into_parts();
            let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
            assert_eq!(parts.status, status, "{text}");
            assert!(text.contains(said), "{text} should say {said}");
            if status != 200 {
                assert_eq!(parts.headers[header::CONTENT_TYPE], "application/problem+json");
                let problem: Value = serde_json::from_str(&text).unwrap();
                assert_eq!((&problem["status"], &problem["code"]), (&status.into(), &"too-large".into()));
            }
        }
    }
}

#[tokio::test]
async fn asked_to_stop_it_ends_also_with_idle_connections_open() {
    let server = Server::start().await;
    let listening = listen(&server).await;
    let clients = [client(false), client(true)];
    for client in &clients {
        let response = client.get(format!("{}/healthz", listening.url).parse().unwrap()).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
    listening.stopping.cancel();
    tokio::time::timeout(PATIENCE, listening.serving).await.expect("it goes on").unwrap();
}
