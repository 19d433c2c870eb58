//! Which directives were carried out, and with which outcome: each is done once, however often it is sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tacit_proto::v1::{DirectiveOutcome, Outcome};

use super::MOST_DETAIL;

/// Directives remembered: many times what a server has waiting for one session.
const MOST: usize = 64;

/// What is known of a directive.
#[derive(Debug, PartialEq)]
pub(super) enum Known {
    /// It is to be carried out.
    New,
    /// It is being carried out.
    UnderWay,
    /// It was carried out, or not, as this says.
    Done(DirectiveOutcome),
}

type Remembered = VecDeque<(Vec<u8>, Option<DirectiveOutcome>)>;

#[derive(Debug, Clone, Default)]
pub(super) struct Done(Arc<Mutex<Remembered>>);

impl Done {
    /// Notes that a directive is being carried out, unless it is known. A directive without an id is always new.
    pub(super) fn begin(&self, id: &[u8]) -> Known {
        if id.is_empty() {
            return Known::New;
        }
        let mut remembered = self.lock();
        if let Some((_, outcome)) = remembered.iter().find(|(known, _)| known == id) {
            return outcome.clone().map_or(Known::UnderWay, Known::Done);
        }
        if remembered.len() == MOST {
            remembered.pop_front();
        }
        remembered.push_back((id.to_vec(), None));
        Known::New
    }

    /// Notes what became of a directive; `None` if nobody asks, since it has no id.
    pub(super) fn end(
        &self,
        id: &[u8],
        outcome: Outcome,
        at_ms: u64,
        detail: &str,
    ) -> Option<DirectiveOutcome> {
        if id.is_empty() {
            return None;
        }
        let detail = detail.chars().filter(|c| !c.is_control()).take(MOST_DETAIL).collect();
        let outcome = DirectiveOutcome { directive_id: id.to_vec(), outcome: outcome.into(), at_ms, detail };
        if let Some((_, place)) = self.lock().iter_mut().find(|(known, _)| known == id) {
            *place = Some(outcome.clone());
        }
        Some(outcome)
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        // A panic elsewhere leaves it whole: every change of it is one step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_is_done_once_and_the_oldest_are_forgotten() {
        let done = Done::default();
        assert_eq!(done.begin(b"a"), Known::New);
        assert_eq!(done.begin(b"a"), Known::UnderWay);
        let outcome = done.end(b"a", Outcome::Failed, 7, &format!("\u{1b}{}", "x".repeat(300))).unwrap();
        assert_eq!((outcome.detail.len(), outcome.at_ms), (200, 7));
        assert_eq!(done.begin(b"a"), Known::Done(outcome));
        for id in 0..MOST {
            assert_eq!(done.begin(&id.to_be_bytes()), Known::New);
        }
        assert_eq!(done.begin(b"a"), Known::New);
        // From a server that takes no outcomes.
        for _ in 0..2 {
            assert_eq!(done.begin(b""), Known::New);
            assert_eq!(done.end(b"", Outcome::Done, 7, ""), None);
        }
    }
}
