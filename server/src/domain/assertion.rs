//! Assertions of devices: short-lived tokens that a device signs with its key for one call (after RFC 7523). Pure.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::DeviceId;
use crate::{Error, Result};

/// Assertions last this long at most, in seconds.
const LONGEST: i64 = 300;
/// Clocks of device and server may differ this much, in seconds.
const LEEWAY: i64 = 60;
/// Nobody signs longer assertions, in bytes.
const LARGEST: usize = 2_048;

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    jti: String,
    iat: i64,
    exp: i64,
    nbf: Option<i64>,
}

/// An assertion that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assertion {
    /// Which it is; each serves once.
    pub jti: Uuid,
    /// From when on it would not hold any more.
    pub forget: OffsetDateTime,
}

fn refuse(why: impl std::fmt::Display) -> Error {
    Error::unauthenticated(format!("device assertion: {why}"))
}

/// The device that an assertion claims to be of. Nothing of it is to be believed until [`check`] has said so.
///
/// # Errors
/// Unauthenticated for what is no assertion.
pub fn claimed(text: &str) -> Result<DeviceId> {
    if text.len() > LARGEST {
        return Err(refuse("too long"));
    }
    let claimed: Claims = jsonwebtoken::dangerous::insecure_decode(text)
        .map_err(|error| refuse("malformed").with_source(error))?
        .claims;
    let id = Uuid::parse_str(&claimed.iss).map_err(|_| refuse("iss is not a device id"))?;
    Ok(DeviceId(id))
}

/// Checks an assertion with the Ed25519 public key, 32 bytes, of the device that it claims to be of.
///
/// # Errors
/// Unauthenticated, saying what is wrong and, for clocks, by how much.
pub fn check(text: &str, public_key: &[u8], now: OffsetDateTime) -> Result<Assertion> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["tacit"]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    // Times are checked below, against the clock that is given.
    validation.validate_exp = false;
    let token = jsonwebtoken::decode::<Claims>(text, &DecodingKey::from_ed_der(public_key), &validation)
        .map_err(|error| of_nobody().with_source(error))?;
    // What must be understood (RFC 7515, 4.1.11) is not.
    if token.header.crit.is_some() {
        return Err(refuse("crit names what this server does not know"));
    }
    let claims = token.claims;
    if claims.iss != claims.sub {
        return Err(refuse("iss and sub differ"));
    }
    let now = now.unix_timestamp();
    if claims.iat > now.saturating_add(LEEWAY) {
        let ahead = claims.iat.saturating_sub(now);
        return Err(refuse(format_args!("the device's clock is {ahead} s ahead of the server's")));
    }
    if claims.nbf.is_some_and(|nbf| nbf > now.saturating_add(LEEWAY)) {
        return Err(refuse("nbf is to come"));
    }
    if claims.exp < now.saturating_sub(LEEWAY) {
        let behind = now.saturating_sub(claims.iat);
        return Err(refuse(format_args!("expired; made {behind} s ago by the server's clock")));
    }
    if !(0..=LONGEST).contains(&claims.exp.saturating_sub(claims.iat)) {
        return Err(refuse(format_args!("exp must lie within {LONGEST} s after iat")));
    }
    let jti = Uuid::parse_str(&claims.jti).map_err(|_| refuse("jti is not a UUID"))?;
    let end = OffsetDateTime::from_unix_timestamp(claims.exp).map_err(|_| refuse("exp is not a time"))?;
    Ok(Assertion { jti, forget: end + Duration::seconds(LEEWAY) })
}

/// Refuses an assertion of no device, in the words for one that is not signed by its device: neither tells which devices there are.
#[must_use]
pub fn of_nobody() -> Error {
    refuse("the signature or the audience does not hold, or there is no such device")
}

/// Refuses an assertion that has served.
#[must_use]
pub fn used() -> Error {
    refuse("used before")
}
