//! Turns a workstation into an enrolled device.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use tacit_proto::v1::enrollment_client::EnrollmentClient;
use tacit_proto::v1::{DeviceInfo, EnrollDeviceRequest};
use tonic::{Code, Status};

use crate::channel::{Means, channel};
use crate::device_key::{KEY, Keeper as _, keeper};
use crate::identity::{Enrolled, Identity};
use crate::trouble;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What this device tells of itself.
#[must_use]
pub fn device_info(name: Option<String>) -> DeviceInfo {
    let name = name.or_else(|| nix::unistd::gethostname().ok().and_then(|n| n.into_string().ok()));
    DeviceInfo {
        name: name.unwrap_or_else(|| "unknown".to_owned()),
        os: std::env::consts::OS.to_owned(),
        os_version: os_version(),
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn os_version() -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let pretty = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    pretty.unwrap_or_default().trim_matches('"').to_owned()
}

/// Makes the device's key if it has none, spends the token, and keeps the identity in the state folder.
///
/// # Errors
/// When the server refuses or cannot be reached, saying what to do.
pub async fn enrol(
    state: &Path,
    server: &str,
    ca_pem: Option<String>,
    token: &str,
    means: impl Into<Means>,
    device: DeviceInfo,
) -> Result<Identity> {
    let token = token.trim();
    if token.is_empty() {
        bail!("the enrolment token is empty: make one with `tacit-server token create`");
    }
    let mut client = EnrollmentClient::new(channel(server, ca_pem.as_deref(), &means.into())?);
    let key = keeper(state).load_or_make()?;
    let proof = key.sign(&[b"tacit-enrol-v1\n", token.as_bytes(), b"\n", key.public()].concat())?;
    let request = EnrollDeviceRequest {
        token: token.to_owned(),
        public_key: key.public().to_vec(),
        proof,
        device: Some(device),
    };
    let response = match tokio::time::timeout(PATIENCE, client.enroll_device(request)).await {
        Ok(Ok(response)) => response.into_inner(),
        Ok(Err(status)) => bail!(refusal(state, server, &status)),
        Err(_) => bail!("{server} does not answer: check the address, the port and the firewall"),
    };
    let enrolled = Enrolled { device_id: response.device_id, server: server.to_owned(), ca_pem };
    Identity::save(state, &enrolled)?;
    Ok(Identity { key, enrolled })
}

fn refusal(state: &Path, server: &str, status: &Status) -> String {
    let said = status.message();
    // What the transport makes of an answer that is none has a code, too, but not these words.
    match trouble::answered(status).then_some(status.code()) {
        Some(Code::Unauthenticated) => format!(
            "the server refused the enrolment token: {said}; make another with `tacit-server token create`"
        ),
        Some(Code::PermissionDenied) => format!(
            "the server refused this device: {said}; to have a new key made, delete {} and enrol again with a new token",
            state.join(KEY).display()
        ),
        Some(_) => format!("the server did not enrol this device: {said}"),
        None => trouble::of_call(server, status),
    }
}
