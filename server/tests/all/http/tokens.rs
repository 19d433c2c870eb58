//! Access tokens: only what the configured issuer signed, with the algorithm of its key.

use std::path::PathBuf;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256, PublicKeyData as _, SignatureAlgorithm,
};
use serde_json::{Value, json};
use tacit_server::config::{AuthSettings, Settings};

use super::Api;
use crate::common::server::START;

struct Issuer {
    key: KeyPair,
    algorithm: Algorithm,
    directory: tempfile::TempDir,
}

impl Issuer {
    fn new(kind: &'static SignatureAlgorithm, algorithm: Algorithm) -> Self {
        let key = KeyPair::generate_for(kind).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("key.pem"), key.public_key_pem()).unwrap();
        Self { key, algorithm, directory }
    }

    fn pem(&self) -> PathBuf {
        self.directory.path().join("key.pem")
    }

    fn signing(&self) -> EncodingKey {
        let pem = self.key.serialize_pem();
        let pem = pem.as_bytes();
        match self.algorithm {
            Algorithm::EdDSA => EncodingKey::from_ed_pem(pem),
            Algorithm::ES256 => EncodingKey::from_ec_pem(pem),
            _ => EncodingKey::from_rsa_pem(pem),
        }
        .unwrap()
    }

    fn sign(&self, claims: &Value) -> String {
        jsonwebtoken::encode(&Header::new(self.algorithm), claims, &self.signing()).unwrap()
    }

    async fn api(&self) -> Api {
        Api::with(|settings| settings.auth = self.settings()).await
    }

    fn settings(&self) -> AuthSettings {
        AuthSettings {
            issuer: Some("https://idp.example".to_owned()),
            audience: Some("tacit".to_owned()),
            public_key_file: Some(self.pem()),
            role_claim: Some("realm_access.roles".to_owned()),
            ..AuthSettings::default()
        }
    }
}

fn claims() -> Value {
    let now = START.unix_timestamp();
    json!({
        "iss": "https://idp.example", "aud": ["tacit"], "sub": "u-17", "exp": now + 60, "nbf": now,
        "realm_access": { "roles": ["offline", "viewer"] },
    })
}

#[tokio::test]
async fn a_token_is_limited_to_the_groups_it_names() {
    let issuer = Issuer::new(&PKCS_ED25519, Algorithm::EdDSA);
    let api = Api::with(|settings| {
        settings.auth = AuthSettings { group_claim: Some("desks".to_owned()), ..issuer.settings() };
    })
    .await;
    for (groups, expected) in [
        (json!(["default", "staff"]), Some(2)),
        (json!("staff default"), Some(2)),
        (json!("*"), Some(2)),
        (json!(["staff"]), Some(0)),
        (json!([]), None),
        (json!(7), None),
        (Value::Null, None),
    ] {
        let mut claims = claims();
        claims["desks"] = groups;
        let answer = api.get("/v1/devices", &issuer.sign(&claims)).await;
        match expected {
            Some(devices) => assert_eq!(answer.json()["devices"].as_array().unwrap().len(), devices),
            None => assert_eq!(answer.status, 403, "{}", answer.text),
        }
    }
}

async fn status(api: &Api, token: &str, path: &str) -> u16 {
    api.get(path, token).await.status.as_u16()
}

#[tokio::test]
async fn a_token_of_the_issuer_has_the_role_it_names() {
    for (kind, algorithm) in [
        (&PKCS_ED25519, Algorithm::EdDSA),
        (&PKCS_ECDSA_P256_SHA256, Algorithm::ES256),
        (&PKCS_RSA_SHA256, Algorithm::RS256),
    ] {
        let issuer = Issuer::new(kind, algorithm);
        let api = issuer.api().await;
        let token = issuer.sign(&claims());
        assert_eq!(status(&api, &token, "/v1/devices").await, 200, "{algorithm:?}");
        let timeline = format!("/v1/sessions/{}/timeline", super::SESSION);
        assert_eq!(status(&api, &token, &timeline).await, 403, "{algorithm:?}");
    }
}

