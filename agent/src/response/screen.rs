//! Watches whether the screen is locked, whoever locked it: hands change most likely where a screen was locked for a while.
//!
//! The desktop is asked again and again, and tells nothing by itself: what asks is a program of the system that every desktop
//! with a lock has.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use super::{Desk, Event};

/// Between two looks at a screen that is not locked. A lock that is over sooner changed no hands.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Between two looks at one that is: whether the unlock comes within a minute matters.
pub(super) const LOOK_LOCKED_EVERY: Duration = Duration::from_secs(1);
/// Between two looks where the desktop does not say.
const LOOK_IN_VAIN_EVERY: Duration = Duration::from_mins(1);

/// Tells of each lock and unlock until it is aborted or nobody listens. `look` has it look at once.
pub(super) async fn watch(desk: impl Desk, events: mpsc::Sender<Event>, look: Arc<Notify>) {
    let mut locked = false;
    let mut said = true;
    loop {
        let pause = match desk.locked().await {
            Ok(now) => {
                if now != locked {
                    let event = if now { Event::Locked } else { Event::Unlocked };
                    if events.send(event).await.is_err() {
                        return;
                    }
                }
                (locked, said) = (now, true);
                if locked { LOOK_LOCKED_EVERY } else { LOOK_EVERY }
            }
            Err(failure) => {
                if std::mem::take(&mut said) {
                    tracing::debug!(%failure, "the desktop does not say whether it is locked");
                }
                // Until it is told that it was unlocked, a session counts as locked.
                if locked { LOOK_LOCKED_EVERY } else { LOOK_IN_VAIN_EVERY }
            }
        };
        let _ = tokio::time::timeout(pause, look.notified()).await;
    }
}
