//! The master key of the settings: read, or made for a database that nothing was written to yet.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::manage::told;
use super::{Finding, MasterKeyCommand, say};
use crate::Result;
use crate::app::root;
use crate::clock::Ambient;
use crate::config::{Hidden, Settings};
use crate::domain::Caller;
use crate::secrets::master::{Master, from_text};
use crate::secrets::{self, Secrets};
use crate::store::Store;

const LOST: &str = "restore it from your backup (a file of 32 bytes, chmod 600). It cannot be made again: without it the names \
                    and profiles of this database stay unreadable. To begin anew, use an empty --data-dir or another \
                    --database-url";

/// What wraps the root secret, as the settings say; `None` if it is a file that is not there.
fn master(settings: &Settings) -> anyhow::Result<Option<Master>> {
    if let Some(command) = &settings.master_key_command {
        return Ok(Some(Master::Command(command.clone())));
    }
    if let Some(Hidden(text)) = &settings.master_key {
        return Ok(Some(Master::Key(from_text(text).context("TACIT_SERVER_MASTER_KEY")?)));
    }
    let path = settings.master_key_path();
    let key = secrets::master_key(&path)
        .with_context(|| format!("cannot use the master key {}", path.display()))?;
    Ok(key.map(Master::Key))
}

fn place(settings: &Settings) -> String {
    match (&settings.master_key_command, &settings.master_key) {
        (Some(_), _) => "the master key command".to_owned(),
        (_, Some(_)) => "the master key of the environment".to_owned(),
        _ => format!("the master key {}", settings.master_key_path().display()),
    }
}

/// Ends a rotation in place that was broken off after the database had changed and before the files had: the key that waits beside
/// the old one is then the one that opens.
async fn end_rotation(settings: &Settings, store: &Store) -> anyhow::Result<()> {
    if settings.master_key_command.is_some() || settings.master_key.is_some() {
        return Ok(());
    }
    let (path, fresh) = (settings.master_key_path(), fresh(settings));
    let opens = |path: &Path, wrapped: &[u8]| {
        secrets::master_key(path).ok().flatten().is_some_and(|key| Master::Key(key).unwrap(wrapped).is_ok())
    };
    if !fresh.exists() {
        return Ok(());
    }
    let Some(wrapped) = store.root_secret().await? else { return Ok(()) };
    if !opens(&path, &wrapped) && opens(&fresh, &wrapped) {
        swap(&path, &fresh)?;
        tracing::info!(file = %path.display(), "ended a rotation of the master key that was broken off");
    }
    Ok(())
}

/// Where the key of a rotation in place waits until the database has it.
fn fresh(settings: &Settings) -> PathBuf {
    settings.master_key_path().with_extension("next")
}

/// Puts a fresh key in the place of the old one, which is kept beside it.
fn swap(path: &Path, fresh: &Path) -> anyhow::Result<PathBuf> {
    let previous = path.with_extension("previous");
    let aside = if path.exists() { std::fs::rename(path, &previous) } else { Ok(()) };
    aside.and_then(|()| std::fs::rename(fresh, path)).with_context(|| {
        format!("the master key is now {}: move it to {}", fresh.display(), path.display())
    })?;
    Ok(previous)
}

/// The keys that the server works with.
///
/// # Errors
/// When the master key cannot be used, or is missing although the database was written under one: another key would make all
/// that is stored unreadable for good.
pub(super) async fn for_serving(
    settings: &Settings,
    store: &Store,
    ambient: &Ambient,
) -> anyhow::Result<Secrets> {
    let path = settings.master_key_path();
    end_rotation(settings, store).await?;
    let master = match master(settings)? {
        Some(master) => master,
        None if store.root_secret().await?.is_some() || store.master_key_mark().await?.is_some() => {
            anyhow::bail!("the master key {} is missing: {LOST}", path.display());
        }
        None if settings.master_key_file.is_some() => anyhow::bail!(
            "there is no master key {0}: make it with (umask 077; head -c 32 /dev/urandom > {0}), and keep a copy elsewhere",
            path.display()
        ),
        None => {
            let unusable = || format!("cannot use the master key {}", path.display());
            secrets::make_master_key(&path, ambient).with_context(unusable)?;
            tracing::info!(file = %path.display(), "made a master key; keep a copy of it elsewhere");
            Master::Key(secrets::master_key(&path).with_context(unusable)?.with_context(unusable)?)
        }
    };
    root::open(store, &master, ambient).await.with_context(|| format!("cannot use {}", place(settings)))
}

