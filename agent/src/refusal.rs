//! What follows when the server refuses records: a session that it will take no more of, and how soon the next may be tried.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

/// Records of one session refused in a row, with nothing of it acknowledged between, after which the server is taken not to
/// know the session: it was restored from an older backup, or the session is another device's.
const IN_A_ROW: u32 = 3;
/// How long a session is held back when the one before it was refused soon; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// A session that the server takes no more of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedSession {
    /// Its id.
    pub id: Uuid,
    /// The server refused its very opening: there is nothing to close.
    pub opening: bool,
}

/// Tells refused records from refused sessions.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    session: Option<Uuid>,
    in_a_row: u32,
    opening: bool,
}

impl Refusals {
    /// A record was refused; returns its session if that is lost with it.
    pub(crate) fn refused(&mut self, session: Uuid, sequence: u64) -> Option<RefusedSession> {
        if self.session != Some(session) {
            *self = Self { session: Some(session), ..Self::default() };
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.opening |= sequence == 1;
        let lost = self.opening || self.in_a_row >= IN_A_ROW;
        lost.then_some(RefusedSession { id: session, opening: self.opening })
    }

    /// The server acknowledged something of a session.
    pub(crate) fn acknowledged(&mut self, session: &[u8]) {
        if self.session.is_some_and(|refused| refused.as_bytes() == session) {
            *self = Self::default();
        }
    }
}

/// Keeps session after session from being refused without end.
#[derive(Debug, Default)]
pub(crate) struct Reopening {
    last: Option<Instant>,
    pause: Duration,
}

impl Reopening {
    /// A session was refused at this moment; returns how long the one that follows is held back. The first is not, nor is one
    /// whose forerunner was taken for an hour.
    pub(crate) fn pause(&mut self, now: Instant) -> Duration {
        let soon =
            self.last.is_some_and(|last| now.saturating_duration_since(last) < self.pause + LONGEST_PAUSE);
        self.pause = if soon { (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE) } else { Duration::ZERO };
        self.last = Some(now);
        self.pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    #[test]
    fn a_refused_opening_or_refusals_in_a_row_lose_the_session() {
        let mut refusals = Refusals::default();
        assert_eq!(refusals.refused(ONE, 1), Some(RefusedSession { id: ONE, opening: true }));
        // What was on its way says the same again.
        assert_eq!(refusals.refused(ONE, 2), Some(RefusedSession { id: ONE, opening: true }));
        for sequence in [7, 8] {
            assert_eq!(refusals.refused(OTHER, sequence), None);
        }
        assert_eq!(refusals.refused(OTHER, 9), Some(RefusedSession { id: OTHER, opening: false }));
    }

    #[test]
    fn a_session_of_which_something_is_taken_is_not_lost() {
        let mut refusals = Refusals::default();
        for sequence in 2..20 {
            assert_eq!(refusals.refused(ONE, sequence), None);
            if sequence % 2 == 0 {
                refusals.acknowledged(ONE.as_bytes());
            } else {
                refusals.acknowledged(OTHER.as_bytes());
            }
        }
    }

    #[test]
    fn the_first_new_session_follows_at_once_and_later_ones_ever_later() {
        let mut reopening = Reopening::default();
        let mut now = Instant::now();
        let pauses: Vec<u64> = (0..9)
            .map(|_| {
                let pause = reopening.pause(now);
                // Refused as soon as it is tried.
                now += pause;
                pause.as_secs()
            })
            .collect();
        assert_eq!(pauses, [0, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        assert_eq!(reopening.pause(now + LONGEST_PAUSE), Duration::ZERO);
    }
}
