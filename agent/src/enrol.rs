//! Turns a workstation into an enrolled device.

use std::path::Path;

use anyhow::{Result, bail};
use tacit_proto::v1::enrollment_client::EnrollmentClient;
use tacit_proto::v1::{DeviceInfo, EnrollDeviceRequest};
use tonic::Code;

use crate::channel::channel;
use crate::identity::{DeviceKey, Enrolled, Identity};

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
    insecure_loopback: bool,
    device: DeviceInfo,
) -> Result<Identity> {
    let key = DeviceKey::load_or_make(state)?;
    let mut client = EnrollmentClient::new(channel(server, ca_pem.as_deref(), insecure_loopback)?);
    let proof = key.sign(&[b"tacit-enrol-v1\n", token.as_bytes(), b"\n", key.public()].concat());
    let request = EnrollDeviceRequest {
        token: token.to_owned(),
        public_key: key.public().to_vec(),
        proof,
        device: Some(device),
    };
    let response = match client.enroll_device(request).await {
        Ok(response) => response.into_inner(),
        Err(status) if status.code() == Code::Unauthenticated => bail!(
            "the server refused the enrolment token: {}; make another with `tacit-server token create`",
            status.message()
        ),
        Err(status) if status.code() == Code::Unavailable => {
            bail!("cannot reach {server}: {}; check the address, the port and --ca", cause(&status))
        }
        Err(status) => bail!("enrolment failed: {}", status.message()),
    };
    let enrolled = Enrolled { device_id: response.device_id, server: server.to_owned(), ca_pem };
    Identity::save(state, &enrolled)?;
    Ok(Identity { key, enrolled })
}

/// The innermost reason of a failed call: the outer ones only say that the transport failed.
pub(crate) fn cause(status: &tonic::Status) -> String {
    let mut error: &dyn std::error::Error = status;
    while let Some(inner) = error.source() {
        error = inner;
    }
    if std::ptr::addr_eq(error, std::ptr::from_ref(status)) {
        status.message().to_owned()
    } else {
        error.to_string()
    }
}
