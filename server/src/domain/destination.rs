//! Systems that are told of verdicts: where they are, what they want to hear, and what they may be told.

use serde::{Deserialize, Serialize};
use tacit_engine::VerdictKind;
use utoipa::ToSchema;

use super::alert::Severity;
use super::plain::is_plain;
use super::policy::{check_group, check_reason};
use super::signal_stream::{StreamEvent, SubjectFormat};
use super::told;
use super::verdict;
use crate::{Error, Result};

/// Destinations at most: each costs a connection while it is told.
pub const MOST: i64 = 100;
/// Characters of a name at most.
const LONGEST_NAME: usize = 63;
/// Characters of a URL at most.
const LONGEST_URL: usize = 2_048;
/// Bytes of certificates at most.
const LONGEST_CA: usize = 16 * 1024;

/// How an event is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Tacit's own JSON: `type`, `timestamp`, `data`.
    #[default]
    Tacit,
    /// OCSF 1.4 Detection Finding, class 2004.
    Ocsf,
    /// OCSF 1.4 Authentication, class 3002.
    OcsfAuthentication,
    /// Elastic Common Schema 8.11.
    Ecs,
    /// Common Event Format; not for webhooks, whose bodies are JSON.
    Cef,
}

/// Where events go, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// HTTP requests as the Standard Webhooks specification says, signed.
    Webhook {
        /// `https://...`; plain `http://` to loopback addresses alone.
        url: String,
        /// How events are written.
        #[serde(default)]
        format: Format,
        /// Certificates (PEM) of the authorities that the receiver's certificate may come from, besides the system's.
        #[serde(default)]
        ca: Option<String>,
    },
    /// Syslog (RFC 5424) over TLS with octet counting (RFC 5425).
    Syslog {
        /// Name or address.
        host: String,
        /// TCP port.
        #[serde(default = "syslog_port")]
        port: u16,
        /// How the message's text is written.
        #[serde(default)]
        format: Format,
        /// Certificates (PEM) of the authorities that the receiver's certificate may come from, besides the system's.
        #[serde(default)]
        ca: Option<String>,
    },
    /// Lines appended to a file in the server's own directory for them.
    File {
        /// Name of the file, without a folder.
        file: String,
        /// How lines are written.
        #[serde(default)]
        format: Format,
    },
    /// Lines on the server's standard output.
    Stdout {
        /// How lines are written.
        #[serde(default)]
        format: Format,
    },
    /// Security event tokens, pushed (RFC 8935).
    PushStream {
        /// `https://...`; plain `http://` to loopback addresses alone.
        url: String,
        /// `aud` of the tokens.
        audience: String,
        /// What it carries.
        events: Vec<StreamEvent>,
        /// How it names subjects; anything but their pseudonyms needs `names_reason`.
        #[serde(default)]
        subject: SubjectFormat,
        /// For people.
        #[serde(default)]
        description: Option<String>,
        /// Certificates (PEM) of the authorities that the receiver's certificate may come from, besides the system's.
        #[serde(default)]
        ca: Option<String>,
    },
    /// Security event tokens, fetched by the receiver (RFC 8936).
    PollStream {
        /// `aud` of the tokens.
        audience: String,
        /// What it carries.
        events: Vec<StreamEvent>,
        /// How it names subjects; anything but their pseudonyms needs `names_reason`.
        #[serde(default)]
        subject: SubjectFormat,
        /// For people.
        #[serde(default)]
        description: Option<String>,
    },
}

fn syslog_port() -> u16 {
    6514
}

impl Target {
    /// As stored beside it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "webhook",
            Self::Syslog { .. } => "syslog",
            Self::File { .. } => "file",
            Self::Stdout { .. } => "stdout",
            Self::PushStream { .. } => "push_stream",
            Self::PollStream { .. } => "poll_stream",
        }
    }

    /// Whether what is sent can name accounts only if that was decided with a reason, and does.
    #[must_use]
    pub fn names(&self) -> bool {
        match self {
            Self::PushStream { subject, .. } | Self::PollStream { subject, .. } => subject.names(),
            _ => false,
        }
    }

    /// Whether requests can carry credentials.
    #[must_use]
    pub fn authorizes(&self) -> bool {
        matches!(self, Self::Webhook { .. } | Self::PushStream { .. })
    }

    /// Whether what is sent is signed with a secret of the destination's own.
    #[must_use]
    pub fn signs(&self) -> bool {
        matches!(self, Self::Webhook { .. })
    }

    /// The host that is called.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        match self {
            Self::Webhook { url, .. } | Self::PushStream { url, .. } => {
                reqwest::Url::parse(url).ok()?.host_str().map(str::to_owned)
            }
            Self::Syslog { host, .. } => Some(host.clone()),
            Self::File { .. } | Self::Stdout { .. } | Self::PollStream { .. } => None,
        }
    }

    /// Checks what types cannot.
    ///
    /// # Errors
    /// Invalid argument that says what is possible.
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::Webhook { format: Format::Cef, .. } => {
                Err(Error::of_field("target.format", "target.format of a webhook must be JSON: not cef"))
            }
            Self::PushStream { url, audience, subject, ca, .. } => {
                check_url(url)?;
                check_stream(audience, subject)?;
                check_ca(ca.as_deref())
            }
            Self::PollStream { audience, subject, .. } => check_stream(audience, subject),
            Self::Webhook { url, ca, .. } => {
                check_url(url)?;
                check_ca(ca.as_deref())
            }
            Self::Syslog { host, ca, .. } => {
                check_host(host)?;
                check_ca(ca.as_deref())
            }
            Self::File { file, .. } => check_file(file),
            Self::Stdout { .. } => Ok(()),
        }
    }
}

