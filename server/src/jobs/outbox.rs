//! Delivers what waits, each destination by a task of its own; lets go of what is old; shows how long the queues are.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;
use crate::app::outbox::deliver::deliver;
use crate::domain::DestinationId;

/// An event leaves within this time and a little.
const EVERY: Duration = Duration::from_millis(500);
const TIDY_EVERY: Duration = Duration::from_secs(60);
const MEASURE_EVERY: Duration = Duration::from_secs(10);

pub(super) async fn run(app: &Arc<App>) {
    let [mut every, mut tidying, mut measuring] = [EVERY, TIDY_EVERY, MEASURE_EVERY].map(|period| {
        let mut every = interval(period);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        every
    });
    let mut at_work = HashSet::new();
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => break,
            Some(ended) = tasks.join_next() => match ended {
                Ok(id) => {
                    at_work.remove(&id);
                }
                // Which one it was is not known: the leases tell who is at work.
                Err(_) => at_work.clear(),
            },
            _ = every.tick() => start(app, &mut tasks, &mut at_work).await,
            _ = tidying.tick() => tidy(app).await,
            _ = measuring.tick() => measure(app).await,
        }
    }
    // What is on its way is finished; leases let no later process wait for long.
    while tasks.join_next().await.is_some() {}
}

async fn start(app: &Arc<App>, tasks: &mut JoinSet<DestinationId>, at_work: &mut HashSet<DestinationId>) {
    let due = match app.store.destinations_due(app.ambient.now()).await {
        Ok(due) => due,
        Err(error) => {
            tracing::warn!(detail = %error.detail(), "cannot look for events to deliver");
            return;
        }
    };
    for id in due {
        if !at_work.insert(id) {
            continue;
        }
        let app = Arc::clone(app);
        tasks.spawn(async move {
            if let Err(error) = deliver(&app, id).await {
                tracing::warn!(destination = %id, detail = %error.detail(), "cannot deliver events");
            }
            id
        });
    }
}

async fn tidy(app: &App) {
    let (now, out) = (app.ambient.now(), &app.settings.out);
    let hours = |hours: u32| time::Duration::hours(i64::from(hours));
    let days = |days: u32| time::Duration::days(i64::from(days));
    let given_up = app.store.give_up(now - hours(out.give_up_after_hours), now).await;
    let delivered = now - days(out.keep_delivered_days);
    let forgotten = app.store.forget_events(delivered, now - days(out.keep_dead_days)).await;
    match (given_up, forgotten) {
        (Ok(0), Ok(_)) => {}
        (Ok(count), Ok(_)) => tracing::warn!(count, "events waited too long and were given up"),
        (Err(error), _) | (_, Err(error)) => {
            tracing::warn!(detail = %error.detail(), "cannot tidy events for other systems");
        }
    }
}

async fn measure(app: &App) {
    let Ok(backlogs) = app.store.backlogs().await else { return };
    let now = app.ambient.now();
    #[expect(clippy::cast_precision_loss, reason = "a metric")]
    for backlog in backlogs {
        let age = backlog.oldest.map_or(0.0, |oldest| (now - oldest).as_seconds_f64().max(0.0));
        let name = backlog.name;
        metrics::gauge!("tacit_outbox_waiting", "destination" => name.clone()).set(backlog.waiting as f64);
        metrics::gauge!("tacit_outbox_dead", "destination" => name.clone()).set(backlog.dead as f64);
        metrics::gauge!("tacit_outbox_oldest_seconds", "destination" => name).set(age);
    }
}
