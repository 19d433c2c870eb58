//! What the provider says of itself (OpenID Connect Discovery 1.0): where it is asked, and the keys it signs with.
//!
//! Fetched when first needed, so that a provider that is away keeps no server from starting; anew when a token names a key
//! that is not among those held, and when what is held is old. Never twice within [`AGAIN`], whatever strangers present.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration as StdDuration;

use reqwest::{Client, Response, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use super::keys::{self, Key};
use crate::{Error, Result, files};

/// Between two fetches, however many unknown keys are named.
pub const AGAIN: Duration = Duration::seconds(30);
/// Keys held this long are fetched anew: a key that was withdrawn serves no longer than this while the provider answers.
const FRESH: Duration = Duration::hours(1);
/// Keys held this long serve no more, though the provider be away.
const STALE: Duration = Duration::hours(24);
/// No provider takes longer to answer.
const PATIENCE: StdDuration = StdDuration::from_secs(10);
/// No answer is larger.
const LARGEST: usize = 1024 * 1024;

/// The document at `/.well-known/openid-configuration`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Document {
    issuer: String,
    jwks_uri: String,
    /// Where people log in.
    pub(super) authorization_endpoint: Option<String>,
    /// Where a code is exchanged.
    pub(super) token_endpoint: Option<String>,
}

/// What was fetched.
pub(super) struct Known {
    /// Where it is asked.
    pub(super) document: Document,
    /// What it signs with.
    pub(super) keys: Vec<Key>,
    at: OffsetDateTime,
}

/// The provider as it is found at its issuer.
pub(super) struct Discovery {
    issuer: String,
    client: Client,
    held: RwLock<Option<Arc<Known>>>,
    /// When it was last asked; held while it is.
    asked: Mutex<Option<OffsetDateTime>>,
}

fn away(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::unavailable(
        "the identity provider cannot be reached, or says what makes no sense; API keys still serve",
    )
    .with_source(error)
}

/// A provider is asked over TLS, or on this machine.
pub(super) fn is_safe(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

async fn body(mut response: Response) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(away)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(away("the answer is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The JSON of an answer.
pub(super) async fn json<T: DeserializeOwned>(response: Response) -> Result<T> {
    serde_json::from_slice(&body(response).await?).map_err(away)
}

impl Discovery {
    /// # Errors
    /// Invalid argument when the authority's certificates cannot be read.
    pub(super) fn new(issuer: &str, authority: Option<&Path>) -> Result<Self> {
        let mut builder =
            Client::builder().redirect(redirect::Policy::none()).timeout(PATIENCE).connect_timeout(PATIENCE);
        if let Some(path) = authority {
            let unreadable = || Error::invalid(format!("cannot read certificates from {}", path.display()));
            let pem = files::read(path).map_err(|error| unreadable().with_source(error))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem);
            let certificates = certificates.map_err(|error| unreadable().with_source(error))?;
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder.build().map_err(Error::internal)?;
        Ok(Self { issuer: issuer.to_owned(), client, held: RwLock::default(), asked: Mutex::default() })
    }

    /// Asks the provider.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// What is known of the provider, asked anew if it has to be to know of the key that is named.
    ///
    /// # Errors
    /// Unavailable while the provider cannot be reached and nothing of it is held.
    pub(super) async fn known(&self, named: Option<&str>, now: OffsetDateTime) -> Result<Arc<Known>> {
        if let Some(known) = self.held_for(named, now) {
            return Ok(known);
        }
        let mut asked = self.asked.lock().await;
        // Another call may have asked meanwhile.
        if let Some(known) = self.held_for(named, now) {
            return Ok(known);
        }
        let lately = asked.is_some_and(|at| (Duration::ZERO..AGAIN).contains(&(now - at)));
        let failed = if lately {
            away("asked less than 30 s ago")
        } else {
            *asked = Some(now);
            match self.fetch(now).await {
                Ok(known) => {
                    let known = Arc::new(known);
                    *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
                    return Ok(known);
                }
                Err(error) => {
                    tracing::warn!(detail = %error.detail(), "cannot ask the identity provider");
                    error
                }
            }
        };
        // What is held has to do, as long as it is not too old.
        self.held().filter(|known| now - known.at < STALE).ok_or(failed)
    }

    fn held(&self) -> Option<Arc<Known>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn held_for(&self, named: Option<&str>, now: OffsetDateTime) -> Option<Arc<Known>> {
        let fits = |known: &Arc<Known>| {
            now - known.at < FRESH && (named.is_none() || known.keys.iter().any(|key| key.may_be(named)))
        };
        self.held().filter(fits)
    }

    async fn fetch(&self, now: OffsetDateTime) -> Result<Known> {
        let at = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let document: Document = json(self.get(&at).await?).await?;
        if document.issuer != self.issuer {
            return Err(away(format!("it says that it is {}, not {}", document.issuer, self.issuer)));
        }
        let named = [
            Some(&document.jwks_uri),
            document.authorization_endpoint.as_ref(),
            document.token_endpoint.as_ref(),
        ];
        if let Some(unsafe_url) = named.into_iter().flatten().find(|url| !is_safe(url)) {
            return Err(away(format!("it names an address without TLS: {unsafe_url}")));
        }
        let keys = keys::of_set(&body(self.get(&document.jwks_uri).await?).await?).map_err(away)?;
        if keys.is_empty() {
            return Err(away("its key set holds no RSA, P-256, P-384 or Ed25519 key"));
        }
        Ok(Known { document, keys, at: now })
    }

    async fn get(&self, url: &str) -> Result<Response> {
        let response = self.client.get(url).send().await.and_then(Response::error_for_status);
        let response = response.map_err(away)?;
        // A redirect is not followed: the issuer alone says where it is.
        if !response.status().is_success() {
            return Err(away(format!("{url} answers {}", response.status())));
        }
        Ok(response)
    }
}
