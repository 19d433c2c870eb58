//! Settings: defaults, then the configuration file (TOML), then the environment, then flags. The only place that reads them.
//!
//! Flags and their variables (`TACIT_SERVER_DATA_DIR` ...) are [`Flags`]; the tables of the file are set from the
//! environment with two underscores (`TACIT_SERVER_POLICY__RESPONSE`).

use std::net::SocketAddr;
use std::path::PathBuf;

use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Toml};
use serde::{Deserialize, Serialize};

use crate::domain::policy::Mode;
use crate::files;
use crate::idp;

/// Settings that do not hold together, in words that say which.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file or a variable cannot be read.
    #[error("configuration: {0}")]
    Read(Box<figment::Error>),
    /// A value is outside what is possible.
    #[error("configuration: {key}: {problem}")]
    Invalid {
        /// Dotted name of the setting.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

/// What can be said on the command line of every subcommand; each has an environment variable.
#[derive(Debug, Clone, Default, Serialize, clap::Args)]
pub struct Flags {
    /// Configuration file (TOML)
    #[arg(long, env = "TACIT_SERVER_CONFIG", global = true)]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Where keys, certificates and the private Postgres live [default: /var/lib/tacit]
    #[arg(long, env = "TACIT_SERVER_DATA_DIR", global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// Postgres to use; without it the server runs a private one in its data directory
    #[arg(long, env = "TACIT_SERVER_DATABASE_URL", global = true, hide_env_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// Address that agents call [default: 0.0.0.0:7443]
    #[arg(long, env = "TACIT_SERVER_GRPC_LISTEN", global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc_listen: Option<SocketAddr>,
    /// Address of the REST API [default: 0.0.0.0:7080]
    #[arg(long, env = "TACIT_SERVER_HTTP_LISTEN", global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_listen: Option<SocketAddr>,
    /// Serve without TLS; refused on anything but a loopback address
    #[arg(long, env = "TACIT_SERVER_INSECURE_LOOPBACK", global = true)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub insecure_loopback: bool,
    /// Certificate chain (PEM); with --tls-key, instead of a generated one
    #[arg(long, env = "TACIT_SERVER_TLS_CERT", global = true, requires = "tls_key")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_cert: Option<PathBuf>,
    /// Private key (PEM)
    #[arg(long, env = "TACIT_SERVER_TLS_KEY", global = true, requires = "tls_cert")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// Authority (PEM) that agents must show a certificate of: mutual TLS
    #[arg(long, env = "TACIT_SERVER_TLS_CLIENT_CA", global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_ca: Option<PathBuf>,
    /// A further name for the generated certificate; may be repeated
    #[arg(long = "tls-name", env = "TACIT_SERVER_TLS_NAME", global = true, value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tls_name: Vec<String>,
    /// File of the 32-byte master key [default: DATA/secrets/master.key, made at first start]
    #[arg(long, env = "TACIT_SERVER_MASTER_KEY_FILE", global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master_key_file: Option<PathBuf>,
    /// Command that wraps and unwraps the root secret, in place of a key file: called with `wrap` or `unwrap`, bytes on its
    /// standard input and output
    #[arg(long, env = "TACIT_SERVER_MASTER_KEY_COMMAND", global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master_key_command: Option<String>,
}

/// Text that no log and no listing shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hidden(pub String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden")
    }
}

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where keys, certificates and the private Postgres live.
    pub data_dir: PathBuf,
    /// Postgres to use; `None` for the private one.
    pub database_url: Option<String>,
    /// Connections to Postgres at most.
    pub database_connections: u32,
    /// Address that agents call.
    pub grpc_listen: SocketAddr,
    /// Address of the REST API.
    pub http_listen: SocketAddr,
    /// Serve without TLS, on loopback only.
    pub insecure_loopback: bool,
    /// Certificate chain (PEM).
    pub tls_cert: Option<PathBuf>,
    /// Private key (PEM).
    pub tls_key: Option<PathBuf>,
    /// Authority that agents must show a certificate of.
    pub tls_client_ca: Option<PathBuf>,
    /// Further names for the generated certificate.
    pub tls_name: Vec<String>,
    /// File of the master key.
    pub master_key_file: Option<PathBuf>,
    /// Master key, in base64 or hexadecimal, in place of the file.
    pub master_key: Option<Hidden>,
    /// Command that wraps and unwraps, in place of the file.
    pub master_key_command: Option<String>,
    /// Access tokens of the company's identity provider.
    pub auth: AuthSettings,
    /// Sessions of browsers.
    pub log_in: LogInSettings,
    /// What callers of REST may ask.
    pub rest: RestSettings,
    /// How much one device may send.
    pub bounds: BoundsSettings,
    /// Judging and what follows from it.
    pub policy: PolicySettings,
    /// What agents are told.
    pub agent: AgentSettings,
    /// Telling other systems.
    pub out: OutSettings,
    /// How long things are kept.
    pub retention: RetentionSettings,
}

