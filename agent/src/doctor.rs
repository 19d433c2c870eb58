//! Says what is wrong on this workstation, and how to mend it. Leaves everything as it was and sends nothing: it can run
//! beside the agent.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Context;

use crate::capture::{self, BackEnd};
use crate::channel::Means;
use crate::clock::{Now, Skew};
use crate::files;
use crate::identity::Identity;
use crate::spool;
use crate::uplink::probe;

/// One thing that was checked.
pub struct Finding {
    /// What was checked.
    pub what: &'static str,
    /// What was found, or what is wrong and how to mend it.
    pub result: Result<String, String>,
}

/// Checks the display, the state folder, the enrolment, the spool and the server.
pub async fn examine(state: &Path, back_end: BackEnd, means: Means, now: Now) -> Vec<Finding> {
    let identity = Identity::load(state).map_err(|e| format!("{e:#}"));
    let enrolment = match &identity {
        Ok(identity) => Ok(format!("device {}", identity.enrolled.device_id)),
        Err(error) => Err(error.clone()),
    };
    let mut findings = vec![
        Finding { what: "capture", result: display(back_end) },
        Finding { what: "state", result: folder(state) },
        Finding { what: "enrolment", result: enrolment },
        Finding { what: "spool", result: waiting(state) },
    ];
    if let Ok(identity) = identity {
        findings.push(Finding { what: "server", result: server(&identity, means, now).await });
    }
    findings
}

fn display(back_end: BackEnd) -> Result<String, String> {
    let found = capture::check(back_end).map_err(|error| error.to_string())?;
    if std::env::var_os("WAYLAND_DISPLAY").is_some() {
        return Err(format!(
            "{found}, but the desktop runs on Wayland, which shows X11 programs only what is typed into X11 windows: choose an X11 session at log-on"
        ));
    }
    Ok(found)
}

fn folder(state: &Path) -> Result<String, String> {
    let shown = state.display();
    match state.metadata() {
        Ok(found) if !found.is_dir() => Err(format!("{shown} is no folder: name another --state-dir")),
        Ok(found) => match found.permissions().mode() & 0o777 {
            mode if mode & 0o077 != 0 => {
                Err(format!("{shown} has mode {mode:o}, others can enter it: run chmod 700 on it"))
            }
            mode => match writable(state) {
                Ok(()) => Ok(format!("{shown}, mode {mode:o}, can be written")),
                Err(error) if files::no_room(&error) => {
                    Err(format!("{error:#}: make room on its disk; until then records wait in memory alone"))
                }
                Err(error) => Err(format!("{error:#}; run the doctor as the account that runs the agent")),
            },
        },
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(format!("{shown} does not exist: `tacit-agent enrol` makes it"))
        }
        Err(error) => Err(format!("{shown}: {error}; run the doctor as the account that runs the agent")),
    }
}

/// Writes about as much as a record and a session take, and deletes it.
fn writable(state: &Path) -> anyhow::Result<()> {
    let path = state.join("doctor");
    let written = files::write_private(&path, &[0; 8_192]);
    let _ = fs::remove_file(&path);
    written.with_context(|| format!("{} cannot be written", state.display()))
}

fn waiting(state: &Path) -> Result<String, String> {
    match spool::count(state) {
        Ok((waiting, 0)) => Ok(format!("{waiting} records wait")),
        Ok((waiting, refused)) => Ok(format!(
            "{waiting} records wait; {refused} that the server refused lie in {}",
            state.join(spool::REFUSED).display()
        )),
        Err(error) => Err(format!("{error}; run the doctor as the account that runs the agent")),
    }
}

/// Opens a stream as the agent would, and waits for the server's first word.
async fn server(identity: &Identity, means: Means, now: Now) -> Result<String, String> {
    let address = identity.enrolled.server.clone();
    match probe(identity, means, now).await {
        Ok(skew) if skew == Skew::default() => Ok(format!("{address} accepts this device and its clock")),
        Ok(skew) => Err(format!(
            "{address} accepts this device, but its clock is {} s ahead of the server's (behind, if negative): set it right",
            skew.ahead_ms() / 1_000
        )),
        Err(trouble) => Err(trouble),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_folder_on_a_full_disk_is_said_to_be() {
        let state = tempfile::tempdir().unwrap();
        files::private_folder(state.path()).unwrap();
        assert!(folder(state.path()).unwrap().contains("can be written"));
        files::fault::disk_is_full(true);
        let wrong = folder(state.path()).unwrap_err();
        assert!(wrong.contains("make room"), "{wrong}");
        assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0);
    }
}
