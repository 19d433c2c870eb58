//! What is not acknowledged yet, on disk: one file a record, oldest first, owner-only. Holds windows, signals and the
//! opening and closing of sessions; never raw input, for which it has no type.
//!
//! A record is synced under its final name before `append` returns, so that a killed agent loses nothing it has spooled and
//! a torn file never has a record's name. What is acknowledged is deleted; what the server will never take is set aside.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use prost::Message;
use tacit_proto::v1::{Record, record::Body};

use uuid::Uuid;

use crate::files;

/// Records kept at most; then the oldest windows and signals give way.
const MOST: usize = 50_000;
/// Refused records kept for inspection at most.
const MOST_ASIDE: usize = 200;
const SUFFIX: &str = "record";
const WAITING: &str = "spool";
/// Name of the folder, within the state folder, of records that the server refused.
pub const REFUSED: &str = "refused";

#[derive(Debug, Clone, Copy)]
struct Entry {
    number: u64,
    session: [u8; 16],
    sequence: u64,
    /// A window or a signal: may give way when the spool is full.
    may_go: bool,
}

/// Records that wait in a state folder and that were refused, without opening its spool.
///
/// # Errors
/// When a folder cannot be read; one that is not there holds none.
pub fn count(state: &Path) -> io::Result<(usize, usize)> {
    let records = |folder: &str| match fs::read_dir(state.join(folder)) {
        Ok(files) => {
            let paths = files.filter_map(Result::ok).map(|file| file.path());
            Ok(paths.filter(|path| path.extension().is_some_and(|e| e == SUFFIX)).count())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    };
    Ok((records(WAITING)?, records(REFUSED)?))
}

/// The spool of one agent.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    aside: PathBuf,
    entries: VecDeque<Entry>,
    next: u64,
    most: usize,
    lost: u32,
    /// Held for as long as the spool is open: two agents would give away the same numbers.
    _lock: File,
}

impl Spool {
    /// Opens the spool of a state folder, with what an earlier run left in it. A file that is no record is deleted and
    /// counted as lost.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(state: &Path) -> Result<Self> {
        Self::with_bound(state, MOST)
    }

    fn with_bound(state: &Path, most: usize) -> Result<Self> {
        let folder = state.join(WAITING);
        let aside = state.join(REFUSED);
        for path in [state, &folder, &aside] {
            files::private_folder(path).with_context(|| format!("cannot use {}", path.display()))?;
        }
        let lock = File::create(state.join("lock")).context("cannot make the lock file")?;
        if lock.try_lock().is_err() {
            bail!("another tacit-agent is using {}: stop it, or name another --state-dir", state.display());
        }
        let mut spool = Self { folder, aside, entries: VecDeque::new(), next: 1, most, lost: 0, _lock: lock };
        let mut numbers: Vec<u64> = Vec::new();
        for file in fs::read_dir(&spool.folder)? {
            let path = file?.path();
            match number_of(&path).filter(|number| spool.path(*number) == path) {
                Some(number) => numbers.push(number),
                // Nothing that the spool wrote, or half of it: left by a crash or put there by somebody.
                None if path.is_file() => fs::remove_file(&path)
                    .with_context(|| format!("cannot delete {}, which is no record", path.display()))?,
                None => tracing::warn!(path = %path.display(), "the spool holds something that is no file"),
            }
        }
        numbers.sort_unstable();
        for number in numbers {
            match spool.read(number).ok().as_ref().and_then(|r| entry(number, r)) {
                Some(entry) => spool.entries.push_back(entry),
                None => {
                    tracing::warn!(number, "spool file is no record and was deleted");
                    remove(&spool.path(number))?;
                    spool.lost += 1;
                }
            }
            spool.next = number + 1;
        }
        Ok(spool)
    }

    /// Adds a record. It is on disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written; the spool is then as before.
    pub fn append(&mut self, record: &Record) -> Result<()> {
        let number = self.next;
        let entry = entry(number, record).context("a record needs a session id of 16 bytes and a body")?;
        if self.entries.len() >= self.most {
            self.make_room()?;
        }
        files::write_private(&self.path(number), &record.encode_to_vec())
            .context("cannot write to the spool")?;
        files::sync_folder(&self.folder)?;
        self.next += 1;
        self.entries.push_back(entry);
        Ok(())
    }

    /// The oldest record with a number above `after`, with its number. A file that has been damaged since it was written is
    /// deleted and counted as lost: it must not hold up what follows.
    ///
    /// # Errors
    /// When a damaged file cannot be deleted.
    pub fn next_after(&mut self, after: u64) -> Result<Option<(u64, Record)>> {
        let at = self.entries.partition_point(|e| e.number <= after);
        while let Some(number) = self.entries.get(at).map(|e| e.number) {
            match self.read(number) {
                Ok(record) => return Ok(Some((number, record))),
                Err(error) => {
                    tracing::error!(number, error = format!("{error:#}"), "a spooled record was lost");
                    remove(&self.path(number))?;
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
            remove(&self.path(*number))?;
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
        self.move_aside(&self.entries[at])?;
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
                moved = self.move_aside(entry);
            }
            !goes || moved.is_err()
        });
        self.entries = entries;
        let gone = before - self.entries.len();
        self.lost = self.lost.saturating_add(u32::try_from(gone).unwrap_or(u32::MAX));
        moved.map(|()| gone)
    }

    fn move_aside(&self, entry: &Entry) -> Result<()> {
        let path = self.path(entry.number);
        if fs::read_dir(&self.aside)?.count() >= MOST_ASIDE {
            return Ok(remove(&path)?);
        }
        // Numbers begin again when an agent starts with an empty spool; a record's session and sequence are its own.
        let name = format!("{}-{}.{SUFFIX}", Uuid::from_bytes(entry.session), entry.sequence);
        Ok(fs::rename(path, self.aside.join(name))?)
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

    fn make_room(&mut self) -> Result<()> {
        let at = self.entries.iter().position(|e| e.may_go).unwrap_or(0);
        remove(&self.path(self.entries[at].number))?;
        self.entries.remove(at);
        self.lost = self.lost.saturating_add(1);
        Ok(())
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:020}.{SUFFIX}"))
    }

    fn read(&self, number: u64) -> Result<Record> {
        let bytes = fs::read(self.path(number)).context("cannot read from the spool")?;
        Record::decode(bytes.as_slice()).context("a spool file is no record")
    }
}

