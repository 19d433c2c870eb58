//! Events as lines: appended to a file in the server's own directory, or on standard output.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use tokio::io::AsyncWriteExt as _;

use super::{Message, Outcome, format, short};
use crate::domain::destination::Format;
use crate::files;

/// Where lines go.
#[derive(Debug)]
pub enum Lines {
    /// To a file, which may be moved away at any time: each batch opens it anew.
    File(PathBuf, Format),
    /// To standard output.
    Stdout(Format),
}

impl Lines {
    /// Writes messages, all or none as far as can be known.
    pub async fn send(&self, messages: &[Message]) -> Vec<Outcome> {
        let (Self::File(_, format) | Self::Stdout(format)) = self;
        let mut text = String::new();
        for message in messages {
            text.push_str(&format::write(*format, message));
            text.push('\n');
        }
        let written = match self {
            Self::File(path, _) => {
                let path = path.clone();
                tokio::task::spawn_blocking(move || append(&path, &text))
                    .await
                    .unwrap_or_else(|e| Err(e.into()))
            }
            Self::Stdout(_) => {
                let mut out = tokio::io::stdout();
                match out.write_all(text.as_bytes()).await {
                    Ok(()) => out.flush().await,
                    failed => failed,
                }
            }
        };
        let outcome = match written {
            Ok(()) => Outcome::Delivered,
            Err(error) => Outcome::Away(short(error), None),
        };
        vec![outcome; messages.len()]
    }
}

/// On the disk when it returns; of what cannot be written whole, nothing stays.
fn append(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o750).create(directory)?;
    }
    let mut file = files::open(OpenOptions::new().create(true).append(true).mode(0o640), path)?;
    // Another destination may write to the same file.
    file.lock()?;
    whole(&mut file, |file| file.write_all(text.as_bytes()))
}

/// Writes at the end of a file, and takes back what was written if not all was.
fn whole(file: &mut File, write: impl FnOnce(&mut File) -> std::io::Result<()>) -> std::io::Result<()> {
    let before = file.metadata()?.len();
    write(file).and_then(|()| file.sync_data()).inspect_err(|_| {
        if let Err(error) = file.set_len(before) {
            tracing::warn!(%error, "half a line stays at the end of a file of events");
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};

    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        append(&pipe, "line\n").unwrap_err();
        let reader = OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
        let refused = append(&pipe, "line\n").unwrap_err().to_string();
        assert!(refused.contains("no regular file"), "{refused}");
        drop(reader);
    }

    #[test]
    fn of_lines_that_a_full_disk_cut_nothing_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("siem.jsonl");
        append(&path, "{\"first\":1}\n").unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        let full = |file: &mut File| file.write_all(b"{\"sec").and(Err(Error::from(ErrorKind::StorageFull)));
        assert_eq!(whole(&mut file, full).unwrap_err().kind(), ErrorKind::StorageFull);
        append(&path, "{\"second\":2}\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"first\":1}\n{\"second\":2}\n");
    }
}
