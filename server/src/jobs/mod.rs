//! What the server does by itself, beside calls.

mod outbox;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::ingest::silence;
use crate::app::silent;
use crate::app::{App, changes, hashes, once};
use crate::domain::DeviceId;
use crate::domain::enrolment::HELD_FOR;

/// A revoked device's streams end within this time and a little.
const REVOKED_EVERY: Duration = Duration::from_secs(2);
const PRUNE_EVERY: Duration = Duration::from_secs(60);
/// Hours decide when a session is silent; minutes do not matter.
const SILENCE_EVERY: Duration = Duration::from_secs(300);
/// Days decide how long things are kept.
const RETENTION_EVERY: Duration = Duration::from_secs(3_600);
/// With [`silent::SILENT`], a silence is a verdict within two minutes.
const ACCUSE_EVERY: Duration = Duration::from_secs(10);
/// How far back revocations are looked for: longer than any stretch in which the database was away and streams lived on.
const REVOKED_WITHIN: time::Duration = time::Duration::minutes(30);

/// Runs the jobs until the app is stopping.
pub async fn run(app: Arc<App>) {
    // Side by side: closing many sessions takes longer than a revoked device may go on.
    tokio::join!(run_short(&app), run_silence(&app), run_silent(&app), outbox::run(&app), changes::run(&app));
}

async fn run_short(app: &App) {
    let mut revoked = interval(REVOKED_EVERY);
    let mut prune = interval(PRUNE_EVERY);
    revoked.set_missed_tick_behavior(MissedTickBehavior::Delay);
    prune.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            _ = revoked.tick() => {
                look_for_revoked(app).await;
                look_for_directed(app).await;
            }
            _ = prune.tick() => {
                app.metrics.run_upkeep();
                app.bounds.forget();
                forget_assertions(app).await;
                forget_web_sessions(app).await;
                forget_keys(app).await;
                key_hashes(app).await;
            }
        }
    }
}

async fn run_silence(app: &Arc<App>) {
    let mut silence = interval(SILENCE_EVERY);
    let mut retention = interval(RETENTION_EVERY);
    silence.set_missed_tick_behavior(MissedTickBehavior::Delay);
    retention.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            _ = silence.tick() => {
                close_silent(app).await;
                forget_held(app).await;
            }
            _ = retention.tick() => let_go(app).await,
        }
    }
}

async fn let_go(app: &App) {
    match crate::app::retention::enforce(app).await {
        Ok(gone) if gone == crate::app::retention::LetGo::default() => {}
        Ok(gone) => tracing::info!(?gone, "let go of what was kept for long enough"),
        Err(error) => {
            tracing::warn!(detail = %error.detail(), "cannot let go of what is old; the next run goes on");
        }
    }
}

/// Gives a verdict on sessions whose agents have fallen silent. What this server could not hear is no silence of theirs: it has
/// listened for a while before it says anything, anew after each stretch without the database.
async fn run_silent(app: &Arc<App>) {
    let mut every = interval(ACCUSE_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut listening_since = app.ambient.now();
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            _ = every.tick() => match silent::pronounce(app, listening_since).await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "sessions whose agents are silent"),
                Err(error) => {
                    listening_since = app.ambient.now();
                    tracing::warn!(detail = %error.detail(), "cannot look for silent agents");
                }
            },
        }
    }
}

async fn look_for_directed(app: &App) {
    match app.store.devices_directed(app.ambient.now()).await {
        Ok(devices) => renew(&app.directed, devices),
        Err(error) => tracing::warn!(detail = %error.detail(), "cannot look for directives"),
    }
}

async fn look_for_revoked(app: &App) {
    match app.store.revoked_since(app.ambient.now() - REVOKED_WITHIN).await {
        Ok(devices) => renew(&app.revoked, devices),
        Err(error) => tracing::warn!(detail = %error.detail(), "cannot look for revoked devices"),
    }
}

/// Tells those who watch, if other devices were found than before.
fn renew(known: &watch::Sender<HashSet<DeviceId>>, devices: Vec<DeviceId>) {
    let devices: HashSet<_> = devices.into_iter().collect();
    known.send_if_modified(|known| {
        let changed = *known != devices;
        *known = devices;
        changed
    });
}

async fn close_silent(app: &Arc<App>) {
    match silence::close_silent(app).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "closed sessions that nothing was heard of"),
        Err(error) => tracing::warn!(detail = %error.detail(), "cannot close silent sessions"),
    }
}

async fn forget_held(app: &App) {
    match app.store.forget_held(app.ambient.now() - HELD_FOR).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "let go of sessions that nobody vouched for"),
        Err(error) => {
            tracing::warn!(detail = %error.detail(), "cannot let go of sessions that were held back");
        }
    }
}

async fn forget_assertions(app: &App) {
    match app.store.forget_assertions(app.ambient.now()).await {
        Ok(count) => tracing::debug!(count, "forgot expired assertions"),
        Err(error) => tracing::warn!(detail = %error.detail(), "cannot forget expired assertions"),
    }
}

async fn forget_web_sessions(app: &App) {
    match app.store.forget_web_sessions(app.ambient.now()).await {
        Ok(count) => tracing::debug!(count, "forgot sessions of browsers that have ended"),
        Err(error) => tracing::warn!(detail = %error.detail(), "cannot forget sessions of browsers"),
    }
}

/// Rows whose hash is not keyed may come at any time, from a server beside this one that keys none.
async fn key_hashes(app: &App) {
    match hashes::key_plain(&app.store, &app.secrets).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "keyed the hashes of API keys and enrolment tokens"),
        Err(error) => tracing::warn!(detail = %error.detail(), "cannot key hashes of credentials"),
    }
}

async fn forget_keys(app: &App) {
    match app.store.forget_keys(app.ambient.now() - once::KEPT).await {
        Ok(count) => tracing::debug!(count, "forgot old idempotency keys"),
        Err(error) => tracing::warn!(detail = %error.detail(), "cannot forget old idempotency keys"),
    }
}
