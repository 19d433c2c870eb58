//! One session: input in, records out. Numbers the records and maps the events' clock to the wall clock.
//!
//! `session.json` in the state folder names the session in progress, so that the next start can close what a killed agent
//! left open. The caller spools what [`Session::open`] returns before it feeds any input, and calls [`Session::forget`] only
//! once it has spooled what [`Session::close`] returns; killed anywhere in between, the same records come out again with the
//! same sequences.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tacit_measure::{Measurer, Output, Settings, SignalKind, TimedInput};
use tacit_proto::v1::{self, Record, record::Body};
use uuid::Uuid;

use crate::clock::random_uuid;
use crate::config::check_account;
use crate::files;

/// Sequences reserved ahead on disk, so that not every record costs a write.
const RESERVED: u64 = 1_000;
const FILE: &str = "session.json";
/// The wall clock and the events' clock may part by this much before they are joined anew: above the delay of an event,
/// below anything that matters in a record's time.
const MAY_DRIFT_MS: u64 = 1_000;

/// A session that has not been closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Unclosed {
    id: Uuid,
    /// No record but the closing one has been given a sequence above this one.
    reserved: u64,
}

/// What outlives the agent.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    session: Unclosed,
    /// Sessions of killed agents whose closing records may not have reached the spool.
    before: Vec<Unclosed>,
}

impl Unclosed {
    fn closing(self, at_ms: u64) -> Record {
        record(self.id, self.reserved.saturating_add(1), at_ms, Body::Closed(v1::SessionClosed {}))
    }
}

/// A session in progress.
#[derive(Debug)]
pub struct Session {
    kept: Kept,
    path: PathBuf,
    opened: v1::SessionOpened,
    sequence: u64,
    measurer: Measurer,
    /// Wall clock of the events' time 0, in milliseconds; known from the first event on.
    epoch_ms: Option<i64>,
    outputs: Vec<Output>,
    /// There was no room to keep what has changed.
    unkept: bool,
}

impl Session {
    /// Begins a session, and returns the record that opens it. Ends, too, one that a killed agent left open: its closing
    /// record comes first.
    ///
    /// # Errors
    /// When the server would refuse the account, or the state folder cannot be written.
    pub fn open(
        state: &Path,
        account: &str,
        remote: bool,
        at_ms: u64,
        settings: Settings,
    ) -> Result<(Self, Vec<Record>)> {
        let account = check_account(account)?.to_owned();
        files::private_folder(state)?;
        let path = state.join(FILE);
        let mut records = Vec::new();
        let left = left_open(&path);
        let before: Vec<Unclosed> =
            left.into_iter().flat_map(|left| left.before.into_iter().chain([left.session])).collect();
        records.extend(before.iter().map(|left| left.closing(at_ms)));
        let session = Unclosed { id: random_uuid().context("no randomness")?, reserved: 0 };
        let kept = Kept { session, before };
        let opened = v1::SessionOpened { account, remote };
        let mut measurer = Measurer::new(settings);
        measurer.set_key(random_uuid().context("no randomness")?.as_u64_pair().0);
        let mut session = Self {
            kept,
            path,
            opened: opened.clone(),
            sequence: 0,
            measurer,
            epoch_ms: None,
            outputs: Vec::new(),
            unkept: false,
        };
        records.push(session.number(at_ms, Body::Opened(opened))?);
        Ok((session, records))
    }

