//! Streams of security event tokens (OpenID Shared Signals Framework 1.0) and the events of CAEP 1.0 that a change of a verdict
//! is. Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tacit_engine::VerdictKind;
use utoipa::ToSchema;

const CAEP: &str = "https://schemas.openid.net/secevent/caep/event-type/";
/// Says that a stream works.
pub const VERIFICATION: &str = "https://schemas.openid.net/secevent/ssf/event-type/verification";
/// The scale of `assurance-level-change`.
const NAMESPACE: &str = "urn:tacit:assurance";

/// What a stream can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StreamEvent {
    /// How likely it is that someone else or a machine is at the controls.
    RiskLevelChange,
    /// That the session should end, because someone else is at the controls.
    SessionRevoked,
    /// How sure it is that the subject is at the controls.
    AssuranceLevelChange,
}

impl StreamEvent {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::RiskLevelChange, Self::SessionRevoked, Self::AssuranceLevelChange];

    /// The URI that names it.
    #[must_use]
    pub fn uri(self) -> String {
        let name = match self {
            Self::RiskLevelChange => "risk-level-change",
            Self::SessionRevoked => "session-revoked",
            Self::AssuranceLevelChange => "assurance-level-change",
        };
        format!("{CAEP}{name}")
    }

    /// The event of a URI.
    #[must_use]
    pub fn of_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.uri() == uri)
    }
}

/// How a stream names subjects (RFC 9493).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(tag = "format", rename_all = "snake_case", deny_unknown_fields)]
pub enum SubjectFormat {
    /// `{"format": "opaque", "id": PSEUDONYM}`.
    #[default]
    Opaque,
    /// `{"format": "iss_sub", "iss": ISS, "sub": ACCOUNT}`; needs `names_reason`.
    IssSub {
        /// The identity provider that knows the account.
        iss: String,
    },
    /// `{"format": "email", "email": ACCOUNT}`, with `@DOMAIN` behind accounts that have none; needs `names_reason`.
    Email {
        /// Domain of accounts that are no addresses.
        #[serde(default)]
        domain: Option<String>,
    },
}

impl SubjectFormat {
    /// Whether it holds an account's name.
    #[must_use]
    pub fn names(&self) -> bool {
        *self != Self::Opaque
    }

    /// A subject identifier; the pseudonym where the account is not known or may not be told.
    #[must_use]
    pub fn identifier(&self, pseudonym: &str, account: Option<&str>) -> Value {
        match (self, account) {
            (Self::IssSub { iss }, Some(account)) => {
                json!({ "format": "iss_sub", "iss": iss, "sub": account })
            }
            (Self::Email { .. }, Some(account)) if account.contains('@') => {
                json!({ "format": "email", "email": account })
            }
            (Self::Email { domain: Some(domain) }, Some(account)) => {
                json!({ "format": "email", "email": format!("{account}@{domain}") })
            }
            _ => json!({ "format": "opaque", "id": pseudonym }),
        }
    }
}

/// `LOW`, `MEDIUM` or `HIGH`, as CAEP has it, and the same as a step on Tacit's own scale.
fn levels(kind: Option<VerdictKind>) -> (u8, &'static str, &'static str) {
    match kind {
        Some(VerdictKind::DifferentPerson | VerdictKind::Automation) => (2, "HIGH", "refuted"),
        Some(VerdictKind::Suspicious | VerdictKind::Silent) => (1, "MEDIUM", "doubted"),
        _ => (0, "LOW", "trusted"),
    }
}

/// The events that a change of a verdict is, of those that a stream carries.
#[must_use]
pub fn events(
    wanted: &[StreamEvent],
    before: Option<VerdictKind>,
    now: VerdictKind,
    at: i64,
    reason: &str,
) -> Vec<(StreamEvent, Value)> {
    let ((was, risk_before, sure_before), (is, risk, sure)) = (levels(before), levels(Some(now)));
    let common =
        json!({ "event_timestamp": at, "initiating_entity": "system", "reason_admin": { "en": reason } });
    let with = |more: Value| {
        let mut event = common.clone();
        if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
            event.extend(more);
        }
        event
    };
    let mut events = Vec::new();
    for event in wanted {
        let claims = match event {
            StreamEvent::RiskLevelChange if is != was => json!({
                "principal": "USER",
                "current_level": risk,
                "previous_level": risk_before,
                "risk_reason": reason,
            }),
            StreamEvent::AssuranceLevelChange if is != was => json!({
                "namespace": NAMESPACE,
                "current_level": sure,
                "previous_level": sure_before,
                "change_direction": if is > was { "decrease" } else { "increase" },
            }),
            StreamEvent::SessionRevoked if now == VerdictKind::DifferentPerson => json!({}),
            _ => continue,
        };
        events.push((*event, with(claims)));
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use VerdictKind as V;

    #[test]
    fn only_what_changes_a_level_is_an_event_and_sessions_are_revoked_for_people_alone() {
        let of = |before, now| -> Vec<StreamEvent> {
            events(&StreamEvent::ALL, before, now, 0, "").into_iter().map(|(event, _)| event).collect()
        };
        use StreamEvent as S;
        assert_eq!(of(None, V::DifferentPerson), S::ALL);
        assert_eq!(of(Some(V::Suspicious), V::Silent), []);
        assert_eq!(of(Some(V::Automation), V::DifferentPerson), [S::SessionRevoked]);
        assert_eq!(of(Some(V::Automation), V::Genuine), [S::RiskLevelChange, S::AssuranceLevelChange]);
        let changes = events(&S::ALL, Some(V::Automation), V::Suspicious, 5, "why");
        assert_eq!(changes[1].1["change_direction"], "increase");
        assert_eq!(
            (&changes[0].1["previous_level"], &changes[0].1["current_level"]),
            (&json!("HIGH"), &json!("MEDIUM"))
        );
    }
}
