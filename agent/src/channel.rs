//! The connection to the server: TLS, or plain to a loopback address and only by flag.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, TrustAnchor};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Uri};

/// Checks a server address. `https://` always; `http://` only to a loopback address, and only where that is allowed.
///
/// # Errors
/// When the address is none of these, saying what to do.
pub fn check_server(server: &str, insecure_loopback: bool) -> Result<Uri> {
    let uri: Uri =
        server.parse().with_context(|| format!("{server:?} is no address; write https://HOST:PORT"))?;
    let host = uri.host().with_context(|| format!("{server:?} names no host; write https://HOST:PORT"))?;
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") => {
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            let loopback = bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
            if loopback && insecure_loopback {
                Ok(uri)
            } else {
                bail!(
                    "{server} is not encrypted: use https://, or --insecure-loopback with a loopback address"
                )
            }
        }
        _ => bail!("{server:?} is neither https:// nor http://; write https://HOST:PORT"),
    }
}

/// What a connection needs besides the server's address and authority.
#[derive(Debug, Clone, Default)]
pub struct Means {
    /// A plain connection to a loopback address is allowed.
    pub insecure_loopback: bool,
    /// What this device shows of itself in TLS, where the server asks for it (mutual TLS).
    pub client: Option<ClientCertificate>,
}

impl From<bool> for Means {
    fn from(insecure_loopback: bool) -> Self {
        Self { insecure_loopback, client: None }
    }
}

/// A certificate of this device, from an authority that the server trusts.
#[derive(Clone)]
pub struct ClientCertificate {
    /// Chain, PEM.
    pub chain_pem: String,
    /// Private key, PEM.
    pub key_pem: String,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate")
    }
}

/// Opens a connection lazily: the first call connects. Over TLS the server must be certified by the given authority alone
/// or, if none is given, by one that the system trusts.
///
/// # Errors
/// When the address or the CA certificate is not sound.
pub fn channel(server: &str, ca_pem: Option<&str>, means: &Means) -> Result<Channel> {
    let uri = check_server(server, means.insecure_loopback)?;
    let plain = uri.scheme_str() == Some("http");
    let mut endpoint = Endpoint::from(uri)
        .connect_timeout(Duration::from_secs(10))
        .http2_keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20))
        .keep_alive_while_idle(true);
    if !plain {
        let tls = match ca_pem {
            Some(pem) if certificates(pem) == 0 => {
                bail!("the file of --ca holds no certificate: it must be PEM, with BEGIN CERTIFICATE in it")
            }
            Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
            None => ClientTlsConfig::new().trust_anchors(system_authorities()?),
        };
        let tls = match &means.client {
            Some(client) => tls.identity(Identity::from_pem(&client.chain_pem, &client.key_pem)),
            None => tls,
        };
        endpoint =
            endpoint.tls_config(tls).context("the CA certificate, or this device's own, is not sound")?;
    }
    Ok(endpoint.connect_lazy())
}

fn certificates(pem: &str) -> usize {
    CertificateDer::pem_slice_iter(pem.as_bytes()).filter(Result::is_ok).count()
}

/// The certificate authorities that this system trusts.
fn system_authorities() -> Result<Vec<TrustAnchor<'static>>> {
    let mut store = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    store.add_parsable_certificates(found.certs);
    if store.is_empty() {
        bail!(
            "this system trusts no certificate authority: enrol with --ca FILE (tls/ca.pem of the server's data directory)"
        );
    }
    Ok(store.roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_connections_go_to_loopback_by_flag_only() {
        assert!(check_server("https://tacit.example:7443", false).is_ok());
        assert!(check_server("http://127.0.0.1:7443", true).is_ok());
        assert!(check_server("http://[::1]:7443", true).is_ok());
        for (server, flag) in [
            ("http://127.0.0.1:7443", false),
            ("http://tacit.example:7443", true),
            ("http://127.0.0.1.example:7443", true),
            ("ftp://127.0.0.1", true),
            ("127.0.0.1:7443", true),
        ] {
            assert!(check_server(server, flag).is_err(), "{server} {flag}");
        }
    }
}
