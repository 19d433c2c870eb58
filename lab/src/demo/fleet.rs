//! Simulated workstations: generated input through the real measuring, spool and gRPC.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tacit_agent::clock::now_ms;
use tacit_agent::enrol::{device_info, enrol};
use tacit_agent::session::Session;
use tacit_agent::spool::Spool;
use tacit_agent::uplink::{FromServer, SharedSpool, Uplink};
use tacit_engine::Population;
use tacit_measure::{Locator, Settings};
use tacit_proto::v1::{Capture, SignalKind};
use tokio::sync::watch;
use tokio::time::timeout;
use uuid::Uuid;

use super::server::{Folder, Server};
use crate::simulate::{Action, Person, RawEvent, Sitting, located};

/// The fleet starts this long ago, and works towards now.
const BEGINS_AGO_MS: u64 = 5 * 24 * 3_600_000;
/// For the server to acknowledge a while of work.
const PATIENCE: Duration = Duration::from_secs(45);
const BETWEEN_SESSIONS_US: u64 = 16 * 3_600_000_000;
const KEYS: usize = 50;
const STROKES: usize = 10;
/// evdev codes of letters and spaces, how many are typed, and how long each is held.
const PAYLOAD: [u16; 12] = [46, 50, 32, 57, 30, 31, 20, 57, 18, 24, 19, 37];
const PAYLOAD_KEYS: usize = 60;
const HELD_US: u64 = 20_000;

pub(super) struct Fleet {
    /// One for each person, and last the one that nobody works at.
    pub(super) desks: Vec<Desk>,
}

/// One workstation with the person who works at it.
pub(super) struct Desk {
    pub(super) name: String,
    state: PathBuf,
    account: String,
    person: Person,
    population: Arc<Population>,
    spool: SharedSpool,
    uplink: tokio::task::JoinHandle<()>,
    from_server: FromServer,
    _capture: watch::Sender<Capture>,
    rng_of: u64,
    sessions: u64,
    epoch_ms: u64,
    now_us: u64,
    /// Every key that went down in the session.
    presses_us: Vec<u64>,
    at_work: Option<AtWork>,
}

struct AtWork {
    session: Session,
    sitting: Sitting,
    locator: Locator,
}

impl Fleet {
    /// Workstations of these people, and one more for whoever comes.
    pub(super) async fn enrol(
        server: &Server,
        folder: &Folder,
        token: &str,
        people: Vec<Person>,
        population: &Arc<Population>,
        seed: u64,
    ) -> Result<Self> {
        let spare = people.first().cloned();
        let mut desks = Vec::new();
        for (person, number) in people.into_iter().chain(spare).zip(1u64..) {
            let name = format!("desk-{number}");
            let state = folder.desk(&name);
            let ca = Some(server.ca_pem.clone());
            let identity =
                enrol(&state, &server.grpc, ca, token, false, device_info(Some(name.clone()))).await?;
            let spool = SharedSpool::new(Spool::open(&state)?);
            let (capture, capture_of) = watch::channel(Capture::Running);
            let (uplink, from_server) = Uplink::new(identity, false, spool.clone(), now_ms, capture_of)?;
            desks.push(Desk {
                account: format!("account-{number}"),
                name,
                state,
                person,
                population: Arc::clone(population),
                spool,
                uplink: tokio::spawn(uplink.run()),
                from_server,
                _capture: capture,
                rng_of: seed.wrapping_mul(1_000) + number,
                sessions: 0,
                epoch_ms: now_ms() - BEGINS_AGO_MS,
                now_us: 0,
                presses_us: Vec::new(),
                at_work: None,
            });
        }
        Ok(Self { desks })
    }

    /// Everybody's own workstations.
    pub(super) fn staffed(&mut self) -> &mut [Desk] {
        let people = self.desks.len() - 1;
        &mut self.desks[..people]
    }

    /// Someone logs on at the workstation that nobody works at, with the account of another and at the same time.
    pub(super) fn log_on_as(&mut self, of: usize, thief: &Person) -> Result<usize> {
        let spare = self.desks.len() - 1;
        let (account, now_us) = (self.desks[of].account.clone(), self.desks[of].now_us);
        let desk = &mut self.desks[spare];
        (desk.account, desk.now_us, desk.person) = (account, now_us, thief.clone());
        desk.log_on()?;
        Ok(spare)
    }