/// The company's identity provider: access tokens (JWT) on REST, and logging in. Without an issuer, API keys alone are taken.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthSettings {
    /// `iss` that tokens must carry.
    pub issuer: Option<String>,
    /// `aud` that tokens must carry.
    pub audience: Option<String>,
    /// Authority of the provider's certificate (PEM), besides the system's.
    pub ca_file: Option<PathBuf>,
    /// This server as a client of the provider, for logging in.
    pub client_id: Option<String>,
    /// Its secret; without one it is a public client.
    pub client_secret_file: Option<PathBuf>,
    /// Scopes asked for at a log-in.
    pub scopes: Option<String>,
    /// What browsers call this server, as the provider knows it; as each request says, unless set.
    pub public_url: Option<String>,
    /// Public key of the issuer (PEM: RSA, P-256 or Ed25519); without keys, the issuer is asked.
    pub public_key_file: Option<PathBuf>,
    /// Public keys of the issuer (JWKS file).
    pub jwks_file: Option<PathBuf>,
    /// Claim that names the role.
    pub role_claim: Option<String>,
    /// Claim that names the groups of devices that the caller is limited to, or `*`; without it tokens are for every group.
    pub group_claim: Option<String>,
}

/// Sessions of people who have logged in with a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogInSettings {
    /// Minutes without a request after which one ends.
    pub idle_minutes: u32,
    /// Hours after which one ends in any case.
    pub hours: u32,
}

impl Default for LogInSettings {
    fn default() -> Self {
        Self { idle_minutes: 30, hours: 10 }
    }
}

/// What callers of REST may ask of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RestSettings {
    /// Requests of one caller in a minute, in the long run.
    pub requests_per_minute: u32,
    /// Requests of one caller at once, after a rest.
    pub burst: u32,
}

impl Default for RestSettings {
    fn default() -> Self {
        Self { requests_per_minute: 6_000, burst: 1_000 }
    }
}

/// The strongest response in a group for which no policy is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseKind {
    /// Kept, nothing else.
    Record,
    /// The person at the workstation reads a notice.
    Notify,
    /// The person at the workstation confirms to the system who they are.
    StepUp,
    /// The workstation is locked.
    Lock,
}

impl From<ResponseKind> for Mode {
    fn from(response: ResponseKind) -> Self {
        match response {
            ResponseKind::Record => Self::Observe,
            ResponseKind::Notify => Self::Notify,
            ResponseKind::StepUp => Self::StepUp,
            ResponseKind::Lock => Self::Lock,
        }
    }
}

/// How much one device may send; more, and it is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BoundsSettings {
    /// Messages in a second, in the long run.
    pub messages_per_second: u32,
    /// Messages at once: more than a full spool holds.
    pub messages_at_once: u32,
    /// KiB in a second, in the long run; every message counts as one at least.
    pub kib_per_second: u32,
    /// KiB at once.
    pub kib_at_once: u32,
    /// Streams at once: one that broke may not have been found out yet.
    pub streams: u32,
    /// Open sessions.
    pub sessions: u32,
    /// Accounts of which it opens the first session that it ever had, in an hour.
    pub accounts_per_hour: u32,
}

impl Default for BoundsSettings {
    fn default() -> Self {
        Self {
            messages_per_second: 50,
            messages_at_once: 60_000,
            kib_per_second: 128,
            kib_at_once: 128 * 1_024,
            streams: 8,
            sessions: 64,
            accounts_per_hour: 64,
        }
    }
}

/// Judging and what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySettings {
    /// The strongest response in groups for which no policy is stored.
    pub response: ResponseKind,
    /// Hours without a word after which a session is closed.
    pub silent_after_hours: u32,
    /// Thresholds and maturity.
    pub judging: tacit_engine::Policy,
}

/// What agents are told; 0 leaves the agent its default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentSettings {
    /// Keystrokes that close a keyboard window.
    pub window_keystrokes: u32,
    /// Strokes that close a pointer or touch window.
    pub window_strokes: u32,
    /// Active milliseconds that close a window with its minimum of input.
    pub window_active_ms: u32,
    /// Milliseconds between heartbeats.
    pub heartbeat_ms: u32,
    /// How little a window tells of what was typed; agents keep their own level without it.
    pub privacy: Option<Privacy>,
}

/// How little a window tells of what was typed (docs/privacy-leak.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// Counts and means as measured.
    Plain,
    /// How long keys are held, and nothing else of them: usual counts, in steps.
    Standard,
    /// The same, and each keystroke waits for one window on average.
    Strict,
}

