//! Events as OCSF 1.4 describes them: a Detection Finding (class 2004), or an Authentication (class 3002) for rules that look at
//! those.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::{Device, Message, Subject};
use crate::app::outbox::{ALERT_CHANGED, VERDICT_CHANGED};
use crate::domain::alert::Severity;

/// Version of the schema.
const VERSION: &str = "1.4.0";

/// A Detection Finding. All that is told of a session is about one finding, whose `uid` is the session's.
#[must_use]
pub fn finding(message: &Message) -> Value {
    let (activity, name) = activity(message);
    let mut event = base(message, (2, "Findings"), (2004, "Detection Finding"), (activity, name));
    let uid = message.session.unwrap_or(message.id);
    event.insert(
        "finding_info".to_owned(),
        json!({
            "uid": uid,
            "title": title(message),
            "desc": message.text("reason"),
            "types": [message.text("verdict").unwrap_or(&message.kind)],
            "analytic": { "name": "Tacit", "type_id": 2, "type": "Behavioral" },
            "data_sources": ["input timing and motion"],
        }),
    );
    let alert = &message.body["alert"];
    let (status_id, status) = match (activity, alert["resolution"].as_str(), alert["state"].as_str()) {
        (_, Some("false_alarm"), _) => (3, "Suppressed"),
        (3, ..) => (4, "Resolved"),
        (_, _, Some("acknowledged")) => (2, "In Progress"),
        _ => (1, "New"),
    };
    event.insert("is_alert".to_owned(), json!(message.kind == VERDICT_CHANGED && activity != 3));
    event.insert("status_id".to_owned(), json!(status_id));
    event.insert("status".to_owned(), json!(status));
    if let Some(trust) = message.body.get("trust").and_then(Value::as_f64) {
        #[expect(clippy::cast_possible_truncation, reason = "trust lies from 0 to 100")]
        event.insert("risk_score".to_owned(), json!((100.0 - trust).round() as i64));
    }
    if message.text("cause") == Some("credential") {
        let attack = json!([{ "technique": { "uid": "T1078", "name": "Valid Accounts" } }]);
        event["finding_info"]["attacks"] = attack;
    }
    if let Some(device) = &message.device {
        event.insert("device".to_owned(), host(device, true));
    }
    if let Some(subject) = &message.subject {
        let mut resource = json!({ "type": "user", "uid": subject.pseudonym });
        if let Some(account) = &subject.account {
            resource["name"] = json!(account);
        }
        event.insert("resources".to_owned(), json!([resource]));
    }
    event.insert("evidences".to_owned(), json!(evidences(message)));
    Value::Object(event)
}

/// An Authentication: that the person at the controls is, or is not, whose session it is.
#[must_use]
pub fn authentication(message: &Message) -> Value {
    let activity = (99, "Continuous authentication");
    let mut event = base(message, (3, "Identity & Access Management"), (3002, "Authentication"), activity);
    let (status_id, status) = match message.text("verdict") {
        Some("genuine") => (1, "Success"),
        Some("different_person" | "automation") => (2, "Failure"),
        _ => (0, "Unknown"),
    };
    event.insert("status_id".to_owned(), json!(status_id));
    event.insert("status".to_owned(), json!(status));
    event.insert("status_detail".to_owned(), json!(message.text("reason")));
    let unknown = || json!({ "uid": "unknown", "type_id": 0, "type": "Unknown" });
    event.insert("user".to_owned(), message.subject.as_ref().map_or_else(unknown, user));
    match &message.device {
        Some(device) => event.insert("dst_endpoint".to_owned(), host(device, false)),
        None => event.insert("service".to_owned(), json!({ "name": "Tacit" })),
    };
    if let Some(session) = message.session {
        event.insert("session".to_owned(), json!({ "uid": session }));
    }
    Value::Object(event)
}

