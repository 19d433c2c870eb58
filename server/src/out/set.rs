//! Security event tokens (RFC 8417) signed with ES256, and their delivery by push (RFC 8935).

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Client, header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::reach::Reach;
use super::{Credentials, Message, Outcome, cause, unsound, webhook};
use crate::app::outbox::{TEST, VERDICT_CHANGED};
use crate::clock::Ambient;
use crate::domain::signal_stream::{self, StreamEvent, SubjectFormat, VERIFICATION};
use crate::domain::verdict;
use crate::{Error, Result};

/// The media type and `typ` of tokens.
const TYPE: &str = "secevent+jwt";
/// No message of a batch is begun after so long: what was taken is to be noted while it is still this process that delivers.
const LONGEST: time::Duration = time::Duration::MINUTE;

/// Signs tokens.
#[derive(Clone)]
pub struct Signer {
    id: Uuid,
    key: EncodingKey,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.id)
    }
}

/// A new key: PKCS #8, and the public point.
///
/// # Errors
/// Internal, when the cryptographic library refuses.
pub fn new_key() -> Result<(zeroize::Zeroizing<Vec<u8>>, Vec<u8>)> {
    let fault = |_| Error::internal("no key can be made");
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(fault)?;
    let plain = pair.to_pkcs8v1().map_err(fault)?;
    Ok((zeroize::Zeroizing::new(plain.as_ref().to_vec()), pair.public_key().as_ref().to_vec()))
}

/// A public key as a JSON Web Key.
#[must_use]
pub fn jwk(id: Uuid, point: &[u8]) -> Value {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let coordinate =
        |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(point.get(range).unwrap_or_default());
    json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": id,
        "x": coordinate(1..33), "y": coordinate(33..65),
    })
}

impl Signer {
    /// With a key (PKCS #8).
    #[must_use]
    pub fn new(id: Uuid, pkcs8: &[u8]) -> Self {
        Self { id, key: EncodingKey::from_ec_der(pkcs8) }
    }

    fn sign(&self, claims: &Value) -> Result<String> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.id.to_string());
        jsonwebtoken::encode(&header, claims, &self.key).map_err(Error::internal)
    }
}

/// What a stream's tokens say, and of whom.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Who tells.
    pub issuer: String,
    /// Who is told.
    pub audience: String,
    /// The stream.
    pub stream: Uuid,
    /// What it carries.
    pub events: Vec<StreamEvent>,
    /// How it names subjects.
    pub subject: SubjectFormat,
    /// Signs.
    pub signer: Arc<Signer>,
}

impl Tokens {
    /// Ids of the tokens that a message becomes: the same with every attempt, each of one event.
    #[must_use]
    pub fn ids(&self, message: &Message) -> Vec<String> {
        let count = self.events(message).len();
        (1..=count).map(|place| format!("{}.{place}", message.id)).collect()
    }

    /// The tokens that a message becomes, by id; none if it is nothing that the stream carries.
    ///
    /// # Errors
    /// Internal, when the cryptographic library refuses.
    pub fn write(&self, message: &Message, ambient: &Ambient) -> Result<Vec<(String, String)>> {
        let ids = self.ids(message).into_iter();
        ids.zip(self.events(message))
            .map(|(jti, (uri, subject, event))| {
                let claims = json!({
                    "iss": self.issuer,
                    "aud": self.audience,
                    "iat": ambient.now().unix_timestamp(),
                    "jti": jti,
                    "txn": message.id,
                    "sub_id": subject,
                    "events": { uri: event },
                });
                Ok((jti, self.signer.sign(&claims)?))
            })
            .collect()
    }

    fn events(&self, message: &Message) -> Vec<(String, Value, Value)> {
        if message.kind == TEST {
            let subject = json!({ "format": "opaque", "id": self.stream });
            let event = message.text("state").map_or_else(|| json!({}), |state| json!({ "state": state }));
            return vec![(VERIFICATION.to_owned(), subject, event)];
        }
        let (Some(subject), Some(now)) = (&message.subject, message.text("verdict").and_then(verdict::named))
        else {
            return Vec::new();
        };
        if message.kind != VERDICT_CHANGED {
            return Vec::new();
        }
        let before = message.text("before").and_then(verdict::named);
        let reason = message.text("reason").unwrap_or_default();
        let identifier = self.subject.identifier(&subject.pseudonym, subject.account.as_deref());
        signal_stream::events(&self.events, before, now, message.at.unix_timestamp(), reason)
            .into_iter()
            .map(|(event, claims)| (event.uri(), identifier.clone(), claims))
            .collect()
    }
}

/// Pushes tokens to one receiver.
#[derive(Debug)]
pub struct Push {
    client: Client,
    url: reqwest::Url,
    credentials: Credentials,
    tokens: Tokens,
}

impl Push {
    /// To a URL.
    ///
    /// # Errors
    /// Internal, when what was checked before no longer holds.
    pub fn new(
        url: &str,
        ca: Option<&str>,
        credentials: Credentials,
        tokens: Tokens,
        reach: &Reach,
    ) -> Result<Self> {
        let url = reqwest::Url::parse(url).map_err(unsound)?;
        reach.check(url.host_str().unwrap_or_default()).map_err(unsound)?;
        Ok(Self { client: webhook::client(ca, reach)?, url, credentials, tokens })
    }

    /// Hands messages over one after the other; once the receiver is away, or has taken long, the rest is not tried.
    pub async fn send(&self, messages: &[Message], ambient: &Ambient) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(messages.len());
        let mut away = false;
        let begun = ambient.now();
        for message in messages {
            if away || ambient.now() - begun > LONGEST {
                outcomes.push(Outcome::Untried);
                continue;
            }
            let outcome = self.one(message, ambient).await;
            away = matches!(outcome, Outcome::Away(..) | Outcome::Gone(_));
            outcomes.push(outcome);
        }
        outcomes
    }

    async fn one(&self, message: &Message, ambient: &Ambient) -> Outcome {
        let tokens = match self.tokens.write(message, ambient) {
            Ok(tokens) => tokens,
            Err(error) => return Outcome::Refused(super::short(error.detail())),
        };
        for (_, token) in tokens {
            let mut request = self
                .client
                .post(self.url.clone())
                .header(header::CONTENT_TYPE, format!("application/{TYPE}"))
                .header(header::ACCEPT, "application/json");
            if let Some(authorization) = &self.credentials.authorization {
                request = request.header(header::AUTHORIZATION, authorization);
            }
            let outcome = match request.body(token).send().await {
                Ok(answer) => webhook::outcome(answer.status(), answer.headers()),
                Err(error) => Outcome::Away(cause(&error), None),
            };
            if outcome != Outcome::Delivered {
                return outcome;
            }
        }
        Outcome::Delivered
    }
}
