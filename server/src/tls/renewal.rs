//! The TLS settings of both listeners, put in use anew when their files change or the server's own certificate nears its end, without a
//! restart. Connections that are open go on as they are.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::{Certificate, Speaks, config, ensure};
use crate::clock::Ambient;
use crate::config::Settings;
use crate::files;

/// Between two looks at the files.
const EVERY: Duration = Duration::from_secs(60);

/// What the files held.
#[derive(PartialEq)]
struct Held {
    chain: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
    clients: Option<Vec<u8>>,
}

/// TLS settings that follow their files.
pub struct Renewal {
    settings: Settings,
    ambient: Ambient,
    held: Held,
    agents: watch::Sender<Arc<ServerConfig>>,
    people: watch::Sender<Arc<ServerConfig>>,
}

impl Renewal {
    /// As the files stand; a certificate is made where none is given.
    ///
    /// # Errors
    /// When files cannot be read or written, or do not belong together.
    pub fn new(settings: &Settings, ambient: &Ambient) -> io::Result<Self> {
        let certificate = ensure(settings, ambient)?;
        let held = Held::read(&certificate, settings.tls_client_ca.as_deref())?;
        let (agents, people) = both(&certificate, settings.tls_client_ca.as_deref())?;
        Ok(Self {
            settings: settings.clone(),
            ambient: ambient.clone(),
            held,
            agents: watch::Sender::new(agents),
            people: watch::Sender::new(people),
        })
    }

    /// For the listener of agents.
    #[must_use]
    pub fn agents(&self) -> watch::Receiver<Arc<ServerConfig>> {
        self.agents.subscribe()
    }

    /// For the listener of people and programs.
    #[must_use]
    pub fn people(&self) -> watch::Receiver<Arc<ServerConfig>> {
        self.people.subscribe()
    }

    /// Puts in use what the files hold now, if that is something else; whether it was.
    ///
    /// # Errors
    /// As [`Renewal::new`]; what was in use then stays in use.
    pub fn look(&mut self) -> io::Result<bool> {
        let certificate = ensure(&self.settings, &self.ambient)?;
        let clients = self.settings.tls_client_ca.as_deref();
        let held = Held::read(&certificate, clients)?;
        if held == self.held {
            return Ok(false);
        }
        let (agents, people) = both(&certificate, clients)?;
        self.agents.send_replace(agents);
        self.people.send_replace(people);
        self.held = held;
        Ok(true)
    }

    /// Looks each minute, and at once on SIGHUP, until `stopping`.
    ///
    /// # Errors
    /// When the signal cannot be listened for.
    pub async fn keep(mut self, stopping: CancellationToken) -> io::Result<()> {
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut wrong = None;
        loop {
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = tokio::time::sleep(EVERY) => {}
                _ = hang_up.recv() => wrong = None,
            }
            match self.look() {
                Ok(true) => {
                    tracing::info!("another TLS certificate is in use");
                    wrong = None;
                }
                Ok(false) => wrong = None,
                Err(error) => {
                    let error = error.to_string();
                    if wrong.as_ref() != Some(&error) {
                        tracing::error!(
                            error,
                            "the TLS files cannot be used: what was read before stays in use"
                        );
                    }
                    wrong = Some(error);
                }
            }
        }
    }
}

impl Held {
    fn read(certificate: &Certificate, clients: Option<&Path>) -> io::Result<Self> {
        let clients = clients.map(files::read).transpose()?;
        let key = files::read_secret(&certificate.key)?;
        Ok(Self { chain: files::read(&certificate.chain)?, key, clients })
    }
}

type Both = (Arc<ServerConfig>, Arc<ServerConfig>);

fn both(certificate: &Certificate, clients: Option<&Path>) -> io::Result<Both> {
    Ok((config(certificate, Speaks::Grpc, clients)?, config(certificate, Speaks::Http, None)?))
}
