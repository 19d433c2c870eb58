//! What the command line does: enrolment tokens, API keys, devices.

use time::Duration;

use crate::clock::Ambient;
use crate::domain::policy::check_group;
use crate::domain::{ApiKeyId, DeviceId, EnrolmentTokenId, Role, token};
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
    store.add_enrolment_token(id, &token::hash(&text), uses, now, now + life, group).await?;
    Ok(text)
}

/// Makes an API key, which serves for `life` or until it is revoked; the text is known only now.
///
/// # Errors
/// Invalid argument for a name or a life that makes no sense; as the database.
pub async fn create_api_key(
    unit: &mut Unit,
    ambient: &Ambient,
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
    unit.add_api_key(&NewApiKey {
        id: ApiKeyId(ambient.id()),
        prefix: text.get(..token::SHOWN).unwrap_or_default(),
        hash: &token::hash(&text),
        name,
        role,
        created_at: ambient.now(),
        expires_at: life.map(|life| ambient.now() + life),
    })
    .await?;
    Ok(text)
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
    let key = create_api_key(&mut unit, ambient, "first run", Role::Admin, None).await?;
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
pub async fn revoke_device(store: &Store, ambient: &Ambient, id: DeviceId) -> Result<()> {
    if !store.revoke_device(id, ambient.now()).await? {
        return Err(Error::not_found("no such device"));
    }
    tracing::info!(device = %id, "device revoked");
    Ok(())
}
