//! Carries out what policy directs: notify, step-up, lock; says what became of it, and when the screen is locked and unlocked.
//!
//! How a system does it is a [`Desk`], one file an operating system, chosen here. Nothing goes through a shell.

mod command;
mod done;
mod screen;
#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(target_os = "windows")]
#[path = "windows.rs"]
mod system;

use std::sync::Arc;

use tacit_proto::v1::directive::Response;
use tacit_proto::v1::{Directive, DirectiveOutcome, Outcome};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

pub use self::command::DEFAULT_PATH;
use self::done::{Done, Known};
use self::system::System;
use crate::clock::Now;
use crate::config::ResponseConfig;

/// Characters of a notice at most.
pub(crate) const MOST_TEXT: usize = 500;
/// Characters of a detail at most.
const MOST_DETAIL: usize = 200;
/// Looks after a lock until the desktop says that it is locked. Some never do.
const FIRST_LOOKS: u32 = 5;
const STEP_UP: &str = "Please unlock to confirm that it is you.";

/// Why a response was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The system has no such response.
    #[error("{0}")]
    NotSupported(String),
    /// It was tried in vain.
    #[error("{0}")]
    Failed(String),
}

/// What a workstation can be asked to do.
pub(crate) trait Desk: Clone + Send + Sync + 'static {
    /// Shows a notice.
    fn notify(&self, text: &str) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Locks the screen, so that the system asks who is there.
    fn lock(&self) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Whether the screen is locked, as far as the desktop says.
    fn locked(&self) -> impl Future<Output = Result<bool, Failure>> + Send;
}

/// Shows a notice of the agent's own.
pub(crate) async fn notice(config: &ResponseConfig, notice: &str) -> Result<(), Failure> {
    System::new(config).notify(&text(notice)).await
}

/// What responding tells the rest of the agent.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// What became of a directive.
    Outcome(DirectiveOutcome),
    /// The screen is locked, whoever did it.
    Locked,
    /// It was unlocked again.
    Unlocked,
}

/// Carries out directives, each once.
pub struct Responder {
    desk: System,
    done: Done,
    events: mpsc::Sender<Event>,
    /// Has the screen looked at now.
    look: Arc<Notify>,
    watch: JoinHandle<()>,
    now: Now,
}

impl Responder {
    /// A responder, and what it will tell.
    #[must_use]
    pub fn new(config: &ResponseConfig, now: Now) -> (Self, mpsc::Receiver<Event>) {
        let (events, told) = mpsc::channel(64);
        let (desk, look) = (System::new(config), Arc::new(Notify::new()));
        let watch = tokio::spawn(screen::watch(desk.clone(), events.clone(), Arc::clone(&look)));
        let responder = Self { desk, done: Done::default(), events, look, watch, now };
        (responder, told)
    }

    /// Takes a directive for the session it names, if that is the one in progress. Does not wait for it.
    pub fn take(&self, directive: Directive, session: &[u8]) {
        let id = directive.directive_id;
        match self.done.begin(&id) {
            Known::New => {}
            // The first answer was lost on its way.
            Known::Done(outcome) => return self.tell(Event::Outcome(outcome)),
            Known::UnderWay => return,
        }
        if directive.session_id != session {
            tracing::warn!("a directive for another session was ignored");
            return self.settle(&id, Outcome::SessionOver, "");
        }
        let Some(response) = directive.response else {
            tracing::warn!("a directive that this version does not know was ignored");
            let detail = "this version of the agent has no such response";
            return self.settle(&id, Outcome::NotSupported, detail);
        };
        let task = Task {
            desk: self.desk.clone(),
            done: self.done.clone(),
            events: self.events.clone(),
            look: Arc::clone(&self.look),
            now: self.now,
        };
        tokio::spawn(task.run(id, response));
    }

    fn settle(&self, id: &[u8], outcome: Outcome, detail: &str) {
        if let Some(outcome) = self.done.end(id, outcome, (self.now)(), detail) {
            self.tell(Event::Outcome(outcome));
        }
    }

    fn tell(&self, event: Event) {
        // The server asks again for what is lost here.
        let _ = self.events.try_send(event);
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

struct Task<D> {
    desk: D,
    done: Done,
    events: mpsc::Sender<Event>,
    /// Has the screen looked at now.
    look: Arc<Notify>,
    now: Now,
}

impl<D: Desk> Task<D> {
    async fn run(self, id: Vec<u8>, response: Response) {
        let (name, done) = match response {
            Response::Notify(notice) => ("notify", self.desk.notify(&text(&notice.text)).await),
            // No second factor is asked for here: the lock asks who is there.
            Response::StepUp(step_up) => {
                let reason = if step_up.text.is_empty() { STEP_UP } else { &step_up.text };
                ("step_up", self.lock(reason).await)
            }
            Response::Lock(lock) => ("lock", self.lock(&lock.text).await),
        };
        let locks = name != "notify" && done.is_ok();
        let (outcome, mut detail) = match done {
            Ok(()) => (Outcome::Done, String::new()),
            Err(Failure::NotSupported(detail)) => (Outcome::NotSupported, detail),
            Err(Failure::Failed(detail)) => (Outcome::Failed, detail),
        };
        if outcome == Outcome::Done {
            tracing::info!(response = name, "response carried out");
        } else {
            tracing::error!(response = name, detail, "response failed");
        }
        let locked = locks && self.becomes_locked().await;
        if locks && !locked {
            detail = "the desktop was told to lock, and does not say that it has".to_owned();
        }
        if let Some(outcome) = self.done.end(&id, outcome, (self.now)(), &detail) {
            let _ = self.events.send(Event::Outcome(outcome)).await;
        }
        if locked {
            self.look.notify_one();
        }
    }

    async fn lock(&self, reason: &str) -> Result<(), Failure> {
        // Told first, while there is a screen to tell it on; who cannot be told is locked out all the same.
        if !reason.is_empty()
            && let Err(failure) = self.desk.notify(&text(reason)).await
        {
            tracing::warn!(%failure, "a lock comes without its notice");
        }
        self.desk.lock().await
    }

    /// Whether the screen is locked, or soon is.
    async fn becomes_locked(&self) -> bool {
        for look in 0..FIRST_LOOKS {
            if look > 0 {
                tokio::time::sleep(screen::LOOK_LOCKED_EVERY).await;
            }
            match self.desk.locked().await {
                Ok(true) => return true,
                Ok(false) => {}
                Err(failure) => {
                    tracing::debug!(%failure, "the desktop does not say whether it is locked");
                    return false;
                }
            }
        }
        false
    }
}

/// A notice as it may be shown: plain text, not too long.
#[must_use]
pub fn text(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MOST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_plain_text_of_a_bounded_length() {
        let shown = text(&format!("--icon=x\u{1b}[31m\n{}", "é".repeat(600)));
        assert!(shown.starts_with("--icon=x[31mé") && shown.chars().count() == MOST_TEXT);
    }
}
