use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use axum::routing::get;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::finish;
use crate::clock::Ambient;

async fn explode() {
    panic!("the name of a person");
}

#[tokio::test]
async fn a_panic_is_a_problem_that_says_its_id_alone() {
    let router = finish(Router::new().route("/explode", get(explode)), Ambient::system());
    let request = Request::get("/explode").header("x-request-id", "given-1").body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(response.headers()["x-request-id"], "given-1");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let mut problem: Value = serde_json::from_slice(&body).unwrap();
    let detail = problem["detail"].take();
    let id = detail.as_str().unwrap().strip_prefix("internal error ").unwrap();
    assert!(id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    let expected = json!({
        "type": "urn:tacit:problem:internal", "title": "A fault of the server", "status": 500, "detail": null,
        "code": "internal", "request_id": "given-1",
    });
    assert_eq!(problem, expected);
}