/// The keys that the server works with, for a command beside it; `None` if the master key is not here, or no server has worked
/// in the database yet.
///
/// # Errors
/// When the master key is there and is not the one of this database, or cannot be used.
pub(super) async fn at_hand(
    settings: &Settings,
    store: &Store,
    ambient: &Ambient,
) -> anyhow::Result<Option<Secrets>> {
    let Some(master) = master(settings)? else { return Ok(None) };
    let root = root::root(store, &master, ambient).await;
    match root.with_context(|| format!("cannot use {}", place(settings)))? {
        Some(root) => Ok(Some(Secrets::derive(&root, ambient.clone())?)),
        None => Ok(None),
    }
}

/// Wraps the root secret by another master key.
///
/// # Errors
/// When either key cannot be used, or no server has worked in the database.
pub(super) async fn rotate(
    command: MasterKeyCommand,
    settings: &Settings,
    store: &Store,
    ambient: &Ambient,
) -> anyhow::Result<()> {
    let MasterKeyCommand::Rotate { to_file, to_command } = command;
    end_rotation(settings, store).await?;
    let old = master(settings)?.with_context(|| format!("{} is missing: {LOST}", place(settings)))?;
    let in_place = to_file.is_none() && to_command.is_none();
    if in_place && (settings.master_key.is_some() || settings.master_key_command.is_some()) {
        anyhow::bail!("say where the new master key is: --to-file or --to-command");
    }
    let path = settings.master_key_path();
    let fresh = to_file.unwrap_or_else(|| fresh(settings));
    let new = match to_command {
        Some(command) => Master::Command(command),
        None => {
            let unusable = || format!("cannot use the new master key {}", fresh.display());
            if !fresh.exists() {
                secrets::make_master_key(&fresh, ambient).with_context(unusable)?;
            }
            Master::Key(secrets::master_key(&fresh).with_context(unusable)?.with_context(unusable)?)
        }
    };
    root::rotate(store, ambient, &Caller::Console, &old, &new).await.map_err(told)?;
    if in_place {
        let previous = swap(&path, &fresh)?;
        say(&format!(
            "rotated: keep a copy of {}, and destroy {} and its copies once no backup needs them",
            path.display(),
            previous.display()
        ))?;
    } else {
        say("rotated: set the new master key for every server before its next start; those that run go on")?;
    }
    Ok(())
}

/// What the database holds of its master key.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The wrapped root secret.
    pub(super) wrapped: Option<Vec<u8>>,
    /// What was sealed under it.
    pub(super) mark: Option<Vec<u8>>,
}

/// For `doctor`; `None` when the database cannot be asked.
pub(super) fn look(settings: &Settings, held: Option<Held>, ambient: &Ambient) -> Finding {
    let place = place(settings);
    let found = match master(settings) {
        Ok(found) => found,
        Err(error) => {
            return Finding::bad(format!("{error:#}"), "mend it, or restore it from your backup");
        }
    };
    let written = held.as_ref().is_some_and(|held| held.wrapped.is_some() || held.mark.is_some());
    match found {
        Some(master) => match fits(&master, held.unwrap_or_default(), ambient) {
            Ok(()) => Finding::Good(place),
            Err(error) => Finding::bad(format!("{place}: {error}"), "restore the right one from your backup"),
        },
        None if written => Finding::bad(format!("{place} is missing"), LOST),
        // The database does not answer, but a server has worked here.
        None if held.is_none() && settings.data_dir.join("server.lock").exists() => {
            Finding::bad(format!("{place} is missing"), LOST)
        }
        None if settings.master_key_file.is_some() => Finding::bad(
            format!("there is no {}", place.trim_start_matches("the ")),
            format!(
                "make it with (umask 077; head -c 32 /dev/urandom > {})",
                settings.master_key_path().display()
            ),
        ),
        None => Finding::Good(format!("{place} will be made at first start")),
    }
}

fn fits(master: &Master, held: Held, ambient: &Ambient) -> Result<()> {
    let root = match (held.wrapped, master) {
        (Some(wrapped), _) => master.unwrap(&wrapped)?,
        (None, Master::Key(key)) => key.clone(),
        (None, Master::Command(_)) => return Ok(()),
    };
    let secrets = Secrets::derive(&root, ambient.clone())?;
    held.mark.map_or(Ok(()), |mark| root::opens_mark(&secrets, &mark))
}