#[tokio::test]
async fn a_key_set_is_as_good_as_a_key() {
    let issuer = Issuer::new(&PKCS_ED25519, Algorithm::EdDSA);
    let x = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, issuer.key.der_bytes());
    let set = json!({ "keys": [
        { "kty": "oct", "k": "c2VjcmV0", "kid": "shared", "alg": "HS256" },
        { "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "now", "use": "sig" },
    ]});
    let file = issuer.directory.path().join("jwks.json");
    std::fs::write(&file, set.to_string()).unwrap();
    let api = Api::with(|settings| {
        settings.auth = AuthSettings { public_key_file: None, jwks_file: Some(file), ..issuer.settings() };
    })
    .await;
    let sign = |kid: &str, algorithm, key: &EncodingKey| {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) };
        jsonwebtoken::encode(&header, &claims(), key).unwrap()
    };
    assert_eq!(status(&api, &sign("now", Algorithm::EdDSA, &issuer.signing()), "/v1/devices").await, 200);
    assert_eq!(status(&api, &sign("old", Algorithm::EdDSA, &issuer.signing()), "/v1/devices").await, 401);
    let shared = EncodingKey::from_secret(b"secret");
    assert_eq!(status(&api, &sign("shared", Algorithm::HS256, &shared), "/v1/devices").await, 401);
}

#[tokio::test]
async fn what_does_not_hold_is_refused() {
    let issuer = Issuer::new(&PKCS_RSA_SHA256, Algorithm::RS256);
    let other = Issuer::new(&PKCS_ED25519, Algorithm::EdDSA);
    let api = issuer.api().await;
    let now = START.unix_timestamp();
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        issuer.sign(&claims)
    };
    // Algorithm confusion: the public key, which anyone has, as a shared secret.
    let confused = |algorithm| {
        let secret = EncodingKey::from_secret(&std::fs::read(issuer.pem()).unwrap());
        jsonwebtoken::encode(&Header::new(algorithm), &claims(), &secret).unwrap()
    };
    let good = issuer.sign(&claims());
    let body = good.split('.').nth(1).unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{body}.");
    let stronger =
        jsonwebtoken::encode(&Header::new(Algorithm::RS512), &claims(), &issuer.signing()).unwrap();
    let under = |header: Header| jsonwebtoken::encode(&header, &claims(), &issuer.signing()).unwrap();
    let cases = [
        ("another issuer's key", other.sign(&claims()), 401),
        ("HS256 under the public key", confused(Algorithm::HS256), 401),
        ("HS512 under the public key", confused(Algorithm::HS512), 401),
        ("none", unsigned, 401),
        ("RS512", stronger, 401),
        ("cut", good.get(..good.len() - 4).unwrap().to_owned(), 401),
        ("issuer", with("iss", json!("https://else.example")), 401),
        ("audience", with("aud", json!("else")), 401),
        ("expired", with("exp", json!(now - 61)), 401),
        ("expires never", with("exp", Value::Null), 401),
        ("later", with("nbf", json!(now + 61)), 401),
        ("no subject", with("sub", Value::Null), 401),
        ("an empty subject", with("sub", json!("")), 401),
        ("a subject of two lines", with("sub", json!("u-17\nadmin")), 401),
        ("a long subject", with("sub", json!("u".repeat(256))), 401),
        (
            "of a log-out",
            under(Header { typ: Some("logout+jwt".to_owned()), ..Header::new(issuer.algorithm) }),
            401,
        ),
        (
            "of unknown demands",
            under(Header { crit: Some(vec!["b64".to_owned()]), ..Header::new(issuer.algorithm) }),
            401,
        ),
        ("no role", with("realm_access", json!({ "roles": ["offline"] })), 403),
        ("not a token", "nonsense".to_owned(), 401),
    ];
    for (case, token, expected) in cases {
        assert_eq!(status(&api, &token, "/v1/devices").await, expected, "{case}");
    }
    assert_eq!(status(&api, &good, "/v1/devices").await, 200);
}

#[tokio::test]
async fn without_an_issuer_tokens_are_refused_and_unreadable_keys_stop_the_start() {
    let issuer = Issuer::new(&PKCS_ED25519, Algorithm::EdDSA);
    let api = Api::start().await;
    assert_eq!(status(&api, &issuer.sign(&claims()), "/v1/devices").await, 401);

    std::fs::write(issuer.pem(), "-----BEGIN NOTHING-----").unwrap();
    let mut settings = Settings::default();
    settings.auth = issuer.settings();
    let server = crate::common::server::Server::with(|s| *s = settings).await;
    let error = tacit_server::http::router(server.app.clone()).unwrap_err();
    assert!(error.public().contains("key.pem"), "{error}");
}
