//! Syslog (RFC 5424) over TLS with octet counting (RFC 5425).
//!
//! Syslog has no acknowledgement. What comes near one: all messages are written, the stream is closed as TLS asks for, and the
//! receiver is seen to close its side without a reset. A receiver that leaves its side open for long is believed.

use std::io::{Error as IoError, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::reach::Reach;
use super::{Message, Outcome, format, short, unsound};
use crate::Result;
use crate::domain::alert::Severity;
use crate::domain::destination::Format;

/// To connect, and to write all of a batch, at most.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long a receiver may take to close its side.
const CLOSING: Duration = Duration::from_secs(5);
/// Facility 10: security and authorization messages.
const FACILITY: u8 = 10;

/// Writes to one receiver.
#[derive(Debug)]
pub struct Syslog {
    host: String,
    port: u16,
    format: Format,
    tls: Arc<ClientConfig>,
    reach: Reach,
    hostname: String,
}

impl Syslog {
    /// For a receiver.
    ///
    /// # Errors
    /// Internal, when what was checked before no longer holds.
    pub fn new(host: &str, port: u16, format: Format, ca: Option<&str>, reach: &Reach) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for certificate in ca.into_iter().flat_map(|ca| CertificateDer::pem_slice_iter(ca.as_bytes())) {
            roots.add(certificate.map_err(unsound)?).map_err(unsound)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unsound)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let hostname = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
        let hostname = printable(&hostname.unwrap_or_default(), 255);
        Ok(Self { host: host.to_owned(), port, format, tls: Arc::new(tls), reach: reach.clone(), hostname })
    }

    /// Hands messages over in one connection.
    pub async fn send(&self, messages: &[Message]) -> Vec<Outcome> {
        let mut frames = Vec::new();
        for message in messages {
            let line = self.line(message);
            frames.extend_from_slice(format!("{} {line}", line.len()).as_bytes());
        }
        let outcome = match self.write(&frames).await {
            Ok(()) => Outcome::Delivered,
            Err(error) => Outcome::Away(short(error), None),
        };
        vec![outcome; messages.len()]
    }

    fn line(&self, message: &Message) -> String {
        let severity = match message.severity {
            Severity::Info => 6,
            Severity::Low => 5,
            Severity::Medium => 4,
            Severity::High => 3,
            Severity::Critical => 2,
        };
        let (priority, at) = (FACILITY * 8 + severity, format::rfc3339(message.at));
        let (kind, body) = (printable(&message.kind, 32), format::write(self.format, message));
        let version = env!("CARGO_PKG_VERSION");
        format!(
            "<{priority}>1 {at} {} tacit-server - {kind} [origin software=\"tacit-server\" swVersion=\"{version}\"] {body}",
            self.hostname
        )
    }

    async fn write(&self, frames: &[u8]) -> std::io::Result<()> {
        let late = |_| IoError::new(ErrorKind::TimedOut, "the receiver does not answer in time");
        let mut stream = tokio::time::timeout(TIMEOUT, self.connect()).await.map_err(late)??;
        let writing = async {
            stream.write_all(frames).await?;
            stream.flush().await?;
            stream.shutdown().await
        };
        tokio::time::timeout(TIMEOUT, writing).await.map_err(late)??;
        let mut rest = [0; 256];
        let closing = async {
            loop {
                match stream.read(&mut rest).await {
                    Ok(0) => return Ok(()),
                    Ok(_) => {}
                    // The receiver has closed the connection without saying so in TLS.
                    Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
                    Err(error) => return Err(error),
                }
            }
        };
        tokio::time::timeout(CLOSING, closing).await.unwrap_or(Ok(()))
    }

    async fn connect(&self) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let name = self.host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(name).map_err(|e| IoError::new(ErrorKind::InvalidInput, e))?;
        let addresses = self.reach.resolve(&self.host, self.port).await?;
        let stream = TcpStream::connect(addresses.as_slice()).await?;
        TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await
    }
}

/// PRINTUSASCII of RFC 5424, or the nil value.
fn printable(text: &str, longest: usize) -> String {
    let text: String = text.chars().filter(char::is_ascii_graphic).take(longest).collect();
    if text.is_empty() { "-".to_owned() } else { text }
}
