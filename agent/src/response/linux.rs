//! Linux: notices through the desktop's notification service, locks through systemd-logind.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Desk, Failure, command};
use crate::config::{ResponseConfig, names_session};

/// The session that logind takes for the caller's, also of a service of the user's.
const OWN_SESSION: &str = "auto";

#[derive(Debug, Clone)]
pub(super) struct System {
    path: Arc<Vec<PathBuf>>,
    session: Arc<str>,
}

impl System {
    pub(super) fn new(config: &ResponseConfig) -> Self {
        // Set by logind's own PAM module for all that runs in a session.
        let session = config.session.clone().or_else(|| std::env::var("XDG_SESSION_ID").ok());
        let session = session.filter(|session| names_session(session));
        let session = session.unwrap_or_else(|| OWN_SESSION.to_owned());
        Self { path: Arc::new(config.path.clone()), session: session.into() }
    }
}

impl Desk for System {
    async fn notify(&self, text: &str) -> Result<(), Failure> {
        let program = command::find(&self.path, "notify-send")?;
        command::run(&program, &["--app-name=Tacit", "--", "Tacit", text]).await.map(drop)
    }

    async fn lock(&self) -> Result<(), Failure> {
        let program = command::find(&self.path, "loginctl")?;
        command::run(&program, &["lock-session", &self.session]).await.map(drop)
    }

    async fn locked(&self) -> Result<bool, Failure> {
        let program = command::find(&self.path, "loginctl")?;
        let arguments = ["show-session", &self.session, "--property=LockedHint", "--value"];
        match command::run(&program, &arguments).await?.trim() {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(Failure::Failed("loginctl does not say whether the session is locked".to_owned())),
        }
    }
}
