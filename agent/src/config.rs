//! The agent's settings file: one struct a concern. Flags and environment variables go before it, the defaults after it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::capture::BackEnd;
use crate::channel::{ClientCertificate, Means, check_server};
use crate::files;
use crate::response::{DEFAULT_PATH, MOST_TEXT};

/// Where the file is looked for if none is named; there need not be one.
pub const DEFAULT_FILE: &str = "/etc/tacit-agent/agent.toml";
const DEFAULT_STATE_DIR: &str = "/var/lib/tacit-agent";
/// Bytes of an account name at most, as the server takes it.
const LONGEST_ACCOUNT: usize = 512;

/// All settings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder for the device key and the spool.
    pub state_dir: PathBuf,
    /// The server to enrol with.
    pub server: ServerConfig,
    /// The device's key.
    pub key: KeyConfig,
    /// What is captured, and for whom.
    pub capture: CaptureConfig,
    /// How responses are carried out.
    pub response: ResponseConfig,
    /// What the person at the desk reads at the first run.
    pub notice: NoticeConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            state_dir: PathBuf::from(DEFAULT_STATE_DIR),
            server: ServerConfig::default(),
            key: KeyConfig::default(),
            capture: CaptureConfig::default(),
            response: ResponseConfig::default(),
            notice: NoticeConfig::default(),
        }
    }
}

/// The server to enrol with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// `https://HOST:PORT`.
    pub url: Option<String>,
    /// Certificate authority of the server, a PEM file; the system's if none.
    pub ca: Option<PathBuf>,
    /// A plain connection to a loopback address is allowed.
    pub insecure_loopback: bool,
    /// Certificate chain of this device, a PEM file, where the server asks for one (mutual TLS).
    pub client_cert: Option<PathBuf>,
    /// Its private key, a PEM file.
    pub client_key: Option<PathBuf>,
}

/// The device's key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyConfig {
    /// Days after which a running agent has it replaced; 0 for never.
    pub rotate_after_days: u32,
}

impl Default for KeyConfig {
    fn default() -> Self {
        Self { rotate_after_days: 90 }
    }
}

/// What is captured, and for whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CaptureConfig {
    /// Where input comes from.
    pub back_end: BackEnd,
    /// Directory name of the account; the current user's if none.
    pub account: Option<String>,
    /// The session is shown on another machine (remote desktop).
    pub remote: bool,
}

/// How responses are carried out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResponseConfig {
    /// Folders in which `notify-send` and `loginctl` are looked for; the first that has one serves.
    pub path: Vec<PathBuf>,
    /// The session to lock, as `loginctl list-sessions` names it; the agent's own if none.
    pub session: Option<String>,
}

impl Default for ResponseConfig {
    fn default() -> Self {
        Self { path: DEFAULT_PATH.map(PathBuf::from).to_vec(), session: None }
    }
}

/// What the person at the desk reads at the first run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NoticeConfig {
    /// The text; empty where the company tells people otherwise.
    pub text: String,
}

impl Default for NoticeConfig {
    fn default() -> Self {
        Self { text: crate::notice::TEXT.to_owned() }
    }
}

impl Config {
    /// Reads a settings file; the default one if none is named, and the defaults if that is not there.
    ///
    /// # Errors
    /// When the file cannot be read or does not say what it may, naming file and line.
    pub fn read(named: Option<&Path>) -> Result<Self> {
        let path = named.unwrap_or_else(|| Path::new(DEFAULT_FILE));
        let text = match files::read_given(path) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        toml::from_str(&text).with_context(|| format!("{} is not sound", path.display()))
    }

    /// Checks what flags, environment and file came to together.
    ///
    /// # Errors
    /// Says which setting is wrong and what it may be.
    pub fn validate(&self) -> Result<()> {
        if self.state_dir.as_os_str().is_empty() {
            bail!("state_dir is empty: name a folder");
        }
        if self.notice.text.chars().count() > MOST_TEXT {
            bail!("notice.text is too long: at most {MOST_TEXT} characters are shown");
        }
        self.server.validate()?;
        self.capture.validate()?;
        self.response.validate()
    }
}

