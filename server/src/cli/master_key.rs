//! The master key of the settings: read, or made for a database that nothing was written to yet.

use anyhow::Context as _;

use super::Finding;
use crate::Result;
use crate::app::admin;
use crate::clock::Ambient;
use crate::config::Settings;
use crate::secrets::{self, Secrets};
use crate::store::Store;

const LOST: &str = "restore it from your backup (a file of 32 bytes, chmod 600). It cannot be made again: without it the names \
                    and profiles of this database stay unreadable. To begin anew, use an empty --data-dir or another \
                    --database-url";

/// The keys that the server works with.
///
/// # Errors
/// When the file cannot be used, or is missing although the database was written under a key: another key would make all
/// that is stored unreadable for good.
pub(super) async fn for_serving(
    settings: &Settings,
    store: &Store,
    ambient: &Ambient,
) -> anyhow::Result<Secrets> {
    let path = settings.master_key_path();
    let unusable = || format!("cannot use the master key {}", path.display());
    let master = match secrets::master_key(&path).with_context(unusable)? {
        Some(master) => master,
        None if store.master_key_mark().await?.is_some() => {
            anyhow::bail!("the master key {} is missing: {LOST}", path.display());
        }
        None if settings.master_key_file.is_some() => anyhow::bail!(
            "there is no master key {0}: make it with (umask 077; head -c 32 /dev/urandom > {0}), and keep a copy elsewhere",
            path.display()
        ),
        None => {
            secrets::make_master_key(&path, ambient).with_context(unusable)?;
            tracing::info!(file = %path.display(), "made a master key; keep a copy of it elsewhere");
            secrets::master_key(&path).with_context(unusable)?.with_context(unusable)?
        }
    };
    let secrets = Secrets::derive(&master, ambient.clone())?;
    admin::check_master_key(store, &secrets).await?;
    Ok(secrets)
}

/// The keys that the server works with, for a command beside it; `None` if the master key is not here, or no server has worked
/// in the database yet.
///
/// # Errors
/// When the file is there and is not the key of this database, or cannot be read.
pub(super) async fn at_hand(
    settings: &Settings,
    store: &Store,
    ambient: &Ambient,
) -> anyhow::Result<Option<Secrets>> {
    let path = settings.master_key_path();
    let unusable = || format!("cannot use the master key {}", path.display());
    let (Some(master), Some(mark)) =
        (secrets::master_key(&path).with_context(unusable)?, store.master_key_mark().await?)
    else {
        return Ok(None);
    };
    let secrets = Secrets::derive(&master, ambient.clone())?;
    admin::opens_mark(&secrets, &mark).with_context(unusable)?;
    Ok(Some(secrets))
}

/// For `doctor`. `mark` is what the database holds of its master key; `None` when it cannot be asked.
pub(super) fn look(settings: &Settings, mark: Option<Option<Vec<u8>>>, ambient: &Ambient) -> Finding {
    let path = settings.master_key_path();
    let found = match secrets::master_key(&path) {
        Ok(found) => found,
        Err(error) => {
            return Finding::bad(
                format!("master key: {error}"),
                "mend the file, or restore it from your backup",
            );
        }
    };
    match (found, mark) {
        (Some(master), mark) => match fits(&master, mark.flatten().as_deref(), ambient) {
            Ok(()) => Finding::Good(format!("master key {}", path.display())),
            Err(error) => Finding::bad(
                format!("master key {}: {error}", path.display()),
                "restore the right one from your backup",
            ),
        },
        (None, Some(Some(_))) => Finding::bad(format!("the master key {} is missing", path.display()), LOST),
        // The database does not answer, but a server has worked here.
        (None, None) if settings.data_dir.join("server.lock").exists() => {
            Finding::bad(format!("the master key {} is missing", path.display()), LOST)
        }
        (None, _) if settings.master_key_file.is_some() => Finding::bad(
            format!("there is no master key {}", path.display()),
            format!("make it with (umask 077; head -c 32 /dev/urandom > {})", path.display()),
        ),
        (None, _) => Finding::Good(format!("master key {} will be made at first start", path.display())),
    }
}

fn fits(master: &[u8; 32], mark: Option<&[u8]>, ambient: &Ambient) -> Result<()> {
    let secrets = Secrets::derive(master, ambient.clone())?;
    mark.map_or(Ok(()), |mark| admin::opens_mark(&secrets, mark))
}
