//! Short-lived assertions: what proves to the server that a call comes from this device (after RFC 7523).

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::clock::random_uuid;
use crate::device_key::DeviceKey;

/// Audience of every assertion.
const AUDIENCE: &str = "tacit";
/// Seconds an assertion lives: as long as opening a stream may take.
const LIFE_S: u64 = 120;

const HEADER: &[u8] = br#"{"typ":"JWT","alg":"EdDSA"}"#;

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

/// A fresh assertion of a device, signed with its key; it serves for one call.
///
/// # Errors
/// When the key cannot sign or the system has no randomness to give.
pub fn assertion(id: &str, key: &dyn DeviceKey, now_ms: u64) -> Result<String> {
    let iat = now_ms / 1000;
    let claims = Claims {
        iss: id.to_owned(),
        sub: id.to_owned(),
        aud: AUDIENCE.to_owned(),
        iat,
        exp: iat + LIFE_S,
        jti: random_uuid().context("no randomness")?.to_string(),
    };
    // By hand: a key that stays in its place can sign, and that is all it does.
    let signed = [HEADER, &serde_json::to_vec(&claims)?].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let signature = key.sign(signed.as_bytes()).context("cannot sign an assertion")?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device_key::{Keeper as _, keeper};
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};

    #[test]
    fn an_assertion_names_the_device_lives_shortly_and_serves_once() {
        let state = tempfile::tempdir().unwrap();
        let device_id = "6f7a8b1c-0000-4000-8000-000000000001".to_owned();
        let device_key = keeper(state.path()).load_or_make().unwrap();
        let now_ms = 1_790_000_000_999;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&["tacit"]);
        validation.validate_exp = false;
        let key = DecodingKey::from_ed_der(device_key.public());
        let claims = || {
            let made = assertion(&device_id, &*device_key, now_ms).unwrap();
            jsonwebtoken::decode::<Claims>(&made, &key, &validation).unwrap().claims
        };
        let first = claims();
        assert_eq!((&first.iss, &first.sub), (&device_id, &device_id));
        assert_eq!(first.iat, 1_790_000_000);
        assert!(first.exp > first.iat && first.exp - first.iat <= 300);
        assert_ne!(first.jti, claims().jti);
    }
}
