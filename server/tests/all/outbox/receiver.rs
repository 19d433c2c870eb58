//! A receiver of webhooks as someone else would write one: it verifies every signature by itself, and answers as it is told.

use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::common::eventually;

/// What the receiver does with a request.
#[derive(Clone)]
pub(crate) enum Does {
    Answer(u16),
    /// Refuses what holds a text, and takes the rest.
    Refuse(String),
    RetryAfter(u32),
    Redirect(String),
    /// Never answers.
    Hang,
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) taken: bool,
}

impl Request {
    pub(crate) fn id(&self) -> String {
        self.headers["webhook-id"].to_str().unwrap().to_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Signatures that a secret verifies, of those that came.
    pub(crate) fn verified(&self, secret: &str) -> (usize, usize) {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let timestamp = self.headers["webhook-timestamp"].to_str().unwrap();
        let signed = format!("{}.{timestamp}.{}", self.id(), self.text);
        let signatures: Vec<_> = self.headers["webhook-signature"].to_str().unwrap().split(' ').collect();
        let verifies = |signature: &&&str| {
            let tag = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
            hmac::verify(&key, signed.as_bytes(), &tag).is_ok()
        };
        (signatures.iter().filter(verifies).count(), signatures.len())
    }
}

struct Held {
    does: Does,
    requests: Vec<Request>,
}

/// A receiver on a loopback port.
#[derive(Clone)]
pub(crate) struct Receiver {
    held: Arc<Mutex<Held>>,
    pub(crate) url: String,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let held = Arc::new(Mutex::new(Held { does: Does::Answer(204), requests: Vec::new() }));
        let router = Router::new().fallback(receive).with_state(Arc::clone(&held));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { held, url }
    }

    pub(crate) fn does(&self, does: Does) {
        self.held.lock().unwrap().does = does;
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.held.lock().unwrap().requests.clone()
    }

    /// What was taken, in the order of arrival.
    pub(crate) fn taken(&self) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.taken).collect()
    }

    /// Waits until so many were taken.
    pub(crate) async fn has_taken(&self, count: usize) -> Vec<Request> {
        let taken = async || {
            let taken = self.taken();
            (taken.len() >= count).then_some(taken)
        };
        let taken = eventually("the receiver takes events", taken).await;
        assert_eq!(taken.len(), count);
        taken
    }
}

async fn receive(State(held): State<Arc<Mutex<Held>>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let (does, answer) = {
        let mut held = held.lock().unwrap();
        let does = held.does.clone();
        let status = match &does {
            Does::Answer(status) => *status,
            Does::Refuse(marker) if text.contains(marker) => 422,
            Does::Refuse(_) => 200,
            Does::RetryAfter(_) => 503,
            Does::Redirect(_) => 307,
            Does::Hang => 0,
        };
        held.requests.push(Request { headers, text, taken: (200..300).contains(&status) });
        (does, StatusCode::from_u16(status))
    };
    match (does, answer) {
        (Does::RetryAfter(seconds), Ok(status)) => {
            (status, [(header::RETRY_AFTER, seconds.to_string())]).into_response()
        }
        (Does::Redirect(to), Ok(status)) => (status, [(header::LOCATION, to)]).into_response(),
        (_, Ok(status)) => status.into_response(),
        (_, Err(_)) => std::future::pending().await,
    }
}
