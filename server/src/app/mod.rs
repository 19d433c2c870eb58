//! Use cases, one a verb: authorize, decide, commit. Adapters call these and add no rules of their own.

pub mod agents;
pub mod alerts;
pub mod audit;
pub mod bounds;
pub mod changes;
pub mod destinations;
pub mod devices;
pub mod directives;
pub mod events;
pub mod exemptions;
pub mod feedback;
pub mod fleet;
pub mod hashes;
pub mod health;
pub mod ingest;
pub mod keys;
pub mod log_in;
pub mod once;
pub mod outbox;
pub mod policies;
pub mod preview;
pub mod read;
pub mod respond;
pub mod retention;
pub mod rights;
pub mod root;
pub mod silent;
pub mod streams;
pub mod tokens;

use std::collections::HashSet;
use std::sync::Arc;

use tacit_engine::Population;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::Ambient;
use crate::config::Settings;
use crate::domain::DeviceId;
use crate::secrets::Secrets;
use crate::store::Store;

/// Everything a use case needs; one a process, shared by every listener.
#[derive(Debug)]
pub struct App {
    /// The database.
    pub store: Store,
    /// Clock and randomness.
    pub ambient: Ambient,
    /// Keys derived from the master key.
    pub secrets: Arc<Secrets>,
    /// The prior for every subject.
    pub population: Arc<Population>,
    /// Settings after validation.
    pub settings: Settings,
    /// Renders the metrics of this process in Prometheus text form.
    pub metrics: metrics_exporter_prometheus::PrometheusHandle,
    /// Opened profiles, a cache only.
    pub profiles: ingest::ProfileCache,
    /// Policies by version, a cache only.
    pub policies: policies::PolicyCache,
    /// Whether anything has changed that readers may see.
    pub changes: changes::Changes,
    /// What is known of the database's writes.
    pub health: health::Health,
    /// How much one device may send.
    pub bounds: bounds::Bounds,
    /// Devices revoked lately; streams watch it.
    pub revoked: watch::Sender<HashSet<DeviceId>>,
    /// Devices that have to be sent a directive; streams watch it.
    pub directed: watch::Sender<HashSet<DeviceId>>,
    /// Event streams that are open.
    pub event_streams: Arc<events::EventStreams>,
    /// Cancelled when the server is to stop.
    pub stopping: CancellationToken,
}
