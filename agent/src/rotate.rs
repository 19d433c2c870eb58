//! Gives this device a new key without a visit: made beside the old one, shown to the server to be in the device's hands
//! together with the old one, and put in its place once the server has it.
//!
//! If the answer is lost, both keys are kept, and the next attempt signs with whichever the server knows.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tacit_proto::v1::RotateKeyRequest;
use tacit_proto::v1::enrollment_client::EnrollmentClient;
use tokio::time::Instant;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::assertion::assertion;
use crate::channel::{Means, channel};
use crate::clock::{Now, Skew};
use crate::device_key::{DeviceKey, Keeper as _, keeper};
use crate::identity::Identity;
use crate::spool::Spool;
use crate::trouble;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two attempts of a running agent whose key is accepted.
const AGAIN: Duration = Duration::from_secs(3_600);
const DAY_MS: u64 = 24 * 3_600 * 1_000;

/// When a running agent changes its key.
#[derive(Debug)]
pub(crate) struct Rotation {
    state: PathBuf,
    after_days: u32,
    tried: Option<Instant>,
}

impl Rotation {
    /// After so many days; 0 for never.
    pub(crate) fn new(state: PathBuf, after_days: u32) -> Self {
        Self { state, after_days, tried: None }
    }

    /// The server has refused a call of this device. Where that was for its key, and the next one is there, the server may have
    /// that one, and its answer was lost: the next call is not kept waiting for it.
    pub(crate) fn refused(&mut self, status: &Status) {
        if status.code() == Code::Unauthenticated && keeper(&self.state).has_next() {
            self.tried = None;
        }
    }

    /// Changes the key if its time has come, or if an earlier change was broken off. What goes wrong is said and waits: the old
    /// key serves on.
    pub(crate) async fn keep(&mut self, identity: &mut Identity, channel: &Channel, skew: Skew, now_ms: u64) {
        let keeper = keeper(&self.state);
        let old = keeper
            .age_ms(now_ms)
            .is_some_and(|age| self.after_days > 0 && age >= u64::from(self.after_days) * DAY_MS);
        let lately = self.tried.is_some_and(|at| at.elapsed() < AGAIN);
        if lately || !(old || keeper.has_next()) {
            return;
        }
        self.tried = Some(Instant::now());
        match exchange(&self.state, identity, channel, skew.corrected(now_ms)).await {
            Ok(()) => tracing::info!("this device has a new key"),
            Err(status) => {
                let server = &identity.enrolled.server;
                let reason = trouble::of_call(server, &status);
                tracing::warn!(reason, "this device keeps its key for now");
            }
        }
    }
}

/// Changes the key of a device on which no agent runs.
///
/// # Errors
/// When an agent runs, the device is not enrolled, or the server cannot be reached or refuses; the old key then serves on.
pub async fn rotate(state: &Path, means: impl Into<Means>, now: Now) -> Result<()> {
    let mut identity = Identity::load(state)?;
    let _alone =
        Spool::open(state).context("a running agent changes its key by itself: stop it first, or wait")?;
    let enrolled = &identity.enrolled;
    let channel = channel(&enrolled.server, enrolled.ca_pem.as_deref(), &means.into())?;
    let server = enrolled.server.clone();
    let mut skew = Skew::default();
    loop {
        match exchange(state, &mut identity, &channel, skew.corrected(now())).await {
            Ok(()) => return Ok(()),
            Err(status) if skew.learn(&status, now()) => {}
            Err(status) => bail!(trouble::of_call(&server, &status)),
        }
    }
}

async fn exchange(
    state: &Path,
    identity: &mut Identity,
    channel: &Channel,
    now_ms: u64,
) -> Result<(), Status> {
    let internal = |error: anyhow::Error| Status::internal(format!("{error:#}"));
    let keeper = keeper(state);
    let broken_off = keeper.has_next();
    let next = keeper.load_or_make_next().map_err(internal)?;
    let id = identity.enrolled.device_id.clone();
    let proof = next.sign(&[b"tacit-rotate-v1\n", id.as_bytes(), b"\n", next.public()].concat());
    let proof = proof.map_err(internal)?;
    let request = RotateKeyRequest { public_key: next.public().to_vec(), proof };
    match ask(channel, &id, &*identity.key, request.clone(), now_ms).await {
        // The server may have taken the new key, and its answer was lost.
        Err(status) if broken_off && status.code() == Code::Unauthenticated => {
            ask(channel, &id, &*next, request, now_ms).await?;
        }
        answered => answered?,
    }
    keeper.adopt_next().map_err(internal)?;
    identity.key = next;
    Ok(())
}

async fn ask(
    channel: &Channel,
    id: &str,
    key: &dyn DeviceKey,
    request: RotateKeyRequest,
    now_ms: u64,
) -> Result<(), Status> {
    let assertion = assertion(id, key, now_ms).map_err(|e| Status::internal(format!("{e:#}")))?;
    let mut request = Request::new(request);
    let bearer = format!("Bearer {assertion}").parse().map_err(|_| Status::internal("no assertion"))?;
    request.metadata_mut().insert("authorization", bearer);
    let mut client = EnrollmentClient::new(channel.clone());
    match tokio::time::timeout(PATIENCE, client.rotate_key(request)).await {
        Ok(answer) => answer.map(drop),
        Err(_) => Err(Status::deadline_exceeded("the server does not answer")),
    }
}
