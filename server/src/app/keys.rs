//! API keys: made, listed, revoked, recognised.

use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::read::{Page, paged};
use crate::app::{App, audit};
use crate::clock::Ambient;
use crate::domain::audit::{Action, Object};
use crate::domain::plain::is_plain;
use crate::domain::policy::check_group;
use crate::domain::{ApiKeyId, Caller, Role, Scope, token};
use crate::secrets::Secrets;
use crate::store::keys::{KeyRow, NewApiKey};
use crate::store::read::Place;
use crate::store::{Store, Unit};
use crate::{Error, Result};

/// Characters of an API key's name at most.
const LONGEST_NAME: usize = 100;
/// An API key that ends serves this long at most.
const LONGEST_KEY: Duration = Duration::days(3_660);
/// Groups that a key is limited to at most.
const MOST_GROUPS: usize = 100;
/// How long the admin key of the first run serves: long enough to make others, or to set up an identity provider.
pub const FIRST_LASTS: Duration = Duration::HOUR;
/// Uses of a key within this time are written down once.
const NOTED_EVERY: Duration = Duration::MINUTE;

/// A key to make.
#[derive(Debug, Clone)]
pub struct NewKey<'a> {
    /// What it is for.
    pub name: &'a str,
    /// What it may do.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// For how long; `None` until it is revoked.
    pub life: Option<Duration>,
}

/// An API key as it is listed: never the key itself.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Key {
    /// Its id.
    pub id: Uuid,
    /// First characters.
    pub prefix: String,
    /// What it is for.
    pub name: String,
    /// admin, analyst, viewer, privacy or service.
    pub role: String,
    /// Groups it is limited to; null for every group.
    pub groups: Option<Vec<String>>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// By whom: `user:` and the subject of the token, `key:` and the key's id, `console` for the command line or `server`.
    pub created_by: Option<String>,
    /// When it ends; null for never.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// When it was revoked.
    #[serde(with = "time::serde::rfc3339::option")]
    pub revoked_at: Option<OffsetDateTime>,
    /// When it was last used, to the minute.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_used_at: Option<OffsetDateTime>,
}

impl From<KeyRow> for Key {
    fn from(row: KeyRow) -> Self {
        Self {
            id: row.id,
            prefix: row.prefix,
            name: row.name,
            role: row.role,
            groups: row.groups,
            created_at: row.created_at,
            created_by: row.created_by,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
        }
    }
}

/// Makes an API key. Its text is known only now.
///
/// # Errors
/// Invalid argument for a name, a life or groups that make no sense; not found for a group that is not there, or not for the
/// caller to see; permission denied for a key that may more than its maker; as the database.
pub async fn create(
    unit: &mut Unit,
    ambient: &Ambient,
    secrets: &Secrets,
    caller: &Caller,
    new: &NewKey<'_>,
) -> Result<(ApiKeyId, String)> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || !is_plain(name) {
        return Err(Error::of_field(
            "name",
            format!("name must be 1 to {LONGEST_NAME} characters of plain text that say what the key is for"),
        ));
    }
    if new.life.is_some_and(|life| !(Duration::SECOND..=LONGEST_KEY).contains(&life)) {
        let days = LONGEST_KEY.whole_days();
        return Err(Error::of_field("expires_at", format!("a key expires after 1 s to {days} d")));
    }
    check_groups(unit, &caller.scope(), &new.scope).await?;
    let text = token::new_api_key(ambient);
    let id = ApiKeyId(ambient.id());
    unit.add_api_key(&NewApiKey {
        id,
        prefix: text.get(..token::SHOWN).unwrap_or_default(),
        hash: &secrets.hash(&text),
        name,
        role: new.role,
        groups: new.scope.groups(),
        created_at: ambient.now(),
        created_by: Some(caller.name()),
        expires_at: new.life.map(|life| ambient.now() + life),
    })
    .await?;
    let seconds = new.life.map(Duration::whole_seconds);
    let details = json!({ "role": new.role, "name": name, "seconds": seconds, "groups": new.scope.groups() });
    audit::record(unit, ambient, caller, Action::ApiKeyMade, Object::ApiKey(id), details).await?;
    Ok((id, text))
}

async fn check_groups(unit: &mut Unit, may: &Scope, wanted: &Scope) -> Result<()> {
    let Some(groups) = wanted.groups() else {
        if may.narrows() {
            return Err(Error::denied("you are limited to groups: name those of them that the key is for"));
        }
        return Ok(());
    };
    if groups.is_empty() || groups.len() > MOST_GROUPS {
        return Err(Error::of_field(
            "groups",
            format!("groups must be 1 to {MOST_GROUPS} names, or left out for every group"),
        ));
    }
    for group in groups {
        check_group(group)?;
        if !may.holds(group) || !unit.has_group(group).await? {
            return Err(Error::not_found(format!("no such group: put a policy for `{group}` first")));
        }
    }
    Ok(())
}