    /// The session's id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.kept.session.id
    }

    /// Takes new settings for the windows to come.
    pub fn configure(&mut self, settings: Settings) {
        self.measurer.configure(settings);
    }

    /// Measures one event. `now_ms` is read at the first event only, to join the two clocks.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub fn input(&mut self, event: TimedInput, now_ms: impl FnOnce() -> u64) -> Result<Vec<Record>> {
        if self.epoch_ms.is_none() {
            self.epoch_ms = Some(joined(event.at_us, now_ms()));
        }
        self.measurer.push(event, &mut self.outputs);
        self.take()
    }

    /// An event of this time arrives at this moment. Live input is told so before each event: the events' clock does not
    /// run while the workstation sleeps, and the wall clock may be set.
    pub fn follow_clock(&mut self, at_us: u64, now_ms: u64) {
        let epoch_ms = joined(at_us, now_ms);
        if self.epoch_ms.is_none_or(|known| known.abs_diff(epoch_ms) > MAY_DRIFT_MS) {
            self.epoch_ms = Some(epoch_ms);
        }
    }

    /// The events' clock starts anew (capture was started again): join it to the wall clock at the next event.
    pub fn restart_clock(&mut self) {
        self.epoch_ms = None;
    }

    /// A fact of the device, not of the input.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub fn signal(&mut self, kind: v1::SignalKind, at_ms: u64) -> Result<Record> {
        if kind == v1::SignalKind::KeyboardAdded {
            self.measurer.keyboard_appeared();
        }
        let signal = v1::Signal { kind: kind.into(), count: 1, ..v1::Signal::default() };
        self.number(at_ms, Body::Signal(signal))
    }

    /// The screen was locked.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub fn locked(&mut self, at_ms: u64) -> Result<Record> {
        self.number(at_ms, Body::Locked(v1::SessionLocked {}))
    }

    /// The screen was unlocked.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub fn unlocked(&mut self, at_ms: u64) -> Result<Record> {
        self.number(at_ms, Body::Unlocked(v1::SessionUnlocked {}))
    }

    /// Begins another session in place of this one, of which the server takes no more; measuring goes on. Returns the record
    /// that closes the old one, if the server ever knew it, and the one that opens the new.
    ///
    /// # Errors
    /// When the state folder cannot be written; the session is then as before.
    pub fn renew(&mut self, at_ms: u64, known: bool) -> Result<Vec<Record>> {
        let session = Unclosed { id: random_uuid().context("no randomness")?, reserved: 0 };
        let left = known.then_some(Unclosed { reserved: self.sequence, ..self.kept.session });
        let before = self.kept.before.iter().copied().chain(left).collect();
        let kept = std::mem::replace(&mut self.kept, Kept { session, before });
        let sequence = std::mem::take(&mut self.sequence);
        match self.number(at_ms, Body::Opened(self.opened.clone())) {
            Ok(opening) => Ok(left.map(|left| left.closing(at_ms)).into_iter().chain([opening]).collect()),
            Err(error) => {
                (self.kept, self.sequence) = (kept, sequence);
                Err(error)
            }
        }
    }

    /// Ends the session: the windows that hold their minimum, then the record that closes it.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub fn close(mut self, at_ms: u64) -> Result<Vec<Record>> {
        self.measurer.finish(&mut self.outputs);
        let mut records = self.take()?;
        self.kept.session.reserved = self.sequence;
        self.keep()?;
        records.push(self.kept.session.closing(at_ms));
        Ok(records)
    }

    /// Forgets the session on disk: its closing record is in the spool.
    ///
    /// # Errors
    /// When the file cannot be deleted.
    pub fn forget(state: &Path) -> Result<()> {
        match fs::remove_file(state.join(FILE)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn take(&mut self) -> Result<Vec<Record>> {
        let outputs = std::mem::take(&mut self.outputs);
        outputs
            .into_iter()
            .map(|output| {
                let (at_us, body) = body(output);
                let at_ms = self.wall_ms(at_us);
                self.number(at_ms, body)
            })
            .collect()
    }

    fn wall_ms(&self, at_us: u64) -> u64 {
        let at_ms = i64::try_from(at_us / 1000).unwrap_or(i64::MAX);
        u64::try_from(self.epoch_ms.unwrap_or_default().saturating_add(at_ms)).unwrap_or_default()
    }

    fn number(&mut self, at_ms: u64, body: Body) -> Result<Record> {
        let session = self.kept.session;
        // Whoever comes with a second record has spooled the first, and the closing records before it.
        let settled = self.sequence == 1 && !self.kept.before.is_empty();
        if self.sequence == session.reserved || settled || self.unkept {
            self.kept.session.reserved = self.sequence + RESERVED;
            let before = self.kept.before.clone();
            if settled {
                self.kept.before.clear();
            }
            if let Err(error) = self.keep() {
                self.kept = Kept { session, before };
                return Err(error);
            }
        }
        self.sequence += 1;
        Ok(record(session.id, self.sequence, at_ms, body))
    }

    /// Keeps on disk what outlives the agent. A full disk does not stop the session: what is kept then grows old, and is kept
    /// anew at the next record. At worst a session that a killed agent left open is not closed.
    fn keep(&mut self) -> Result<()> {
        let kept = files::write_private(&self.path, &serde_json::to_vec(&self.kept)?)
            .with_context(|| format!("cannot write {}", self.path.display()));
        self.unkept = kept.as_ref().is_err_and(files::no_room);
        if self.unkept { Ok(()) } else { kept }
    }
}

/// The session that a killed agent left open.
fn left_open(path: &Path) -> Option<Kept> {
    let left = match files::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        read => read.map_err(anyhow::Error::new).and_then(|text| Ok(serde_json::from_slice(&text)?)),
    };
    let shown = path.display();
    left.inspect_err(
        |error| tracing::warn!(%error, path = %shown, "a session that was left open is not closed"),
    )
    .ok()
}

