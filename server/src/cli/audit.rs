//! `tacit-server audit`, and the note that a server keeps of the log's head outside the database.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use serde::{Deserialize, Serialize};
use tokio::time::{MissedTickBehavior, interval};

use super::{AuditCommand, manage::told, say};
use crate::Error;
use crate::app::rights::{self, Desk, Noted};
use crate::app::{App, audit};
use crate::config::Settings;
use crate::files;
use crate::secrets::Secrets;
use crate::store::Store;

const NOTE_EVERY: Duration = Duration::from_secs(60);

/// The head of the log as a server has noted it.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    seq: i64,
    hash: String,
}

fn place(settings: &Settings) -> PathBuf {
    settings.data_dir.join("audit-head.json")
}

fn noted(path: &Path) -> anyhow::Result<Option<(i64, Vec<u8>)>> {
    let text = match files::read_text(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let note: Option<Note> = serde_json::from_str(&text).ok();
    let head = note.and_then(|note| Some((note.seq, hex::decode(note.hash).ok()?)));
    let head = head.with_context(|| {
        format!(
            "{} is damaged: restore it from a backup of the data directory; moved away, a log that was cut short since is not noticed",
            path.display()
        )
    })?;
    Ok(Some(head))
}

fn write(path: &Path, (seq, hash): &(i64, Vec<u8>)) -> anyhow::Result<()> {
    let text = serde_json::to_string(&Note { seq: *seq, hash: hex::encode(hash) })?;
    let fresh = path.with_extension("json.new");
    std::fs::write(&fresh, text)?;
    Ok(std::fs::rename(&fresh, path)?)
}

/// Notes the head and erasures from time to time.
pub(super) async fn note(app: &App) {
    let mut every = interval(NOTE_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            _ = every.tick() => note_now(app).await,
        }
    }
}

/// Notes the head and erasures; says so when the log has become shorter than noted.
pub(super) async fn note_now(app: &App) {
    if let Err(error) = forget_again(app).await {
        tracing::warn!(detail = error.detail(), "cannot note erasures");
    }
    if let Err(error) = note_once(app, &place(&app.settings)).await {
        tracing::warn!(error = format!("{error:#}"), "cannot note the head of the audit log");
    }
}

/// Erases again whoever a restored backup has brought back, and notes erasures outside the database.
pub(super) async fn forget_again(app: &App) -> crate::Result<()> {
    let noted = Noted::of(&app.settings.data_dir);
    let erased = rights::reapply(Desk::from(app), &noted).await?;
    if erased > 0 {
        tracing::warn!(
            erased,
            "the database was put back to an earlier state; erased again who had been erased since"
        );
    }
    Ok(())
}

async fn note_once(app: &App, path: &Path) -> anyhow::Result<()> {
    let Some(head) = app.store.audit_head().await? else {
        tracing::error!("the head of the audit log is gone: run tacit-server audit verify");
        return Ok(());
    };
    match noted(path)? {
        Some((seq, _)) if seq > head.0 => {
            tracing::error!(
                noted = seq,
                head = head.0,
                "the audit log was cut short: run tacit-server audit verify"
            );
            Ok(())
        }
        Some(same) if same == head => Ok(()),
        // A note that moved on from a log that was written anew would hide that it was.
        Some((seq, hash)) if !app.store.audit_holds(seq, &hash).await? => {
            tracing::error!(
                noted = seq,
                "the audit log is not the one that was noted: run tacit-server audit verify"
            );
            Ok(())
        }
        _ => write(path, &head),
    }
}

/// Verifies or exports the log. `Err` if it is not whole.
pub(super) async fn audit(
    command: AuditCommand,
    settings: &Settings,
    store: &Store,
    secrets: Option<&Secrets>,
) -> anyhow::Result<()> {
    match command {
        AuditCommand::Export => {
            audit::export(store, |line| say(line).map_err(Error::internal)).await.map_err(told)
        }
        AuditCommand::Verify => {
            let secrets = secrets.context(
                "without the master key nobody can tell who wrote the log: run this where the server runs, with \
                 its --data-dir or --master-key-file",
            )?;
            verify(store, secrets, noted(&place(settings))?).await
        }
    }
}

async fn verify(store: &Store, secrets: &Secrets, noted: Option<(i64, Vec<u8>)>) -> anyhow::Result<()> {
    let found = audit::verify(store, secrets.seal_of_audit(), noted).await.map_err(told)?;
    for flaw in &found.flaws {
        say(&format!("entry {}: {}", flaw.seq, flaw.what))?;
    }
    if found.unsealed > 0 {
        say(&format!("{} entries were written by commands that had no master key at hand", found.unsealed))?;
    }
    if found.flaws.is_empty() {
        let range = match (found.first, found.last) {
            (Some(first), Some(last)) => format!("entries {first} to {last}"),
            _ => "no entries".to_owned(),
        };
        say(&format!("the audit log is whole: {range}"))?;
        return Ok(());
    }
    Err(anyhow!("the audit log is not whole: {} flaws", found.flaws.len()))
}
