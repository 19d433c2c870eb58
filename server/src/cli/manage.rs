//! Subcommands that work on the database, whether the server runs or not.

use anyhow::anyhow;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Command, DeviceCommand, KeyCommand, Life, TokenCommand, say};
use crate::app::admin;
use crate::clock::Ambient;
use crate::domain::{ApiKeyId, DeviceId, EnrolmentTokenId};
use crate::store::Store;
use crate::{Error, ErrorKind};

pub(super) async fn manage(command: Command, store: &Store, ambient: &Ambient) -> anyhow::Result<()> {
    match command {
        Command::Migrate => tracing::info!("the schema is up to date"),
        Command::Token(command) => token(command, store, ambient).await?,
        Command::Device(command) => device(command, store, ambient).await?,
        Command::Key(command) => key(command, store, ambient).await?,
        Command::Serve | Command::Doctor | Command::Openapi => {}
    }
    Ok(())
}

async fn token(command: TokenCommand, store: &Store, ambient: &Ambient) -> anyhow::Result<()> {
    match command {
        TokenCommand::Create { uses, expires: Life(life), group } => {
            let token =
                admin::create_enrolment_token(store, ambient, uses, life, &group).await.map_err(told)?;
            say(&token)?;
        }
        TokenCommand::List => {
            let now = ambient.now();
            say("ID                                    USES LEFT  EXPIRES               STATE    GROUP")?;
            for row in store.enrolment_tokens().await.map_err(told)? {
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
            if !store.revoke_enrolment_token(EnrolmentTokenId(id), ambient.now()).await.map_err(told)? {
                return Err(anyhow!("no such token"));
            }
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
            admin::revoke_device(store, ambient, DeviceId(id)).await.map_err(told)?;
        }
    }
    Ok(())
}

async fn key(command: KeyCommand, store: &Store, ambient: &Ambient) -> anyhow::Result<()> {
    match command {
        KeyCommand::Create { name, role, expires } => {
            let mut unit = store.begin().await.map_err(told)?;
            let life = expires.map(|Life(life)| life);
            let key = admin::create_api_key(&mut unit, ambient, &name, role, life).await.map_err(told)?;
            unit.commit().await.map_err(told)?;
            say(&key)?;
        }
        KeyCommand::List => {
            let now = ambient.now();
            say(
                "ID                                    BEGINS        ROLE     EXPIRES               STATE    NAME",
            )?;
            for row in store.api_keys().await.map_err(told)? {
                let expires = row.expires_at.map_or_else(|| "never".to_owned(), second);
                let state = match row.revoked_at {
                    Some(_) => "revoked",
                    None if row.expires_at.is_some_and(|at| at <= now) => "expired",
                    None => "serves",
                };
                say(&format!(
                    "{}  {:<12}  {:<7}  {expires:<20}  {state:<7}  {}",
                    row.id, row.prefix, row.role, row.name
                ))?;
            }
        }
        KeyCommand::Revoke { id } => {
            if !store.revoke_api_key(ApiKeyId(id), ambient.now()).await.map_err(told)? {
                return Err(anyhow!("no such key"));
            }
        }
    }
    Ok(())
}

/// Who runs the command line may read everything.
fn told(error: Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::Internal | ErrorKind::Unavailable => anyhow!(error.detail()),
        _ => anyhow!(error),
    }
}

fn second(at: OffsetDateTime) -> String {
    let whole = at.replace_nanosecond(0).unwrap_or(at);
    whole.format(&Rfc3339).unwrap_or_default()
}
