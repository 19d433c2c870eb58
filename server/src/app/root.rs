//! The root secret of a database: unwrapped, made for a new one, wrapped by another master key.

use serde_json::json;
use zeroize::Zeroizing;

use crate::app::audit;
use crate::clock::Ambient;
use crate::domain::Caller;
use crate::domain::audit::{Action, Object};
use crate::secrets::master::{Key, Master};
use crate::secrets::{Purpose, Secrets};
use crate::store::Store;
use crate::{Error, Result};

const MARK: &[u8] = b"one";

/// The root secret of a database; `None` if no server has worked in it yet.
///
/// # Errors
/// Conflict when it was written under another master key; unavailable when the key service does not answer; as the database.
pub async fn root(store: &Store, master: &Master, ambient: &Ambient) -> Result<Option<Key>> {
    if let Some(wrapped) = store.root_secret().await? {
        return master.unwrap(&wrapped).map(Some);
    }
    let Some(mark) = store.master_key_mark().await? else { return Ok(None) };
    // As it was before there was a root secret of its own.
    let Master::Key(key) = master else {
        return Err(Error::conflict(
            "this database was written under a key file: start with that, then run `tacit-server master-key rotate`",
        ));
    };
    opens_mark(&Secrets::derive(key, ambient.clone())?, &mark)?;
    Ok(Some(key.clone()))
}

/// The keys of a database, with a root secret made for a new one.
///
/// # Errors
/// As [`root`].
pub async fn open(store: &Store, master: &Master, ambient: &Ambient) -> Result<Secrets> {
    let root = match root(store, master, ambient).await? {
        Some(root) => root,
        None => Zeroizing::new(ambient.bytes()),
    };
    // Another server may have been first.
    let kept = store.keep_root_secret(&master.wrap(&root, ambient)?, ambient.now()).await?;
    let secrets = Secrets::derive(&*master.unwrap(&kept)?, ambient.clone())?;
    check_master_key(store, &secrets).await?;
    Ok(secrets)
}

/// Wraps the root secret by another master key. What is sealed stays as it is, and servers that run do not notice: they hold the root
/// secret. From now on the old master key opens nothing.
///
/// # Errors
/// Conflict when no server has worked in the database, or another rotation was faster; as [`root`].
pub async fn rotate(
    store: &Store,
    ambient: &Ambient,
    caller: &Caller,
    old: &Master,
    new: &Master,
) -> Result<()> {
    let secrets = open(store, old, ambient).await?;
    let wrapped = store.root_secret().await?.ok_or_else(|| Error::internal("the root secret is gone"))?;
    let root = old.unwrap(&wrapped)?;
    let fresh = new.wrap(&root, ambient)?;
    // A key service that cannot undo what it did must not be found out at the next start.
    if new.unwrap(&fresh)? != root {
        return Err(Error::unavailable(
            "the new master key does not give back what it wrapped: nothing was changed",
        ));
    }
    let mut unit = store.clone().sealing(secrets.seal_of_audit()).begin().await?;
    if !unit.rewrap_root_secret(&wrapped, &fresh, ambient.now()).await? {
        return Err(Error::conflict("the master key is being rotated by another command"));
    }
    audit::record(&mut unit, ambient, caller, Action::MasterKeyRotated, Object::MasterKey, json!({})).await?;
    unit.commit().await
}

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
