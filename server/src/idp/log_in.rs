//! Logging people in: the authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636, RFC 9207).
//!
//! Two secrets that the browser holds meanwhile tie the answer to the question: the state, and in the ID token the nonce.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use url::Url;

use super::discovery::json;
use super::{Expected, Provider, refuse};
use crate::clock::Ambient;
use crate::config::AuthSettings;
use crate::domain::Caller;
use crate::{Error, Result, files};

const WHAT: &str = "log-in";

/// This server as a client of the provider.
pub(crate) struct Client {
    id: String,
    /// Without one it is a public client, which PKCE protects alone.
    secret: Option<String>,
    scopes: String,
}

impl Client {
    pub(super) fn load(settings: &AuthSettings) -> Result<Option<Self>> {
        let Some(id) = settings.client_id.clone() else { return Ok(None) };
        let read = |path: &std::path::PathBuf| {
            let cannot = || Error::invalid(format!("cannot read {}", path.display()));
            let secret = files::read_secret(path).map_err(|error| cannot().with_source(error))?;
            let secret = str::from_utf8(&secret).map_err(|error| cannot().with_source(error))?;
            Ok::<_, Error>(secret.trim().to_owned())
        };
        let secret = settings.client_secret_file.as_ref().map(read).transpose()?;
        let scopes = settings.scopes.clone().unwrap_or_else(|| "openid".to_owned());
        Ok(Some(Self { id, secret, scopes }))
    }
}

/// What the browser keeps, sealed, until it comes back.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Challenge {
    /// Comes back in the address.
    pub(crate) state: String,
    nonce: String,
    verifier: String,
    /// Where the provider sends the browser back to.
    redirect_uri: String,
}

impl Challenge {
    /// A fresh one.
    pub(crate) fn new(ambient: &Ambient, redirect_uri: String) -> Self {
        let secret = || URL_SAFE_NO_PAD.encode(ambient.bytes::<32>());
        Self { state: secret(), nonce: secret(), verifier: secret(), redirect_uri }
    }
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Provider {
    fn client(&self) -> Result<(&Client, &super::Discovery)> {
        self.client.as_ref().zip(self.discovery.as_ref()).ok_or_else(not_set_up)
    }

    /// Where people are sent to log in.
    ///
    /// # Errors
    /// Not found where no client is set up; unavailable while the provider cannot be reached.
    pub(crate) async fn log_in_at(&self, challenge: &Challenge, now: OffsetDateTime) -> Result<String> {
        let (client, discovery) = self.client()?;
        let known = discovery.known(None, now).await?;
        let at = known.document.authorization_endpoint.as_deref().and_then(|at| Url::parse(at).ok());
        let mut at =
            at.ok_or_else(|| Error::unavailable("the identity provider says of no place to log in"))?;
        let hash = digest::digest(&digest::SHA256, challenge.verifier.as_bytes());
        at.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &client.id)
            .append_pair("redirect_uri", &challenge.redirect_uri)
            .append_pair("scope", &client.scopes)
            .append_pair("state", &challenge.state)
            .append_pair("nonce", &challenge.nonce)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(hash.as_ref()))
            .append_pair("code_challenge_method", "S256");
        Ok(at.into())
    }

    /// Whether an answer that says whose it is, is this provider's.
    pub(crate) fn is(&self, issuer: &str) -> bool {
        self.issuer == issuer
    }

    /// Who has logged in, for the code that the browser brought back.
    ///
    /// # Errors
    /// Unauthenticated for a code or an ID token that does not hold, permission denied for a person without a role or a group,
    /// unavailable while the provider cannot be reached.
    pub(crate) async fn logged_in(
        &self,
        challenge: &Challenge,
        code: &str,
        now: OffsetDateTime,
    ) -> Result<Caller> {
        let (client, discovery) = self.client()?;
        let known = discovery.known(None, now).await?;
        let at = known.document.token_endpoint.as_deref();
        let at = at.ok_or_else(|| Error::unavailable("the identity provider says of no place for tokens"))?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", challenge.redirect_uri.as_str()),
            ("client_id", client.id.as_str()),
            ("code_verifier", challenge.verifier.as_str()),
        ];
        let mut request = discovery.client().post(at).form(&form);
        if let Some(secret) = &client.secret {
            // Both are form-encoded first (RFC 6749, 2.3.1).
            let encoded =
                |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            request = request.basic_auth(encoded(&client.id), Some(encoded(secret)));
        }
        let answer = request.send().await.map_err(|error| {
            Error::unavailable("the identity provider cannot be reached; API keys still serve")
                .with_source(error)
        })?;
        if !answer.status().is_success() {
            let said = json::<Refusal>(answer).await.map(|refusal| refusal.error).unwrap_or_default();
            return Err(refuse(WHAT, "the identity provider does not take the code").with_source(said));
        }
        let tokens: Tokens = json(answer).await?;
        let expected = Expected { what: WHAT, audience: &client.id };
        let claims = self.checked(&tokens.id_token, &expected, now).await?;
        if claims.get("nonce").and_then(Value::as_str) != Some(challenge.nonce.as_str()) {
            return Err(refuse(WHAT, "the ID token answers another log-in"));
        }
        let several = claims.get("aud").and_then(Value::as_array).is_some_and(|aud| aud.len() > 1);
        let party = claims.get("azp").and_then(Value::as_str);
        if party.map_or(several, |party| party != client.id) {
            return Err(refuse(WHAT, "the ID token was made for another client"));
        }
        self.caller_of(&claims, &expected)
    }
}

/// What is said where people cannot log in this way.
pub(crate) fn not_set_up() -> Error {
    Error::not_found(
        "logging in at an identity provider is not set up here: log in with an API key, POST /auth/key",
    )
}
