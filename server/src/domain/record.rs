//! One event of one session, after every check that needs no state.

use tacit_proto::wire::CheckedWindow;
use time::{Duration, OffsetDateTime};

use crate::domain::SessionId;
use crate::{Error, Result};

/// Records are taken from this long ago.
pub const OLDEST: Duration = Duration::days(30);
/// Records are taken from this far ahead of the server's clock.
pub const AHEAD: Duration = Duration::minutes(10);

/// One event of one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Which session.
    pub session: SessionId,
    /// Place in the session, from 1.
    pub sequence: i64,
    /// Device clock.
    pub at: OffsetDateTime,
    /// What happened.
    pub body: Body,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Someone logged on.
    Opened {
        /// Directory name of the account.
        account: String,
        /// Shown on another machine.
        remote: bool,
    },
    /// Logged off.
    Closed,
    /// The screen was locked.
    Locked,
    /// The screen was unlocked.
    Unlocked,
    /// Feature stats.
    Window {
        /// After every check.
        window: CheckedWindow,
        /// The `tacit.v1.Window` message as it came, to be kept.
        encoded: Vec<u8>,
    },
    /// A fact that needs no statistics.
    Signal {
        /// Which.
        kind: SignalKind,
        /// Events it stands for.
        count: i32,
    },
}

/// Facts that need no statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalKind {
    /// Input made by a program.
    Injected,
    /// A keyboard appeared.
    KeyboardAdded,
    /// A pointing device appeared.
    PointerAdded,
    /// A run of keys faster than people type.
    ImpossibleInterval,
}

impl Body {
    /// The kind of event as stored; `None` for a window, which has its own table.
    #[must_use]
    pub fn event_kind(&self) -> Option<&'static str> {
        match self {
            Self::Opened { .. } => Some("opened"),
            Self::Closed => Some("closed"),
            Self::Locked => Some("locked"),
            Self::Unlocked => Some("unlocked"),
            Self::Signal { kind, .. } => Some(match kind {
                SignalKind::Injected => "injected",
                SignalKind::KeyboardAdded => "keyboard_added",
                SignalKind::PointerAdded => "pointer_added",
                SignalKind::ImpossibleInterval => "impossible_interval",
            }),
            Self::Window { .. } => None,
        }
    }
}

impl Record {
    /// Whether the device's clock was near enough to the server's when the record was made.
    ///
    /// # Errors
    /// Invalid argument, saying how far off.
    pub fn check_time(&self, now: OffsetDateTime) -> Result<()> {
        if self.at > now + AHEAD {
            let ahead = (self.at - now).whole_seconds();
            return Err(Error::invalid(format!(
                "the device's clock is {ahead} s ahead of the server's; at most {} s is accepted",
                AHEAD.whole_seconds()
            )));
        }
        if self.at < now - OLDEST {
            let old = (now - self.at).whole_seconds();
            return Err(Error::invalid(format!(
                "the record is {old} s old; records are accepted for {} days",
                OLDEST.whole_days()
            )));
        }
        Ok(())
    }
}
