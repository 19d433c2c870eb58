//! The REST API over a database whose content is known.

mod access;
mod conventions;
mod cursor;
mod deaf;
mod drift;
mod feedback;
mod heads;
mod keys;
mod oidc;
mod once;
mod path;
mod policies;
mod preview;
mod problems;
mod reading;
mod schemathesis;
mod scope;
mod stream;
mod tokens;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tacit_server::app::keys::{NewKey, create};
use tacit_server::config::Settings;
use tacit_server::domain::{Caller, Role, Scope};
use tower::ServiceExt as _;

use crate::common::server::Server;

/// One device, two subjects, three sessions.
const SEED: &str = include_str!("http/seed.sql");
/// Of the seed.
pub(crate) const SUBJECT: &str = "00000000-0000-0000-0000-0000000000a1";
pub(crate) const DEVICE: &str = "00000000-0000-0000-0000-0000000000d1";
pub(crate) const SESSION: &str = "00000000-0000-0000-0000-0000000000e1";

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }
}

pub(crate) struct Api {
    pub(crate) server: Server,
    router: Router,
}

impl Api {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Over a server that holds nothing.
    pub(crate) fn of(server: Server) -> Self {
        let router = tacit_server::http::router(server.app.clone()).unwrap();
        Self { server, router }
    }

    async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::seeded(Server::with(change).await).await
    }

    /// Over a server that holds the seed.
    pub(crate) async fn seeded(server: Server) -> Self {
        sqlx::raw_sql(SEED).execute(server.app.store.pool()).await.unwrap();
        Self::of(server)
    }

    pub(crate) async fn key(&self, role: Role) -> String {
        self.key_of(role, Scope::every()).await
    }

    /// A key that is limited to groups.
    pub(crate) async fn key_of(&self, role: Role, scope: Scope) -> String {
        let app = &self.server.app;
        let mut unit = app.store.begin().await.unwrap();
        let new = NewKey { name: "test", role, scope, life: None };
        let (_, key) = create(&mut unit, &app.ambient, &app.secrets, &Caller::Console, &new).await.unwrap();
        unit.commit().await.unwrap();
        key
    }

    async fn raw(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, mut body) = self.raw(request).await.into_parts();
        if parts.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream") {
            // It does not end.
            body = Body::empty();
        }
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn call(&self, method: Method, path: &str, key: Option<&str>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A call with a JSON body.
    pub(crate) async fn give(&self, method: Method, path: &str, key: &str, body: &Value) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Bearer {key}"));
        let request = request.header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    async fn get(&self, path: &str, key: &str) -> Answer {
        self.call(Method::GET, path, Some(key)).await
    }

    pub(crate) async fn ok(&self, path: &str, key: &str) -> Value {
        let answer = self.get(path, key).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }
}
