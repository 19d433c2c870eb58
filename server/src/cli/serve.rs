//! `tacit-server serve`.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tacit_engine::Population;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{audit, database, master_key, say};
use crate::app::bounds::Bounds;
use crate::app::changes::Changes;
use crate::app::health::Health;
use crate::app::ingest::ProfileCache;
use crate::app::policies::PolicyCache;
use crate::app::{App, hashes, keys};
use crate::clock::Ambient;
use crate::config::Settings;
use crate::tls::{self, Renewal};
use crate::{grpc, http, jobs, postgres};

/// Calls that have not ended by then are cut.
const DRAIN: Duration = Duration::from_secs(10);

pub(super) async fn serve(settings: Settings, ambient: Ambient) -> anyhow::Result<()> {
    let stopping = CancellationToken::new();
    stop_on_signal(stopping.clone())?;
    tls::raise();
    let lock = postgres::lock(&settings.data_dir)?;
    let endpoints = settings.data_dir.join("endpoints.json");
    // A server that was killed leaves it behind.
    let _ = std::fs::remove_file(&endpoints);
    let metrics = metrics()?;

    let Some(database) = database::serve(&settings, lock, &stopping).await? else { return Ok(()) };
    let served = match master_key::for_serving(&settings, &database.store, &ambient).await {
        Ok(secrets) => {
            let app = Arc::new(App {
                store: database.store.clone().sealing(secrets.seal_of_audit()),
                ambient: ambient.clone(),
                secrets: Arc::new(secrets),
                population: Arc::new(Population::shipped()),
                bounds: Bounds::new(settings.bounds),
                settings,
                metrics,
                profiles: ProfileCache::default(),
                policies: PolicyCache::default(),
                changes: Changes::new(u64::from_be_bytes(ambient.bytes())),
                health: Health::default(),
                revoked: watch::Sender::new(HashSet::new()),
                directed: watch::Sender::new(HashSet::new()),
                event_streams: Arc::default(),
                stopping: stopping.clone(),
            });
            run(&app, &endpoints).await
        }
        Err(error) => Err(error),
    };
    stopping.cancel();
    let _ = std::fs::remove_file(&endpoints);
    database.close().await;
    tracing::info!("stopped");
    served
}

