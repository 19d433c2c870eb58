//! Directives to the wire, outcomes from it.

use std::collections::HashMap;
use std::time::Duration;

use tacit_proto::v1;
use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::Uuid;

use crate::app::directives::Told;
use crate::domain::DirectiveId;
use crate::domain::directive::{Directive, Outcome};
use crate::domain::policy::Response;
use crate::{Error, Result};

/// Between two sendings of one directive on one stream.
pub(super) const AGAIN: Duration = Duration::from_secs(10);

/// Metadata of a call by which an agent says that it does each directive once and answers it. Others would do again what is
/// sent again: they are sent each directive once, as it comes.
pub(super) const ANSWERS: (&str, &str) = ("tacit-answers", "directives");

/// What a stream has sent and not yet had answered.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    sent: HashMap<DirectiveId, Instant>,
    /// When to look again, since the database could not be asked.
    look_at: Option<Instant>,
}

impl UnderWay {
    /// Keeps those of `pending` that are due to be sent, and forgets what is no longer pending.
    pub(super) fn due(&mut self, pending: Vec<Directive>, now: Instant) -> Vec<Directive> {
        self.look_at = None;
        self.sent.retain(|id, _| pending.iter().any(|directive| directive.id == *id));
        let due =
            pending.into_iter().filter(|d| self.sent.get(&d.id).is_none_or(|sent| now - *sent >= AGAIN));
        due.collect()
    }

    pub(super) fn sent(&mut self, id: DirectiveId, now: Instant) {
        self.sent.insert(id, now);
    }

    pub(super) fn answered(&mut self, id: DirectiveId) {
        self.sent.remove(&id);
    }

    /// The database could not be asked.
    pub(super) fn unknown(&mut self, now: Instant) {
        // Nothing is sent blindly again.
        self.sent.values_mut().for_each(|sent| *sent = now);
        self.look_at = Some(now + AGAIN);
    }

    /// When to look for what is to be sent again; `None` while nothing is under way.
    pub(super) fn next(&self) -> Option<Instant> {
        self.sent.values().map(|sent| *sent + AGAIN).chain(self.look_at).min()
    }
}

/// As the wire has it.
pub(super) fn wire(directive: &Directive) -> v1::Directive {
    use v1::directive::Response as Wire;
    let text = directive.text();
    let response = match directive.response {
        Response::Record => None,
        Response::Notify => Some(Wire::Notify(v1::Notify { text })),
        Response::StepUp => Some(Wire::StepUp(v1::StepUp { text })),
        Response::Lock => Some(Wire::Lock(v1::Lock { text })),
    };
    v1::Directive {
        session_id: directive.session.0.as_bytes().to_vec(),
        response,
        directive_id: directive.id.0.as_bytes().to_vec(),
        expires_at_ms: u64::try_from(directive.expires_at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0),
    }
}

/// Checks and converts.
///
/// # Errors
/// Invalid argument when it names no directive.
pub fn told(outcome: v1::DirectiveOutcome) -> Result<Told> {
    let id = Uuid::from_slice(&outcome.directive_id)
        .map_err(|_| Error::invalid("directive_id must be a UUID of 16 bytes"))?;
    let at = i128::from(outcome.at_ms) * 1_000_000;
    Ok(Told {
        id: DirectiveId(id),
        outcome: match v1::Outcome::try_from(outcome.outcome) {
            Ok(v1::Outcome::Done) => Outcome::Done,
            Ok(v1::Outcome::NotSupported) => Outcome::NotSupported,
            Ok(v1::Outcome::SessionOver) => Outcome::SessionOver,
            // An outcome of a later version is none that is known to have helped.
            Ok(v1::Outcome::Failed | v1::Outcome::Unspecified) | Err(_) => Outcome::Failed,
        },
        // Postgres keeps no time beyond its own.
        acted_at: OffsetDateTime::from_unix_timestamp_nanos(at).ok().filter(|_| outcome.at_ms > 0),
        detail: outcome.detail,
    })
}
