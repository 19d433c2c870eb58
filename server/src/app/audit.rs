//! The audit log: recorded in the unit of work of each act, read, verified, exported.

use serde_json::Value;
use uuid::Uuid;

use crate::app::read::Page;
use crate::clock::Ambient;
use crate::domain::audit::chain::{Bound, Found, Walk};
use crate::domain::audit::{Action, Object, Seal};
use crate::domain::{Caller, SubjectId};
use crate::store::audit::NewEntry;
use crate::store::read::audit::{AuditEntry, AuditFilter};
use crate::store::{Store, Unit};
use crate::{Error, Result};

/// Records an act in its own unit of work, so that neither is without the other. Comes last in the unit: whoever else records
/// something waits until it ends.
///
/// `details` is an object of facts that nobody needs to forget: no names, no pseudonyms, no ids of subjects.
///
/// # Errors
/// Internal for a subject that is not there; as the database.
pub async fn record(
    unit: &mut Unit,
    ambient: &Ambient,
    caller: &Caller,
    action: Action,
    object: Object,
    details: Value,
) -> Result<()> {
    let subject = match object.subject() {
        None => None,
        Some(subject) => Some(reference(unit, subject).await?),
    };
    append(unit, ambient, caller, action, object, subject, details).await
}

/// What stands for a subject in the log, for [`record_gone`].
///
/// # Errors
/// Internal for a subject that is not there; as the database.
pub async fn reference(unit: &mut Unit, subject: SubjectId) -> Result<Uuid> {
    let reference = unit.audit_ref(subject).await?;
    reference.ok_or_else(|| Error::internal("an act on a subject that is not there"))
}

/// As [`record`], of a subject that the unit has deleted since it was asked for its [`reference()`]: a long deletion holds up nobody
/// else's entry.
///
/// # Errors
/// As the database.
pub async fn record_gone(
    unit: &mut Unit,
    ambient: &Ambient,
    caller: &Caller,
    action: Action,
    (subject, reference): (SubjectId, Uuid),
    details: Value,
) -> Result<()> {
    append(unit, ambient, caller, action, Object::Subject(subject), Some(reference), details).await
}

async fn append(
    unit: &mut Unit,
    ambient: &Ambient,
    caller: &Caller,
    action: Action,
    object: Object,
    subject: Option<Uuid>,
    details: Value,
) -> Result<()> {
    unit.append_audit(NewEntry {
        at: ambient.now(),
        actor: caller.name(),
        role: caller.role().map(crate::domain::Role::name),
        action: action.name(),
        object: object.stored(subject),
        subject,
        details: &details.to_string(),
    })
    .await
}

/// A page of the log, oldest first, and the cursor from which later entries follow.
///
/// # Errors
/// Invalid argument for a cursor or limit; as the database.
pub async fn page(store: &Store, filter: &AuditFilter, page: &Page) -> Result<(Vec<AuditEntry>, String)> {
    let limit = page.limit()?;
    let after = match page.after.as_deref().filter(|after| !after.is_empty()) {
        None => 0,
        Some("latest") => store.audit_head().await?.map_or(0, |(seq, _)| seq),
        Some(after) => after.parse().ok().filter(|after| *after >= 0).ok_or_else(|| {
            Error::of_field("after", "after must be `next` of an earlier page of this list, or `latest`")
        })?,
    };
    let entries = store.read_audit(filter, after, limit).await?;
    let next = entries.last().map_or(after, |last| last.seq);
    Ok((entries, next.to_string()))
}

/// Walks the whole log; `noted` is a head that was noted outside the database.
///
/// # Errors
/// As the database.
pub async fn verify(store: &Store, seal: Seal, noted: Option<(i64, Vec<u8>)>) -> Result<Found> {
    let mut unit = store.begin().await?;
    unit.look_at_audit().await?;
    let cut = unit.audit_cut().await?;
    let head = unit.audit_head().await?;
    let mut walk = Walk::new(seal, cut, noted);
    unit.each_audit_entry(i64::MAX, |bound| {
        walk.take(bound);
        Ok(())
    })
    .await?;
    Ok(walk.finish(head.as_ref()))
}

/// Gives every entry as a line of JSON, with what binds it, oldest first.
///
/// # Errors
/// As the database, or as `line`.
pub async fn export(store: &Store, mut line: impl FnMut(&str) -> Result<()>) -> Result<()> {
    let mut unit = store.begin().await?;
    unit.each_audit_entry(i64::MAX, |bound| line(&in_line(&bound)?.to_string())).await
}

fn in_line(bound: &Bound) -> Result<Value> {
    let entry = &bound.entry;
    let at = entry.at.format(&time::format_description::well_known::Rfc3339).map_err(Error::internal)?;
    let details: Value =
        serde_json::from_str(&entry.details).unwrap_or_else(|_| entry.details.clone().into());
    Ok(serde_json::json!({
        "seq": entry.seq,
        "at": at,
        "actor": entry.actor,
        "role": entry.role,
        "action": entry.action,
        "object": entry.object,
        "subject": entry.subject,
        "details": details,
        "previous": hex::encode(&bound.previous),
        "hash": hex::encode(&bound.hash),
        "seal": bound.seal.as_ref().map(hex::encode),
    }))
}
