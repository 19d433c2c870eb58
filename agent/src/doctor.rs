//! Says what is wrong on this workstation, and how to mend it.

use std::path::Path;
use std::time::Duration;

use tokio::sync::watch;

use crate::capture::check_xinput2;
use crate::channel::check_server;
use crate::clock::Now;
use crate::identity::Identity;
use crate::spool::Spool;
use crate::uplink::{SharedSpool, Uplink};

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// One thing that was checked.
pub struct Finding {
    /// What was checked.
    pub what: &'static str,
    /// What was found, or what is wrong and how to mend it.
    pub result: Result<String, String>,
}

/// Checks the state folder, the enrolment, the display and the server.
pub async fn examine(state: &Path, insecure_loopback: bool, now: Now) -> Vec<Finding> {
    let mut findings = Vec::new();
    let display = check_xinput2().map_err(|e| format!("{e}; elsewhere than on X11 use --capture rdev"));
    findings.push(Finding { what: "capture", result: display });

    let identity = Identity::load(state);
    let enrolment = match &identity {
        Ok(identity) => Ok(format!("device {}", identity.enrolled.device_id)),
        Err(error) => Err(format!("{error:#}")),
    };
    findings.push(Finding { what: "enrolment", result: enrolment });

    let spool = Spool::open(state).map_err(|e| format!("{e:#}"));
    let waiting = match &spool {
        Ok(spool) => Ok(format!("{} records wait", spool.len())),
        Err(error) => Err(error.clone()),
    };
    findings.push(Finding { what: "spool", result: waiting });

    if let (Ok(identity), Ok(spool)) = (identity, spool) {
        let result = reach(identity, spool, insecure_loopback, now).await;
        findings.push(Finding { what: "server", result });
    }
    findings
}

/// Opens a stream as the agent would, and waits for the server's first word.
async fn reach(
    identity: Identity,
    spool: Spool,
    insecure_loopback: bool,
    now: Now,
) -> Result<String, String> {
    let server = identity.enrolled.server.clone();
    check_server(&server, insecure_loopback).map_err(|e| format!("{e:#}"))?;
    let (_capturing, capturing) = watch::channel(false);
    let (uplink, mut from_server) =
        Uplink::new(identity, insecure_loopback, SharedSpool::new(spool), now, capturing)
            .map_err(|e| format!("{e:#}"))?;
    tokio::select! {
        () = uplink.run() => Err("the connection ended".to_owned()),
        Ok(()) = from_server.settings.changed() => Ok(format!("{server} accepts this device")),
        Ok(trouble) = from_server.trouble.wait_for(|trouble| !trouble.is_empty()) => {
            Err(format!("{server}: {}", *trouble))
        }
        () = tokio::time::sleep(PATIENCE) => {
            Err(format!("{server} does not answer: check the address, the port and the firewall"))
        }
    }
}
