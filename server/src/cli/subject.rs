//! `tacit-server subject`.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use super::{SubjectCommand, manage::told, say};
use crate::app::rights::{self, Desk, Format, Writer};
use crate::clock::Ambient;
use crate::domain::{Caller, SubjectId};
use crate::secrets::Secrets;
use crate::store::Store;

pub(super) async fn subject(
    command: SubjectCommand,
    store: &Store,
    ambient: &Ambient,
    secrets: Option<&Secrets>,
    data_dir: &Path,
) -> anyhow::Result<()> {
    if let SubjectCommand::Scrub = command {
        return store.scrub().await.map_err(told);
    }
    let secrets = secrets.context(
        "this needs the master key: run it where the server runs, with its --data-dir or --master-key-file",
    )?;
    let (desk, caller) =
        (Desk { store, ambient, secrets, data_dir: data_dir.is_dir().then_some(data_dir) }, &Caller::Console);
    match command {
        SubjectCommand::Export { id, text } => {
            let mut export = rights::export(desk, caller, SubjectId(id)).await.map_err(told)?;
            let mut writer = Writer::new(if text { Format::Text } else { Format::Json });
            let mut out = std::io::stdout().lock();
            while let Some(piece) = export.next(desk).await.map_err(told)? {
                out.write_all(writer.write(piece).map_err(told)?.as_bytes())?;
            }
            out.flush()?;
        }
        SubjectCommand::Erase { id, reason } => {
            let erased = rights::erase(desk, caller, SubjectId(id), &reason).await.map_err(told)?;
            say(if erased {
                "erased; `tacit-server subject scrub` takes it out of the database's files at once"
            } else {
                "erased before"
            })?;
        }
        SubjectCommand::Restrict { id, reason } => {
            rights::restrict(desk, caller, SubjectId(id), true, &reason).await.map_err(told)?;
        }
        SubjectCommand::Unrestrict { id, reason } => {
            rights::restrict(desk, caller, SubjectId(id), false, &reason).await.map_err(told)?;
        }
        SubjectCommand::Renew { id, reason } => {
            let new = rights::renew(desk, caller, SubjectId(id), &reason).await.map_err(told)?;
            say(&new.to_string())?;
        }
        SubjectCommand::Scrub => {}
    }
    Ok(())
}
