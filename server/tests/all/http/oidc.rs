//! A real OpenID provider: tokens by discovery, keys that change, a provider that is away.

mod browser;
mod log_in;
mod provider;

use axum::http::Method;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tacit_server::clock::Ambient;
use tacit_server::config::AuthSettings;
use tacit_server::domain::Role;
use tacit_server::idp::AGAIN;
use time::Duration;

use super::{Api, DEVICE};
use provider::Provider;

fn settings(issuer: &str) -> AuthSettings {
    AuthSettings {
        issuer: Some(issuer.to_owned()),
        audience: Some("tacit".to_owned()),
        ..AuthSettings::default()
    }
}

/// A server at the provider's time.
async fn api(auth: AuthSettings) -> Api {
    let api = Api::with(|settings| settings.auth = auth).await;
    api.server.clock.set(Ambient::system().now());
    api
}

async fn status(api: &Api, token: &str) -> u16 {
    api.get("/v1/devices", token).await.status.as_u16()
}

#[tokio::test]
async fn what_the_provider_signs_for_this_server_is_taken_and_nothing_else() {
    let provider = Provider::start().await;
    let api = api(settings(&provider.issuer)).await;
    let good = provider.token("role-viewer", "tacit").await;
    assert_eq!(status(&api, &good).await, 200);
    let path = format!("/v1/devices/{DEVICE}/revoke");
    assert_eq!(api.call(Method::POST, &path, Some(&good)).await.status, 403);
    let admin = provider.token("role-admin", "tacit").await;
    assert_eq!(api.call(Method::POST, &path, Some(&admin)).await.status, 200);

    let header = jsonwebtoken::decode_header(&good).unwrap();
    let body = good.split('.').nth(1).unwrap();
    let decoded = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, body).unwrap();
    let claims: Value = serde_json::from_slice(&decoded).unwrap();
    let set = provider.key_set().await;
    // Algorithm confusion: what anyone can read of the provider, as a shared secret.
    let confused = |algorithm, secret: &[u8]| {
        let header = Header { kid: header.kid.clone(), ..Header::new(algorithm) };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap()
    };
    let modulus = set["keys"][0]["n"].as_str().unwrap().as_bytes();
    let cases = [
        ("another audience", provider.token("role-viewer", "else").await, 401),
        // Signed with the very keys that hold.
        ("another issuer", provider.token_of_other("role-viewer", "tacit").await, 401),
        ("none", format!("eyJhbGciOiJub25lIn0.{body}."), 401),
        ("HS256 under the public key", confused(Algorithm::HS256, modulus), 401),
        ("HS512 under the key set", confused(Algorithm::HS512, set.to_string().as_bytes()), 401),
        ("cut", good[..good.len() - 4].to_owned(), 401),
        ("no role", provider.token("nobody", "tacit").await, 403),
    ];
    for (case, token, expected) in cases {
        assert_eq!(status(&api, &token).await, expected, "{case}");
    }
    assert_eq!(status(&api, &good).await, 200);
    // Tokens of this provider live for ten minutes.
    api.server.clock.set(Ambient::system().now() + Duration::minutes(12));
    assert_eq!(status(&api, &good).await, 401);
}

#[tokio::test]
async fn a_token_says_which_groups_its_bearer_sees() {
    let provider = Provider::start().await;
    let claim = Some("groups".to_owned());
    let api = api(AuthSettings { group_claim: claim, ..settings(&provider.issuer) }).await;
    let apart = "insert into policy_group values ('theirs');
                 update device set group_name = 'theirs' where id <> '00000000-0000-0000-0000-0000000000d1'";
    sqlx::raw_sql(apart).execute(api.server.app.store.pool()).await.unwrap();
    let page = api.ok("/v1/devices", &provider.token("groups-default", "tacit").await).await;
    assert_eq!((page["devices"].as_array().unwrap().len(), &page["devices"][0]["id"]), (1, &json!(DEVICE)));
    // Who names none sees none, where groups are named.
    assert_eq!(status(&api, &provider.token("role-admin", "tacit").await).await, 403);
}

#[tokio::test]
async fn a_key_that_is_new_is_taken_without_a_restart_and_strangers_make_nobody_ask_for_it() {
    let mut provider = Provider::start().await;
    let api = api(settings(&provider.issuer)).await;
    let before = provider.token("role-viewer", "tacit").await;
    assert_eq!(status(&api, &before).await, 200);
    provider.rotate().await;
    let after = provider.token("role-viewer", "tacit").await;
    // The provider was asked a moment ago, and a stranger may name any key.
    assert_eq!(status(&api, &after).await, 401);
    api.server.clock.set(Ambient::system().now() + AGAIN);
    assert_eq!(status(&api, &after).await, 200);
    assert_eq!(status(&api, &before).await, 200);
}

#[tokio::test]
async fn a_provider_that_is_away_stops_neither_the_server_nor_its_keys() {
    let provider = Provider::start().await;
    let token = provider.token("role-viewer", "tacit").await;
    let issuer = provider.issuer.clone();
    drop(provider);
    let api = api(settings(&issuer)).await;
    let answer = api.get("/v1/devices", &token).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (503, &json!("unavailable")));
    assert!(answer.text.contains("API keys still serve"), "{}", answer.text);
    assert_eq!(status(&api, &api.key(Role::Viewer).await).await, 200);
}
