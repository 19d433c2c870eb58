//! Whether anything has changed that readers may see: counters of this process, which go up with every commit of any process.
//!
//! A counter says that nothing is new without asking a table. It is told by this process's own commits at once, by those of
//! others through Postgres (`LISTEN tacit_changed`), and every [`ANYWAY`] in case one was not told, as by a process that was killed between a commit
//! and its word. While nothing can be heard of other processes, there is no [`Stamp`]: then everything is asked anew.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::app::App;
use crate::{Error, Result};

const CHANNEL: &str = "tacit_changed";
/// Everything is taken as changed this often.
const ANYWAY: Duration = Duration::from_secs(30);
/// Words of this process to itself, through the database, that show that words arrive.
const BEAT: Duration = Duration::from_secs(5);
/// Without such a word for so long nothing is known.
const DEAF: Duration = Duration::from_secs(12);
/// Between two words about batches of records; between two looks at what is still being committed.
const APART: Duration = Duration::from_millis(100);
/// Before the database is called again.
const AGAIN: Duration = Duration::from_secs(1);
/// The database answers a question of this task within this time, or nothing is known: whoever waited for longer would not notice
/// that no words arrive.
const SOON: Duration = Duration::from_secs(5);

/// What may have changed. A reader names all that its answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topics(u8);

impl Topics {
    /// What ingest writes: subjects, profiles, sessions, their records; as it is committed.
    pub const SESSIONS: Self = Self(1);
    /// Verdicts and alerts behind the cursor: as they can be read there, which is when no older transaction is left.
    pub const SETTLED: Self = Self(2);
    /// Alerts.
    pub const ALERTS: Self = Self(4);
    /// All else: devices, groups, policies, exemptions, keys.
    pub const REST: Self = Self(8);
    /// Everything.
    pub const ALL: Self = Self(15);
    const COUNT: usize = 4;

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, index: usize) -> bool {
        (self.0 >> index) & 1 == 1
    }
}

/// How counters stand; another one means that something may have changed in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    process: u64,
    counts: [u64; Topics::COUNT],
}

impl Stamp {
    /// As bytes, for a digest.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let counts = self.counts.iter().flat_map(|count| count.to_be_bytes());
        self.process.to_be_bytes().into_iter().chain(counts).collect()
    }
}

/// The counters of this process.
#[derive(Debug)]
pub struct Changes {
    process: u64,
    counts: [AtomicU64; Topics::COUNT],
    hearing: AtomicBool,
    /// Goes up with every counter.
    ticks: watch::Sender<u64>,
    /// What this process has committed and not yet told others.
    untold: AtomicU8,
    tell: Notify,
}

impl Changes {
    /// Counters that begin now; `process` tells them from those of other processes.
    #[must_use]
    pub fn new(process: u64) -> Self {
        Self {
            process,
            counts: Default::default(),
            hearing: AtomicBool::new(false),
            ticks: watch::Sender::new(0),
            untold: AtomicU8::new(0),
            tell: Notify::new(),
        }
    }

    /// How the counters of these topics stand; `None` while it is not known whether other processes have changed anything. To be
    /// taken before the database is asked.
    #[must_use]
    pub fn stamp(&self, topics: Topics) -> Option<Stamp> {
        if !self.hearing.load(Ordering::Acquire) {
            return None;
        }
        let mut counts = [0; Topics::COUNT];
        for (index, count) in counts.iter_mut().enumerate() {
            if topics.has(index) {
                *count = self.counts.get(index).map_or(0, |c| c.load(Ordering::Acquire));
            }
        }
        Some(Stamp { process: self.process, counts })
    }

