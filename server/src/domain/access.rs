//! Who may call what: one table over every route and every RPC.
//!
//! To add a route or an RPC: add its row here. A test compares the table with what the server offers.

use crate::domain::{Caller, Role};
use crate::{Error, Result};

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Anyone who reaches the listener.
    Anyone,
    /// Who holds an enrolment token; checked by the use case, which spends it.
    EnrolmentToken,
    /// An enrolled device that is not revoked.
    Device,
    /// A person or program with one of these roles.
    Roles(&'static [Role]),
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// `METHOD /path/{parameter}` of a route, or `/package.Service/Method` of an RPC.
    pub call: &'static str,
    /// Who may.
    pub who: Who,
}

const READERS: Who = Who::Roles(&[Role::Admin, Role::Analyst, Role::Viewer, Role::Service]);
/// The privacy officer too sees whom the server knows and how far profiles have come.
const PRIVACY_READERS: Who =
    Who::Roles(&[Role::Admin, Role::Analyst, Role::Viewer, Role::Privacy, Role::Service]);
const INVESTIGATORS: Who = Who::Roles(&[Role::Admin, Role::Analyst]);
/// Whom an exemption protects, these look after.
const GUARDIANS: Who = Who::Roles(&[Role::Admin, Role::Analyst, Role::Privacy]);
/// Names are looked up for an alarm, by those who follow it.
const REVEALERS: Who = Who::Roles(&[Role::Analyst]);
/// What a person asks for is done by the privacy officer.
const PRIVACY: Who = Who::Roles(&[Role::Privacy]);
/// Who has any role.
const EVERYONE: Who = Who::Roles(&Role::ALL);
/// Those who answer for what is done here.
const AUDITORS: Who = Who::Roles(&[Role::Admin, Role::Privacy]);
/// Systems that fetch what they are told; each its own streams.
const RECEIVERS: Who = Who::Roles(&[Role::Admin, Role::Service]);
const ADMINS: Who = Who::Roles(&[Role::Admin]);

/// What is of every group at once begins so: it is not for who is limited to some.
///
/// So are the rights of a subject: what is erased or exported may have happened in several groups.
pub const WHOLE: &[&str] = &[
    "/metrics",
    "/v1/audit",
    "/v1/destinations",
    "/v1/subjects/{id}/export",
    "/v1/subjects/{id}/erase",
    "/v1/subjects/{id}/restrict",
    "/v1/subjects/{id}/unrestrict",
    "/v1/subjects/{id}/name",
    "/ssf/",
];

