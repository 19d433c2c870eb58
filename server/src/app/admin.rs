//! What the command line does: enrolment tokens, API keys, devices.

use serde_json::json;
use time::Duration;

use crate::app::audit;
use crate::clock::Ambient;
use crate::domain::audit::{Action, Object};
use crate::domain::policy::check_group;
use crate::domain::{ApiKeyId, Caller, DeviceId, EnrolmentTokenId, Role, token};
use crate::secrets::{Purpose, Secrets};
use crate::store::keys::NewApiKey;
use crate::store::{Store, Unit};
use crate::{Error, Result};

/// Devices that one token enrols at most.
pub const MOST_USES: i32 = 1_000_000;
/// Characters of an API key's name at most.
const LONGEST_NAME: usize = 100;
/// An API key that ends serves this long at most.
const LONGEST_KEY: Duration = Duration::days(3_660);

/// Makes an enrolment token; the text is known only now.
///
/// # Errors
/// Invalid argument for uses or a life that make no sense; not found for a group that is not there; as the database.
pub async fn create_enrolment_token(
    store: &Store,
    ambient: &Ambient,
    caller: &Caller,
    uses: i32,
    life: Duration,
    group: &str,
) -> Result<String> {
    if !(1..=MOST_USES).contains(&uses) {
        return Err(Error::invalid(format!("uses must lie from 1 to {MOST_USES}")));
    }
    if !(Duration::SECOND..=Duration::days(366)).contains(&life) {
        return Err(Error::invalid("a token expires after 1 s to 366 d"));
    }
    check_group(group)?;
    if !store.has_group(group).await? {
        return Err(Error::not_found("no such group: put a policy for it first"));
    }
    let (text, now) = (token::new_enrolment_token(ambient), ambient.now());
    let id = EnrolmentTokenId(ambient.id());
    let mut unit = store.begin().await?;
    unit.add_enrolment_token(id, &token::hash(&text), uses, now, now + life, group).await?;
    let details = json!({ "uses": uses, "seconds": life.whole_seconds(), "group": group });
    let object = Object::EnrolmentToken(id);
    audit::record(&mut unit, ambient, caller, Action::EnrolmentTokenMade, object, details).await?;
    unit.commit().await?;
    Ok(text)
}

/// Revokes an enrolment token. Once is as good as twice.
///
/// # Errors
/// Not found; as the database.
pub async fn revoke_enrolment_token(
    store: &Store,
    ambient: &Ambient,
    caller: &Caller,
    id: EnrolmentTokenId,
) -> Result<()> {
    let mut unit = store.begin().await?;
    let first = unit.revoke_enrolment_token(id, ambient.now()).await?;
    if first.ok_or_else(|| Error::not_found("no such token"))? {
        let object = Object::EnrolmentToken(id);
        audit::record(&mut unit, ambient, caller, Action::EnrolmentTokenRevoked, object, json!({})).await?;
    }
    unit.commit().await
}

/// Makes an API key, which serves for `life` or until it is revoked; the text is known only now.
///
/// # Errors
/// Invalid argument for a name or a life that makes no sense; as the database.
pub async fn create_api_key(
    unit: &mut Unit,
    ambient: &Ambient,
    caller: &Caller,
    name: &str,
    role: Role,
    life: Option<Duration>,
) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
        return Err(Error::invalid(format!(
            "name must be 1 to {LONGEST_NAME} characters of plain text that say what the key is for"
        )));
    }
    if life.is_some_and(|life| !(Duration::SECOND..=LONGEST_KEY).contains(&life)) {
        return Err(Error::invalid(format!("a key expires after 1 s to {} d", LONGEST_KEY.whole_days())));
    }
    let text = token::new_api_key(ambient);
    let id = ApiKeyId(ambient.id());
    unit.add_api_key(&NewApiKey {
        id,
        prefix: text.get(..token::SHOWN).unwrap_or_default(),
        hash: &token::hash(&text),
        name,
        role,
        created_at: ambient.now(),
        expires_at: life.map(|life| ambient.now() + life),
    })
    .await?;
    let seconds = life.map(Duration::whole_seconds);
    let details = json!({ "role": role, "name": name, "seconds": seconds });
    audit::record(unit, ambient, caller, Action::ApiKeyMade, Object::ApiKey(id), details).await?;
    Ok(text)
}

/// Revokes an API key. Once is as good as twice.
///
/// # Errors
/// Not found; as the database.
pub async fn revoke_api_key(store: &Store, ambient: &Ambient, caller: &Caller, id: ApiKeyId) -> Result<()> {
    let mut unit = store.begin().await?;
    let first = unit.revoke_api_key(id, ambient.now()).await?;
    if first.ok_or_else(|| Error::not_found("no such key"))? {
        audit::record(&mut unit, ambient, caller, Action::ApiKeyRevoked, Object::ApiKey(id), json!({}))
            .await?;
    }
    unit.commit().await
}

/// The admin key of the first run; `None` if there ever was an API key.
///
/// # Errors
/// As the database.
pub async fn first_admin_key(store: &Store, ambient: &Ambient) -> Result<Option<String>> {
    let mut unit = store.begin().await?;
    if unit.any_api_key().await? {
        return Ok(None);
    }
    let key = create_api_key(&mut unit, ambient, &Caller::Server, "first run", Role::Admin, None).await?;
    unit.commit().await?;
    Ok(Some(key))
}

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
    let first = unit.revoke_device(id, ambient.now()).await?;
    if first.ok_or_else(|| Error::not_found("no such device"))? {
        audit::record(&mut unit, ambient, caller, Action::DeviceRevoked, Object::Device(id), json!({}))
            .await?;
    }
    unit.commit().await?;
    tracing::info!(device = %id, "device revoked");
    Ok(())
}
