//! Carries out what policy directs: notify, step-up, lock.

use std::io::ErrorKind;
use std::process::Stdio;
use std::time::Duration;

use tacit_proto::v1::Directive;
use tacit_proto::v1::directive::Response;
use tokio::process::Command;

/// Characters of a notice at most.
const MOST_TEXT: usize = 500;
/// A notification service or log-in manager that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(10);
const STEP_UP: &str = "Your security team asks you to confirm that it is you. Please contact them.";

/// What to start for a response: its name, the program and its arguments.
type Action = (&'static str, &'static str, Vec<String>);

/// Carries out a directive for the session it names, if that is the one in progress. Does not wait for it.
pub fn respond(directive: &Directive, session: &[u8]) {
    if directive.session_id != session {
        tracing::warn!("a directive for another session was ignored");
        return;
    }
    match action(directive.response.as_ref()) {
        Some(action) => drop(tokio::spawn(run(action))),
        None => tracing::warn!("a directive that this version does not know was ignored"),
    }
}

fn action(response: Option<&Response>) -> Option<Action> {
    match response? {
        Response::Notify(notify) => Some(notice("notify", &notify.text)),
        // No second factor is asked for here, and a lock would be more than policy asked for.
        Response::StepUp(_) => {
            tracing::warn!("step-up is not supported on this system; the person is notified");
            Some(notice("step_up", STEP_UP))
        }
        Response::Lock(_) => Some(("lock", "loginctl", vec!["lock-session".to_owned()])),
    }
}

fn notice(response: &'static str, text: &str) -> Action {
    let text: String = text.chars().filter(|c| !c.is_control()).take(MOST_TEXT).collect();
    let arguments = ["--app-name=Tacit", "--", "Tacit", &text].map(str::to_owned);
    (response, "notify-send", arguments.to_vec())
}

async fn run((response, program, arguments): Action) {
    let running = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status();
    match tokio::time::timeout(PATIENCE, running).await {
        Ok(Ok(status)) if status.success() => tracing::info!(response, "response carried out"),
        Ok(Ok(status)) => tracing::error!(response, program, %status, "response failed"),
        Ok(Err(error)) if error.kind() == ErrorKind::NotFound => {
            tracing::error!(response, program, "response failed: the program is not installed");
        }
        Ok(Err(error)) => tracing::error!(response, program, %error, "response failed"),
        Err(_) => tracing::error!(response, program, "response failed: no answer"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacit_proto::v1::{Lock, Notify, StepUp};

    fn program(response: &Response) -> (&'static str, Vec<String>) {
        let (_, program, arguments) = action(Some(response)).unwrap();
        (program, arguments)
    }

    #[test]
    fn only_a_lock_locks_and_a_notice_is_text_alone() {
        assert_eq!(program(&Response::Lock(Lock {})), ("loginctl", vec!["lock-session".to_owned()]));
        assert_eq!(program(&Response::StepUp(StepUp {})).0, "notify-send");
        let text = format!("--icon=x\u{1b}[31m\n{}", "é".repeat(600));
        let (notifier, arguments) = program(&Response::Notify(Notify { text }));
        assert_eq!((notifier, arguments.len()), ("notify-send", 4));
        assert_eq!(arguments[1..3], ["--", "Tacit"]);
        assert!(arguments[3].starts_with("--icon=x[31mé") && arguments[3].chars().count() == 500);
        assert_eq!(action(None), None);
    }
}
