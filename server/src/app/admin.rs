//! Devices revoked, and the check of the master key.

use serde_json::json;

use crate::app::audit;
use crate::clock::Ambient;
use crate::domain::audit::{Action, Object};
use crate::domain::{Caller, DeviceId};
use crate::secrets::{Purpose, Secrets};
use crate::store::Store;
use crate::{Error, Result};

const MARK: &[u8] = b"one";

/// Checks that the database was written under this master key, or is new and from now on is.
///
/// # Errors
/// Conflict when it was written under another; as the database.
pub async fn check_master_key(store: &Store, secrets: &Secrets) -> Result<()> {
    let mark = store.mark_master_key(&secrets.seal(Purpose::Check, MARK, b"tacit")?).await?;
    opens_mark(secrets, &mark)
}

/// Checks that a database's mark was sealed under this master key.
///
/// # Errors
/// Conflict when it was sealed under another.
pub fn opens_mark(secrets: &Secrets, mark: &[u8]) -> Result<()> {
    secrets.open(Purpose::Check, MARK, mark).map(drop).map_err(|_| {
        Error::conflict(
            "the database was written under another master key: restore that key, or use another database",
        )
    })
}

/// Revokes a device: its streams end within seconds, and it never gets another.
///
/// # Errors
/// Not found; as the database.
pub async fn revoke_device(store: &Store, ambient: &Ambient, caller: &Caller, id: DeviceId) -> Result<()> {
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
