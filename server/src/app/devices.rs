//! Enrolling devices, recognising them, revoking them, hearing of their health.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde_json::json;

use crate::app::{App, audit};
use crate::clock::Ambient;
use crate::domain::audit::{Action, Object};
use crate::domain::{Caller, DeviceId, assertion, device_key};
use crate::store::Store;
use crate::store::devices::{DeviceHealth, NewDevice};
use crate::{Error, Result};

/// A device that asks to be enrolled, as it came.
#[derive(Debug)]
pub struct Enrolment<'a> {
    /// The enrolment token.
    pub token: &'a str,
    /// Ed25519 public key.
    pub public_key: &'a [u8],
    /// Ed25519 signature over `"tacit-enrol-v1\n" + token + "\n" + public_key`.
    pub proof: &'a [u8],
    /// Host name.
    pub name: &'a str,
    /// Operating system.
    pub os: &'a str,
    /// Its version.
    pub os_version: &'a str,
    /// The agent's version.
    pub agent_version: &'a str,
}

impl Enrolment<'_> {
    /// Checks what needs no state: the fields, and that whoever asks holds the key.
    ///
    /// # Errors
    /// Invalid argument that names the field and what it must be.
    pub fn check(&self) -> Result<()> {
        let text = |what: &str, value: &str, least: usize, most: usize| {
            if value.len() < least || value.len() > most || value.contains(char::is_control) {
                return Err(Error::invalid(format!("{what} must be {least} to {most} bytes of plain text")));
            }
            Ok(())
        };
        text("token", self.token, 1, 128)?;
        text("device.name", self.name, 1, 255)?;
        text("device.os_version", self.os_version, 0, 255)?;
        text("device.agent_version", self.agent_version, 0, 64)?;
        if !["linux", "windows", "macos"].contains(&self.os) {
            return Err(Error::invalid("device.os must be linux, windows or macos"));
        }
        device_key::check(self.public_key)?;
        let signed = [b"tacit-enrol-v1\n", self.token.as_bytes(), b"\n", self.public_key].concat();
        UnparsedPublicKey::new(&ED25519, self.public_key)
            .verify(&signed, self.proof)
            .map_err(|_| Error::invalid("proof is not the key's signature over the token"))?;
        Ok(())
    }
}

/// Enrols a device, spending one use of its token. The same key again gets the same id and spends nothing, so that an
/// answer lost on the way costs nothing.
///
/// # Errors
/// Invalid argument for a malformed request, unauthenticated for a token that does not serve, permission denied for a
/// key that was revoked.
pub async fn enrol(app: &App, request: &Enrolment<'_>) -> Result<DeviceId> {
    request.check()?;
    let now = app.ambient.now();
    let mut unit = app.store.begin().await?;
    if let Some(known) = unit.device_of_key(request.public_key).await? {
        return match known.revoked_at {
            None => Ok(known.id),
            Some(_) => Err(Error::denied("this device was revoked: enrol it with a new key")),
        };
    }
    let Some((spent, group)) = unit.spend_token(&app.secrets.hash(request.token), now).await? else {
        metrics::counter!("tacit_enrolments_refused_total").increment(1);
        return Err(Error::unauthenticated("the enrolment token is unknown, expired, revoked or used up"));
    };
    let id = DeviceId(app.ambient.id());
    let device = NewDevice {
        id,
        public_key: request.public_key,
        name: request.name,
        os: request.os,
        os_version: request.os_version,
        agent_version: request.agent_version,
        at: now,
        token: spent,
        group: &group,
    };
    if !unit.add_device(&device).await? {
        return Err(Error::unavailable("the same key is being enrolled by another call; try again"));
    }
    let details = json!({ "token": spent.to_string(), "group": group });
    let (actor, object) = (Caller::Device(id), Object::Device(id));
    audit::record(&mut unit, &app.ambient, &actor, Action::DeviceEnrolled, object, details).await?;
    unit.commit().await?;
    metrics::counter!("tacit_enrolments_total").increment(1);
    tracing::info!(device = %id, os = request.os, "device enrolled");
    Ok(id)
}

