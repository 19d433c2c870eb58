//! The spool's files: one a record, written whole, owner-only; and the folder of those that were refused.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use prost::Message;
use tacit_proto::v1::Record;

use crate::files;

/// Refused records kept for inspection at most.
pub(super) const MOST_ASIDE: usize = 200;
const SUFFIX: &str = "record";
const WAITING: &str = "spool";
/// Name of the folder, within the state folder, of records that the server refused.
pub const REFUSED: &str = "refused";

/// Records that wait in a state folder and that were refused, without opening its spool.
///
/// # Errors
/// When a folder cannot be read, or is none; one that is not there holds none.
pub fn count(state: &Path) -> io::Result<(usize, usize)> {
    let records = |folder: &str| match files::real_folder(&state.join(folder))
        .and_then(|()| fs::read_dir(state.join(folder)))
    {
        Ok(files) => {
            let paths = files.filter_map(Result::ok).map(|file| file.path());
            Ok(paths.filter(|path| path.extension().is_some_and(|e| e == SUFFIX)).count())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    };
    Ok((records(WAITING)?, records(REFUSED)?))
}

/// The folders of one spool.
#[derive(Debug)]
pub(super) struct Disk {
    state: PathBuf,
    waiting: PathBuf,
    aside: PathBuf,
    /// Held for as long as the spool is open: two agents would give away the same numbers. None until there was room for
    /// the folders and the lock.
    lock: Option<File>,
}

impl Disk {
    /// The folders of a state folder's spool. They are made when there is room for them.
    ///
    /// # Errors
    /// When they cannot be used for any other reason than want of room.
    pub(super) fn open(state: &Path) -> Result<Self> {
        let (waiting, aside) = (state.join(WAITING), state.join(REFUSED));
        let mut disk = Self { state: state.to_owned(), waiting, aside, lock: None };
        match disk.prepare() {
            Err(error) if !files::no_room(&error) => Err(error),
            _ => Ok(disk),
        }
    }

    fn prepare(&mut self) -> Result<()> {
        if self.lock.is_some() {
            return Ok(());
        }
        files::private_folder(&self.state)?;
        for path in [&self.waiting, &self.aside] {
            files::real_folder(path)?;
            files::private_folder(path)?;
        }
        let path = self.state.join("lock");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let lock = files::open_regular(&mut options, &path);
        let lock = lock.with_context(|| format!("cannot make {}", path.display()))?;
        if lock.try_lock().is_err() {
            bail!(
                "another tacit-agent is using {}: stop it, or name another --state-dir",
                self.state.display()
            );
        }
        self.lock = Some(lock);
        Ok(())
    }

    /// Numbers of the records, in order. A file that is no record is deleted.
    pub(super) fn numbers(&self) -> Result<Vec<u64>> {
        let mut numbers: Vec<u64> = Vec::new();
        let files = match fs::read_dir(&self.waiting) {
            Err(error) if self.lock.is_none() && error.kind() == io::ErrorKind::NotFound => {
                return Ok(numbers);
            }
            files => files.with_context(|| format!("cannot read {}", self.waiting.display()))?,
        };
        for file in files {
            let file = file?;
            let path = file.path();
            if file.file_type()?.is_dir() {
                tracing::warn!(path = %path.display(), "the spool holds a folder");
                continue;
            }
            match number_of(&path).filter(|number| self.path(*number) == path) {
                Some(number) => numbers.push(number),
                // Nothing that the spool wrote, or half of it: left by a crash or put there by somebody.
                None => fs::remove_file(&path)
                    .with_context(|| format!("cannot delete {}, which is no record", path.display()))?,
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Writes a record; it is durable when this returns.
    pub(super) fn write(&mut self, number: u64, record: &Record) -> Result<()> {
        self.prepare()?;
        files::write_private(&self.path(number), &record.encode_to_vec())
            .and_then(|()| files::sync_folder(&self.waiting))
            .with_context(|| format!("cannot write to {}", self.waiting.display()))
    }

    pub(super) fn read(&self, number: u64) -> Result<Record> {
        let bytes = files::read(&self.path(number)).context("cannot read from the spool")?;
        Record::decode(bytes.as_slice()).context("a spool file is no record")
    }

    pub(super) fn remove(&self, number: u64) -> io::Result<()> {
        match fs::remove_file(self.path(number)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// Moves a record to the refused ones under a name of its own; deletes it if there are enough of them, or no room.
    pub(super) fn move_aside(&self, number: u64, name: &str) -> io::Result<()> {
        let enough = fs::read_dir(&self.aside).map_or(true, |files| files.count() >= MOST_ASIDE);
        let place = self.aside.join(name).with_extension(SUFFIX);
        if enough || fs::rename(self.path(number), place).is_err() {
            return self.remove(number);
        }
        Ok(())
    }

    pub(super) fn path(&self, number: u64) -> PathBuf {
        self.waiting.join(format!("{number:020}.{SUFFIX}"))
    }
}

/// The number in a spool file's name.
fn number_of(path: &Path) -> Option<u64> {
    path.file_stem()?.to_str()?.parse().ok()
}
