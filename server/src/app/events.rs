//! Verdicts and alerts as they come: one walk over what is committed, in the order of transactions.
//!
//! The place between two events is that of the verdict cursor (docs/decisions/0003-verdict-cursor.md), so that an event's id can be
//! passed to `/v1/verdicts` and the other way round. An alert stands behind the verdicts of the transaction that changed it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::Stream;
use tokio::time::{Instant, sleep};

use crate::app::App;
use crate::app::changes::Topics;
use crate::app::read::{self, Page};
use crate::domain::alert::Severity;
use crate::domain::{Caller, Scope};
use crate::store::read::alerts::{Alert, AlertFilter};
use crate::store::read::verdicts::{Verdict, VerdictFilter, VerdictPlace};
use crate::{Error, ErrorKind, Result};

/// A stream ends after so long, so that who calls is asked anew: no credential is taken on trust for longer.
const LONGEST: Duration = Duration::from_secs(60);
/// Streams of one process at most.
const MOST: usize = 256;
/// Streams of one caller at most.
const MOST_OF_ONE: usize = 16;
/// Events read at once at most.
const AT_ONCE: i64 = 200;
/// Between two looks of one stream.
const APART: Duration = Duration::from_millis(200);

/// Something that happened, with the id from which the next follows.
#[derive(Debug)]
pub enum Happened {
    /// A verdict was given.
    Verdict(String, Box<Verdict>),
    /// An alert was raised or has changed.
    Alert(String, Box<Alert>),
}

/// The event streams of this process that are open, by caller.
#[derive(Debug, Default)]
pub struct EventStreams(Mutex<HashMap<String, usize>>);

impl EventStreams {
    fn open(self: &Arc<Self>, caller: &str) -> Result<OpenStream> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.get(caller).copied().unwrap_or_default();
        let limited = |says| Err(Error::new(ErrorKind::RateLimited, says));
        if own >= MOST_OF_ONE {
            return limited("this caller has too many event streams open: close one, or poll /v1/verdicts");
        }
        if open.values().sum::<usize>() >= MOST {
            return limited("too many event streams are open; poll /v1/verdicts instead");
        }
        open.insert(caller.to_owned(), own + 1);
        Ok(OpenStream { of: Arc::clone(self), caller: caller.to_owned() })
    }
}

/// A stream that counts until it is dropped.
#[derive(Debug)]
struct OpenStream {
    of: Arc<EventStreams>,
    caller: String,
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut own) = open.entry(std::mem::take(&mut self.caller)) {
            *own.get_mut() -= 1;
            if *own.get() == 0 {
                own.remove();
            }
        }
    }
}

/// Where a stream is.
#[derive(Debug)]
pub struct Tail {
    scope: Scope,
    verdicts: VerdictFilter,
    alerts: AlertFilter,
    place: VerdictPlace,
    ready: VecDeque<Happened>,
    ends_at: Instant,
    _open: OpenStream,
}

impl Tail {
    /// Behind a place.
    ///
    /// # Errors
    /// Invalid argument for a place that is none; rate limited when too many streams are open; as the database.
    pub async fn begin(
        app: &Arc<App>,
        caller: &Caller,
        verdicts: VerdictFilter,
        severity: Option<Severity>,
        page: &Page,
    ) -> Result<Self> {
        let (scope, open) = (caller.scope(), app.event_streams.open(&caller.name())?);
        let place = read::verdict_place(&app.store, page).await?;
        let alerts = AlertFilter {
            severity,
            session: verdicts.session,
            subject: verdicts.subject,
            device: verdicts.device,
            group: verdicts.group.clone(),
            ..AlertFilter::default()
        };
        let ends_at = Instant::now() + LONGEST;
        Ok(Self { scope, verdicts, alerts, place, ready: VecDeque::new(), ends_at, _open: open })
    }

    /// Reads what is behind the place, and moves it.
    async fn look(&mut self, app: &App) -> Result<()> {
        let horizon = read::horizon(&app.store).await?;
        let verdicts =
            app.store.read_verdicts(&self.scope, &self.verdicts, self.place, Some(horizon), AT_ONCE).await?;
        let full = i64::try_from(verdicts.len()).is_ok_and(|count| count >= AT_ONCE);
        let last = verdicts.last().map(Verdict::place).transpose()?;
        // Alerts of the last transaction of a full page follow with the rest of its verdicts.
        let before = last.filter(|_| full).map_or(horizon, |last| last.tx);
        let alerts =
            app.store.read_changed_alerts(&self.scope, &self.alerts, self.place, before, AT_ONCE).await?;
        let more_alerts = i64::try_from(alerts.len()).is_ok_and(|count| count >= AT_ONCE);
        // Nor does a verdict come before an alert that was not read yet.
        let bound = match alerts.last() {
            Some((tx, _)) if more_alerts => *tx,
            _ => u64::MAX,
        };
        let mut alerts = alerts.into_iter().peekable();
        let mut place = self.place;
        for verdict in verdicts {
            let of = verdict.place()?;
            while let Some((tx, alert)) = alerts.next_if(|(tx, _)| *tx < of.tx) {
                // Behind the last of a full page there may be another of its transaction.
                place =
                    self.push_alert(tx, alert, alerts.peek().map_or(more_alerts, |(next, _)| *next == tx));
            }
            if of.tx > bound {
                self.place = place;
                return Ok(());
            }
            place = of;
            self.ready
                .push_back(Happened::Verdict(read::cursor("verdicts", of.tx, of.id), Box::new(verdict)));
        }
        while let Some((tx, alert)) = alerts.next() {
            place = self.push_alert(tx, alert, alerts.peek().map_or(more_alerts, |(next, _)| *next == tx));
        }
        // What was looked at and is not asked for need not be passed over again.
        if !full && !more_alerts {
            place = place.max(VerdictPlace { tx: horizon.saturating_sub(1), id: i64::MAX });
        }
        self.place = place;
        Ok(())
    }

    fn push_alert(&mut self, tx: u64, alert: Alert, more_of_tx: bool) -> VerdictPlace {
        // Until the last of a transaction has arrived, all of them come again.
        let id = if more_of_tx { i64::MAX - 1 } else { i64::MAX };
        self.ready.push_back(Happened::Alert(read::cursor("verdicts", tx, id), Box::new(alert)));
        VerdictPlace { tx, id }
    }
}

/// Events behind a place, as they come.
pub fn stream(app: Arc<App>, tail: Tail) -> impl Stream<Item = Happened> {
    futures::stream::unfold((app, tail), |(app, mut tail)| async move {
        loop {
            if let Some(happened) = tail.ready.pop_front() {
                return Some((happened, (app, tail)));
            }
            let stamp = app.changes.stamp(Topics::SETTLED);
            if let Err(error) = tail.look(&app).await {
                // Whoever calls again is told why.
                tracing::warn!(detail = %error.detail(), "an event stream ended early");
                return None;
            }
            if !tail.ready.is_empty() {
                continue;
            }
            tokio::select! {
                () = app.stopping.cancelled() => return None,
                _ = app.changes.changed(Topics::SETTLED, stamp, tail.ends_at) => {}
            }
            if Instant::now() >= tail.ends_at {
                return None;
            }
            sleep(APART).await;
        }
    })
}