async fn run(app: &Arc<App>, endpoints: &Path) -> anyhow::Result<()> {
    let settings = &app.settings;
    let mut tasks = tokio::task::JoinSet::new();
    let (grpc_tls, http_tls) = if settings.insecure_loopback {
        (None, None)
    } else {
        let renewal = Renewal::new(settings, &app.ambient).context("cannot use the TLS certificate")?;
        let tls = (Some(renewal.agents()), Some(renewal.people()));
        let stopping = app.stopping.clone();
        tasks.spawn(async move {
            if let Err(error) = renewal.keep(stopping).await {
                tracing::error!(%error, "TLS files are not looked at again");
            }
        });
        tls
    };
    let (grpc_incoming, grpc_at) = tls::listen(settings.grpc_listen, grpc_tls, app.stopping.clone()).await?;
    let (http_incoming, http_at) = tls::listen(settings.http_listen, http_tls, app.stopping.clone()).await?;

    audit::forget_again(app).await.context("cannot compare the database with the erasures that are noted")?;
    let keyed = hashes::key_plain(&app.store, &app.secrets).await;
    keyed.context("cannot key the hashes of API keys and enrolment tokens")?;
    if let Some(key) = keys::first_admin_key(app).await? {
        say(&format!("admin API key: {key}"))?;
        tracing::info!(
            "the first admin API key serves for an hour: make others with it, or with `tacit-server key create`"
        );
    }
    tasks.spawn(jobs::run(Arc::clone(app)));
    tasks.spawn({
        let app = Arc::clone(app);
        async move { audit::note(&app).await }
    });
    let mut calls = tokio::task::JoinSet::new();
    calls.spawn({
        let app = Arc::clone(app);
        async move { grpc::serve(app, grpc_incoming).await.map_err(anyhow::Error::from) }
    });
    calls.spawn({
        let (router, stopping) = (http::router(Arc::clone(app))?, app.stopping.clone());
        async move {
            http::serve(router, http_incoming, stopping).await;
            Ok(())
        }
    });
    write_endpoints(endpoints, settings.insecure_loopback, grpc_at, http_at)?;
    tracing::info!(grpc = %grpc_at, http = %http_at, "ready");

    // A server that ends before it was asked to has failed.
    let early = tokio::select! {
        () = app.stopping.cancelled() => None,
        ended = calls.join_next() => ended,
    };
    app.stopping.cancel();
    tracing::info!("stopping");
    let drained = tokio::time::timeout(DRAIN, async { while calls.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::warn!("calls did not end in time and were cut");
    }
    // Also of what the last calls did; not for long, should the database be away.
    let _ = tokio::time::timeout(DRAIN, audit::note_now(app)).await;
    match early {
        Some(ended) => ended?,
        None => Ok(()),
    }
}

/// The recorder of this process, with what each metric means.
fn metrics() -> anyhow::Result<PrometheusHandle> {
    let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
    let handle = PrometheusBuilder::new()
        .set_buckets(&seconds)
        .and_then(PrometheusBuilder::install_recorder)
        .context("cannot record metrics")?;
    metrics::describe_counter!("tacit_windows_ingested_total", "Windows committed");
    metrics::describe_counter!("tacit_verdicts_total", "Verdicts committed, by verdict");
    metrics::describe_counter!("tacit_directives_total", "Responses that policy asked for, sent or withheld");
    metrics::describe_counter!(
        "tacit_directive_outcomes_total",
        "Outcomes of directives, as agents tell them"
    );
    metrics::describe_counter!("tacit_feedback_total", "What people said of sessions");
    metrics::describe_counter!("tacit_records_refused_total", "Records that will never be taken, by reason");
    metrics::describe_counter!(
        "tacit_records_redated_total",
        "Records from the future, which got the server's time"
    );
    metrics::describe_counter!(
        "tacit_sessions_silent_total",
        "Sessions closed because nothing more was heard of them"
    );
    metrics::describe_counter!("tacit_streams_refused_total", "Streams refused at their start, by reason");
    metrics::describe_counter!("tacit_enrolments_total", "Devices enrolled");
    metrics::describe_counter!("tacit_keys_rotated_total", "Devices that were given another key");
    metrics::describe_counter!(
        "tacit_key_rotations_refused_total",
        "Calls for another key of a device that were refused, by reason"
    );
    metrics::describe_counter!("tacit_log_ins_total", "Log-ins with a browser");
    metrics::describe_counter!("tacit_enrolments_refused_total", "Enrolments refused for their token");
    metrics::describe_counter!(
        "tacit_devices_cut_off_total",
        "Streams ended or refused since their device sends too much, by the bound"
    );
    metrics::describe_counter!("tacit_outbox_events_total", "Events written for other systems, by type");
    metrics::describe_counter!(
        "tacit_outbox_attempts_total",
        "Attempts to hand events over, by destination and outcome"
    );
    metrics::describe_gauge!("tacit_outbox_waiting", "Events that wait for a destination");
    metrics::describe_gauge!(
        "tacit_outbox_dead",
        "Events that were given up and not replayed, by destination"
    );
    metrics::describe_gauge!(
        "tacit_outbox_oldest_seconds",
        "Age of the oldest event that waits for a destination"
    );
    metrics::describe_gauge!("tacit_streams_open", "Streams of devices open now");
    metrics::describe_histogram!(
        "tacit_ingest_batch_seconds",
        "From the first query to the commit of a batch of records"
    );
    Ok(handle)
}

fn stop_on_signal(stopping: CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stopping.cancel();
    });
    Ok(())
}

/// Tells programs on this machine where the listeners are, once they are ready.
fn write_endpoints(path: &Path, plain: bool, grpc: SocketAddr, http: SocketAddr) -> anyhow::Result<()> {
    let scheme = if plain { "http" } else { "https" };
    let url = |at: SocketAddr| {
        let ip = if at.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { at.ip() };
        format!("{scheme}://{}", SocketAddr::new(ip, at.port()))
    };
    let text = serde_json::json!({ "grpc": url(grpc), "http": url(http) }).to_string();
    let fresh = path.with_extension("json.new");
    std::fs::write(&fresh, text)?;
    std::fs::rename(&fresh, path).with_context(|| format!("cannot write {}", path.display()))
}
