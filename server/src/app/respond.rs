//! A response that a person asks for, by hand.

use serde::{Deserialize, Serialize};
use serde_json::json;
use tacit_engine::VerdictKind;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::{App, audit, directives, policies, read};
use crate::domain::audit::{Action, Object};
use crate::domain::directive::{self, Directive};
use crate::domain::guard::{self, Facts, Rests, Rule};
use crate::domain::policy::{Response, check_reason};
use crate::domain::{Caller, DirectiveId, SessionId, verdict};
use crate::store::directives::DirectiveRow;
use crate::{Error, Result};

/// What a person may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ByHand {
    /// The person at the workstation reads a notice.
    Notify,
    /// The person at the workstation confirms to the system who they are.
    StepUp,
    /// The workstation is locked.
    Lock,
}

impl From<ByHand> for Response {
    fn from(of: ByHand) -> Self {
        match of {
            ByHand::Notify => Self::Notify,
            ByHand::StepUp => Self::StepUp,
            ByHand::Lock => Self::Lock,
        }
    }
}

/// A response to ask for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewResponse {
    /// What.
    pub response: ByHand,
    /// Why, 1 to 500 characters, for those who look into it later.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

/// What was made of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AskedFor {
    /// The directive: `GET /v1/sessions/{id}/directives` tells its outcome.
    pub directive_id: Uuid,
    /// The rule that keeps it from being sent: `quiet_group` or `exempt_subject`. Null if it is sent.
    pub withheld: Option<String>,
}

/// Sends a response to a session that is in progress, unless a rule protects the person there. Kept either way, with who asked.
///
/// A person has judged, so that the rules about what statistics are worth do not stand, nor that of the hour, which keeps machines from
/// locking a session twice without a person. Those of groups and people who are left alone do.
///
/// # Errors
/// Not found; conflict if the session has ended or its device may no longer speak; invalid argument for a reason that is none; as the
/// database.
pub async fn ask(app: &App, caller: &Caller, id: SessionId, new: &NewResponse) -> Result<AskedFor> {
    let reason = check_reason(&new.reason)?;
    read::session(&app.store, &caller.scope(), id).await?;
    let response = Response::from(new.response);
    let now = app.ambient.now();
    let mut unit = app.store.begin().await?;
    let row = unit.lock_sessions(&[id.0]).await?.pop().ok_or_else(|| Error::not_found("no such session"))?;
    if row.closed_at.is_some() {
        return Err(Error::conflict("the session has ended: nobody is there to respond to"));
    }
    let device = unit.device_standing(row.device_id).await?;
    let device = device.filter(|device| device.may_speak);
    let device =
        device.ok_or_else(|| Error::conflict("the session's device was revoked: it is told nothing"))?;
    let standing = policies::standing(app, &mut unit, device).await?;
    let kind = row.verdict.as_deref().and_then(verdict::named).unwrap_or(VerdictKind::NotScorable);
    let facts = Facts {
        rests: Rests::OnFact,
        mature: true,
        quiet: standing.policy.quiet,
        exempt: !unit.exempt(&[row.subject_id.0], now).await?.is_empty(),
        late: false,
        spoken_at: None,
        interrupted_at: None,
    };
    let withheld = guard::allow(response, kind, &facts, now).err().map(Rule::name);
    let directive = DirectiveRow {
        directive: Directive {
            id: DirectiveId(app.ambient.id()),
            session: id,
            verdict: kind,
            by_hand: true,
            response,
            expires_at: now + directive::SERVES,
        },
        device: row.device_id,
        sequence: row.last_sequence,
        group: standing.group,
        version: standing.version,
        withheld,
        asked: Some((caller.name(), reason)),
    };
    unit.add_directives(std::slice::from_ref(&directive), now).await?;
    let details = json!({ "response": response, "withheld": withheld });
    let object = Object::Session(id, row.subject_id);
    audit::record(&mut unit, &app.ambient, caller, Action::ResponseAsked, object, details).await?;
    unit.commit().await?;
    directives::count(std::slice::from_ref(&directive));
    let directive_id = directive.directive.id;
    if withheld.is_none() {
        app.directed.send_modify(|devices| {
            devices.insert(row.device_id);
        });
    }
    tracing::info!(session = %id, directive = %directive_id, response = response.name(), withheld, "response by hand");
    Ok(AskedFor { directive_id: directive_id.0, withheld: withheld.map(str::to_owned) })
}
