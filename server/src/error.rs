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
    /// An idempotency key stands for another request.
    KeyReused,
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
            Self::KeyReused => "idempotency-key-reused",
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
    field: Option<String>,
    source: Option<Source>,
}

/// Result with the server's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of a kind with the text its caller may read.
    pub fn new(kind: ErrorKind, public: impl Into<String>) -> Self {
        Self { kind, public: public.into(), field: None, source: None }
    }

    /// The request can never succeed as it is.
    pub fn invalid(public: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, public)
    }

    /// The request can never succeed because of one of its fields.
    pub fn of_field(field: &str, public: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::invalid(public) }
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
            field: None,
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

    /// The field of the request that is wrong, if one is.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
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

/// SQLSTATEs that pass: serialization failure, deadlock, lock timeout, a transaction that was idle for too long.
const PASSING: &[&str] = &["40001", "40P01", "55P03", "25P03"];

/// SQLSTATEs of a character that Postgres keeps in no text and no JSON.
const NOT_TEXT: &[&str] = &["22021", "22P05"];

/// What a caller is told of a database that is there and cannot do its work.
fn refusal(code: &str) -> Option<&'static str> {
    Some(match code {
        "53100" => "the server's database has no room left on its disk",
        "53200" => "the server's database is out of memory",
        "53300" => "too many programs are connected to the server's database",
        "25006" => "the server's database takes no writes: it is read-only, or a standby",
        "58030" => "the server's database cannot read or write its disk",
        code if code.starts_with("53") => "the server's database is at one of its limits",
        _ => return None,
    })
}

fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

impl Error {
    /// What keeps the database from its work although it is there, such as a full disk; in words for any caller.
    #[must_use]
    pub fn refusal(&self) -> Option<&'static str> {
        refusal(&code(self.source.as_deref()?.downcast_ref()?)?)
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        let code = code(&error).unwrap_or_default();
        if let Some(text) = refusal(&code) {
            return Self::unavailable(text).with_source(error);
        }
        if NOT_TEXT.contains(&code.as_str()) {
            return Self::invalid("text must not hold the character U+0000").with_source(error);
        }
        let away = matches!(error, E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed)
            // 57P: it stops or starts; 08: the connection broke.
            || code.starts_with("57P")
            || code.starts_with("08")
            || PASSING.contains(&code.as_str());
        if away {
            Self::unavailable("the database is away").with_source(error)
        } else {
            Self::internal(error)
        }
    }
}
