//! What an agent is asked to do, and what became of it.

use tacit_engine::VerdictKind;
use time::{Duration, OffsetDateTime};

use super::policy::Response;
use super::{DirectiveId, SessionId};

/// What is not acknowledged by then is not sent again: a lock helps against whoever is there now.
pub const SERVES: Duration = Duration::minutes(10);
/// As [`SERVES`], for what waits until a silent agent speaks again.
pub const SERVES_AFTER_SILENCE: Duration = Duration::hours(1);
/// Characters of a detail at most.
pub const LONGEST_DETAIL: usize = 200;

/// A directive that has been committed and not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// Its id: an agent does each once.
    pub id: DirectiveId,
    /// In which session.
    pub session: SessionId,
    /// Of which verdict it is made.
    pub verdict: VerdictKind,
    /// A person asked for it, not policy.
    pub by_hand: bool,
    /// What to do; never `record`.
    pub response: Response,
    /// Until when.
    pub expires_at: OffsetDateTime,
}

impl Directive {
    /// What the person at the workstation reads. It accuses nobody.
    #[must_use]
    pub fn text(&self) -> String {
        let why = match self.verdict {
            _ if self.by_hand => "Your security team asks who is at this workstation.",
            VerdictKind::Silent => {
                "The program that watches over this workstation was not heard of for a while."
            }
            VerdictKind::Automation => "A device or a program seems to type or point at this workstation.",
            VerdictKind::NotScorable => "It cannot be told who is using this workstation.",
            VerdictKind::Genuine => "This workstation is new to its user.",
            _ => "The way this workstation is being used does not look like its user.",
        };
        let then = match self.response {
            Response::Record => "",
            Response::Notify => "If it is you, carry on; your security team can see this notice.",
            Response::StepUp => "Please unlock it to confirm that it is you.",
            Response::Lock => "It was locked. If it is you, unlock it and carry on.",
        };
        format!("{why} {then}")
    }
}

/// What an agent did about a directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was tried in vain.
    Failed,
    /// The system or the agent has no such response.
    NotSupported,
    /// The session was no longer in progress.
    SessionOver,
}

impl Outcome {
    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::NotSupported => "not_supported",
            Self::SessionOver => "session_over",
        }
    }
}

/// How long a directive that follows a verdict serves.
#[must_use]
pub fn serves(verdict: VerdictKind) -> Duration {
    if verdict == VerdictKind::Silent { SERVES_AFTER_SILENCE } else { SERVES }
}
