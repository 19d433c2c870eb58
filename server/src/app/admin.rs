//! What the command line does: enrolment tokens, API keys, devices.

use time::{Duration, OffsetDateTime};

use crate::clock::Ambient;
use crate::domain::{ApiKeyId, DeviceId, EnrolmentTokenId, Role, token};
use crate::secrets::{Purpose, Secrets};
use crate::store::keys::NewApiKey;
use crate::store::{Store, Unit};
use crate::{Error, Result};

/// Makes an enrolment token; the text is known only now.
///
/// # Errors
/// Invalid argument for uses or a life that make no sense; as the database.
pub async fn create_enrolment_token(
    store: &Store,
    ambient: &Ambient,
    uses: i32,
    life: Duration,
) -> Result<String> {
    if !(1..=1_000_000).contains(&uses) {
        return Err(Error::invalid("uses must lie from 1 to 1000000"));
    }
    if !(Duration::SECOND..=Duration::days(366)).contains(&life) {
        return Err(Error::invalid("a token expires after 1 s to 366 d"));
    }
    let (text, now) = (token::new_enrolment_token(ambient), ambient.now());
    let id = EnrolmentTokenId(ambient.id());
    store.add_enrolment_token(id, &token::hash(&text), uses, now, now + life).await?;
    Ok(text)
}

/// Makes an API key; the text is known only now.
///
/// # Errors
/// As the database.
pub async fn create_api_key(
    unit: &mut Unit,
    ambient: &Ambient,
    name: &str,
    role: Role,
    expires_at: Option<OffsetDateTime>,
) -> Result<String> {
    let text = token::new_api_key(ambient);
    unit.add_api_key(&NewApiKey {
        id: ApiKeyId(ambient.id()),
        prefix: text.get(..token::SHOWN).unwrap_or_default(),
        hash: &token::hash(&text),
        name,
        role,
        created_at: ambient.now(),
        expires_at,
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
