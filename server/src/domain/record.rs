//! One event of one session, after every check that needs no state.

use tacit_proto::Marks;
use tacit_proto::wire::CheckedWindow;
use time::{Duration, OffsetDateTime};

use crate::domain::SessionId;
use crate::{Error, Result};

/// Records are taken from this long ago.
pub const OLDEST: Duration = Duration::days(30);
/// Times this far ahead of the server's clock are taken as they are.
pub const AHEAD: Duration = Duration::minutes(10);

/// One event of one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Which session.
    pub session: SessionId,
    /// Place in the session, from 1.
    pub sequence: i64,
    /// Device clock, or the server's if that was far ahead.
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
        /// What it rests on, where the kind alone does not say it.
        marks: Marks,
        /// How much likelier a machine is than a person, natural logarithm.
        strength: u32,
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
    /// Keys timed as people do not time them.
    MachineKeys,
    /// A pointer moved as hands do not move one.
    MachinePointer,
    /// Keys that repeat earlier ones.
    Replayed,
    /// Keys as assistive software types them.
    Assisted,
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
                SignalKind::MachineKeys => "machine_keys",
                SignalKind::MachinePointer => "machine_pointer",
                SignalKind::Replayed => "replayed",
                SignalKind::Assisted => "assisted",
            }),
            Self::Window { .. } => None,
        }
    }
}

impl Record {
    /// Gives a record that says it is from the future the server's time; returns how far ahead it was.
    ///
    /// A device's clock can be hours ahead and be set right before the records are sent. They are sound but for their times,
    /// and their order is that of their sequences, so none need be lost: refusing them for good would lose them, and asking for
    /// them again would hold up all that follow until the server's clock has caught up.
    ///
    /// # Errors
    /// Invalid argument for a record older than any that is kept, saying how old.
    pub fn settle_time(&mut self, now: OffsetDateTime) -> Result<Option<Duration>> {
        if self.at > now + AHEAD {
            let ahead = self.at - now;
            self.at = now;
            return Ok(Some(ahead));
        }
        if self.at < now - OLDEST {
            let old = (now - self.at).whole_seconds();
            return Err(Error::invalid(format!(
                "the record is {old} s old; records are accepted for {} days",
                OLDEST.whole_days()
            )));
        }
        Ok(None)
    }
}