impl ServerConfig {
    fn validate(&self) -> Result<()> {
        if self.client_cert.is_some() != self.client_key.is_some() {
            bail!("server.client_cert needs server.client_key, and the key the certificate");
        }
        self.url.iter().try_for_each(|url| check_server(url, self.insecure_loopback).map(drop))
    }

    /// How the server is reached.
    ///
    /// # Errors
    /// When this device's certificate or its key cannot be read.
    pub fn means(&self) -> Result<Means> {
        let read = |path: &PathBuf| {
            files::read_given(path).with_context(|| format!("cannot read {}", path.display()))
        };
        let client = match (&self.client_cert, &self.client_key) {
            (Some(chain), Some(key)) => {
                Some(ClientCertificate { chain_pem: read(chain)?, key_pem: read(key)? })
            }
            _ => None,
        };
        Ok(Means { insecure_loopback: self.insecure_loopback, client })
    }
}

impl ResponseConfig {
    fn validate(&self) -> Result<()> {
        if let Some(folder) = self.path.iter().find(|folder| !folder.is_absolute()) {
            bail!("response.path holds {folder:?}: name whole paths, from / on");
        }
        if let Some(session) = self.session.as_ref().filter(|session| !names_session(session)) {
            bail!("response.session is {session:?}: name a session as `loginctl list-sessions` does");
        }
        Ok(())
    }
}

/// Whether it may be what the system calls a session: never a flag.
pub(crate) fn names_session(session: &str) -> bool {
    !session.is_empty() && session.len() <= 64 && session.chars().all(|c| c.is_ascii_alphanumeric())
}

impl CaptureConfig {
    fn validate(&self) -> Result<()> {
        self.account.iter().try_for_each(|account| check_account(account).map(drop))
    }
}

/// An account name as the server takes it, without surrounding space.
///
/// # Errors
/// When the server would refuse a session of it.
pub fn check_account(account: &str) -> Result<&str> {
    let account = account.trim();
    if account.is_empty() || account.len() > LONGEST_ACCOUNT || account.contains(char::is_control) {
        bail!(
            "the account must be 1 to {LONGEST_ACCOUNT} bytes without control characters: give another with --account"
        );
    }
    Ok(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        std::fs::write(&path, text).unwrap();
        let config = Config::read(Some(&path)).map_err(|e| format!("{e:#}"))?;
        config.validate().map_err(|e| format!("{e:#}"))?;
        Ok(config)
    }

    #[test]
    fn what_a_file_leaves_out_keeps_its_default() {
        let config =
            read("[server]\nurl = \"https://tacit.example:7443\"\n[capture]\nback_end = \"rdev\"\n").unwrap();
        assert_eq!(config.server.url.as_deref(), Some("https://tacit.example:7443"));
        assert_eq!(config.capture.back_end, BackEnd::Rdev);
        assert_eq!(config.state_dir, Config::default().state_dir);
        assert_eq!(read("").unwrap(), Config::default());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, because) in [
            ("state_dirr = \"/x\"", "state_dirr"),
            ("[capture]\nback_end = \"camera\"", "line 2"),
            ("[server]\nurl = \"http://tacit.example\"", "is not encrypted"),
            ("[capture]\naccount = \" \"", "account must be"),
            ("[response]\npath = [\"bin\"]", "response.path"),
            ("[response]\nsession = \"--all\"", "response.session"),
            ("[capture]\naccount = \"a\\u0007b\"", "account must be"),
            (&format!("[capture]\naccount = \"{}\"", "é".repeat(257)), "account must be"),
        ] {
            let wrong = read(text).unwrap_err();
            assert!(wrong.contains(because), "{wrong}");
        }
        assert!(Config::read(Some(Path::new("/nonexistent/agent.toml"))).is_err());
    }
}