/// Gives a device another key, which its assertions are signed with from now on. Its present key has signed the call's
/// assertion, the new one `"tacit-rotate-v1\n" + device id + "\n" + public_key`. The same key again changes nothing, so that an
/// answer lost on the way costs nothing.
///
/// # Errors
/// Invalid argument for a malformed key or a proof that does not hold; conflict for a key that is in use, or where another call
/// has changed it meanwhile.
pub async fn rotate_key(app: &App, id: DeviceId, public_key: &[u8], proof: &[u8]) -> Result<()> {
    device_key::check(public_key)?;
    let signed = [b"tacit-rotate-v1\n", id.to_string().as_bytes(), b"\n", public_key].concat();
    UnparsedPublicKey::new(&ED25519, public_key)
        .verify(&signed, proof)
        .map_err(|_| Error::invalid("proof is not the new key's signature over the device and the key"))?;
    let present = app.store.device_key(id).await?.ok_or_else(revoked)?;
    if present.public_key == public_key {
        return Ok(());
    }
    let mut unit = app.store.begin().await?;
    if !unit.rotate_key(id, &present.public_key, public_key, app.ambient.now()).await? {
        return Err(Error::conflict("the key is in use, or the device's key was changed by another call"));
    }
    let (actor, object) = (Caller::Device(id), Object::Device(id));
    audit::record(&mut unit, &app.ambient, &actor, Action::DeviceKeyRotated, object, json!({})).await?;
    unit.commit().await?;
    metrics::counter!("tacit_keys_rotated_total").increment(1);
    tracing::info!(device = %id, "a device has another key");
    Ok(())
}

/// Recognises a device by its assertion, which serves once.
///
/// # Errors
/// Unauthenticated, saying what is wrong and, for clocks, by how much; permission denied for a revoked device.
pub async fn authenticate(app: &App, text: &str) -> Result<DeviceId> {
    let id = assertion::claimed(text)?;
    let device = app.store.device_key(id).await?.ok_or_else(assertion::of_nobody)?;
    // Under a weak one there is no telling who has signed.
    device_key::check(&device.public_key).map_err(|error| assertion::of_nobody().with_source(error))?;
    let assertion = assertion::check(text, &device.public_key, app.ambient.now())?;
    if device.revoked_at.is_some() {
        return Err(revoked());
    }
    if !app.store.first_sight(assertion.jti, assertion.forget).await? {
        return Err(assertion::used());
    }
    app.store.seen(device.id, app.ambient.now()).await?;
    Ok(device.id)
}

/// What a revoked device is told.
#[must_use]
pub fn revoked() -> Error {
    Error::denied("this device was revoked")
}

/// Revokes a device: its streams end within seconds, and it never gets another.
///
/// # Errors
/// Not found; as the database.
pub async fn revoke(store: &Store, ambient: &Ambient, caller: &Caller, id: DeviceId) -> Result<()> {
    let mut unit = store.begin().await?;
    let first = unit.revoke_device(&caller.scope(), id, ambient.now()).await?;
    if first.ok_or_else(|| Error::not_found("no such device"))? {
        audit::record(&mut unit, ambient, caller, Action::DeviceRevoked, Object::Device(id), json!({}))
            .await?;
    }
    unit.commit().await?;
    tracing::info!(device = %id, "device revoked");
    Ok(())
}

/// Keeps what a heartbeat says.
///
/// # Errors
/// Unavailable when the database is away.
pub async fn heartbeat(app: &App, device: DeviceId, health: &DeviceHealth) -> Result<()> {
    if health.agent_version.len() > 64 || health.agent_version.contains(char::is_control) {
        return Err(Error::invalid("agent_version must be at most 64 bytes of plain text"));
    }
    app.store.heard_of(device, health, app.ambient.now()).await
}
