//! Public keys of the identity provider: from a file or from its key set. A key fixes its algorithm.

use std::path::Path;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::{Error, Result, files};

/// A public key and what is signed with it.
pub struct Key {
    /// Its name in a key set.
    pub(super) id: Option<String>,
    /// The one algorithm it checks.
    pub(super) algorithm: Algorithm,
    /// The key.
    pub(super) key: DecodingKey,
}

impl Key {
    /// Whether a token that names a key, or none, may have been signed with this one.
    pub(super) fn may_be(&self, named: Option<&str>) -> bool {
        match (named, &self.id) {
            (Some(asked), Some(id)) => asked == id,
            _ => true,
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    files::read(path)
        .map_err(|error| Error::invalid(format!("cannot read {}", path.display())).with_source(error))
}

/// The key in a PEM file.
pub(super) fn of_pem(path: &Path) -> Result<Key> {
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

/// The algorithm that a key set says a key is for, among those of its kind.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    match (&jwk.algorithm, jwk.common.key_algorithm) {
        (AlgorithmParameters::RSA(_), None | Some(KeyAlgorithm::RS256)) => Some(Algorithm::RS256),
        (AlgorithmParameters::RSA(_), Some(KeyAlgorithm::RS384)) => Some(Algorithm::RS384),
        (AlgorithmParameters::RSA(_), Some(KeyAlgorithm::RS512)) => Some(Algorithm::RS512),
        (AlgorithmParameters::RSA(_), Some(KeyAlgorithm::PS256)) => Some(Algorithm::PS256),
        (AlgorithmParameters::EllipticCurve(p), _) if p.curve == EllipticCurve::P256 => {
            Some(Algorithm::ES256)
        }
        (AlgorithmParameters::EllipticCurve(p), _) if p.curve == EllipticCurve::P384 => {
            Some(Algorithm::ES384)
        }
        (AlgorithmParameters::OctetKeyPair(p), _) if p.curve == EllipticCurve::Ed25519 => {
            Some(Algorithm::EdDSA)
        }
        _ => None,
    }
}

fn of_jwk(jwk: &Jwk) -> Option<Key> {
    if matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)) {
        return None;
    }
    let (id, algorithm) = (jwk.common.key_id.clone(), algorithm(jwk)?);
    Some(Key { id, algorithm, key: DecodingKey::from_jwk(jwk).ok()? })
}

/// The keys of a set that tokens can be checked with; others, and kinds that are not known, are passed over.
///
/// # Errors
/// When it is no key set.
pub fn of_set(json: &[u8]) -> Result<Vec<Key>, serde_json::Error> {
    #[derive(serde::Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_slice(json)?;
    let known = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
    Ok(JwkSet { keys: known }.keys.iter().filter_map(of_jwk).collect())
}

/// The keys of a set in a file.
pub(super) fn of_jwks(path: &Path) -> Result<Vec<Key>> {
    let keys = of_set(&read(path)?)
        .map_err(|error| Error::invalid(format!("{} is not a JWKS", path.display())).with_source(error))?;
    if keys.is_empty() {
        return Err(Error::invalid(format!("{} holds no RSA, P-256 or Ed25519 public key", path.display())));
    }
    Ok(keys)
}
