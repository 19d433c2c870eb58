//! Renewing a subject: what an attacker holds of the old one fits nothing of the new one.

use serde_json::{Value, json};

use super::{Desk, no_such_subject};
use crate::domain::audit::Action;
use crate::domain::rights::check_reason;
use crate::domain::{Caller, SubjectId};
use crate::secrets::Purpose;
use crate::store::Unit;
use crate::store::held::SubjectRow;
use crate::store::subjects::ProfileRow;
use crate::{Error, Result};

/// Puts another subject in the place of this one: a new id, a pseudonym of the next generation, the profile and the name sealed
/// anew under it. History is erased, since its times and ids would link the two. Returns the new id.
///
/// # Errors
/// Conflict while the subject is logged on; invalid argument for a reason that says nothing; not found; as the database.
pub async fn renew(desk: Desk<'_>, caller: &Caller, id: SubjectId, reason: &str) -> Result<SubjectId> {
    let reason = check_reason(reason)?;
    let (mut unit, old) = desk.held(id).await?;
    if unit.open_session_of(id).await?.is_some() {
        return Err(Error::conflict(
            "the subject is logged on: renew it when its sessions have ended, so that no input is lost",
        ));
    }
    replace(desk, unit, caller, old, &reason).await
}

/// Renews a subject that the unit holds, with what it does just now.
pub(super) async fn replace(
    desk: Desk<'_>,
    mut unit: Unit,
    caller: &Caller,
    old: SubjectRow,
    reason: &str,
) -> Result<SubjectId> {
    let id = old.id;
    let name = desk.name(&mut unit, id).await?.ok_or_else(no_such_subject)?;
    let now = desk.ambient.now();
    let generation = old.generation.saturating_add(1);
    let new = SubjectRow {
        id: SubjectId(desk.secrets.successor(id.0)),
        pseudonym: desk.secrets.pseudonym(&name, generation),
        // Not when the old one was first seen, nor since when it is restricted.
        created_at: now,
        restricted_at: old.restricted_at.map(|_| now),
        generation,
    };
    unit.replace_subject(id, &new).await?;
    unit.name_subject(new.id, &desk.secrets.seal(Purpose::Name, new.id.0, name.as_bytes())?).await?;
    if let Some(profile) = unit.profiles(&[id.0]).await?.pop() {
        let plain = desk.secrets.open(Purpose::Profile, id.0, &profile.body)?;
        let body = desk.secrets.seal(Purpose::Profile, new.id.0, &plain)?;
        let maturity = coarse(unit.maturity(id).await?);
        let row = ProfileRow { subject_id: new.id, body, version: 1 };
        unit.put_profile(&row, &maturity, now).await?;
    }
    let mark = desk.secrets.renewal_mark(id.0);
    unit.mark_erased(&mark, now).await?;
    desk.delete(&mut unit, caller, Action::SubjectRenewed, id, reason).await?;
    unit.commit().await?;
    desk.note(&mark)?;
    tracing::info!(by = caller.name(), "a subject was renewed");
    Ok(new.id)
}

/// Without the count of what is still to be learned from and without how far the profile has moved: to the key they would be a
/// fingerprint. The next session tells them again.
fn coarse(mut maturity: Value) -> Value {
    for of in maturity.as_array_mut().into_iter().flatten() {
        of["drift"] = Value::Null;
        if of["mature"] != json!(true) {
            of["inputs"] = json!(0);
        }
    }
    maturity
}