/// A key to make, as it is asked for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyOrder {
    /// What it is for, 1 to 100 characters.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Groups of devices it is limited to; null for every group, which who is limited cannot give.
    #[serde(default)]
    pub groups: Option<Vec<String>>,
    /// When it ends; null for never.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
}

/// A key that was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MadeKey {
    /// The key itself, shown this once.
    pub key: String,
    /// As it is listed.
    #[serde(flatten)]
    pub listed: Key,
}

/// Makes a key that may no more than its maker.
///
/// # Errors
/// As [`create`].
pub async fn order(app: &App, caller: &Caller, order: &KeyOrder) -> Result<MadeKey> {
    let now = app.ambient.now();
    let scope = Scope::of_stored(order.groups.clone());
    let life = order.expires_at.map(|at| at - now);
    let new = NewKey { name: &order.name, role: order.role, scope, life };
    let mut unit = app.store.begin().await?;
    let (id, key) = create(&mut unit, &app.ambient, &app.secrets, caller, &new).await?;
    unit.commit().await?;
    tracing::info!(key = %id, role = order.role.name(), by = caller.name(), "API key made");
    Ok(MadeKey { key, listed: one(app, &caller.scope(), id).await? })
}

/// A page of the keys that a scope covers, newest first, and the cursor of the next.
///
/// # Errors
/// Invalid argument for a cursor or limit; as the database.
pub async fn list(app: &App, scope: &Scope, page: &Page) -> Result<(Vec<Key>, Option<String>)> {
    let limit = page.limit()?;
    let rows = app.store.api_keys(scope, page.place("api-keys")?, limit + 1).await?;
    let (rows, next) = paged("api-keys", rows, limit, |row| Place { at: row.created_at, id: row.id });
    Ok((rows.into_iter().map(Key::from).collect(), next))
}

/// Revokes a key; it serves no more from the next request on. Once is as good as twice.
///
/// # Errors
/// Not found for a key that the caller's scope does not cover; as the database.
pub async fn revoke(store: &Store, ambient: &Ambient, caller: &Caller, id: ApiKeyId) -> Result<()> {
    let mut unit = store.begin().await?;
    let first = unit.revoke_api_key(&caller.scope(), id, ambient.now()).await?;
    if first.ok_or_else(no_such_key)? {
        audit::record(&mut unit, ambient, caller, Action::ApiKeyRevoked, Object::ApiKey(id), json!({}))
            .await?;
    }
    unit.commit().await?;
    tracing::info!(key = %id, by = caller.name(), "API key revoked");
    Ok(())
}

/// One key.
///
/// # Errors
/// Not found for a key that the scope does not cover; as the database.
pub async fn one(app: &App, scope: &Scope, id: ApiKeyId) -> Result<Key> {
    app.store.api_key(scope, id).await?.map(Key::from).ok_or_else(no_such_key)
}

fn no_such_key() -> Error {
    Error::not_found("no such key")
}

/// The admin key of the first run, which serves for [`FIRST_LASTS`]; `None` if there ever was an API key.
///
/// # Errors
/// As the database.
pub async fn first_admin_key(app: &App) -> Result<Option<String>> {
    let mut unit = app.store.begin().await?;
    if unit.any_api_key().await? {
        return Ok(None);
    }
    let new = NewKey { name: "first run", role: Role::Admin, scope: Scope::every(), life: Some(FIRST_LASTS) };
    let (_, key) = create(&mut unit, &app.ambient, &app.secrets, &Caller::Server, &new).await?;
    unit.commit().await?;
    Ok(Some(key))
}

/// The caller whose API key has this hash.
///
/// # Errors
/// Unauthenticated for a key that does not serve; as the database.
pub async fn caller_of_key(store: &Store, hash: &[u8], now: OffsetDateTime) -> Result<Caller> {
    let known = store.caller_of_key(hash, now).await?;
    let (caller, used) =
        known.ok_or_else(|| Error::unauthenticated("the API key is unknown, expired or revoked"))?;
    if let Caller::ApiKey { id, .. } = &caller
        && used.is_none_or(|used| now - used >= NOTED_EVERY)
        && let Err(error) = store.key_used(*id, now).await
    {
        // A key serves also while the database takes no writes.
        tracing::debug!(key = %id, detail = %error.detail(), "cannot note the use of a key");
    }
    Ok(caller)
}
