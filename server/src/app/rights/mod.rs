//! What a person may ask for, and the reading of names: each done in one unit of work with its entry in the audit log.

mod export;
mod ledger;
mod renew;
mod words;
mod written;

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::{App, audit, read};
use crate::clock::Ambient;
use crate::domain::audit::{Action, Object};
use crate::domain::rights::{check_name, check_reason};
use crate::domain::{Caller, SubjectId};
use crate::secrets::{Purpose, Secrets};
use crate::store::held::SubjectRow;
use crate::store::{Store, Unit};
use crate::{Error, Result};

pub use export::{Export, Gathering, Head, Meaning, Piece, export};
pub use ledger::{Noted, reapply};
pub use renew::renew;
pub use written::{Format, Writer};

/// Why something is done.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// 10 to 500 characters, kept in the audit log. It must name nobody.
    pub reason: String,
}

/// Another name for a subject.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewName {
    /// The account as the directory has it now.
    pub name: String,
    /// 10 to 500 characters, kept in the audit log. It must name nobody.
    pub reason: String,
}

/// A name, revealed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Revealed {
    /// Whose.
    pub subject_id: Uuid,
    /// What stands for the person everywhere else.
    pub pseudonym: String,
    /// The account as the directory has it.
    pub name: String,
}

/// What the rights of subjects need: the command line has no more than this.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// The database.
    pub store: &'a Store,
    /// Clock and randomness.
    pub ambient: &'a Ambient,
    /// Keys.
    pub secrets: &'a Secrets,
    /// The server's data directory, which erasures are noted in; `None` on another machine, where the server notes them within a
    /// minute.
    pub data_dir: Option<&'a Path>,
}

impl<'a> From<&'a App> for Desk<'a> {
    fn from(app: &'a App) -> Self {
        let data_dir = Some(app.settings.data_dir.as_path());
        Self { store: &app.store, ambient: &app.ambient, secrets: &app.secrets, data_dir }
    }
}

impl Desk<'_> {
    async fn held(&self, id: SubjectId) -> Result<(Unit, SubjectRow)> {
        let mut unit = self.store.begin().await?;
        let subject = unit.hold_subject(id).await?.ok_or_else(no_such_subject)?;
        Ok((unit, subject))
    }

    /// Notes a mark outside of the database, before anyone is told that it is done: no backup brings back who was erased.
    fn note(&self, mark: &[u8]) -> Result<()> {
        self.data_dir
            .map_or(Ok(()), |home| Noted::of(home).add(std::iter::once(mark)).map_err(Error::internal))
    }

    async fn name(&self, unit: &mut Unit, id: SubjectId) -> Result<Option<String>> {
        let Some(sealed) = unit.sealed_name(id).await? else { return Ok(None) };
        let name = self.secrets.open(Purpose::Name, id.0, &sealed)?;
        Ok(Some(String::from_utf8(name).map_err(Error::internal)?))
    }

    async fn record(
        &self,
        unit: &mut Unit,
        caller: &Caller,
        action: Action,
        id: SubjectId,
        details: serde_json::Value,
    ) -> Result<()> {
        audit::record(unit, self.ambient, caller, action, Object::Subject(id), details).await
    }

    /// Deletes all that is held of a subject that the unit holds, and says so in the log.
    async fn delete(
        &self,
        unit: &mut Unit,
        caller: &Caller,
        action: Action,
        id: SubjectId,
        reason: &str,
    ) -> Result<()> {
        let reference = audit::reference(unit, id).await?;
        unit.erase_subject(id).await?;
        let details = json!({ "reason": reason });
        audit::record_gone(unit, self.ambient, caller, action, (id, reference), details).await
    }
}

fn no_such_subject() -> Error {
    Error::not_found("no such subject")
}

/// Says whom a pseudonym stands for. It is in the audit log before the caller reads it.
///
/// # Errors
/// Invalid argument for a reason that says nothing; not found; as the database.
pub async fn reveal(desk: Desk<'_>, caller: &Caller, id: SubjectId, reason: &str) -> Result<Revealed> {
    let reason = check_reason(reason)?;
    read::subject(desk.store, caller, id).await?;
    let (mut unit, subject) = desk.held(id).await?;
    let name = desk.name(&mut unit, id).await?;
    let name = name.ok_or_else(|| Error::not_found("no name is kept of this subject"))?;
    desk.record(&mut unit, caller, Action::NameRevealed, id, json!({ "reason": reason })).await?;
    unit.commit().await?;
    tracing::info!(by = caller.name(), "a name was revealed");
    Ok(Revealed { subject_id: id.0, pseudonym: subject.pseudonym, name })
}

