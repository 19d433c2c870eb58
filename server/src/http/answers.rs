//! Answers that were given just now, held in memory for whoever of the same role and groups asks the same while nothing has changed:
//! many consoles that show the same page ask the database once a change.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use moka::sync::Cache;

/// Bytes of all bodies at most.
const MOST: u64 = 32 * 1024 * 1024;
/// Bytes of one body at most; larger ones are asked for seldom.
pub(super) const LARGEST: usize = 256 * 1024;
/// No answer is held for longer, not even while nothing changes: what was erased is not to stay in memory.
const FOR: Duration = Duration::from_secs(10);

/// Answers by their tag, which names what was asked, by whom, and when nothing had changed yet.
#[derive(Clone)]
pub(super) struct Answers(Cache<HeaderValue, Held>);

#[derive(Clone)]
struct Held {
    content_type: Option<HeaderValue>,
    link: Option<HeaderValue>,
    body: Bytes,
}

impl Answers {
    pub(super) fn new() -> Self {
        let weight = |_: &HeaderValue, held: &Held| u32::try_from(held.body.len()).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(MOST).weigher(weight).time_to_live(FOR).build())
    }

    /// The answer of that tag, without it.
    pub(super) fn of(&self, tag: &HeaderValue) -> Option<Response> {
        let Held { content_type, link, body } = self.0.get(tag)?;
        let mut response = Response::new(Body::from(body));
        for (name, value) in [(header::CONTENT_TYPE, content_type), (header::LINK, link)] {
            if let Some(value) = value {
                response.headers_mut().insert(name, value);
            }
        }
        Some(response)
    }

    /// Holds an answer whose body is known.
    pub(super) fn hold(&self, tag: &HeaderValue, answer: &Response, body: &Bytes) {
        if answer.status() == StatusCode::OK {
            let header = |name| answer.headers().get(name).cloned();
            let (content_type, link) = (header(header::CONTENT_TYPE), header(header::LINK));
            self.0.insert(tag.clone(), Held { content_type, link, body: body.clone() });
        }
    }
}
