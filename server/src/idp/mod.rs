//! The company's identity provider: who an access token or a log-in is of.
//!
//! Keys come from files or, if none are set, from the provider itself ([`discovery`]). The key fixes the algorithm; what a
//! token's header says of it can only make the check fail.

mod discovery;
pub mod keys;
mod log_in;

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Validation};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::config::AuthSettings;
use crate::domain::{Caller, Role, Scope};
use crate::{Error, Result};
use discovery::Discovery;
use keys::Key;
use log_in::Client;

pub use discovery::AGAIN;
pub(crate) use log_in::{Challenge, not_set_up};

/// Clocks of provider and server may differ this much, seconds.
const LEEWAY: i64 = 60;
/// Characters of who a token is of at most.
const LONGEST_SUBJECT: usize = 255;
/// In the group claim: every group.
const EVERY_GROUP: &str = "*";

/// The identity provider.
pub struct Provider {
    issuer: String,
    audience: Option<String>,
    role_claim: String,
    group_claim: Option<String>,
    /// From files.
    keys: Vec<Key>,
    discovery: Option<Discovery>,
    client: Option<Client>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

type Claims = Map<String, Value>;

fn refuse(what: &str, why: &str) -> Error {
    Error::unauthenticated(format!("{what}: {why}"))
}

/// What is checked besides the signature.
struct Expected<'a> {
    /// How it is named in refusals.
    what: &'static str,
    audience: &'a str,
}

impl Provider {
    /// As set; `None` where no provider is.
    ///
    /// # Errors
    /// Invalid argument when its keys, its authority or its secret cannot be read.
    pub fn load(settings: &AuthSettings) -> Result<Option<Self>> {
        let Some(issuer) = settings.issuer.clone() else { return Ok(None) };
        let mut keys = Vec::new();
        if let Some(path) = &settings.public_key_file {
            keys.push(keys::of_pem(path)?);
        }
        if let Some(path) = &settings.jwks_file {
            keys.extend(keys::of_jwks(path)?);
        }
        let client = Client::load(settings)?;
        // People are sent to addresses that only the provider itself says.
        let discovery = (keys.is_empty() || client.is_some())
            .then(|| Discovery::new(&issuer, settings.ca_file.as_deref()))
            .transpose()?;
        Ok(Some(Self {
            issuer,
            audience: settings.audience.clone(),
            role_claim: settings.role_claim.clone().unwrap_or_else(|| "role".to_owned()),
            group_claim: settings.group_claim.clone(),
            keys,
            discovery,
            client,
        }))
    }

    /// Who presents an access token.
    ///
    /// # Errors
    /// Unauthenticated for a token that does not hold, permission denied for one without a role or a group, unavailable while
    /// the provider cannot be asked for its keys.
    pub async fn caller(&self, token: &str, now: OffsetDateTime) -> Result<Caller> {
        let audience = self.audience.as_deref().ok_or_else(|| {
            Error::unauthenticated("access tokens are not set up here: use an API key, or log in")
        })?;
        let expected = Expected { what: "access token", audience };
        let claims = self.checked(token, &expected, now).await?;
        self.caller_of(&claims, &expected)
    }

    /// The claims of a token that holds now.
    async fn checked(&self, token: &str, expected: &Expected<'_>, now: OffsetDateTime) -> Result<Claims> {
        let refuse = |why: &str| refuse(expected.what, why);
        let header =
            jsonwebtoken::decode_header(token).map_err(|error| refuse("malformed").with_source(error))?;
        if header.crit.is_some() {
            return Err(refuse("crit names what this server does not know"));
        }
        // Of another kind by its own words (RFC 8725, 3.11), such as what tells of a log-out.
        let kind = header.typ.as_deref().unwrap_or_default().to_ascii_lowercase();
        if kind.ends_with("+jwt") && !kind.ends_with("at+jwt") {
            return Err(refuse("it is a token of another kind"));
        }
        let named = header.kid.as_deref();
        let claims = match &self.discovery {
            Some(discovery) if self.keys.is_empty() => {
                let known = discovery.known(named, now).await?;
                self.signed(token, named, header.alg, &known.keys, expected.audience)
            }
            _ => self.signed(token, named, header.alg, &self.keys, expected.audience),
        };
        let claims =
            claims.ok_or_else(|| refuse("the signature, the issuer or the audience does not hold"))?;
        let now = now.unix_timestamp();
        let seconds = |name: &str| claims.get(name).and_then(Value::as_f64);
        #[expect(clippy::cast_precision_loss, reason = "seconds of this era are exact in double precision")]
        let (latest, earliest) = ((now + LEEWAY) as f64, (now - LEEWAY) as f64);
        if seconds("exp").is_none_or(|exp| exp < earliest) {
            return Err(refuse("expired"));
        }
        if seconds("nbf").is_some_and(|nbf| nbf > latest) {
            return Err(refuse("not valid yet"));
        }
        Ok(claims)
    }

