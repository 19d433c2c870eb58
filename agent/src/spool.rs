//! What is not acknowledged yet, on disk: one file a record, oldest first, owner-only. Holds windows, signals and the
//! opening and closing of sessions; never raw input, for which it has no type.
//!
//! A record is synced under its final name before `append` returns, so that a killed agent loses nothing it has spooled and
//! a torn file never has a record's name. What is acknowledged is deleted; what the server will never take is set aside.
//! While the disk cannot take records, they wait in memory, up to a bound, and are sent from there.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use anyhow::{Context, Result};
use tacit_proto::v1::{Record, record::Body};
use uuid::Uuid;

mod disk;

use disk::Disk;
pub use disk::{REFUSED, count};

/// Records kept at most; then the oldest windows and signals give way.
const MOST: usize = 50_000;
/// Records kept in memory at most while the disk takes none: about 1 MB, and a day's work.
const MOST_UNWRITTEN: usize = 1_000;
/// The highest number of a record that the spool can have written: ever so many may follow it.
const HIGHEST: u64 = u64::MAX / 2;

#[derive(Debug, Clone, Copy)]
struct Entry {
    number: u64,
    session: [u8; 16],
    sequence: u64,
    /// A window or a signal: may give way when the spool is full.
    may_go: bool,
}

/// The spool of one agent.
#[derive(Debug)]
pub struct Spool {
    disk: Disk,
    entries: VecDeque<Entry>,
    /// The newest records, by number, where the disk could not take them. Nothing newer is written before they are.
    unwritten: BTreeMap<u64, Record>,
    next: u64,
    most: usize,
    most_unwritten: usize,
    lost: u32,
    failing: bool,
}

impl Spool {
    /// Opens the spool of a state folder, with what an earlier run left in it. A file that is no record is deleted and
    /// counted as lost.
    ///
    /// # Errors
    /// When the folder cannot be used, or is a link to another; want of room is no such reason.
    pub fn open(state: &Path) -> Result<Self> {
        Self::with_bounds(state, MOST, MOST_UNWRITTEN)
    }

    fn with_bounds(state: &Path, most: usize, most_unwritten: usize) -> Result<Self> {
        let disk = Disk::open(state)?;
        let numbers = disk.numbers()?;
        let mut spool = Self {
            disk,
            entries: VecDeque::new(),
            unwritten: BTreeMap::new(),
            next: 1,
            most,
            most_unwritten,
            lost: 0,
            failing: false,
        };
        for number in numbers {
            match spool.disk.read(number).ok().as_ref().and_then(|r| entry(number, r)) {
                Some(entry) if number > HIGHEST => {
                    tracing::warn!(
                        number,
                        "spool file has a number that the agent never gave, and was set aside"
                    );
                    spool.move_aside(entry)?;
                    spool.lost += 1;
                }
                Some(entry) => spool.entries.push_back(entry),
                None => {
                    tracing::warn!(number, "spool file is no record and was deleted");
                    spool.disk.remove(number)?;
                    spool.lost += 1;
                }
            }
            if number <= HIGHEST {
                spool.next = number + 1;
            }
        }
        Ok(spool)
    }

    /// Adds a record. It is on disk when this returns, or in memory if the disk cannot take it now; that is said once.
    ///
    /// # Errors
    /// When it is no record, or what must give way cannot be deleted; the spool is then as before.
    pub fn append(&mut self, record: &Record) -> Result<()> {
        let number = self.next;
        let entry = entry(number, record).context("a record needs a session id of 16 bytes and a body")?;
        if self.entries.len() >= self.most {
            self.give_up(0)?;
        }
        if self.unwritten.len() >= self.most_unwritten
            && !self.write_unwritten()
            && let Some((&oldest, _)) = self.unwritten.first_key_value()
        {
            self.give_up(self.entries.partition_point(|e| e.number < oldest))?;
        }
        self.next += 1;
        self.entries.push_back(entry);
        self.unwritten.insert(number, record.clone());
        self.write_unwritten();
        Ok(())
    }

    /// Writes what waits in memory, oldest first; returns whether all is on disk.
    fn write_unwritten(&mut self) -> bool {
        while let Some((number, record)) = self.unwritten.first_key_value() {
            if let Err(error) = self.disk.write(*number, record) {
                if !self.failing {
                    let error = format!("{error:#}");
                    tracing::error!(
                        error,
                        "records cannot be spooled: they wait in memory, and are lost if the agent ends before the server has them; make room on the disk"
                    );
                }
                self.failing = true;
                return false;
            }
            self.unwritten.pop_first();
        }
        if self.failing {
            tracing::info!("records are spooled again");
        }
        self.failing = false;
        true
    }