/// Telling other systems of verdicts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutSettings {
    /// Private networks in which destinations may be; public addresses always may.
    pub networks: Vec<ipnet::IpNet>,
    /// How receivers of streams know this server: the URL under which they reach REST, without a path. `None` for the first
    /// name of its certificate, or localhost.
    pub issuer: Option<String>,
    /// Where destinations of the kind `file` write; `None` for `out` in the data directory.
    pub directory: Option<PathBuf>,
    /// Hours after which an event that nobody takes is given up.
    pub give_up_after_hours: u32,
    /// Days for which it is kept what was delivered.
    pub keep_delivered_days: u32,
    /// Days for which it is kept what was given up.
    pub keep_dead_days: u32,
}

impl Default for OutSettings {
    fn default() -> Self {
        Self {
            networks: Vec::new(),
            issuer: None,
            directory: None,
            give_up_after_hours: 72,
            keep_delivered_days: 7,
            keep_dead_days: 30,
        }
    }
}

/// How long things are kept, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionSettings {
    /// Windows.
    pub windows_days: u32,
    /// Verdicts.
    pub verdicts_days: u32,
    /// Closed sessions, with their events, directives and feedback.
    pub sessions_days: u32,
    /// The audit log.
    pub audit_days: u32,
    /// Subjects of whom nothing else is kept, with profile and name.
    pub subjects_days: u32,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self { windows_days: 7, verdicts_days: 90, sessions_days: 90, audit_days: 730, subjects_days: 365 }
    }
}

impl RetentionSettings {
    fn validate(self) -> Result<(), ConfigError> {
        let wrong = |key, problem: &str| Err(ConfigError::Invalid { key, problem: problem.to_owned() });
        if !(1..=366).contains(&self.windows_days) {
            return wrong("retention.windows_days", "must lie from 1 to 366");
        }
        if !(1..=3_660).contains(&self.verdicts_days) {
            return wrong("retention.verdicts_days", "must lie from 1 to 3660");
        }
        // A session that is held back waits for 30 days, and takes what belongs to it along.
        if self.sessions_days < self.verdicts_days.max(self.windows_days).max(31)
            || self.sessions_days > 3_660
        {
            return wrong(
                "retention.sessions_days",
                "must lie from 31 to 3660, and be no less than windows_days and verdicts_days",
            );
        }
        if !(31..=7_320).contains(&self.audit_days) {
            return wrong("retention.audit_days", "must lie from 31 to 7320");
        }
        if !(31..=3_660).contains(&self.subjects_days) {
            return wrong("retention.subjects_days", "must lie from 31 to 3660");
        }
        Ok(())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("/var/lib/tacit"),
            database_url: None,
            database_connections: 16,
            grpc_listen: SocketAddr::from(([0, 0, 0, 0], 7443)),
            http_listen: SocketAddr::from(([0, 0, 0, 0], 7080)),
            insecure_loopback: false,
            tls_cert: None,
            tls_key: None,
            tls_client_ca: None,
            tls_name: Vec::new(),
            master_key_file: None,
            master_key: None,
            master_key_command: None,
            auth: AuthSettings::default(),
            log_in: LogInSettings::default(),
            rest: RestSettings::default(),
            bounds: BoundsSettings::default(),
            policy: PolicySettings {
                response: ResponseKind::Record,
                silent_after_hours: 24,
                judging: tacit_engine::Policy::default(),
            },
            agent: AgentSettings::default(),
            out: OutSettings::default(),
            retention: RetentionSettings::default(),
        }
    }
}