/// Create, Update or Close of what is told of a session; Other for what is about none.
fn activity(message: &Message) -> (u32, &str) {
    if message.kind == ALERT_CHANGED {
        let resolved = message.body["alert"]["state"] == "resolved";
        return if resolved { (3, "Close") } else { (2, "Update") };
    }
    match (message.text("before"), message.text("verdict")) {
        _ if message.kind != VERDICT_CHANGED => (99, &message.kind),
        (_, Some("genuine")) => (3, "Close"),
        (None, _) => (1, "Create"),
        (Some(_), _) => (2, "Update"),
    }
}

/// What is told, in a few words.
pub(super) fn title(message: &Message) -> &str {
    match (message.text("verdict"), message.text("cause")) {
        (Some("different_person"), Some("credential")) => "Someone else logged on with this account",
        (Some("different_person"), _) => "Someone else is at the controls",
        (Some("automation"), _) => "A device or a program types or moves the pointer",
        (Some("suspicious"), _) => "Doubt about who is at the controls",
        (Some("silent"), _) => "The agent is silent while the session lives",
        (Some("genuine"), _) => "The enrolled subject is at the controls again",
        _ if message.kind == ALERT_CHANGED => "Someone deals with an alert",
        _ => "Tacit is tried",
    }
}

fn base(
    message: &Message,
    (category_uid, category): (u32, &str),
    (class_uid, class): (u32, &str),
    (activity_id, activity): (u32, &str),
) -> Map<String, Value> {
    let event = json!({
        "activity_id": activity_id,
        "activity_name": activity,
        "category_uid": category_uid,
        "category_name": category,
        "class_uid": class_uid,
        "class_name": class,
        "type_uid": class_uid * 100 + activity_id,
        "type_name": format!("{class}: {activity}"),
        "severity_id": message.severity.level() + 1,
        "severity": caption(message.severity),
        "time": ms(message.at),
        "timezone_offset": 0,
        "message": message.text("reason").unwrap_or(&message.kind),
        "metadata": {
            "version": VERSION,
            "product": {
                "name": "Tacit",
                "vendor_name": "Tacit",
                "version": env!("CARGO_PKG_VERSION"),
            },
            "uid": message.id,
            "event_code": message.kind,
            "logged_time": ms(message.recorded_at),
            "profiles": ["host"],
        },
        "unmapped": { "tacit": unmapped(message) },
    });
    match event {
        Value::Object(event) => event,
        _ => Map::new(),
    }
}

/// What the schema has no place for.
fn unmapped(message: &Message) -> Value {
    let mut rest = message.body.clone();
    if let Some(rest) = rest.as_object_mut() {
        for mapped in ["reason", "evidence"] {
            rest.remove(mapped);
        }
        rest.insert("group".to_owned(), json!(message.group));
    }
    rest
}

fn evidences(message: &Message) -> Vec<Value> {
    let mut first =
        json!({ "data": { "verdict": message.text("verdict"), "reason": message.text("reason") } });
    if let Some(subject) = &message.subject {
        first["actor"] = json!({ "user": user(subject) });
        if let Some(session) = message.session {
            first["actor"]["session"] = json!({ "uid": session });
        }
    }
    let families = message.body.get("evidence").and_then(Value::as_array).cloned().unwrap_or_default();
    std::iter::once(first).chain(families.into_iter().map(|family| json!({ "data": family }))).collect()
}

fn user(subject: &Subject) -> Value {
    let mut user = json!({ "uid": subject.pseudonym, "uid_alt": subject.id, "type_id": 1, "type": "User" });
    if let Some(account) = &subject.account {
        user["name"] = json!(account);
    }
    user
}

fn host(device: &Device, typed: bool) -> Value {
    let mut host = json!({ "uid": device.id, "hostname": device.name });
    if typed {
        host["type_id"] = json!(0);
        host["type"] = json!("Unknown");
    }
    host
}

fn ms(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
}

/// As the schema's `severity_id` is captioned.
fn caption(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "Informational",
        Severity::Low => "Low",
        Severity::Medium => "Medium",
        Severity::High => "High",
        Severity::Critical => "Critical",
    }
}
