//! Short-lived assertions: what proves to the server that a call comes from this device (after RFC 7523).

use anyhow::{Context, Result};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};

use crate::clock::random_uuid;
use crate::identity::Identity;

/// Audience of every assertion.
const AUDIENCE: &str = "tacit";
/// Seconds an assertion lives: as long as opening a stream may take.
const LIFE_S: u64 = 120;

/// Claims of an assertion; times in seconds since the Unix epoch.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    sub: String,
    aud: String,
    iat: u64,
    exp: u64,
    jti: String,
}

/// A fresh assertion; it serves for one call.
///
/// # Errors
/// When the key cannot sign or the system has no randomness to give.
pub fn assertion(identity: &Identity, now_ms: u64) -> Result<String> {
    let iat = now_ms / 1000;
    let id = &identity.enrolled.device_id;
    let claims = Claims {
        iss: id.clone(),
        sub: id.clone(),
        aud: AUDIENCE.to_owned(),
        iat,
        exp: iat + LIFE_S,
        jti: random_uuid().context("no randomness")?.to_string(),
    };
    let key = EncodingKey::from_ed_der(identity.key.pkcs8());
    jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &key).context("cannot sign an assertion")
}