fn check_url(url: &str) -> Result<()> {
    let wrong = |says: &str| Err(Error::of_field("target.url", format!("target.url {says}")));
    let parsed = match reqwest::Url::parse(url) {
        Ok(parsed) if url.len() <= LONGEST_URL => parsed,
        _ => return wrong("must be a URL such as https://receiver.example/tacit"),
    };
    if !parsed.username().is_empty() || parsed.password().is_some() || parsed.fragment().is_some() {
        return wrong("must have neither a user nor a fragment; credentials go into `authorization`");
    }
    match (parsed.scheme(), parsed.host_str()) {
        ("https", Some(_)) => Ok(()),
        ("http", Some(host)) if is_loopback(host) => Ok(()),
        _ => wrong("must begin with https://; plain http:// is for loopback addresses alone"),
    }
}

fn check_stream(audience: &str, subject: &SubjectFormat) -> Result<()> {
    let plain = |text: &str| (1..=LONGEST_URL).contains(&text.len()) && is_plain(text);
    if !plain(audience) {
        return Err(Error::of_field("target.audience", "target.audience must say for whom the tokens are"));
    }
    let sound = match subject {
        SubjectFormat::Opaque | SubjectFormat::Email { domain: None } => true,
        SubjectFormat::IssSub { iss: text } | SubjectFormat::Email { domain: Some(text) } => plain(text),
    };
    if !sound {
        return Err(Error::of_field("target.subject", "target.subject must name an issuer or a domain"));
    }
    Ok(())
}

fn check_host(host: &str) -> Result<()> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if rustls::pki_types::ServerName::try_from(bare).is_ok() {
        return Ok(());
    }
    Err(Error::of_field("target.host", "target.host must be a name such as siem.example, or an address"))
}

fn check_file(file: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if (1..=LONGEST_NAME).contains(&file.len()) && file.chars().all(plain) && !file.starts_with('.') {
        return Ok(());
    }
    Err(Error::of_field(
        "target.file",
        format!(
            "target.file must be 1 to {LONGEST_NAME} of a-z, A-Z, 0-9, `.`, `_` and -, not beginning with `.`: a file in the \
             server's directory for events, such as siem.jsonl"
        ),
    ))
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn check_ca(ca: Option<&str>) -> Result<()> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    let Some(ca) = ca else { return Ok(()) };
    let read = CertificateDer::pem_slice_iter(ca.as_bytes()).collect::<Result<Vec<_>, _>>();
    match read {
        Ok(certificates) if !certificates.is_empty() && ca.len() <= LONGEST_CA => Ok(()),
        _ => Err(Error::of_field(
            "target.ca",
            format!("target.ca must be certificates in PEM form, at most {LONGEST_CA} bytes"),
        )),
    }
}

/// What a destination wants to hear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Of devices in these groups; `None` for all.
    pub groups: Option<Vec<String>>,
    /// Of these verdicts and of their end; `None` for all.
    pub verdicts: Option<Vec<VerdictKind>>,
    /// Of what matters at least so much.
    pub minimum_severity: Severity,
}

impl Filter {
    fn wants_group(&self, group: &str) -> bool {
        self.groups.as_ref().is_none_or(|groups| groups.iter().any(|of| of == group))
    }

    /// Whether a change of a session's verdict, in a group, is to be told.
    #[must_use]
    pub fn wants_change(&self, group: &str, about: &[VerdictKind]) -> bool {
        let wanted = |kind: &VerdictKind| {
            told::severity(*kind) >= self.minimum_severity
                && self.verdicts.as_ref().is_none_or(|verdicts| verdicts.contains(kind))
        };
        self.wants_group(group) && about.iter().any(wanted)
    }

    /// Whether something else that matters so much, in a group, is to be told.
    #[must_use]
    pub fn wants(&self, group: &str, severity: Severity) -> bool {
        self.wants_group(group) && severity >= self.minimum_severity
    }
}

/// Checks the name of a destination.
///
/// # Errors
/// Invalid argument that says what a name is.
pub fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(plain) {
        return Ok(());
    }
    Err(Error::of_field("name", format!("name must be 1 to {LONGEST_NAME} of a-z, 0-9 and -, such as siem")))
}

/// Checks a filter as it was given, and reads it.
///
/// # Errors
/// Invalid argument that says what is possible.
pub fn filter(
    groups: Option<&[String]>,
    verdicts: Option<&[String]>,
    minimum_severity: Severity,
) -> Result<Filter> {
    let empty = |field: &str| {
        Error::of_field(field, format!("{field} must name one at least; leave it out to hear of all"))
    };
    if groups.is_some_and(<[String]>::is_empty) {
        return Err(empty("groups"));
    }
    if verdicts.is_some_and(<[String]>::is_empty) {
        return Err(empty("verdicts"));
    }
    groups.into_iter().flatten().try_for_each(|group| check_group(group))?;
    let told = |name: &String| {
        verdict::named(name).filter(|kind| told::severity(*kind) > Severity::Info).ok_or_else(|| {
            Error::of_field(
                "verdicts",
                "verdicts must be of suspicious, different_person, automation and silent; a session that is genuine \
                 again is told to whoever was told that it was not",
            )
        })
    };
    let verdicts = verdicts.map(|names| names.iter().map(told).collect::<Result<Vec<_>>>()).transpose()?;
    Ok(Filter { groups: groups.map(<[String]>::to_vec), verdicts, minimum_severity })
}

/// Checks why account names are told.
///
/// # Errors
/// Invalid argument that says what is expected.
pub fn check_names_reason(reason: Option<&str>) -> Result<Option<String>> {
    reason
        .map(|reason| {
            check_reason(reason)
                .map_err(|error| Error::of_field("names_reason", format!("names_{}", error.public())))
        })
        .transpose()
}
