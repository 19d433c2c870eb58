//! Enrolment tokens and API keys: 256 random bits in text form, kept as a keyed hash ([`crate::secrets::Secrets::hash`]).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::clock::Ambient;

/// What every API key starts with.
pub const API_KEY_PREFIX: &str = "tacit_";
/// What every enrolment token starts with.
pub const ENROLMENT_TOKEN_PREFIX: &str = "tacit_enrol_";
/// Characters of an API key shown in lists.
pub const SHOWN: usize = 12;

/// A new API key; 49 characters.
#[must_use]
pub fn new_api_key(ambient: &Ambient) -> String {
    format!("{API_KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(ambient.bytes::<32>()))
}

/// A new enrolment token; 55 characters.
#[must_use]
pub fn new_enrolment_token(ambient: &Ambient) -> String {
    format!("{ENROLMENT_TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(ambient.bytes::<32>()))
}

/// SHA-256 of a text; of a token or key, what its keyed hash is made of.
#[must_use]
pub fn digest(token: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes()).as_ref());
    out
}