/// The number in a spool file's name. The greatest is refused, since none could follow it.
fn number_of(path: &Path) -> Option<u64> {
    path.file_stem()?.to_str()?.parse().ok().filter(|number| *number < u64::MAX)
}

fn entry(number: u64, record: &Record) -> Option<Entry> {
    let session = <[u8; 16]>::try_from(record.session_id.as_slice()).ok()?;
    let may_go = matches!(record.body.as_ref()?, Body::Window(_) | Body::Signal(_));
    Some(Entry { number, session, sequence: record.sequence, may_go })
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use tacit_proto::v1::{SessionOpened, Signal};

    fn record(session: u8, sequence: u64) -> Record {
        let body = if sequence == 1 {
            Body::Opened(SessionOpened { account: "a".into(), remote: false })
        } else {
            Body::Signal(Signal { kind: 1, count: 1 })
        };
        Record { session_id: vec![session; 16], sequence, at_ms: 5, body: Some(body) }
    }

    fn waiting(spool: &mut Spool) -> Vec<(u8, u64)> {
        let mut after = 0;
        let mut all = Vec::new();
        while let Some((number, record)) = spool.next_after(after).unwrap() {
            all.push((record.session_id[0], record.sequence));
            after = number;
        }
        all
    }

    #[test]
    fn what_is_spooled_outlives_the_agent_in_order_until_it_is_acknowledged() {
        let state = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(state.path()).unwrap();
        for (session, sequence) in [(1, 1), (1, 2), (2, 1), (1, 3), (2, 2)] {
            spool.append(&record(session, sequence)).unwrap();
        }
        spool.acknowledge(&[1; 16], 2).unwrap();
        drop(spool);
        let mut spool = Spool::open(state.path()).unwrap();
        assert_eq!(waiting(&mut spool), [(2, 1), (1, 3), (2, 2)]);
        spool.append(&record(2, 3)).unwrap();
        assert_eq!(waiting(&mut spool).last(), Some(&(2, 3)));
        spool.acknowledge(&[2; 16], 3).unwrap();
        spool.acknowledge(&[2; 16], 3).unwrap();
        assert_eq!(waiting(&mut spool), [(1, 3)]);
    }

    #[test]
    fn torn_and_foreign_files_are_dropped_and_counted() {
        let state = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(state.path()).unwrap();
        for sequence in 1..=3 {
            spool.append(&record(1, sequence)).unwrap();
        }
        let torn = spool.path(2);
        let bytes = fs::read(&torn).unwrap();
        fs::write(&torn, &bytes[..bytes.len() / 2]).unwrap();
        fs::write(state.path().join("spool/00000000000000000009.new"), b"half").unwrap();
        drop(spool);
        let mut spool = Spool::open(state.path()).unwrap();
        assert_eq!(waiting(&mut spool), [(1, 1), (1, 3)]);
        assert_eq!(spool.lost(), 1);
    }

    #[test]
    fn a_record_damaged_while_the_agent_runs_holds_up_nothing() {
        let state = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(state.path()).unwrap();
        for sequence in 1..=3 {
            spool.append(&record(1, sequence)).unwrap();
        }
        fs::write(spool.path(2), [0xff; 40]).unwrap();
        assert_eq!(waiting(&mut spool), [(1, 1), (1, 3)]);
        assert_eq!(spool.lost(), 1);
    }

    #[test]
    fn what_is_no_record_does_not_stop_the_agent() {
        let state = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(state.path()).unwrap();
        spool.append(&record(1, 1)).unwrap();
        for odd in ["5.record", "abc.record", "18446744073709551615.record"] {
            fs::write(state.path().join("spool").join(odd), b"").unwrap();
        }
        fs::create_dir(state.path().join("spool/x")).unwrap();
        drop(spool);
        let mut spool = Spool::open(state.path()).unwrap();
        spool.append(&record(1, 2)).unwrap();
        assert_eq!(waiting(&mut spool), [(1, 1), (1, 2)]);
    }

    #[test]
    fn a_full_spool_gives_up_the_oldest_window_or_signal_never_an_opening() {
        let state = tempfile::tempdir().unwrap();
        let mut spool = Spool::with_bound(state.path(), 3).unwrap();
        for sequence in 1..=5 {
            spool.append(&record(1, sequence)).unwrap();
        }
        assert_eq!(waiting(&mut spool), [(1, 1), (1, 4), (1, 5)]);
        assert_eq!(spool.lost(), 2);
    }

    #[test]
    fn a_refused_record_is_set_aside_and_the_others_stay() {
        let state = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(state.path()).unwrap();
        for sequence in 1..=3 {
            spool.append(&record(1, sequence)).unwrap();
        }
        assert!(spool.set_aside(&[1; 16], 2).unwrap());
        assert!(!spool.set_aside(&[1; 16], 2).unwrap());
        assert_eq!(waiting(&mut spool), [(1, 1), (1, 3)]);
        assert_eq!(fs::read_dir(state.path().join("refused")).unwrap().count(), 1);
    }

    #[test]
    fn a_refused_session_is_set_aside_whole_up_to_a_bound() {
        let state = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(state.path()).unwrap();
        for sequence in 1..=2 {
            spool.append(&record(1, sequence)).unwrap();
            spool.append(&record(2, sequence)).unwrap();
        }
        assert_eq!(spool.set_aside_session(&[1; 16]).unwrap(), 2);
        assert_eq!(waiting(&mut spool), [(2, 1), (2, 2)]);
        let most = u64::try_from(MOST_ASIDE).unwrap();
        for sequence in 1..=most {
            spool.append(&record(3, sequence)).unwrap();
        }
        assert_eq!(spool.set_aside_session(&[3; 16]).unwrap(), MOST_ASIDE);
        assert_eq!(waiting(&mut spool), [(2, 1), (2, 2)]);
        assert_eq!(count(state.path()).unwrap(), (2, MOST_ASIDE));
        assert_eq!(spool.lost(), 2 + u32::try_from(MOST_ASIDE).unwrap());
    }

    #[test]
    fn only_the_owner_can_read_the_spool() {
        let state = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(state.path()).unwrap();
        spool.append(&record(1, 1)).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&spool.folder), 0o700);
        assert_eq!(mode(&spool.path(1)), 0o600);
    }
}