impl Settings {
    /// Reads and validates all sources.
    ///
    /// # Errors
    /// When the file or a variable cannot be read, or a value is impossible.
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = &flags.config {
            files::check(file).map_err(|error| ConfigError::Read(Box::new(error.to_string().into())))?;
            figment = figment.merge(Toml::file_exact(file));
        }
        let tables = Env::prefixed("TACIT_SERVER_").filter(|key| key.as_str().contains("__")).split("__");
        // No flag: other accounts see arguments.
        let key = Env::prefixed("TACIT_SERVER_").only(&["master_key"]);
        let settings: Self = figment
            .merge(tables)
            .merge(key)
            .merge(Serialized::defaults(flags))
            .extract()
            .map_err(|error| ConfigError::Read(Box::new(error)))?;
        settings.validate()?;
        Ok(settings)
    }

    /// What the text of a settings file comes to by itself.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn of_file(text: &str) -> Result<Self, ConfigError> {
        let figment = Figment::from(Serialized::defaults(Self::default())).merge(Toml::string(text));
        let settings: Self = figment.extract().map_err(|error| ConfigError::Read(Box::new(error)))?;
        settings.validate()?;
        Ok(settings)
    }

    /// Where the master key is.
    #[must_use]
    pub fn master_key_path(&self) -> PathBuf {
        self.master_key_file.clone().unwrap_or_else(|| self.data_dir.join("secrets/master.key"))
    }

    /// How receivers of streams know this server.
    #[must_use]
    pub fn issuer(&self) -> String {
        if let Some(issuer) = &self.out.issuer {
            return issuer.trim_end_matches('/').to_owned();
        }
        let scheme = if self.insecure_loopback { "http" } else { "https" };
        let name = self.tls_name.first().map_or("localhost", String::as_str);
        format!("{scheme}://{name}:{}", self.http_listen.port())
    }

    /// Where destinations of the kind `file` write.
    #[must_use]
    pub fn out_path(&self) -> PathBuf {
        self.out.directory.clone().unwrap_or_else(|| self.data_dir.join("out"))
    }

    /// Checks what types cannot.
    ///
    /// # Errors
    /// The first impossible value.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let wrong = |key, problem: &str| Err(ConfigError::Invalid { key, problem: problem.to_owned() });
        if self.insecure_loopback {
            for (key, at) in [("grpc_listen", self.grpc_listen), ("http_listen", self.http_listen)] {
                if !at.ip().is_loopback() {
                    return wrong(key, "without TLS only a loopback address such as 127.0.0.1 is served");
                }
            }
        }
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return wrong("tls_cert", "a certificate needs its key, and a key its certificate");
        }
        let keys =
            [self.master_key_file.is_some(), self.master_key.is_some(), self.master_key_command.is_some()];
        if keys.into_iter().filter(|given| *given).count() > 1 {
            return wrong(
                "master_key_file",
                "give the master key as a file, a variable or a command: one of them",
            );
        }
        if self.tls_client_ca.is_some() && self.insecure_loopback {
            return wrong("tls_client_ca", "without TLS nobody can be asked for a certificate");
        }
        if !(2..=1_000).contains(&self.database_connections) {
            return wrong("database_connections", "must lie from 2 to 1000");
        }
        if self.rest.requests_per_minute == 0 || self.rest.burst == 0 {
            return wrong("rest", "requests_per_minute and burst must be at least 1");
        }
        let BoundsSettings {
            messages_per_second,
            messages_at_once,
            kib_per_second,
            kib_at_once,
            streams,
            sessions,
            accounts_per_hour,
        } = self.bounds;
        let each =
            [messages_per_second, messages_at_once, kib_per_second, streams, sessions, accounts_per_hour];
        if each.contains(&0) || kib_at_once < 64 {
            return wrong(
                "bounds",
                "each must be at least 1, and kib_at_once 64, as much as one message holds",
            );
        }
        // Records are taken for 30 days.
        if !(1..=720).contains(&self.policy.silent_after_hours) {
            return wrong("policy.silent_after_hours", "must lie from 1 to 720");
        }
        // A receiver that is down over a weekend loses nothing unless it is asked for.
        if !(24..=720).contains(&self.out.give_up_after_hours) {
            return wrong("out.give_up_after_hours", "must lie from 24 to 720");
        }
        if !(1..=90).contains(&self.out.keep_delivered_days) || !(1..=90).contains(&self.out.keep_dead_days) {
            return wrong("out", "keep_delivered_days and keep_dead_days must lie from 1 to 90");
        }
        let issuer = self.out.issuer.as_deref();
        if issuer.is_some_and(|issuer| !issuer.starts_with("https://") || issuer.contains(['?', '#'])) {
            return wrong("out.issuer", "must be a URL such as https://tacit.example:7080");
        }
        self.retention.validate()?;
        let judging = &self.policy.judging;
        if !(judging.takeover_hazard > 0.0 && judging.takeover_hazard < 0.5) {
            return wrong("policy.judging.takeover_hazard", "must lie between 0 and 0.5");
        }
        let ordered = judging.different_person_below >= 0.0
            && judging.different_person_below <= judging.suspicious_below
            && judging.suspicious_below <= 100.0;
        if !ordered {
            return wrong("policy.judging", "0 ≤ different_person_below ≤ suspicious_below ≤ 100 must hold");
        }
        if !(1..=1_440).contains(&self.log_in.idle_minutes) || !(1..=168).contains(&self.log_in.hours) {
            return wrong("log_in", "idle_minutes must lie from 1 to 1440, hours from 1 to 168");
        }
        if self.auth.issuer.as_ref().is_some_and(|issuer| !idp::is_issuer(issuer)) {
            return wrong("auth.issuer", "must be an https address; on this machine http does too");
        }
        if self.auth.client_id.is_some() && self.auth.issuer.is_none() {
            return wrong("auth.client_id", "people log in only with issuer set");
        }
        let keyed = self.auth.public_key_file.is_some() || self.auth.jwks_file.is_some();
        if keyed && (self.auth.issuer.is_none() || self.auth.audience.is_none()) {
            return wrong("auth", "tokens are taken only with issuer and audience set");
        }
        Ok(())
    }
}
