//! Requests that carry an idempotency key: carried out once, answered as often as they are sent, for a day.

use aws_lc_rs::digest::{Context, SHA256};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::app::App;
use crate::secrets::Purpose;
use crate::{Error, ErrorKind, Result};

/// How long an answer is kept.
pub const KEPT: Duration = Duration::DAY;
/// A request that has no answer by then was cut short, and may be carried out again.
const CUT_SHORT: Duration = Duration::minutes(2);

/// A request with its key.
#[derive(Debug, Clone)]
pub struct Question {
    /// Whose.
    pub caller: String,
    /// Of the caller.
    pub key: String,
    /// SHA-256 of what is asked.
    pub request: Vec<u8>,
    /// The subject, session, alert or exemption that the answer tells of: it goes when the subject is erased.
    pub about: Option<Uuid>,
}

impl Question {
    /// Of a request.
    #[must_use]
    pub fn new(caller: &str, key: &str, method: &str, path: &str, body: &[u8], about: Option<Uuid>) -> Self {
        let mut context = Context::new(&SHA256);
        for part in [method.as_bytes(), b" ", path.as_bytes(), b"\n", body] {
            context.update(part);
        }
        let request = context.finish().as_ref().to_vec();
        Self { caller: caller.to_owned(), key: key.to_owned(), request, about }
    }

    fn place(&self) -> Vec<u8> {
        [self.caller.as_bytes(), b"\n", self.key.as_bytes()].concat()
    }
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: Vec<u8>,
}

/// Whether a request is to be carried out.
#[derive(Debug)]
pub enum Once {
    /// It is; then [`keep`] or [`forget`].
    Asked,
    /// It was, with this answer.
    Answered(Answered),
}

/// What is kept of a key.
#[derive(Debug)]
pub struct Kept {
    /// SHA-256 of what was asked.
    pub request: Vec<u8>,
    /// When.
    pub asked_at: OffsetDateTime,
    /// HTTP status, if it is answered.
    pub status: Option<i16>,
    /// Sealed.
    pub answer: Option<Vec<u8>>,
}

/// Takes a key, or finds the answer that it has.
///
/// # Errors
/// Reused for a key of another request; conflict while the request is being carried out; as the database.
pub async fn begin(app: &App, question: &Question) -> Result<Once> {
    let now = app.ambient.now();
    let Some(kept) = app.store.take_key(question, now, now - KEPT, now - CUT_SHORT).await? else {
        return Ok(Once::Asked);
    };
    if kept.request != question.request {
        return Err(Error::new(
            ErrorKind::KeyReused,
            "this Idempotency-Key was used for another request: take a new key for each",
        ));
    }
    let (Some(status), Some(sealed)) = (kept.status, kept.answer) else {
        return Err(Error::conflict(
            "a request with this Idempotency-Key is being carried out: send it again",
        ));
    };
    let body = app.secrets.open(Purpose::Answer, question.place(), &sealed)?;
    Ok(Once::Answered(Answered { status: u16::try_from(status).unwrap_or(200), body }))
}

/// Keeps the answer.
///
/// # Errors
/// As the database.
pub async fn keep(app: &App, question: &Question, answered: &Answered) -> Result<()> {
    let sealed = app.secrets.seal(Purpose::Answer, question.place(), &answered.body)?;
    app.store.keep_answer(question, i16::try_from(answered.status).unwrap_or(200), &sealed).await
}

/// Gives a key back, since nothing was done.
///
/// # Errors
/// As the database.
pub async fn forget(app: &App, question: &Question) -> Result<()> {
    app.store.forget_key(question).await
}