    /// Waits until the server has acknowledged everything.
    pub(super) async fn settle(&self) -> Result<()> {
        for desk in &self.desks {
            let mut waiting = desk.spool.waiting();
            let settled = timeout(PATIENCE, waiting.wait_for(|left| *left == 0)).await;
            if !matches!(settled, Ok(Ok(_))) {
                let trouble = desk.from_server.trouble.borrow();
                bail!("the server did not acknowledge what {} sent: {}", desk.name, *trouble);
            }
            if desk.spool.lost() > 0 {
                bail!("the server refused records of {}", desk.name);
            }
        }
        Ok(())
    }
}

impl Desk {
    pub(super) fn session_id(&self) -> Option<Uuid> {
        self.at_work.as_ref().map(|w| w.session.id())
    }

    /// The device's clock, milliseconds since the Unix epoch.
    pub(super) fn now_ms(&self) -> u64 {
        self.epoch_ms + self.now_us / 1000
    }

    /// Keys that went down in the session after a time and up to another.
    pub(super) fn keys_between(&self, after_ms: u64, until_ms: u64) -> usize {
        let at_ms = |us: &u64| self.epoch_ms + us / 1000;
        self.presses_us.iter().map(at_ms).filter(|at| (after_ms + 1..=until_ms).contains(at)).count()
    }

    pub(super) fn log_on(&mut self) -> Result<()> {
        self.sessions += 1;
        let rng = ChaCha8Rng::seed_from_u64(self.rng_of.wrapping_mul(1_000_003).wrapping_add(self.sessions));
        let at_ms = self.now_ms();
        let (session, opening) =
            Session::open(&self.state, &self.account, false, at_ms, Settings::default())?;
        self.spool.append(&opening)?;
        let sitting = self.person.sit_down(&self.population, self.now_us, rng);
        self.presses_us.clear();
        self.at_work = Some(AtWork { session, sitting, locator: Locator::new() });
        Ok(())
    }

    /// About one window of typing and some pointing.
    pub(super) fn work(&mut self) -> Result<()> {
        let Some(AtWork { sitting, .. }) = &mut self.at_work else { return Ok(()) };
        let mut events = sitting.type_keys(KEYS);
        events.extend(sitting.move_pointer(STROKES));
        self.now_us = sitting.now_us();
        self.send(&events)
    }

    /// A keyboard is plugged in and types, each key after another pause.
    pub(super) fn plug_in_a_machine(&mut self) -> Result<()> {
        let at_ms = self.now_ms();
        let Some(AtWork { session, sitting, .. }) = &mut self.at_work else { return Ok(()) };
        self.spool.append(&[session.signal(SignalKind::KeyboardAdded, at_ms)?])?;
        let events = payload(self.now_us, &mut ChaCha8Rng::seed_from_u64(self.rng_of));
        self.now_us = events.last().map_or(self.now_us, |e| e.at_us) + 1_000_000;
        sitting.rest_until(self.now_us);
        self.send(&events)
    }

    fn send(&mut self, events: &[RawEvent]) -> Result<()> {
        let Some(AtWork { session, locator, .. }) = &mut self.at_work else { return Ok(()) };
        let presses = events.iter().filter(|e| matches!(e.action, Action::Down(_))).map(|e| e.at_us);
        self.presses_us.extend(presses);
        let epoch_ms = self.epoch_ms;
        let mut records = Vec::new();
        for event in located(locator, events) {
            records.extend(session.input(event, || epoch_ms + event.at_us / 1000)?);
        }
        self.spool.append(&records)
    }

    /// Someone else goes on in the same session.
    pub(super) fn taken_over_by(&mut self, taker: &Person) {
        let rng = ChaCha8Rng::seed_from_u64(self.rng_of.wrapping_mul(7_000_003));
        if let Some(work) = &mut self.at_work {
            work.sitting = work.sitting.taken_over_by(taker, &self.population, rng);
        }
    }

    pub(super) fn log_off(&mut self) -> Result<()> {
        if let Some(work) = self.at_work.take() {
            let closing = work.session.close(self.epoch_ms + self.now_us / 1000)?;
            self.spool.append(&closing)?;
            Session::forget(&self.state)?;
        }
        self.now_us += BETWEEN_SESSIONS_US;
        Ok(())
    }
}

/// What a device types that jitters its pauses.
fn payload(from_us: u64, rng: &mut ChaCha8Rng) -> Vec<RawEvent> {
    let mut at_us = from_us;
    let key = |code: u16| {
        at_us += rng.random_range(45_000..128_000);
        let up = RawEvent { at_us: at_us + HELD_US, action: Action::Up(code) };
        [RawEvent { at_us, action: Action::Down(code) }, up]
    };
    PAYLOAD.into_iter().cycle().take(PAYLOAD_KEYS).flat_map(key).collect()
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.uplink.abort();
    }
}
