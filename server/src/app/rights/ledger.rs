//! Erasures and renewals, noted outside of the database: a backup that is restored holds the old subjects again, and forgets or
//! renews them again.
//!
//! The note is a file of marks, one a line, that only grows. It names nobody: a mark is a keyed hash of an id.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::renew::replace;
use super::{Desk, forget};
use crate::domain::Caller;
use crate::{Result, files};

/// The file of marks beside the database.
#[derive(Debug, Clone)]
pub struct Noted(pub PathBuf);

impl Noted {
    /// The file of a data directory.
    #[must_use]
    pub fn of(data_dir: &Path) -> Self {
        Self(data_dir.join("erasures"))
    }

    /// Every mark of the file.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn marks(&self) -> io::Result<BTreeSet<Vec<u8>>> {
        match files::read_text(&self.0) {
            Ok(text) => Ok(text.lines().filter_map(|line| hex::decode(line.trim()).ok()).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
            Err(error) => Err(io::Error::new(
                error.kind(),
                format!(
                    "{} cannot be read: restore it from a backup of the data directory; without it nobody is erased again who was \
                     erased before a backup of the database was restored: {error}",
                    self.0.display()
                ),
            )),
        }
    }

    /// Adds marks that it does not have; on the disk when it returns.
    pub(super) fn add<M: AsRef<[u8]>>(&self, marks: impl Iterator<Item = M>) -> io::Result<()> {
        let known = self.marks()?;
        let fresh = marks.filter(|mark| !known.contains(mark.as_ref()));
        let mut lines = fresh.map(hex::encode).collect::<Vec<_>>().join("\n");
        if lines.is_empty() {
            return Ok(());
        }
        lines.push('\n');
        let mut file = files::open(OpenOptions::new().append(true).create(true).mode(0o600), &self.0)?;
        file.write_all(lines.as_bytes())?;
        file.sync_all()
    }
}

/// Erases or renews again whoever was before and is there all the same, and brings the file up to date. Returns how many.
///
/// # Errors
/// Internal when the file cannot be read or written; as the database.
pub async fn reapply(desk: Desk<'_>, noted: &Noted) -> Result<usize> {
    let known = noted.marks().map_err(crate::Error::internal)?;
    let mut unit = desk.store.begin().await?;
    let stored: BTreeSet<Vec<u8>> = unit.erasures().await?.into_iter().map(|(mark, _)| mark).collect();
    noted.add(stored.difference(&known)).map_err(crate::Error::internal)?;
    // A database that knows every mark of the file was not put back to an earlier state.
    if known.is_subset(&stored) {
        return Ok(0);
    }
    let mut again = 0;
    let mut ids = unit.subject_ids().await?;
    drop(unit);
    while let Some(id) = ids.pop() {
        let (erased, renewed) = (desk.secrets.erasure_mark(id.0), desk.secrets.renewal_mark(id.0));
        if !known.contains(&erased) && !known.contains(&renewed) {
            continue;
        }
        let mut unit = desk.store.begin().await?;
        let Some(subject) = unit.hold_subject(id).await? else { continue };
        if known.contains(&erased) {
            forget(desk, unit, &Caller::Server, id, "erased before the database was restored").await?;
        } else {
            // Nobody has logged on since: sessions that the backup holds open are history, too.
            let why = "renewed before the database was restored";
            // Who took the place may have been renewed or erased in turn.
            ids.push(replace(desk, unit, &Caller::Server, subject, why).await?);
        }
        again += 1;
    }
    let mut unit = desk.store.begin().await?;
    for mark in known.difference(&stored) {
        unit.mark_erased(mark, desk.ambient.now()).await?;
    }
    unit.commit().await?;
    Ok(again)
}