    /// Goes up with every change of any topic.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.ticks.subscribe()
    }

    /// A batch was committed: other processes are to know, too.
    pub fn ingested(&self) {
        self.bump(Topics::SESSIONS);
        self.untold.fetch_or(Topics::SESSIONS.0, Ordering::AcqRel);
        self.tell.notify_one();
    }

    /// This process has changed something, of which the database itself tells other processes.
    pub fn bump(&self, topics: Topics) {
        for (index, count) in self.counts.iter().enumerate() {
            if topics.has(index) {
                count.fetch_add(1, Ordering::AcqRel);
            }
        }
        self.ticks.send_modify(|ticks| *ticks += 1);
    }

    /// Waits until the topics stand otherwise than at `stamp`, or until `until`; whether they do. Without a stamp a second passes.
    pub async fn changed(&self, topics: Topics, stamp: Option<Stamp>, until: Instant) -> bool {
        let mut ticks = self.watch();
        loop {
            let now = self.stamp(topics);
            if now != stamp {
                return true;
            }
            let until = if now.is_none() { until.min(Instant::now() + AGAIN) } else { until };
            tokio::select! {
                () = tokio::time::sleep_until(until) => return now.is_none(),
                changed = ticks.changed() => if changed.is_err() { return false },
            }
        }
    }

    fn hears(&self, hears: bool) {
        if self.hearing.swap(hears, Ordering::AcqRel) != hears {
            self.bump(Topics::ALL);
        }
    }
}

/// Listens and tells until the app is stopping.
pub async fn run(app: &App) {
    loop {
        let ended = tokio::select! {
            () = app.stopping.cancelled() => return,
            ended = listen(app) => ended,
        };
        app.changes.hears(false);
        if let Err(error) = ended {
            tracing::warn!(detail = %error.detail(), "cannot hear of changes; every poll asks the database");
        }
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = sleep(AGAIN) => {}
        }
    }
}

fn silence() -> Error {
    Error::unavailable("the database does not answer")
}

async fn soon<T>(asking: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(SOON, asking).await.map_err(|_| silence())?
}

/// Until the connection breaks, or words no longer arrive.
async fn listen(app: &App) -> Result<()> {
    // Of its own: connections of the store are for its queries.
    let options = app.store.pool().connect_options();
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with((*options).clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    let changes = &app.changes;
    let beat = format!("beat {:x}", changes.process);
    let own = format!("sessions {:x}", changes.process);
    let (mut beats, mut anyway) = (interval(BEAT), interval(ANYWAY));
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    anyway.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    // Until which transaction what was committed may not yet be readable behind the cursor.
    let mut settling = Settling::default();
    loop {
        tokio::select! {
            word = listener.try_recv() => {
                let Some(word) = word? else { return Ok(()) };
                match word.payload() {
                    text if text == beat => {
                        heard = Instant::now();
                        changes.hears(true);
                    }
                    text if text == own || text.starts_with("beat ") => {}
                    "alerts" => {
                        changes.bump(Topics::ALERTS);
                        settling.begin();
                    }
                    "rest" => changes.bump(Topics::REST),
                    text if text.starts_with("sessions") => {
                        changes.bump(Topics::SESSIONS);
                        settling.begin();
                    }
                    _ => changes.bump(Topics::ALL),
                }
            }
            () = changes.tell.notified() => settling.begin(),
            () = settling.due() => {
                if changes.untold.swap(0, Ordering::AcqRel) != 0 {
                    soon(app.store.tell(CHANNEL, &own)).await?;
                }
                if soon(settling.look(app)).await? {
                    changes.bump(Topics::SETTLED);
                }
            }
            _ = beats.tick() => {
                if heard.elapsed() > DEAF {
                    return Err(silence());
                }
                soon(app.store.tell(CHANNEL, &beat)).await?;
            }
            _ = anyway.tick() => changes.bump(Topics::ALL),
        }
    }
}

/// What was committed and may not be readable behind the cursor yet, because an older transaction is still running.
#[derive(Debug, Default)]
struct Settling {
    look_at: Option<Instant>,
    looked_at: Option<Instant>,
    /// Something was committed since the last look.
    fresh: bool,
    /// Everything before this transaction is waited for.
    target: u64,
    /// Everything before this transaction could be read at the last look.
    readable: u64,
}

impl Settling {
    fn begin(&mut self) {
        self.fresh = true;
        let soonest = self.looked_at.map_or_else(Instant::now, |at| at + APART);
        self.look_at.get_or_insert(soonest);
    }

    async fn due(&self) {
        match self.look_at {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// Whether more can be read than at the last look.
    async fn look(&mut self, app: &App) -> Result<bool> {
        let (oldest, next) = app.store.running().await?;
        if std::mem::take(&mut self.fresh) {
            self.target = next;
        }
        let now = Instant::now();
        self.looked_at = Some(now);
        self.look_at = (oldest < self.target).then_some(now + APART);
        Ok(std::mem::replace(&mut self.readable, oldest) < oldest)
    }
}
