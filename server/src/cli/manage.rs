//! Subcommands that work on the database, whether the server runs or not.

use anyhow::anyhow;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Command, DeviceCommand, KeyCommand, Life, TokenCommand, audit, master_key, say, subject};
use crate::app::keys::{self, NewKey};
use crate::app::{devices, tokens};
use crate::clock::Ambient;
use crate::config::Settings;
use crate::domain::{ApiKeyId, Caller, DeviceId, EnrolmentTokenId, Scope};
use crate::secrets::Secrets;
use crate::store::Store;
use crate::{Error, ErrorKind};

/// Who runs the command line.
const CONSOLE: &Caller = &Caller::Console;

pub(super) async fn manage(
    command: Command,
    settings: &Settings,
    store: &Store,
    ambient: &Ambient,
) -> anyhow::Result<()> {
    let secrets = master_key::at_hand(settings, store, ambient).await?;
    let store = &match &secrets {
        Some(secrets) => store.clone().sealing(secrets.seal_of_audit()),
        None => store.clone(),
    };
    match command {
        Command::MasterKey(command) => master_key::rotate(command, settings, store, ambient).await?,
        Command::Subject(command) => {
            subject::subject(command, store, ambient, secrets.as_ref(), &settings.data_dir).await?;
        }
        Command::Audit(command) => audit::audit(command, settings, store, secrets.as_ref()).await?,
        Command::Migrate => tracing::info!("the schema is up to date"),
        Command::Token(command) => token(command, store, ambient, secrets.as_ref()).await?,
        Command::Device(command) => device(command, store, ambient).await?,
        Command::Key(command) => key(command, store, ambient, secrets.as_ref()).await?,
        Command::Serve | Command::Doctor | Command::Openapi => {}
    }
    Ok(())
}

async fn token(
    command: TokenCommand,
    store: &Store,
    ambient: &Ambient,
    secrets: Option<&Secrets>,
) -> anyhow::Result<()> {
    match command {
        TokenCommand::Create { uses, expires: Life(life), group } => {
            let made = tokens::create(store, ambient, hashing(secrets)?, CONSOLE, uses, life, &group).await;
            let (_, token) = made.map_err(told)?;
            say(&token)?;
        }
        TokenCommand::List => {
            let now = ambient.now();
            say("ID                                    USES LEFT  EXPIRES               STATE    GROUP")?;
            for row in store.enrolment_tokens(&Scope::every(), None, i64::MAX).await.map_err(told)? {
                let state = match row.revoked_at {
                    Some(_) => "revoked",
                    None if row.expires_at <= now => "expired",
                    None if row.uses_left == 0 => "used up",
                    None => "serves",
                };
                let expires = second(row.expires_at);
                say(&format!("{}  {:>9}  {expires}  {state:<7}  {}", row.id, row.uses_left, row.group))?;
            }
        }
        TokenCommand::Revoke { id } => {
            let id = EnrolmentTokenId(id);
            tokens::revoke(store, ambient, CONSOLE, id).await.map_err(told)?;
        }
    }
    Ok(())
}

async fn device(command: DeviceCommand, store: &Store, ambient: &Ambient) -> anyhow::Result<()> {
    match command {
        DeviceCommand::List => {
            say("ID                                    LAST SEEN             STATE    NAME")?;
            for row in store.device_list().await.map_err(told)? {
                let seen = row.last_seen_at.map_or_else(|| "never".to_owned(), second);
                let state = if row.revoked_at.is_some() { "revoked" } else { "enrolled" };
                say(&format!("{}  {seen:<20}  {state:<8} {}", row.id, row.name))?;
            }
        }
        DeviceCommand::Revoke { id } => {
            devices::revoke(store, ambient, CONSOLE, DeviceId(id)).await.map_err(told)?;
        }
    }
    Ok(())
}

async fn key(
    command: KeyCommand,
    store: &Store,
    ambient: &Ambient,
    secrets: Option<&Secrets>,
) -> anyhow::Result<()> {
    match command {
        KeyCommand::Create { name, role, expires, groups } => {
            let mut unit = store.begin().await.map_err(told)?;
            let life = expires.map(|Life(life)| life);
            let scope = if groups.is_empty() { Scope::every() } else { Scope::of(groups) };
            let new = NewKey { name: &name, role, scope, life };
            let made = keys::create(&mut unit, ambient, hashing(secrets)?, CONSOLE, &new).await;
            let (_, key) = made.map_err(told)?;
            unit.commit().await.map_err(told)?;
            say(&key)?;
        }
        KeyCommand::List => {
            let now = ambient.now();
            say(
                "ID                                    BEGINS        ROLE     EXPIRES               STATE    NAME",
            )?;
            for row in store.api_keys(&Scope::every(), None, i64::MAX).await.map_err(told)? {
                let expires = row.expires_at.map_or_else(|| "never".to_owned(), second);
                let groups = row.groups.as_ref().map(|groups| format!("  for {} alone", groups.join(", ")));
                let state = match row.revoked_at {
                    Some(_) => "revoked",
                    None if row.expires_at.is_some_and(|at| at <= now) => "expired",
                    None => "serves",
                };
                say(&format!(
                    "{}  {:<12}  {:<7}  {expires:<20}  {state:<7}  {}{}",
                    row.id,
                    row.prefix,
                    row.role,
                    row.name,
                    groups.unwrap_or_default()
                ))?;
            }
        }
        KeyCommand::Revoke { id } => {
            keys::revoke(store, ambient, CONSOLE, ApiKeyId(id)).await.map_err(told)?;
        }
    }
    Ok(())
}

/// What hashes a key or token that is made.
fn hashing(secrets: Option<&Secrets>) -> anyhow::Result<&Secrets> {
    secrets.ok_or_else(|| {
        anyhow!(
            "keys and tokens are made under the master key, and there is none here: run this with the settings of the server, \
             once it has started for the first time"
        )
    })
}

/// Who runs the command line may read everything.
pub(super) fn told(error: Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::Internal | ErrorKind::Unavailable => anyhow!(error.detail()),
        _ => anyhow!(error),
    }
}

fn second(at: OffsetDateTime) -> String {
    let whole = at.replace_nanosecond(0).unwrap_or(at);
    whole.format(&Rfc3339).unwrap_or_default()
}
