//! Webhooks after the Standard Webhooks specification 1.0: `webhook-id`, `webhook-timestamp` and `webhook-signature`, which is
//! HMAC-SHA-256 over `ID.TIMESTAMP.BODY`.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt as _, stream};
use reqwest::{Certificate, Client, StatusCode, header, redirect};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::reach::Reach;
use super::{Credentials, Message, Outcome, cause, format, unsound};
use crate::clock::Ambient;
use crate::domain::destination::Format;
use crate::{Result, domain::backoff::LONGEST_ASKED};

/// A receiver answers within this time, or is away.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Requests to one receiver at once.
const AT_ONCE: usize = 8;
/// What every secret starts with.
const PREFIX: &str = "whsec_";

/// A key that signs.
#[derive(Clone, Serialize, Deserialize)]
pub struct SigningKey {
    /// 32 bytes, base64.
    key: String,
    /// Until when it signs beside its successor.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub until: Option<OffsetDateTime>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

impl SigningKey {
    /// A new key.
    #[must_use]
    pub fn new(ambient: &Ambient) -> Self {
        Self { key: STANDARD.encode(ambient.bytes::<32>()), until: None }
    }

    /// As the receiver is to be given it.
    #[must_use]
    pub fn secret(&self) -> String {
        format!("{PREFIX}{}", self.key)
    }

    /// `v1,SIGNATURE` over a request.
    fn sign(&self, id: &str, timestamp: i64, body: &str) -> Result<String> {
        let key = STANDARD.decode(&self.key).map_err(unsound)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
        Ok(format!("v1,{}", STANDARD.encode(tag)))
    }
}

/// Calls one receiver.
#[derive(Debug)]
pub struct Webhook {
    client: Client,
    url: reqwest::Url,
    format: Format,
    credentials: Credentials,
}

/// A client that calls only what is in reach and follows no redirects.
pub(crate) fn client(ca: Option<&str>, reach: &Reach) -> Result<Client> {
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .dns_resolver(reach.clone())
        .timeout(TIMEOUT)
        .user_agent(concat!("tacit-server/", env!("CARGO_PKG_VERSION")));
    if let Some(ca) = ca {
        builder = builder.tls_certs_merge(Certificate::from_pem_bundle(ca.as_bytes()).map_err(unsound)?);
    }
    builder.build().map_err(unsound)
}

impl Webhook {
    /// Calls a URL.
    ///
    /// # Errors
    /// Internal, when what was checked before no longer holds.
    pub fn new(
        url: &str,
        format: Format,
        ca: Option<&str>,
        credentials: Credentials,
        reach: &Reach,
    ) -> Result<Self> {
        let url = reqwest::Url::parse(url).map_err(unsound)?;
        // An address in a URL is never resolved.
        reach.check(url.host_str().unwrap_or_default()).map_err(unsound)?;
        Ok(Self { client: client(ca, reach)?, url, format, credentials })
    }

    /// Hands messages over, several at once; once the receiver is away, the rest is not tried.
    pub async fn send(&self, messages: &[Message], ambient: &Ambient) -> Vec<Outcome> {
        let away = &AtomicBool::new(false);
        let attempts = messages.iter().map(|message| async move {
            if away.load(Ordering::Relaxed) {
                return Outcome::Untried;
            }
            let outcome = self.one(message, ambient).await;
            if matches!(outcome, Outcome::Away(..) | Outcome::Gone(_)) {
                away.store(true, Ordering::Relaxed);
            }
            outcome
        });
        let attempts: Vec<_> = attempts.collect();
        stream::iter(attempts).buffered(AT_ONCE).collect().await
    }

    async fn one(&self, message: &Message, ambient: &Ambient) -> Outcome {
        let request = match self.request(message, ambient.now()) {
            Ok(request) => request,
            Err(error) => return Outcome::Refused(super::short(error.detail())),
        };
        match request.send().await {
            Ok(answer) => outcome(answer.status(), answer.headers()),
            Err(error) => Outcome::Away(cause(&error), None),
        }
    }

    fn request(&self, message: &Message, now: OffsetDateTime) -> Result<reqwest::RequestBuilder> {
        let body = format::write(self.format, message);
        let (id, timestamp) = (message.id.to_string(), now.unix_timestamp());
        let keys = self.credentials.signing.iter().filter(|key| key.until.is_none_or(|until| now < until));
        let signatures = keys.map(|key| key.sign(&id, timestamp, &body)).collect::<Result<Vec<_>>>()?;
        let mut request = self
            .client
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signatures.join(" "));
        if let Some(authorization) = &self.credentials.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        Ok(request.body(body))
    }
}

/// What an answer means. What only the receiver's keepers can mend (credentials, a redirect, a wrong path) holds up all that
/// waits, and is no fault of the event.
pub(crate) fn outcome(status: StatusCode, headers: &header::HeaderMap) -> Outcome {
    let says = format!("the receiver answered {status}");
    let mendable = [401, 403, 404, 405, 407, 408, 421, 425, 426, 429, 451];
    match status.as_u16() {
        200..300 => Outcome::Delivered,
        410 => Outcome::Gone(says),
        400..500 if !mendable.contains(&status.as_u16()) => Outcome::Refused(says),
        _ => {
            let seconds =
                headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            let asked = seconds.map(|seconds: u32| time::Duration::seconds(i64::from(seconds)));
            Outcome::Away(says, asked.map(|asked| asked.min(LONGEST_ASKED)))
        }
    }
}
