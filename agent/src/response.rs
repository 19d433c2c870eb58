//! Carries out what policy directs: notify, step-up, lock.

use std::process::Stdio;

use tacit_proto::v1::Directive;
use tacit_proto::v1::directive::Response;
use tokio::process::Command;

/// Characters of a notice at most.
const MOST_TEXT: usize = 500;

/// Carries out a directive for the session it names, if that is the one in progress.
pub async fn respond(directive: Directive, session: &[u8]) {
    if directive.session_id != session {
        tracing::warn!("a directive for another session was ignored");
        return;
    }
    match directive.response {
        Some(Response::Notify(notify)) => {
            let text: String = notify.text.chars().filter(|c| !c.is_control()).take(MOST_TEXT).collect();
            run("notify", "notify-send", &["--app-name=Tacit", "--", "Tacit", &text]).await;
        }
        // Step-up is answered by what every desktop has: the lock screen asks for the password again.
        Some(Response::StepUp(_) | Response::Lock(_)) => run("lock", "loginctl", &["lock-session"]).await,
        None => tracing::warn!("a directive that this version does not know was ignored"),
    }
}

async fn run(response: &str, program: &str, arguments: &[&str]) {
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await;
    match status {
        Ok(status) if status.success() => tracing::info!(response, "response carried out"),
        Ok(status) => tracing::error!(response, program, %status, "response failed"),
        Err(error) => tracing::error!(response, program, %error, "response failed"),
    }
}