    fn signed(
        &self,
        token: &str,
        named: Option<&str>,
        algorithm: Algorithm,
        keys: &[Key],
        audience: &str,
    ) -> Option<Claims> {
        let fits = |key: &&Key| key.algorithm == algorithm && key.may_be(named);
        keys.iter().filter(fits).find_map(|key| self.claims(token, key, audience))
    }

    fn claims(&self, token: &str, key: &Key, audience: &str) -> Option<Claims> {
        let mut validation = Validation::new(key.algorithm);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are checked against the injected clock.
        validation.validate_exp = false;
        jsonwebtoken::decode(token, &key.key, &validation).ok().map(|data| data.claims)
    }

    /// Who the claims are of, and what they may.
    fn caller_of(&self, claims: &Claims, expected: &Expected<'_>) -> Result<Caller> {
        let what = expected.what;
        let subject =
            claims.get("sub").and_then(Value::as_str).ok_or_else(|| refuse(what, "has no subject"))?;
        // As OpenID Connect Core has it; it is kept in the audit log.
        if !(1..=LONGEST_SUBJECT).contains(&subject.len()) || subject.contains(char::is_control) {
            return Err(refuse(what, "sub is not 1 to 255 plain characters"));
        }
        let role = self.role(claims).ok_or_else(|| {
            Error::denied(format!("{what}: the claim {} names no role of this server", self.role_claim))
        })?;
        let scope = self.scope(claims).ok_or_else(|| {
            let claim = self.group_claim.as_deref().unwrap_or_default();
            Error::denied(format!("{what}: the claim {claim} names no group"))
        })?;
        Ok(Caller::User { subject: subject.to_owned(), role, scope })
    }

    /// The strongest role that the claim names.
    fn role(&self, claims: &Claims) -> Option<Role> {
        let names = named(claims, &self.role_claim)?;
        Role::ALL.into_iter().find(|role| names.contains(&role.name()))
    }

    /// The groups that the claim names; every group where no claim is set, or the claim says `*`.
    fn scope(&self, claims: &Claims) -> Option<Scope> {
        let Some(claim) = &self.group_claim else { return Some(Scope::every()) };
        let names = named(claims, claim).filter(|names| !names.is_empty())?;
        if names.contains(&EVERY_GROUP) {
            return Some(Scope::every());
        }
        Some(Scope::of(names.into_iter().map(str::to_owned).collect()))
    }
}

/// The names in a claim: a list, or text with spaces between; a dot in the claim's name leads into an object.
fn named<'a>(claims: &'a Claims, name: &str) -> Option<Vec<&'a str>> {
    let claim = claims.get(name).or_else(|| {
        let mut steps = name.split('.');
        let first = claims.get(steps.next()?)?;
        steps.try_fold(first, |value, step| value.get(step))
    })?;
    match claim {
        Value::String(names) => Some(names.split_ascii_whitespace().collect()),
        Value::Array(names) => Some(names.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

/// Is an address fit to be an issuer's?
#[must_use]
pub fn is_issuer(url: &str) -> bool {
    discovery::is_safe(url)
}

/// Shared by every request.
pub type Shared = Option<Arc<Provider>>;
