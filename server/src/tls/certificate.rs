//! A certificate authority and a server certificate of its own, for a server that was given none.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::clock::Ambient;
use crate::config::Settings;
use crate::files;

/// Days that a generated server certificate is good for; it is renewed when a month is left.
pub const GENERATED_DAYS: i64 = 397;
const RENEW_BEFORE: Duration = Duration::days(30);
const AUTHORITY_DAYS: i64 = 3_650;

/// Files of a server certificate.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// Chain, PEM.
    pub chain: PathBuf,
    /// Private key, PEM.
    pub key: PathBuf,
}

/// What a generated certificate says, so that it need not be parsed.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Said {
    names: Vec<String>,
    #[serde(with = "time::serde::timestamp")]
    expires_at: OffsetDateTime,
}

/// The certificate of the settings, or one generated under `DATA/tls`, with `ca.pem` for agents beside it.
///
/// # Errors
/// When files cannot be read or written, or keys can be read by others.
pub fn ensure(settings: &Settings, ambient: &Ambient) -> io::Result<Certificate> {
    if let (Some(chain), Some(key)) = (&settings.tls_cert, &settings.tls_key) {
        return Ok(Certificate { chain: chain.clone(), key: key.clone() });
    }
    let home = settings.data_dir.join("tls");
    fs::create_dir_all(&home)?;
    let certificate = Certificate { chain: home.join("server.pem"), key: home.join("server.key") };
    let names = names(&settings.tls_name);
    let now = ambient.now();
    for key in [&certificate.key, &home.join("ca.key")] {
        files::check_secret(key)?;
    }
    for public in [&certificate.chain, &home.join("ca.pem")] {
        files::check(public)?;
    }
    let sound = said(&home)?.is_some_and(|said| said.names == names && said.expires_at - now > RENEW_BEFORE);
    if sound && certificate.chain.exists() && certificate.key.exists() && home.join("ca.pem").exists() {
        return Ok(certificate);
    }
    generate(&home, &certificate, names, now, ambient).map_err(|error| match error {
        Failed::Io(error) => error,
        Failed::Made(error) => io::Error::other(error),
    })?;
    tracing::info!(directory = %home.display(), "made a server certificate");
    Ok(certificate)
}

/// When the generated certificate of a data directory ends, if there is one.
///
/// # Errors
/// When what says so cannot be read.
pub fn expires_at(data_dir: &Path) -> io::Result<Option<OffsetDateTime>> {
    Ok(said(&data_dir.join("tls"))?.map(|said| said.expires_at))
}

fn said(home: &Path) -> io::Result<Option<Said>> {
    match files::read(&home.join("server.json")) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn names(further: &[String]) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    for name in host.into_iter().chain(further.iter().cloned()) {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

enum Failed {
    Io(io::Error),
    Made(rcgen::Error),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rcgen::Error> for Failed {
    fn from(error: rcgen::Error) -> Self {
        Self::Made(error)
    }
}

fn generate(
    home: &Path,
    certificate: &Certificate,
    names: Vec<String>,
    now: OffsetDateTime,
    ambient: &Ambient,
) -> Result<(), Failed> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.distinguished_name.push(DnType::CommonName, "Tacit certificate authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority.not_before = now - Duration::days(1);
    authority.not_after = now + Duration::days(AUTHORITY_DAYS);
    let (ca, ca_key) = (home.join("ca.pem"), home.join("ca.key"));
    // Agents trust the authority, so that it outlives the server certificates it signs.
    let half = ca.exists() != ca_key.exists();
    if half && home.join("server.json").exists() {
        // Another authority would cut off every agent that trusts this one.
        let missing = if ca.exists() { &ca_key } else { &ca };
        let text = format!(
            "{} is missing: restore it from a backup, or give --tls-cert and --tls-key",
            missing.display()
        );
        return Err(io::Error::new(io::ErrorKind::NotFound, text).into());
    }
    let authority_key = if ca.exists() && ca_key.exists() {
        KeyPair::from_pem(&files::read_text(&ca_key)?)?
    } else {
        let key = KeyPair::generate()?;
        write(&ca_key, &key.serialize_pem(), 0o600)?;
        write(&ca, &authority.self_signed(&key)?.pem(), 0o644)?;
        key
    };
    let issuer = Issuer::from_params(&authority, &authority_key);

    let expires_at = now + Duration::days(GENERATED_DAYS);
    let mut server = CertificateParams::new(names.clone())?;
    server.distinguished_name.push(DnType::CommonName, "Tacit server");
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.insert_extended_key_usage(ExtendedKeyUsagePurpose::ServerAuth);
    server.not_before = now - Duration::days(1);
    server.not_after = expires_at;
    server.serial_number = Some(ambient.bytes::<16>().to_vec().into());
    let key = KeyPair::generate()?;
    let signed = server.signed_by(&key, &issuer)?;
    write(&certificate.key, &key.serialize_pem(), 0o600)?;
    write(&certificate.chain, &signed.pem(), 0o644)?;
    let said = serde_json::to_string(&Said { names, expires_at }).map_err(io::Error::from)?;
    write(&home.join("server.json"), &said, 0o644)?;
    Ok(())
}

fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let fresh = path.with_extension("new");
    // A file left by a crash keeps its mode when it is opened again.
    let _ = fs::remove_file(&fresh);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}
