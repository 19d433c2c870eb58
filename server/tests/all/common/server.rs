//! A server in this process, on a loopback port, with a clock that the test sets.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use metrics_exporter_prometheus::PrometheusBuilder;
use tacit_engine::Population;
use tacit_server::app::bounds::Bounds;
use tacit_server::app::changes::Changes;
use tacit_server::app::health::Health;
use tacit_server::app::ingest::ProfileCache;
use tacit_server::app::policies::PolicyCache;
use tacit_server::app::{App, tokens};
use tacit_server::clock::{Ambient, Clock, Random};
use tacit_server::config::Settings;
use tacit_server::domain::Caller;
use tacit_server::domain::policy::DEFAULT_GROUP;
use tacit_server::secrets::Secrets;
use tacit_server::store::Store;
use tacit_server::{grpc, jobs, tls};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::cluster;
use super::device::Device;
use super::windows::population;

/// Where the test clock starts.
pub(crate) const START: OffsetDateTime = datetime!(2026-03-02 09:00 UTC);

static POPULATION: LazyLock<Arc<Population>> = LazyLock::new(|| Arc::new(population()));

pub(crate) struct TestClock(Mutex<OffsetDateTime>);

impl TestClock {
    pub(crate) fn set(&self, at: OffsetDateTime) {
        *self.0.lock().unwrap() = at;
    }
}

impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}

struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

/// A server; it stops when dropped.
pub(crate) struct Server {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) url: String,
    _home: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.app.stopping.cancel();
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::default();
        // Receivers of tests are on this machine.
        settings.out.networks = vec!["127.0.0.0/8".parse().unwrap()];
        change(&mut settings);
        Self::over(Store::new(cluster::database().await), settings).await
    }

    /// On a database of its own.
    pub(crate) async fn on(store: Store) -> Self {
        Self::over(store, Settings::default()).await
    }

    /// Another process on the same database.
    pub(crate) async fn beside(other: &Self) -> Self {
        Self::over(other.app.store.clone(), other.app.settings.clone()).await
    }

    async fn over(store: Store, mut settings: Settings) -> Self {
        static PROCESS: AtomicU64 = AtomicU64::new(0);
        let home = cluster::directory();
        if settings.data_dir == Settings::default().data_dir {
            settings.data_dir = home.path().to_owned();
        }
        let clock = Arc::new(TestClock(Mutex::new(START)));
        let ambient = Ambient::new(clock.clone(), Arc::new(SystemRandom));
        let stopping = CancellationToken::new();
        let secrets = Secrets::derive(&[7; 32], ambient.clone()).unwrap();
        let app = Arc::new(App {
            store: store.sealing(secrets.seal_of_audit()),
            secrets: Arc::new(secrets),
            ambient,
            population: Arc::clone(&POPULATION),
            bounds: Bounds::new(settings.bounds),
            settings,
            metrics: PrometheusBuilder::new().build_recorder().handle(),
            profiles: ProfileCache::default(),
            policies: PolicyCache::default(),
            changes: Changes::new(PROCESS.fetch_add(1, Ordering::Relaxed)),
            health: Health::default(),
            revoked: watch::Sender::new(HashSet::new()),
            directed: watch::Sender::new(HashSet::new()),
            event_streams: Arc::default(),
            stopping: stopping.clone(),
        });
        let loopback = "127.0.0.1:0".parse().unwrap();
        let (incoming, at) = tls::listen(loopback, None, stopping).await.unwrap();
        tokio::spawn(grpc::serve(Arc::clone(&app), incoming));
        tokio::spawn(jobs::run(Arc::clone(&app)));
        Self { app, clock, url: format!("http://{at}"), _home: home }
    }

    /// A fresh enrolment token of one use.
    pub(crate) async fn token(&self) -> String {
        self.token_of(DEFAULT_GROUP).await
    }

    /// A fresh enrolment token of one use, for a group.
    pub(crate) async fn token_of(&self, group: &str) -> String {
        let hour = time::Duration::HOUR;
        let app = &self.app;
        tokens::create(&app.store, &app.ambient, &app.secrets, &Caller::Console, 1, hour, group)
            .await
            .unwrap()
            .1
    }

    /// An enrolled device.
    pub(crate) async fn device(&self) -> Device {
        let token = self.token().await;
        Device::enrol(&self.url, None, &token).await.unwrap()
    }

    /// One number out of the database.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.app.store.pool()).await.unwrap()
    }
}