    /// The oldest record with a number above `after`, with its number. A file that has been damaged since it was written is
    /// deleted and counted as lost: it must not hold up what follows.
    ///
    /// # Errors
    /// When a damaged file cannot be deleted.
    pub fn next_after(&mut self, after: u64) -> Result<Option<(u64, Record)>> {
        let at = self.entries.partition_point(|e| e.number <= after);
        while let Some(number) = self.entries.get(at).map(|e| e.number) {
            if let Some(record) = self.unwritten.get(&number) {
                return Ok(Some((number, record.clone())));
            }
            match self.disk.read(number) {
                Ok(record) => return Ok(Some((number, record))),
                Err(error) => {
                    tracing::error!(number, error = format!("{error:#}"), "a spooled record was lost");
                    self.disk.remove(number)?;
                    self.entries.remove(at);
                    self.lost = self.lost.saturating_add(1);
                }
            }
        }
        Ok(None)
    }

    /// Deletes every record of a session up to and including a sequence.
    ///
    /// # Errors
    /// When a file cannot be deleted.
    pub fn acknowledge(&mut self, session: &[u8], through: u64) -> Result<()> {
        // Within a session sequences rise, so nothing after the first unfinished record is meant.
        let mine = |e: &Entry| e.session == session;
        let end = self.entries.iter().position(|e| mine(e) && e.sequence > through);
        let end = end.unwrap_or(self.entries.len());
        let gone: Vec<u64> = self.entries.iter().take(end).filter(|e| mine(e)).map(|e| e.number).collect();
        for number in &gone {
            self.delete(*number)?;
        }
        if self.entries.iter().zip(&gone).all(|(e, number)| e.number == *number) {
            self.entries.drain(..gone.len());
        } else {
            self.entries.retain(|e| !(mine(e) && e.sequence <= through));
        }
        Ok(())
    }

    /// Sets aside a record that the server will never take.
    ///
    /// # Errors
    /// When its file cannot be moved.
    pub fn set_aside(&mut self, session: &[u8], sequence: u64) -> Result<bool> {
        let Some(at) = self.entries.iter().position(|e| e.session == session && e.sequence == sequence)
        else {
            return Ok(false);
        };
        self.move_aside(self.entries[at])?;
        self.entries.remove(at);
        self.lost = self.lost.saturating_add(1);
        Ok(true)
    }

    /// Sets aside all that waits of a session, and returns how many records that were.
    ///
    /// # Errors
    /// When a file cannot be moved; those before it are set aside.
    pub fn set_aside_session(&mut self, session: &[u8]) -> Result<usize> {
        let before = self.entries.len();
        let mut moved = Ok(());
        let mut entries = std::mem::take(&mut self.entries);
        entries.retain(|entry| {
            let goes = entry.session == session && moved.is_ok();
            if goes {
                moved = self.move_aside(*entry);
            }
            !goes || moved.is_err()
        });
        self.entries = entries;
        let gone = before - self.entries.len();
        self.lost = self.lost.saturating_add(u32::try_from(gone).unwrap_or(u32::MAX));
        moved.map(|()| gone)
    }

    fn move_aside(&mut self, entry: Entry) -> Result<()> {
        if self.unwritten.contains_key(&entry.number) {
            return self.delete(entry.number);
        }
        // Numbers begin again when an agent starts with an empty spool; a record's session and sequence are its own.
        let name = format!("{}-{}", Uuid::from_bytes(entry.session), entry.sequence);
        Ok(self.disk.move_aside(entry.number, &name)?)
    }

    /// Records waiting.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Records given up since the spool was opened.
    #[must_use]
    pub fn lost(&self) -> u32 {
        self.lost
    }

    /// Records that the disk cannot take even now: they are lost when the agent ends.
    pub fn unwritten(&mut self) -> usize {
        self.write_unwritten();
        self.unwritten.len()
    }

    /// Gives up the oldest window or signal from a place on; if there is none, what stands at that place.
    fn give_up(&mut self, from: usize) -> Result<()> {
        let at = self.entries.iter().skip(from).position(|e| e.may_go).map_or(from, |at| from + at);
        self.delete(self.entries[at].number)?;
        self.entries.remove(at);
        self.lost = self.lost.saturating_add(1);
        Ok(())
    }

    fn delete(&mut self, number: u64) -> Result<()> {
        self.unwritten.remove(&number);
        Ok(self.disk.remove(number)?)
    }
}

fn entry(number: u64, record: &Record) -> Option<Entry> {
    let session = <[u8; 16]>::try_from(record.session_id.as_slice()).ok()?;
    let may_go = matches!(record.body.as_ref()?, Body::Window(_) | Body::Signal(_));
    Some(Entry { number, session, sequence: record.sequence, may_go })
}

#[cfg(test)]
mod tests;
