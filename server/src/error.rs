//! The one error of the server: a kind that adapters map exhaustively, a text for the caller and a source for the log.

use std::error::Error as StdError;
use std::fmt;

use crate::clock;

/// What went wrong, as far as a caller can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request can never succeed as it is.
    InvalidArgument,
    /// Who calls is not known.
    Unauthenticated,
    /// Who calls is known and may not.
    PermissionDenied,
    /// There is no such thing.
    NotFound,
    /// The request contradicts what is stored.
    Conflict,
    /// The request is larger than is taken.
    TooLarge,
    /// Too many requests; later ones may succeed.
    RateLimited,
    /// Something the server needs is away; the same request may succeed later.
    Unavailable,
    /// A fault of the server.
    Internal,
}

impl ErrorKind {
    /// Stable name, for metrics and problem types.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidArgument => "invalid-argument",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission-denied",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::TooLarge => "too-large",
            Self::RateLimited => "rate-limited",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}

type Source = Box<dyn StdError + Send + Sync>;

/// An error with a text that a caller may read and a source that only the log may hold.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    public: String,
    source: Option<Source>,
}

/// Result with the server's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of a kind with the text its caller may read.
    pub fn new(kind: ErrorKind, public: impl Into<String>) -> Self {
        Self { kind, public: public.into(), source: None }
    }

    /// The request can never succeed as it is.
    pub fn invalid(public: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, public)
    }

    /// Who calls is not known.
    pub fn unauthenticated(public: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unauthenticated, public)
    }

    /// Who calls may not.
    pub fn denied(public: impl Into<String>) -> Self {
        Self::new(ErrorKind::PermissionDenied, public)
    }

    /// There is no such thing.
    pub fn not_found(public: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, public)
    }

    /// The request contradicts what is stored.
    pub fn conflict(public: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, public)
    }

    /// Something the server needs is away.
    pub fn unavailable(public: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, public)
    }

    /// A fault of the server. The caller learns an id alone, under which the log holds `source`.
    pub fn internal(source: impl Into<Source>) -> Self {
        let id = clock::incident_id();
        Self {
            kind: ErrorKind::Internal,
            public: format!("internal error {id}"),
            source: Some(source.into()),
        }
    }

    /// Adds what the log may hold.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The text for the caller; of an internal error its id alone.
    #[must_use]
    pub fn public(&self) -> &str {
        &self.public
    }

    /// Everything known, for the log.
    #[must_use]
    pub fn detail(&self) -> String {
        let mut text = self.public.clone();
        let mut source = self.source.as_deref().map(|s| s as &(dyn StdError + 'static));
        while let Some(s) = source {
            text.push_str(": ");
            text.push_str(&s.to_string());
            source = s.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.public)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|s| s as _)
    }
}

/// SQLSTATEs that pass: shutdown, start-up, too many connections, serialization failure, deadlock, lock timeout.
const PASSING: &[&str] = &["57P01", "57P02", "57P03", "53300", "40001", "40P01", "55P03", "25P03"];

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        let passing = match &error {
            E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => true,
            E::Database(e) => e.code().is_some_and(|c| PASSING.contains(&c.as_ref()) || c.starts_with("08")),
            _ => false,
        };
        if passing {
            Self::unavailable("the database is away").with_source(error)
        } else {
            Self::internal(error)
        }
    }
}
