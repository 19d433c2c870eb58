//! Connections on which nothing is said, or half of something: they are let go of, and nobody needs a credential to be bounded so.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tacit_server::{http, tls};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// Ten seconds for the first bytes, thirty for a head, and a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn who_says_nothing_or_half_of_something_is_let_go_of() {
    let stopping = CancellationToken::new();
    let address = "127.0.0.1:0".parse().unwrap();
    let (incoming, at) = tls::listen(address, None, stopping.clone()).await.unwrap();
    let router = Router::new().route("/", get(|| async { "here" }));
    let serving = tokio::spawn(http::serve(router, incoming, stopping.clone()));
    let cases = [
        ("", ""),
        ("GET", ""),
        ("PRI * HTTP/2.0\r\n", ""),
        ("GET / HTTP/1.1\r\nhost: x\r\nx-never-ended:", ""),
        ("GET / HTTP/1.1\r\nhost: x\r\n\r\n", "here"),
    ];
    let ends = cases.map(|(says, hears)| async move {
        let mut peer = TcpStream::connect(at).await.unwrap();
        peer.write_all(says.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        let ended = tokio::time::timeout(PATIENCE, peer.read_to_end(&mut heard)).await;
        assert!(ended.is_ok(), "{says:?} is still open");
        let heard = String::from_utf8_lossy(&heard);
        assert!(heard.ends_with(hears), "{says:?}: {heard}");
    });
    futures::future::join_all(ends).await;
    stopping.cancel();
    serving.await.unwrap();
}
