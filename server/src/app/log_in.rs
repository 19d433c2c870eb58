//! Logging in with a browser, at the identity provider or with an API key, and the session that follows.
//!
//! The browser holds 256 random bits in a cookie, the database a keyed hash of them. What changes something needs besides the cookie a
//! header that only a page of this server can send ([`Web::csrf`]).

use aws_lc_rs::{constant_time, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::app::{App, keys};
use crate::domain::Caller;
use crate::idp::{self, Challenge, Provider};
use crate::secrets::Purpose;
use crate::{Error, Result};

/// A log-in at the provider takes no longer.
pub const PATIENCE: Duration = Duration::minutes(10);
/// Uses of a session within this time are written down once.
const NOTED_EVERY: Duration = Duration::MINUTE;
/// Characters of a path that a log-in leads back to at most.
const LONGEST_PATH: usize = 1_024;

/// A session that was opened.
#[derive(Debug)]
pub struct Opened {
    /// What the cookie holds.
    pub id: String,
    /// The session.
    pub web: Web,
}

/// A session in a browser.
#[derive(Debug, Clone)]
pub struct Web {
    /// Whose.
    pub caller: Caller,
    /// What a call that changes something must carry besides the cookie.
    pub csrf: String,
    /// When it ends, however much it is used.
    pub expires_at: OffsetDateTime,
}

impl Web {
    /// Whether a header holds the session's token.
    #[must_use]
    pub fn sent_by_its_page(&self, header: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(self.csrf.as_bytes(), header).is_ok()
    }
}

fn csrf(id: &str) -> String {
    let hash = digest::digest(&digest::SHA256, format!("tacit-csrf-v1\n{id}").as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref())
}

async fn open(app: &App, caller: Caller) -> Result<Opened> {
    let now = app.ambient.now();
    let id = URL_SAFE_NO_PAD.encode(app.ambient.bytes::<32>());
    let expires_at = now + Duration::hours(i64::from(app.settings.log_in.hours));
    app.store.add_web_session(&app.secrets.hash(&id), &caller, now, expires_at).await?;
    metrics::counter!("tacit_log_ins_total").increment(1);
    tracing::info!(by = caller.name(), "logged in");
    Ok(Opened { web: Web { caller, csrf: csrf(&id), expires_at }, id })
}

/// Logs in with an API key; the session may what the key may, and ends with it.
///
/// # Errors
/// Unauthenticated for a key that does not serve; as the database.
pub async fn with_key(app: &App, key: &str) -> Result<Opened> {
    let caller = keys::caller_of_key(&app.store, &app.secrets.hash(key), app.ambient.now()).await?;
    open(app, caller).await
}

/// The session of a cookie, if it serves.
///
/// # Errors
/// As the database.
pub async fn session(app: &App, id: &str) -> Result<Option<Web>> {
    let now = app.ambient.now();
    let idle = Duration::minutes(i64::from(app.settings.log_in.idle_minutes));
    let hash = app.secrets.hash(id);
    let Some(row) = app.store.web_session(&hash, now, now - idle).await? else { return Ok(None) };
    if now - row.used_at >= NOTED_EVERY
        && let Err(error) = app.store.web_session_used(&hash, now).await
    {
        tracing::debug!(detail = %error.detail(), "cannot note the use of a session");
    }
    Ok(Some(Web { caller: row.caller, csrf: csrf(id), expires_at: row.expires_at }))
}

/// Ends the session of a cookie.
///
/// # Errors
/// As the database.
pub async fn end(app: &App, id: &str) -> Result<()> {
    app.store.end_web_session(&app.secrets.hash(id)).await
}

/// A log-in under way, as the browser keeps it.
#[derive(Serialize, Deserialize)]
struct UnderWay {
    challenge: Challenge,
    to: String,
    until: i64,
}

/// A log-in that was begun.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub at: String,
    /// What it keeps until it comes back.
    pub kept: String,
}

/// Begins a log-in at the identity provider, which sends the browser back to `base`, and from there to the path `to`.
///
/// # Errors
/// Not found where none is set up; invalid argument for a path that leads elsewhere; unavailable while it cannot be reached.
pub async fn begin(app: &App, provider: Option<&Provider>, base: &str, to: &str) -> Result<Begun> {
    let provider = provider.ok_or_else(idp::not_set_up)?;
    // `//host` and `/\host` are other sites to a browser.
    let within = to.starts_with('/') && !to.starts_with("//") && !to.contains(['\\', '\r', '\n', '\t']);
    if !within || to.len() > LONGEST_PATH {
        return Err(Error::of_field("to", "to must be a path of this server, such as /"));
    }
    let now = app.ambient.now();
    let challenge = Challenge::new(&app.ambient, format!("{base}/auth/callback"));
    let at = provider.log_in_at(&challenge, now).await?;
    let until = (now + PATIENCE).unix_timestamp();
    let plain =
        serde_json::to_vec(&UnderWay { challenge, to: to.to_owned(), until }).map_err(Error::internal)?;
    let kept = URL_SAFE_NO_PAD.encode(app.secrets.seal(Purpose::LogIn, b"", &plain)?);
    Ok(Begun { at, kept })
}

/// What the provider sent the browser back with.
#[derive(Debug, Default)]
pub struct Return {
    /// Ties it to the question.
    pub state: Option<String>,
    /// Stands for who has logged in.
    pub code: Option<String>,
    /// Whose answer it is.
    pub issuer: Option<String>,
    /// Why nobody has logged in.
    pub error: Option<String>,
}

/// Ends a log-in: the session, and the path to go on to.
///
/// # Errors
/// Unauthenticated for what was not asked for, is too old or does not hold; permission denied for who has no role.
pub async fn finish(
    app: &App,
    provider: Option<&Provider>,
    kept: Option<&str>,
    back: Return,
) -> Result<(Opened, String)> {
    let provider = provider.ok_or_else(idp::not_set_up)?;
    let refuse = |why: &str| Error::unauthenticated(format!("log-in: {why}; begin again at /auth/login"));
    let state = back.state.ok_or_else(|| refuse("the answer has no state"))?;
    let kept = kept.ok_or_else(|| refuse("this browser has begun none, or too long ago"))?;
    let opened = URL_SAFE_NO_PAD.decode(kept).ok();
    let opened = opened.and_then(|sealed| app.secrets.open(Purpose::LogIn, b"", &sealed).ok());
    let opened = opened.and_then(|plain| serde_json::from_slice::<UnderWay>(&plain).ok());
    let UnderWay { challenge, to, until } = opened.ok_or_else(|| refuse("this browser has begun none"))?;
    let now = app.ambient.now();
    if constant_time::verify_slices_are_equal(challenge.state.as_bytes(), state.as_bytes()).is_err() {
        return Err(refuse("the answer is to another one"));
    }
    if now.unix_timestamp() > until {
        return Err(refuse("it took too long"));
    }
    if back.issuer.is_some_and(|issuer| !provider.is(&issuer)) {
        return Err(refuse("the answer is of another provider"));
    }
    if let Some(error) = back.error {
        // Of a stranger's making: for the log alone.
        return Err(refuse("the identity provider lets nobody in").with_source(error));
    }
    let code = back.code.ok_or_else(|| refuse("the answer has no code"))?;
    let caller = provider.logged_in(&challenge, &code, now).await?;
    Ok((open(app, caller).await?, to))
}
