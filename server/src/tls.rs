//! Listeners: TLS 1.3 with a given or a generated certificate, or plain on loopback.

mod certificate;
mod descriptors;
mod expiry;
mod opening;
mod renewal;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::{Connected, TcpConnectInfo};

use self::opening::Opening;
use crate::files;
pub use certificate::{Certificate, GENERATED_DAYS, ensure, expires_at};
pub use descriptors::raise;
pub use expiry::chain_ends_at;
pub use renewal::Renewal;

/// A peer that does not finish its handshake in this time is dropped.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Connections accepted and not yet taken up, at most.
const WAITING: usize = 64;

/// What a listener speaks above TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP/2 alone.
    Grpc,
    /// HTTP/2 or HTTP/1.1.
    Http,
}

/// TLS 1.3 settings of a listener; with an authority for clients, those without a certificate of it get no handshake.
///
/// # Errors
/// When certificate, key or the clients' authority cannot be read, the key can be read by others, or certificate and key do not
/// belong together.
pub fn config(
    certificate: &Certificate,
    speaks: Speaks,
    clients: Option<&Path>,
) -> io::Result<Arc<ServerConfig>> {
    let chain = certificates(&certificate.chain)?;
    let key = PrivateKeyDer::from_pem_slice(&files::read_secret(&certificate.key)?)
        .map_err(|e| bad(&certificate.key, e))?;
    let builder = ServerConfig::builder_with_protocol_versions(&[&rustls::version::TLS13]);
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut authorities = RootCertStore::empty();
            for authority in certificates(path)? {
                authorities.add(authority).map_err(|e| bad(path, e))?;
            }
            let verifier = WebPkiClientVerifier::builder(Arc::new(authorities)).build();
            builder.with_client_cert_verifier(verifier.map_err(|e| bad(path, e))?)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|e| bad(&certificate.chain, e))?;
    config.alpn_protocols = match speaks {
        Speaks::Grpc => vec![b"h2".to_vec()],
        Speaks::Http => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
    };
    Ok(Arc::new(config))
}

fn bad(what: &Path, error: impl fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", what.display()))
}

/// The certificates of a PEM file.
fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let pem = files::read(path)?;
    CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|error| bad(path, error))
}

/// A connection after its handshake, if it has one.
#[derive(Debug)]
pub struct Connection {
    stream: Transport,
    opening: Opening,
    _place: OwnedSemaphorePermit,
}

#[derive(Debug)]
enum Transport {
    /// Loopback only.
    Plain(TcpStream),
    /// TLS 1.3.
    Tls(Box<TlsStream<TcpStream>>),
}

/// Connections of one listener, after their handshakes.
#[derive(Debug)]
pub struct Incoming {
    connections: mpsc::Receiver<(Connection, SocketAddr)>,
}

impl Incoming {
    pub(crate) fn into_inner(self) -> mpsc::Receiver<(Connection, SocketAddr)> {
        self.connections
    }
}

/// Accepts connections until `stopping`, each with the TLS settings of the moment; handshakes run side by side, so that a slow peer holds nobody up.
///
/// # Errors
/// When the address cannot be bound.
pub async fn listen(
    address: SocketAddr,
    tls: Option<watch::Receiver<Arc<ServerConfig>>>,
    stopping: CancellationToken,
) -> io::Result<(Incoming, SocketAddr)> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))?;
    let local = listener.local_addr()?;
    let (ready, connections) = mpsc::channel(WAITING);
    let places = Arc::new(Semaphore::new(descriptors::connections()));
    tokio::spawn(async move {
        loop {
            // Whoever comes when all places are taken waits for one.
            let accepted = tokio::select! {
                () = stopping.cancelled() => return,
                accepted = async { (listener.accept().await, Arc::clone(&places).acquire_owned().await) } => accepted,
            };
            let (accepted, Ok(place)) = accepted else { return };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, mostly: those in use have to end first.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let _ = stream.set_nodelay(true);
            let acceptor = tls.as_ref().map(|tls| TlsAcceptor::from(Arc::clone(&tls.borrow())));
            let ready = ready.clone();
            tokio::spawn(async move {
                let stream = match acceptor {
                    None => Transport::Plain(stream),
                    Some(acceptor) => match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                        Ok(Ok(stream)) => Transport::Tls(Box::new(stream)),
                        Ok(Err(error)) => {
                            tracing::debug!(%peer, %error, "handshake failed");
                            return;
                        }
                        Err(_) => return,
                    },
                };
                let connection = Connection { stream, opening: Opening::new(), _place: place };
                let _ = ready.send((connection, peer)).await;
            });
        }
    });
    Ok((Incoming { connections }, local))
}

impl Connection {
    fn stream(&mut self) -> Pin<&mut (dyn Stream + Unpin)> {
        Pin::new(match &mut self.stream {
            Transport::Plain(stream) => stream,
            Transport::Tls(stream) => stream.as_mut(),
        })
    }
}

trait Stream: AsyncRead + AsyncWrite {}
impl<T: AsyncRead + AsyncWrite> Stream for T {}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = self.stream().poll_read(cx, buffer);
        if read.is_pending() {
            return self.opening.poll_late(cx);
        }
        self.opening.read(buffer.filled().len() - before);
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        match &self.stream {
            Transport::Plain(stream) => stream.connect_info(),
            Transport::Tls(stream) => stream.get_ref().0.connect_info(),
        }
    }
}
