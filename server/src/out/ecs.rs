//! Events in the Elastic Common Schema 8.11; what it has no field for is under `tacit`.

use serde_json::{Value, json};

use super::Message;
use super::format::rfc3339;
use super::ocsf::title;

/// A document.
#[must_use]
pub fn document(message: &Message) -> Value {
    let (kind, outcome) = match message.text("verdict") {
        Some("genuine") => ("event", "success"),
        Some("different_person" | "automation") => ("alert", "failure"),
        Some(_) => ("alert", "unknown"),
        None => ("event", "unknown"),
    };
    let category = if kind == "alert" { "intrusion_detection" } else { "authentication" };
    let mut tacit = message.body.clone();
    if let Some(tacit) = tacit.as_object_mut() {
        tacit.remove("reason");
        tacit.insert("group".to_owned(), json!(message.group));
        if let Some(session) = message.session {
            tacit.insert("session".to_owned(), json!({ "id": session }));
        }
    }
    let mut document = json!({
        "@timestamp": rfc3339(message.at),
        "ecs": { "version": "8.11.0" },
        "message": message.text("reason").unwrap_or(&message.kind),
        "event": {
            "id": message.id,
            "kind": kind,
            "category": [category],
            "type": ["info"],
            "action": message.text("verdict").unwrap_or(&message.kind),
            "outcome": outcome,
            "severity": message.severity.level() + 1,
            "reason": message.text("reason"),
            "created": rfc3339(message.recorded_at),
            "module": "tacit",
            "dataset": "tacit.verdict",
            "provider": "tacit-server",
        },
        "rule": { "name": title(message) },
        "observer": {
            "vendor": "Tacit",
            "product": "Tacit",
            "type": "behavioural-authentication",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "tacit": tacit,
    });
    if let Some(trust) = message.body.get("trust").and_then(Value::as_f64) {
        document["event"]["risk_score"] = json!(100.0 - trust);
    }
    if let Some(subject) = &message.subject {
        document["user"] = json!({ "id": subject.pseudonym });
        document["related"]["user"] = json!([subject.pseudonym]);
        if let Some(account) = &subject.account {
            document["user"]["name"] = json!(account);
            document["related"]["user"] = json!([subject.pseudonym, account]);
        }
    }
    if let Some(device) = &message.device {
        document["host"] = json!({ "id": device.id, "name": device.name });
        document["related"]["hosts"] = json!([device.name]);
    }
    document
}
