//! Adapters outward: each writes events in a form that another system understands, hands them over, and says what became of
//! them. No rule about who is told what, when or how often lives here, and no SQL.

pub mod cef;
pub mod ecs;
pub mod format;
pub mod lines;
pub mod ocsf;
pub mod reach;
pub mod set;
pub mod syslog;
pub mod webhook;

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::clock::Ambient;
use crate::config::Settings;
use crate::domain::alert::Severity;
use crate::domain::destination::Target;
use crate::{Error, Result};
use reach::Reach;

/// Characters of an error that are kept.
const LONGEST_ERROR: usize = 200;

/// Of whom an event tells.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The subject.
    pub id: Uuid,
    /// Its pseudonym.
    pub pseudonym: String,
    /// The account's name, for destinations that may know it.
    pub account: Option<String>,
}

/// Where an event happened.
#[derive(Debug, Clone)]
pub struct Device {
    /// The device.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// An event on its way out.
#[derive(Debug, Clone)]
pub struct Message {
    /// What receivers know it by: the same with every attempt.
    pub id: Uuid,
    /// Such as `tacit.verdict.changed`.
    pub kind: String,
    /// How much it matters.
    pub severity: Severity,
    /// When it happened.
    pub at: OffsetDateTime,
    /// When it was written.
    pub recorded_at: OffsetDateTime,
    /// In which group.
    pub group: String,
    /// What happened.
    pub body: serde_json::Value,
    /// Of which session.
    pub session: Option<Uuid>,
    /// Of whom.
    pub subject: Option<Subject>,
    /// Where.
    pub device: Option<Device>,
}

impl Message {
    /// A text of the body.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.body.get(key)?.as_str()
    }
}

/// What became of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Taken.
    Delivered,
    /// Not tried, because the receiver was away just now.
    Untried,
    /// The receiver does not take this one.
    Refused(String),
    /// The receiver is away; it may have said for how long.
    Away(String, Option<Duration>),
    /// The receiver says that it is gone for good.
    Gone(String),
}

/// Keys and credentials of a destination.
#[derive(Default, Clone, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Credentials {
    /// Keys that sign, the one in use first.
    pub signing: Vec<webhook::SigningKey>,
    /// Value of the `authorization` header.
    pub authorization: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

/// Hands messages over to one destination.
#[derive(Debug)]
pub enum Sender {
    /// HTTP requests.
    Webhook(webhook::Webhook),
    /// Syslog over TLS.
    Syslog(syslog::Syslog),
    /// A file or standard output.
    Lines(lines::Lines),
    /// Security event tokens.
    Push(set::Push),
}

impl Sender {
    /// For a target.
    ///
    /// # Errors
    /// Internal, when what was checked before no longer holds.
    pub fn new(
        target: &Target,
        credentials: Credentials,
        tokens: Option<set::Tokens>,
        settings: &Settings,
    ) -> Result<Self> {
        let reach = Reach::new(&settings.out.networks);
        Ok(match target {
            Target::Webhook { url, format, ca } => {
                Self::Webhook(webhook::Webhook::new(url, *format, ca.as_deref(), credentials, &reach)?)
            }
            Target::Syslog { host, port, format, ca } => {
                Self::Syslog(syslog::Syslog::new(host, *port, *format, ca.as_deref(), &reach)?)
            }
            Target::File { file, format } => {
                Self::Lines(lines::Lines::File(settings.out_path().join(file), *format))
            }
            Target::Stdout { format } => Self::Lines(lines::Lines::Stdout(*format)),
            Target::PushStream { url, ca, .. } => {
                let tokens = tokens.ok_or_else(|| unsound("nothing signs"))?;
                Self::Push(set::Push::new(url, ca.as_deref(), credentials, tokens, &reach)?)
            }
            Target::PollStream { .. } => {
                return Err(Error::conflict("the receiver of this stream polls: ask it, or see what waits"));
            }
        })
    }

    /// Hands messages over, each to an outcome at its place.
    pub async fn send(&self, messages: &[Message], ambient: &Ambient) -> Vec<Outcome> {
        match self {
            Self::Webhook(webhook) => webhook.send(messages, ambient).await,
            Self::Syslog(syslog) => syslog.send(messages).await,
            Self::Lines(lines) => lines.send(messages).await,
            Self::Push(push) => push.send(messages, ambient).await,
        }
    }
}

/// What went wrong, short enough to keep.
pub(crate) fn short(error: impl std::fmt::Display) -> String {
    error.to_string().chars().filter(|c| !c.is_control()).take(LONGEST_ERROR).collect()
}

/// The innermost cause of an error, which says more than its outside.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    short(innermost)
}

fn unsound(what: impl std::fmt::Display) -> Error {
    Error::internal(format!("a destination's settings are unsound: {what}"))
}