/// Stops making anything of a subject's input, or goes on. Nothing of input that comes meanwhile is kept. Once is as good as
/// twice.
///
/// # Errors
/// Invalid argument for a reason that says nothing; not found; as the database.
pub async fn restrict(
    desk: Desk<'_>,
    caller: &Caller,
    id: SubjectId,
    restricted: bool,
    reason: &str,
) -> Result<()> {
    let reason = check_reason(reason)?;
    let (mut unit, subject) = desk.held(id).await?;
    if subject.restricted_at.is_some() == restricted {
        return Ok(());
    }
    let (since, action) = if restricted {
        (Some(desk.ambient.now()), Action::SubjectRestricted)
    } else {
        (None, Action::SubjectUnrestricted)
    };
    unit.put_restricted(id, since).await?;
    desk.record(&mut unit, caller, action, id, json!({ "reason": reason })).await?;
    unit.commit().await
}

/// Corrects the account that a subject stands for: whoever logs on under it from now on is this subject.
///
/// # Errors
/// Invalid argument for a name or reason; conflict if there is a subject of that name; not found; as the database.
pub async fn rectify(desk: Desk<'_>, caller: &Caller, id: SubjectId, new: &NewName) -> Result<()> {
    let (name, reason) = (check_name(&new.name)?, check_reason(&new.reason)?);
    let (mut unit, subject) = desk.held(id).await?;
    let pseudonym = desk.secrets.pseudonym(name, subject.generation);
    // Whoever logs on is looked for under all of them: a second subject with one would take the first one's sessions, or none.
    let pseudonyms = desk.secrets.pseudonyms(name, unit.latest_generation().await?);
    let sealed = desk.secrets.seal(Purpose::Name, id.0, name.as_bytes())?;
    if !unit.rename_subject(id, &pseudonym, &pseudonyms, &sealed).await? {
        return Err(Error::conflict(
            "another subject has logged on under that name: erase the one whose records are wrong, then correct the other",
        ));
    }
    desk.record(&mut unit, caller, Action::NameRectified, id, json!({ "reason": reason })).await?;
    unit.commit().await
}

/// Forgets a subject: every row that speaks of it is deleted, for good. Once is as good as twice. Returns whether there was anything.
///
/// # Errors
/// Invalid argument for a reason that says nothing; not found for an id that never was a subject's; as the database.
pub async fn erase(desk: Desk<'_>, caller: &Caller, id: SubjectId, reason: &str) -> Result<bool> {
    let reason = check_reason(reason)?;
    let mut unit = desk.store.begin().await?;
    if unit.hold_subject(id).await?.is_none() {
        let mark = desk.secrets.erasure_mark(id.0);
        return if unit.is_erased(&mark).await? { Ok(false) } else { Err(no_such_subject()) };
    }
    forget(desk, unit, caller, id, &reason).await?;
    Ok(true)
}

/// Forgets a subject that has been gone since before a moment. Returns whether it has: who has come back meanwhile stays.
///
/// # Errors
/// As the database.
pub async fn erase_gone(desk: Desk<'_>, id: SubjectId, before: OffsetDateTime) -> Result<bool> {
    let mut unit = desk.store.begin().await?;
    if unit.hold_subject(id).await?.is_none() || !unit.is_gone(id, before).await? {
        return Ok(false);
    }
    forget(desk, unit, &Caller::Server, id, "not seen for as long as subjects are kept").await?;
    Ok(true)
}

/// Forgets a subject that the unit holds.
async fn forget(desk: Desk<'_>, mut unit: Unit, caller: &Caller, id: SubjectId, reason: &str) -> Result<()> {
    let mark = desk.secrets.erasure_mark(id.0);
    unit.mark_erased(&mark, desk.ambient.now()).await?;
    desk.delete(&mut unit, caller, Action::SubjectErased, id, reason).await?;
    unit.commit().await?;
    desk.note(&mark)?;
    tracing::info!(by = caller.name(), "a subject was erased");
    Ok(())
}
