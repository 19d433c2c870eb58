//! Enrolment tokens: made, listed, revoked. What spends them is [`crate::app::devices::enrol`].

use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::read::{Page, paged};
use crate::app::{App, audit};
use crate::clock::Ambient;
use crate::domain::audit::{Action, Object};
use crate::domain::policy::{DEFAULT_GROUP, check_group};
use crate::domain::{Caller, EnrolmentTokenId, Scope, token};
use crate::secrets::Secrets;
use crate::store::Store;
use crate::store::read::Place;
use crate::store::tokens::{NewToken, TokenRow};
use crate::{Error, Result};

/// Devices that one token enrols at most.
pub const MOST_USES: i32 = 1_000_000;
/// How long a token serves at most.
const LONGEST: Duration = Duration::days(366);

/// A token to make, as it is asked for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenOrder {
    /// Devices it enrols, 1 to 1000000; 1 unless given.
    #[serde(default = "one_use")]
    pub uses: i32,
    /// When it ends, at most 366 days away; in an hour unless given.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// Group of its devices; `default` unless given.
    #[serde(default = "default_group")]
    pub group: String,
}

fn one_use() -> i32 {
    1
}

fn default_group() -> String {
    DEFAULT_GROUP.to_owned()
}

/// An enrolment token as it is listed: never the token itself.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Token {
    /// Its id.
    pub id: Uuid,
    /// Devices it may still enrol.
    pub uses_left: i32,
    /// Group of its devices.
    pub group: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// By whom: `user:` and the subject of the token, `key:` and the key's id, or `console` for the command line.
    pub created_by: Option<String>,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// When it was revoked.
    #[serde(with = "time::serde::rfc3339::option")]
    pub revoked_at: Option<OffsetDateTime>,
}

impl From<TokenRow> for Token {
    fn from(row: TokenRow) -> Self {
        Self {
            id: row.id,
            uses_left: row.uses_left,
            group: row.group,
            created_at: row.created_at,
            created_by: row.created_by,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
        }
    }
}

/// A token that was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MadeToken {
    /// The token itself, shown this once.
    pub token: String,
    /// As it is listed.
    #[serde(flatten)]
    pub listed: Token,
}

/// Makes an enrolment token. Its text is known only now.
///
/// # Errors
/// Invalid argument for uses or a life that make no sense; not found for a group that is not there, or not for the caller to
/// see; as the database.
pub async fn create(
    store: &Store,
    ambient: &Ambient,
    secrets: &Secrets,
    caller: &Caller,
    uses: i32,
    life: Duration,
    group: &str,
) -> Result<(EnrolmentTokenId, String)> {
    if !(1..=MOST_USES).contains(&uses) {
        return Err(Error::of_field("uses", format!("uses must lie from 1 to {MOST_USES}")));
    }
    if !(Duration::SECOND..=LONGEST).contains(&life) {
        return Err(Error::of_field("expires_at", "a token expires after 1 s to 366 d"));
    }
    check_group(group)?;
    if !store.has_group(&caller.scope(), group).await? {
        return Err(Error::not_found("no such group: put a policy for it first"));
    }
    let (text, now) = (token::new_enrolment_token(ambient), ambient.now());
    let id = EnrolmentTokenId(ambient.id());
    let new = NewToken {
        id,
        hash: &secrets.hash(&text),
        uses,
        created_at: now,
        created_by: Some(caller.name()),
        expires_at: now + life,
        group,
    };
    let mut unit = store.begin().await?;
    unit.add_enrolment_token(&new).await?;
    let details = json!({ "uses": uses, "seconds": life.whole_seconds(), "group": group });
    let object = Object::EnrolmentToken(id);
    audit::record(&mut unit, ambient, caller, Action::EnrolmentTokenMade, object, details).await?;
    unit.commit().await?;
    Ok((id, text))
}

/// Makes a token as it is asked for.
///
/// # Errors
/// As [`create`].
pub async fn order(app: &App, caller: &Caller, order: &TokenOrder) -> Result<MadeToken> {
    let now = app.ambient.now();
    let life = order.expires_at.map_or(Duration::HOUR, |at| at - now);
    let (id, token) =
        create(&app.store, &app.ambient, &app.secrets, caller, order.uses, life, &order.group).await?;
    tracing::info!(token = %id, uses = order.uses, by = caller.name(), "enrolment token made");
    Ok(MadeToken { token, listed: one(app, &caller.scope(), id).await? })
}

/// A page of a scope's tokens, newest first, and the cursor of the next.
///
/// # Errors
/// Invalid argument for a cursor or limit; as the database.
pub async fn list(app: &App, scope: &Scope, page: &Page) -> Result<(Vec<Token>, Option<String>)> {
    let limit = page.limit()?;
    let rows = app.store.enrolment_tokens(scope, page.place("enrolment-tokens")?, limit + 1).await?;
    let place = |row: &TokenRow| Place { at: row.created_at, id: row.id };
    let (rows, next) = paged("enrolment-tokens", rows, limit, place);
    Ok((rows.into_iter().map(Token::from).collect(), next))
}

/// Revokes a token; the devices it has enrolled stay. Once is as good as twice.
///
/// # Errors
/// Not found; as the database.
pub async fn revoke(store: &Store, ambient: &Ambient, caller: &Caller, id: EnrolmentTokenId) -> Result<()> {
    let mut unit = store.begin().await?;
    let first = unit.revoke_enrolment_token(&caller.scope(), id, ambient.now()).await?;
    if first.ok_or_else(no_such_token)? {
        let object = Object::EnrolmentToken(id);
        audit::record(&mut unit, ambient, caller, Action::EnrolmentTokenRevoked, object, json!({})).await?;
    }
    unit.commit().await?;
    tracing::info!(token = %id, by = caller.name(), "enrolment token revoked");
    Ok(())
}

/// One token.
///
/// # Errors
/// Not found; as the database.
pub async fn one(app: &App, scope: &Scope, id: EnrolmentTokenId) -> Result<Token> {
    app.store.enrolment_token(scope, id).await?.map(Token::from).ok_or_else(no_such_token)
}

fn no_such_token() -> Error {
    Error::not_found("no such token")
}