/// Every route and every RPC.
pub const RULES: &[Rule] = &[
    Rule { call: "/tacit.v1.Enrollment/EnrollDevice", who: Who::EnrolmentToken },
    Rule { call: "/tacit.v1.Enrollment/RotateKey", who: Who::Device },
    Rule { call: "/tacit.v1.Telemetry/Stream", who: Who::Device },
    Rule { call: "GET /", who: Who::Anyone },
    Rule { call: "GET /assets/{file}", who: Who::Anyone },
    Rule { call: "GET /healthz", who: Who::Anyone },
    Rule { call: "GET /readyz", who: Who::Anyone },
    Rule { call: "GET /metrics", who: READERS },
    Rule { call: "GET /v1/openapi.json", who: Who::Anyone },
    Rule { call: "GET /docs", who: Who::Anyone },
    Rule { call: "GET /docs/{file}", who: Who::Anyone },
    Rule { call: "GET /v1/subjects", who: PRIVACY_READERS },
    Rule { call: "GET /v1/subjects/{id}", who: PRIVACY_READERS },
    Rule { call: "GET /v1/subjects/{id}/profile", who: PRIVACY_READERS },
    Rule { call: "POST /v1/subjects/{id}/reveal", who: REVEALERS },
    Rule { call: "GET /v1/subjects/{id}/export", who: PRIVACY },
    Rule { call: "POST /v1/subjects/{id}/erase", who: PRIVACY },
    Rule { call: "POST /v1/subjects/{id}/restrict", who: PRIVACY },
    Rule { call: "POST /v1/subjects/{id}/unrestrict", who: PRIVACY },
    Rule { call: "PUT /v1/subjects/{id}/name", who: PRIVACY },
    Rule { call: "GET /v1/devices", who: READERS },
    Rule { call: "GET /v1/devices/{id}", who: READERS },
    Rule { call: "POST /v1/devices/{id}/revoke", who: ADMINS },
    Rule { call: "PUT /v1/devices/{id}/group", who: ADMINS },
    Rule { call: "GET /v1/policies", who: PRIVACY_READERS },
    Rule { call: "GET /v1/policies/{group}", who: PRIVACY_READERS },
    Rule { call: "PUT /v1/policies/{group}", who: ADMINS },
    Rule { call: "GET /v1/policies/{group}/versions", who: PRIVACY_READERS },
    Rule { call: "GET /v1/exemptions", who: GUARDIANS },
    Rule { call: "POST /v1/exemptions", who: GUARDIANS },
    Rule { call: "POST /v1/exemptions/{id}/end", who: GUARDIANS },
    Rule { call: "GET /v1/sessions/{id}/directives", who: INVESTIGATORS },
    Rule { call: "POST /v1/sessions/{id}/feedback", who: INVESTIGATORS },
    Rule { call: "GET /v1/sessions", who: READERS },
    Rule { call: "GET /v1/sessions/{id}", who: READERS },
    Rule { call: "GET /v1/sessions/{id}/timeline", who: INVESTIGATORS },
    Rule { call: "POST /v1/sessions/{id}/respond", who: INVESTIGATORS },
    Rule { call: "GET /v1/verdicts", who: READERS },
    Rule { call: "GET /v1/audit", who: AUDITORS },
    Rule { call: "GET /v1/events", who: READERS },
    Rule { call: "GET /v1/fleet", who: READERS },
    Rule { call: "GET /v1/pulse", who: READERS },
    Rule { call: "POST /v1/policies/{group}/preview", who: INVESTIGATORS },
    Rule { call: "GET /v1/alerts", who: READERS },
    Rule { call: "GET /v1/alerts/{id}", who: READERS },
    Rule { call: "POST /v1/alerts/{id}/acknowledge", who: INVESTIGATORS },
    Rule { call: "POST /v1/alerts/{id}/assign", who: INVESTIGATORS },
    Rule { call: "POST /v1/alerts/{id}/notes", who: INVESTIGATORS },
    Rule { call: "POST /v1/alerts/{id}/resolve", who: INVESTIGATORS },
    Rule { call: "GET /v1/me", who: EVERYONE },
    Rule { call: "GET /auth/login", who: Who::Anyone },
    Rule { call: "GET /auth/callback", who: Who::Anyone },
    Rule { call: "POST /auth/key", who: Who::Anyone },
    Rule { call: "POST /auth/logout", who: EVERYONE },
    Rule { call: "GET /v1/api-keys", who: ADMINS },
    Rule { call: "POST /v1/api-keys", who: ADMINS },
    Rule { call: "POST /v1/api-keys/{id}/revoke", who: ADMINS },
    Rule { call: "GET /v1/enrolment-tokens", who: ADMINS },
    Rule { call: "POST /v1/enrolment-tokens", who: ADMINS },
    Rule { call: "POST /v1/enrolment-tokens/{id}/revoke", who: ADMINS },
    Rule { call: "GET /.well-known/ssf-configuration", who: Who::Anyone },
    Rule { call: "GET /ssf/jwks.json", who: Who::Anyone },
    Rule { call: "GET /ssf/streams", who: RECEIVERS },
    Rule { call: "POST /ssf/streams", who: RECEIVERS },
    Rule { call: "PATCH /ssf/streams", who: RECEIVERS },
    Rule { call: "DELETE /ssf/streams", who: RECEIVERS },
    Rule { call: "GET /ssf/status", who: RECEIVERS },
    Rule { call: "POST /ssf/status", who: RECEIVERS },
    Rule { call: "POST /ssf/verify", who: RECEIVERS },
    Rule { call: "POST /ssf/streams/{id}/poll", who: RECEIVERS },
    Rule { call: "GET /v1/destinations", who: ADMINS },
    Rule { call: "POST /v1/destinations", who: ADMINS },
    Rule { call: "GET /v1/destinations/{id}", who: ADMINS },
    Rule { call: "PUT /v1/destinations/{id}", who: ADMINS },
    Rule { call: "DELETE /v1/destinations/{id}", who: ADMINS },
    Rule { call: "POST /v1/destinations/{id}/secret", who: ADMINS },
    Rule { call: "POST /v1/destinations/{id}/test", who: ADMINS },
    Rule { call: "GET /v1/destinations/{id}/dead-letters", who: ADMINS },
    Rule { call: "POST /v1/destinations/{id}/dead-letters/replay", who: ADMINS },
    Rule { call: "GET /v1/retention", who: PRIVACY_READERS },
];

/// The row of a call.
#[must_use]
pub fn rule(call: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.call == call)
}

/// Whether `caller` may make `call`.
///
/// # Errors
/// Unauthenticated without a caller where one is needed, permission denied for the wrong one or for a call without a row.
pub fn authorize(call: &str, caller: Option<&Caller>) -> Result<()> {
    let Some(rule) = rule(call) else {
        return Err(Error::denied("nobody may call this"));
    };
    match (rule.who, caller) {
        (Who::Anyone | Who::EnrolmentToken, _) | (Who::Device, Some(Caller::Device(_))) => Ok(()),
        (_, None) => Err(Error::unauthenticated("authentication is required")),
        (Who::Roles(_), Some(caller)) if caller.scope().narrows() && is_whole(call) => {
            Err(Error::denied("this is of every group, and you are limited to some"))
        }
        (Who::Roles(roles), Some(caller)) if caller.role().is_some_and(|role| roles.contains(&role)) => {
            Ok(())
        }
        (_, Some(_)) => Err(Error::denied("your role does not allow this call")),
    }
}

/// Whether a call is of every group at once.
#[must_use]
pub fn is_whole(call: &str) -> bool {
    let path = call.split_once(' ').map_or(call, |(_, path)| path);
    WHOLE.iter().any(|whole| path.starts_with(whole))
}
