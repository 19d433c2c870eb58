//! Access tokens of the company's identity provider, checked against keys from a file.
//!
//! The key fixes the algorithm; what a token's header says of it can only make the check fail.

use std::path::Path;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::config::AuthSettings;
use crate::domain::{Caller, Role};
use crate::{Error, Result};

/// Clocks of provider and server may differ this much, seconds.
const LEEWAY: i64 = 60;

struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

/// Checks access tokens.
pub(super) struct Verifier {
    keys: Vec<Key>,
    issuer: String,
    audience: String,
    role_claim: String,
}

fn refuse(why: &str) -> Error {
    Error::unauthenticated(format!("access token: {why}"))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path)
        .map_err(|error| Error::invalid(format!("cannot read {}", path.display())).with_source(error))
}

fn of_pem(path: &Path) -> Result<Key> {
    let pem = read(path)?;
    let tries = [
        (Algorithm::EdDSA, DecodingKey::from_ed_pem(&pem)),
        (Algorithm::ES256, DecodingKey::from_ec_pem(&pem)),
        (Algorithm::RS256, DecodingKey::from_rsa_pem(&pem)),
    ];
    let found =
        tries.into_iter().find_map(|(algorithm, key)| Some(Key { id: None, algorithm, key: key.ok()? }));
    found.ok_or_else(|| {
        Error::invalid(format!("{} holds no RSA, P-256 or Ed25519 public key", path.display()))
    })
}

fn of_jwk(jwk: &Jwk) -> Option<Key> {
    if matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)) {
        return None;
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(p) if p.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(p) if p.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return None,
    };
    Some(Key { id: jwk.common.key_id.clone(), algorithm, key: DecodingKey::from_jwk(jwk).ok()? })
}

fn of_jwks(path: &Path) -> Result<Vec<Key>> {
    let set: JwkSet = serde_json::from_slice(&read(path)?)
        .map_err(|error| Error::invalid(format!("{} is not a JWKS", path.display())).with_source(error))?;
    let keys: Vec<Key> = set.keys.iter().filter_map(of_jwk).collect();
    if keys.is_empty() {
        return Err(Error::invalid(format!("{} holds no RSA, P-256 or Ed25519 public key", path.display())));
    }
    Ok(keys)
}

impl Verifier {
    /// As set; `None` when no keys are.
    ///
    /// # Errors
    /// Invalid argument when the keys cannot be read.
    pub(super) fn load(settings: &AuthSettings) -> Result<Option<Self>> {
        let mut keys = Vec::new();
        if let Some(path) = &settings.public_key_file {
            keys.push(of_pem(path)?);
        }
        if let Some(path) = &settings.jwks_file {
            keys.extend(of_jwks(path)?);
        }
        let (Some(issuer), Some(audience)) = (settings.issuer.clone(), settings.audience.clone()) else {
            return Ok(None);
        };
        let role_claim = settings.role_claim.clone().unwrap_or_else(|| "role".to_owned());
        Ok((!keys.is_empty()).then_some(Self { keys, issuer, audience, role_claim }))
    }

    /// Who presents a token.
    ///
    /// # Errors
    /// Unauthenticated for a token that does not hold, permission denied for one without a role.
    pub(super) fn caller(&self, token: &str, now: OffsetDateTime) -> Result<Caller> {
        let header =
            jsonwebtoken::decode_header(token).map_err(|error| refuse("malformed").with_source(error))?;
        let named = |key: &&Key| match (&header.kid, &key.id) {
            (Some(asked), Some(id)) => asked == id,
            _ => true,
        };
        let claims = self
            .keys
            .iter()
            .filter(named)
            .filter(|key| key.algorithm == header.alg)
            .find_map(|key| self.claims(token, key))
            .ok_or_else(|| refuse("the signature, the issuer or the audience does not hold"))?;
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
        let subject = claims.get("sub").and_then(Value::as_str).ok_or_else(|| refuse("has no subject"))?;
        let role = self.role(&claims).ok_or_else(|| {
            Error::denied(format!(
                "the access token's claim {} names no role of this server",
                self.role_claim
            ))
        })?;
        Ok(Caller::User { subject: subject.to_owned(), role })
    }

    fn claims(&self, token: &str, key: &Key) -> Option<Map<String, Value>> {
        let mut validation = Validation::new(key.algorithm);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are checked against the injected clock.
        validation.validate_exp = false;
        jsonwebtoken::decode(token, &key.key, &validation).ok().map(|data| data.claims)
    }

    /// The strongest role that the claim names; a dot in its name leads into an object.
    fn role(&self, claims: &Map<String, Value>) -> Option<Role> {
        let claim = claims.get(&self.role_claim).or_else(|| {
            let mut steps = self.role_claim.split('.');
            let first = claims.get(steps.next()?)?;
            steps.try_fold(first, |value, step| value.get(step))
        })?;
        let names: Vec<&str> = match claim {
            Value::String(name) => name.split_ascii_whitespace().collect(),
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            _ => return None,
        };
        Role::ALL.into_iter().find(|role| names.contains(&role.name()))
    }
}
