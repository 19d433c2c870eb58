//! Events as other systems read them.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Message, cef, ecs, ocsf};
use crate::domain::destination::Format;

/// A message in a format.
#[must_use]
pub fn write(format: Format, message: &Message) -> String {
    match format {
        Format::Tacit => tacit(message).to_string(),
        Format::Ocsf => ocsf::finding(message).to_string(),
        Format::OcsfAuthentication => ocsf::authentication(message).to_string(),
        Format::Ecs => ecs::document(message).to_string(),
        Format::Cef => cef::line(message),
    }
}

pub(crate) fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// Tacit's own: `type`, `timestamp` and `data`, as the Standard Webhooks specification recommends.
fn tacit(message: &Message) -> Value {
    let Message { id, kind, severity, at, recorded_at, group, body, session, subject, device } = message;
    let mut data = json!({
        "id": id,
        "severity": severity,
        "group": group,
        "recorded_at": rfc3339(*recorded_at),
    });
    if let Some(session) = session {
        data["session"] = json!({ "id": session });
    }
    if let Some(subject) = subject {
        data["subject"] = json!({ "id": subject.id, "pseudonym": subject.pseudonym });
        if let Some(account) = &subject.account {
            data["subject"]["account"] = json!(account);
        }
    }
    if let Some(device) = device {
        data["device"] = json!({ "id": device.id, "name": device.name });
    }
    if let (Some(data), Value::Object(body)) = (data.as_object_mut(), body) {
        for (key, value) in body {
            data.entry(key.as_str()).or_insert_with(|| value.clone());
        }
    }
    json!({ "type": kind, "timestamp": rfc3339(*at), "data": data })
}
