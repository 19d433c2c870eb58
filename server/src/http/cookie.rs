//! The cookies of a browser. With the prefix `__Host-` no other host and no page without TLS can set them; on loopback without
//! TLS browsers take neither the prefix nor `Secure`.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::config::Settings;
use crate::{Error, Result};

/// A cookie of this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// The session.
    Session,
    /// A log-in under way.
    LogIn,
}

impl Cookie {
    fn name(self, settings: &Settings) -> &'static str {
        match (self, settings.insecure_loopback) {
            (Self::Session, false) => "__Host-tacit",
            (Self::Session, true) => "tacit",
            (Self::LogIn, false) => "__Host-tacit-log-in",
            (Self::LogIn, true) => "tacit-log-in",
        }
    }

    /// What a request holds; nothing if it holds two.
    #[must_use]
    pub fn of<'a>(self, headers: &'a HeaderMap, settings: &Settings) -> Option<&'a str> {
        let name = self.name(settings);
        let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = pairs.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut found = pairs.filter(|(of, _)| *of == name).map(|(_, value)| value);
        let value = found.next()?;
        found.next().is_none().then_some(value)
    }

    /// Sets it, for so many seconds, or until the browser closes.
    pub(super) fn set(self, settings: &Settings, value: &str, seconds: Option<i64>) -> Result<HeaderValue> {
        let secure = if settings.insecure_loopback { "" } else { "; Secure" };
        let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", self.name(settings));
        HeaderValue::from_str(&text).map_err(Error::internal)
    }

    /// Takes it away.
    pub(super) fn clear(self, settings: &Settings) -> Result<HeaderValue> {
        self.set(settings, "", Some(0))
    }
}
