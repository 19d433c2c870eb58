//! Events in the Common Event Format (CEF:0): one line, `CEF:0|Vendor|Product|Version|Class|Name|Severity|Extension`.

use std::fmt::Write as _;

use super::Message;
use super::ocsf::title;
use crate::domain::alert::Severity;

/// A line.
#[must_use]
pub fn line(message: &Message) -> String {
    let severity = match message.severity {
        Severity::Info => 1,
        Severity::Low => 3,
        Severity::Medium => 5,
        Severity::High => 8,
        Severity::Critical => 10,
    };
    let class = message.text("verdict").unwrap_or(&message.kind);
    let mut line = format!(
        "CEF:0|Tacit|tacit-server|{}|{}|{}|{severity}|",
        env!("CARGO_PKG_VERSION"),
        header(class),
        header(title(message)),
    );
    let mut extension = Extension(&mut line, true);
    let ms = message.at.unix_timestamp_nanos() / 1_000_000;
    extension.put("rt", &ms.to_string());
    extension.put("externalId", &message.id.to_string());
    extension.put("cat", &message.kind);
    if let Some(subject) = &message.subject {
        extension.put("suid", &subject.pseudonym);
        if let Some(account) = &subject.account {
            extension.put("suser", account);
        }
    }
    if let Some(device) = &message.device {
        extension.put("shost", &device.name);
        extension.put("deviceExternalId", &device.id.to_string());
    }
    let session = message.session.map(|session| session.to_string());
    for (place, label, value) in [
        ("cs1", "group", Some(message.group.as_str())),
        ("cs2", "session", session.as_deref()),
        ("cs3", "before", message.text("before")),
        ("cs4", "cause", message.text("cause")),
    ] {
        if let Some(value) = value {
            extension.put(place, value);
            extension.put(&format!("{place}Label"), label);
        }
    }
    if let Some(trust) = message.body.get("trust").and_then(serde_json::Value::as_f64) {
        extension.put("cfp1", &format!("{trust:.2}"));
        extension.put("cfp1Label", "trust");
    }
    if let Some(reason) = message.text("reason") {
        extension.put("msg", reason);
    }
    line
}

/// `key=value` pairs, parted by spaces.
struct Extension<'a>(&'a mut String, bool);

impl Extension<'_> {
    fn put(&mut self, key: &str, value: &str) {
        let space = if std::mem::take(&mut self.1) { "" } else { " " };
        let mut escaped = String::with_capacity(value.len());
        for c in value.chars() {
            match c {
                '\\' | '=' => escaped.extend(['\\', c]),
                '\n' | '\r' => escaped.push_str("\\n"),
                c if c.is_control() => {}
                c => escaped.push(c),
            }
        }
        // Writing to a string does not fail.
        let _ = write!(self.0, "{space}{key}={escaped}");
    }
}

fn header(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '|' => escaped.extend(['\\', c]),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