/// Wall clock of the events' time 0, if an event of this time is now.
fn joined(at_us: u64, now_ms: u64) -> i64 {
    let at_ms = i64::try_from(at_us / 1000).unwrap_or(i64::MAX);
    i64::try_from(now_ms).unwrap_or(i64::MAX).saturating_sub(at_ms)
}

fn record(id: Uuid, sequence: u64, at_ms: u64, body: Body) -> Record {
    Record { session_id: id.as_bytes().to_vec(), sequence, at_ms, body: Some(body) }
}

/// Time on the events' clock and body of what a measurer put out.
fn body(output: Output) -> (u64, Body) {
    match output {
        Output::Window(w) => {
            let window = v1::Window {
                beginning: v1::Beginning::from(w.beginning).into(),
                ..v1::Window::pack(w.modality, w.inputs, w.active_ms, w.discarded, &w.stats)
            };
            (w.closed_at_us, Body::Window(window))
        }
        Output::Signal(s) => {
            let kind = match s.kind {
                SignalKind::Injected => v1::SignalKind::Injected,
                SignalKind::ImpossibleInterval => v1::SignalKind::ImpossibleInterval,
                SignalKind::MachineKeys => v1::SignalKind::MachineKeys,
                SignalKind::MachinePointer => v1::SignalKind::MachinePointer,
                SignalKind::Replayed => v1::SignalKind::Replayed,
                SignalKind::Assisted => v1::SignalKind::Assisted,
            };
            let marks = s.marks.iter().map(|mark| mark as i32).collect();
            let signal = v1::Signal { kind: kind.into(), count: s.count, marks, strength: s.strength };
            (s.at_us, Body::Signal(signal))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacit_measure::{Input, Locator, Origin};

    /// Up to 90 ms more or less, the same each time: nobody types evenly.
    fn uneven_us(number: u64) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        number.hash(&mut hasher);
        hasher.finish() % 90_000
    }

    /// A key about every 150 ms.
    fn typed(keys: u64) -> Vec<TimedInput> {
        let mut locator = Locator::new();
        let at =
            |at_us, input: Option<Input>| TimedInput { at_us, origin: Origin::Device, input: input.unwrap() };
        (0..keys)
            .flat_map(|i| {
                let code = if i % 2 == 0 { 30 } else { 36 };
                let (down_us, held_us) = (i * 150_000 + uneven_us(i), 40_000 + uneven_us(keys + i) / 2);
                let down = at(down_us, locator.key_down(code));
                [down, at(down_us + held_us, locator.key_up(code))]
            })
            .collect()
    }

    #[test]
    fn records_rise_from_the_opening_and_carry_wall_clock_times() {
        let state = tempfile::tempdir().unwrap();
        let start = 1_790_000_000_000;
        let (mut session, mut records) =
            Session::open(state.path(), "account", false, start, Settings::default()).unwrap();
        for event in typed(120) {
            records.extend(session.input(event, || start).unwrap());
        }
        records.extend(session.close(start + 60_000).unwrap());
        let sequences: Vec<u64> = records.iter().map(|r| r.sequence).collect();
        assert_eq!(sequences, (1..=records.len() as u64).collect::<Vec<_>>());
        assert!(matches!(records[0].body, Some(Body::Opened(_))));
        assert!(matches!(records.last().unwrap().body, Some(Body::Closed(_))));
        let windows: Vec<_> = records.iter().filter(|r| matches!(r.body, Some(Body::Window(_)))).collect();
        assert_eq!(windows.len(), 3);
        // The thirtieth key goes down about 29 × 150 ms after the first.
        assert!(windows[0].at_ms.abs_diff(start + 4_350) < 300);
    }

    #[test]
    fn times_follow_the_wall_clock_when_the_workstation_has_slept() {
        let state = tempfile::tempdir().unwrap();
        let start = 1_790_000_000_000;
        let hour = 3_600_000;
        let (mut session, _) =
            Session::open(state.path(), "account", false, start, Settings::default()).unwrap();
        let mut times = Vec::new();
        for (event, i) in typed(60).into_iter().zip(0u64..) {
            // It sleeps after the first window; before and after, events arrive up to 9 ms late.
            let slept = if i < 70 { 0 } else { hour };
            session.follow_clock(event.at_us, start + event.at_us / 1000 + slept + i % 10);
            let records = session.input(event, || 0).unwrap();
            let windows = records.iter().filter(|r| matches!(r.body, Some(Body::Window(_))));
            times.extend(windows.map(|r| r.at_ms));
        }
        assert_eq!(times.len(), 2);
        assert!(times[0].abs_diff(start + 4_350) < 300, "{times:?}");
        assert!(times[1].abs_diff(start + hour + 8_850) < 300, "{times:?}");
    }

    #[test]
    fn a_keyboard_that_has_just_appeared_is_named_where_a_machine_types() {
        let told = |appears: bool| {
            let state = tempfile::tempdir().unwrap();
            let (mut session, _) = opened(state.path());
            if appears {
                session.signal(v1::SignalKind::KeyboardAdded, 1).unwrap();
            }
            let mut locator = Locator::new();
            let mut records = Vec::new();
            // Half as uneven as people: strange, and yet no proof.
            let mut at_us = 1_000_000;
            for number in 0..60 {
                let code = [30, 36, 18, 57][number as usize % 4];
                at_us += 90_000 + uneven_us(number) * 4 / 9;
                let down = locator.key_down(code).unwrap();
                let up = locator.key_up(code).unwrap();
                for (at_us, input) in [(at_us, down), (at_us + 30_000 + uneven_us(number + 500) / 18, up)] {
                    let event = TimedInput { at_us, origin: Origin::Device, input };
                    records.extend(session.input(event, || 1).unwrap());
                }
            }
            let signals = records.into_iter().filter_map(|record| match record.body {
                Some(Body::Signal(signal)) => Some(signal),
                _ => None,
            });
            signals.collect::<Vec<v1::Signal>>()
        };
        let machine = i32::from(v1::SignalKind::MachineKeys);
        let new = i32::from(v1::Mark::NewDevice);
        assert!(told(true).iter().any(|s| s.kind == machine && s.marks.contains(&new)));
        assert!(told(false).iter().all(|s| !s.marks.contains(&new)));
    }

    fn opened(state: &Path) -> (Session, Vec<(Uuid, u64)>) {
        let (session, records) = Session::open(state, "account", false, 1, Settings::default()).unwrap();
        let names = records.iter().map(|r| (Uuid::from_slice(&r.session_id).unwrap(), r.sequence)).collect();
        (session, names)
    }

    #[test]
    fn a_session_left_open_by_a_killed_agent_is_closed_above_all_it_sent() {
        let state = tempfile::tempdir().unwrap();
        let (mut first, records) = opened(state.path());
        assert_eq!(records, [(first.id(), 1)]);
        let sent = first.signal(v1::SignalKind::PointerAdded, 1).unwrap().sequence;
        let (second, records) = opened(state.path());
        assert_eq!(records[0].0, first.id());
        assert!(records[0].1 > sent);
        assert_eq!(records[1..], [(second.id(), 1)]);
        second.close(3).unwrap();
        Session::forget(state.path()).unwrap();
        let (third, records) = opened(state.path());
        assert_eq!(records, [(third.id(), 1)]);
    }

    #[test]
    fn an_account_that_the_server_would_refuse_opens_nothing() {
        let state = tempfile::tempdir().unwrap();
        let state = state.path().join("state");
        let open = |account: &str| Session::open(&state, account, false, 1, Settings::default());
        for account in ["", " ", "a\nb", &"a".repeat(513)] {
            assert!(open(account).unwrap_err().to_string().contains("--account"), "{account:?}");
        }
        assert!(!state.exists());
        let (_, records) = open(&format!(" {} ", "a".repeat(512))).unwrap();
        assert!(matches!(&records[0].body, Some(Body::Opened(o)) if o.account.len() == 512));
    }

    #[test]
    fn a_renewed_session_goes_on_with_the_window_that_the_old_one_began() {
        let state = tempfile::tempdir().unwrap();
        let (mut session, _) = opened(state.path());
        let old = session.id();
        let events = typed(30);
        let (first, rest) = events.split_at(40);
        for event in first {
            assert_eq!(session.input(*event, || 1).unwrap(), []);
        }
        let records = session.renew(2, true).unwrap();
        assert_ne!(session.id(), old);
        assert_eq!(records.len(), 2);
        assert_eq!(records[0], record(old, 2, 2, Body::Closed(v1::SessionClosed {})));
        assert!(matches!(&records[1].body, Some(Body::Opened(o)) if o.account == "account"));
        let windows: Vec<Record> = rest.iter().flat_map(|e| session.input(*e, || 1).unwrap()).collect();
        assert!(
            matches!(&windows[..], [Record { sequence: 2, body: Some(Body::Window(w)), .. }] if w.inputs == 30)
        );
        // Nothing is left to say of a session that the server never knew.
        assert_eq!(session.renew(3, false).unwrap().len(), 1);
    }

    #[test]
    fn a_full_disk_stops_no_session() {
        let state = tempfile::tempdir().unwrap();
        files::fault::disk_is_full(true);
        let (mut session, records) = opened(state.path());
        assert_eq!(records, [(session.id(), 1)]);
        assert_eq!(session.signal(v1::SignalKind::PointerAdded, 1).unwrap().sequence, 2);
        assert!(!state.path().join(FILE).exists());
        files::fault::disk_is_full(false);
        let sent = session.signal(v1::SignalKind::PointerAdded, 1).unwrap().sequence;
        let (_, records) = opened(state.path());
        assert_eq!(records[0].0, session.id());
        assert!(records[0].1 > sent);
    }

    #[test]
    fn an_agent_killed_before_it_could_spool_says_the_same_again() {
        let state = tempfile::tempdir().unwrap();
        let (first, _) = opened(state.path());
        let (second, records) = opened(state.path());
        // What the second start said never reached the spool.
        let (mut third, again) = opened(state.path());
        assert_eq!(again[0], records[0]);
        assert_eq!(again[0].0, first.id());
        assert_eq!(again[1].0, second.id());
        // Its own did.
        third.signal(v1::SignalKind::PointerAdded, 1).unwrap();
        let id = third.id();
        let closing = third.close(2).unwrap().pop().unwrap();
        let (_, records) = opened(state.path());
        assert_eq!(records.len(), 2);
        assert_eq!(records[0], (id, closing.sequence));
    }
}
