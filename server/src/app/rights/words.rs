//! An export for people to read: headings, rows and values, in Markdown.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::Export;

/// What the tables are called, and what they are for.
const TITLES: &[(&str, &str)] = &[
    ("subject_name", "Name"),
    ("profile", "Profile: what was learned of how you type, point and touch"),
    ("session", "Sessions: your log-ons"),
    ("session_event", "Reports: what your workstation reported besides windows"),
    ("feature_window", "Windows: the measurements that your workstation sent"),
    ("verdict", "Verdicts: what was concluded"),
    ("outbox", "Events: what other systems were to be told"),
    ("delivery", "Deliveries: which of them were told"),
    ("alert", "Alerts: what someone had to look at"),
    ("alert_note", "Notes: what people wrote beside alerts"),
    ("directive", "Directives: what was done about it"),
    ("feedback", "Feedback: what people said of verdicts"),
    ("vouching", "Devices that you are known on"),
    ("exemption", "Exemptions: times in which nothing is done automatically"),
];

/// The export in Markdown.
#[must_use]
pub fn in_words(export: &Export) -> String {
    let mut text = format!(
        "# What is held of {}\n\nPseudonym {}, subject {}, first seen {}. Made {}.\n",
        export.name.as_deref().unwrap_or("a subject without a name"),
        export.pseudonym,
        export.subject_id,
        export.created_at,
        export.exported_at
    );
    match export.restricted_at {
        Some(since) => text.push_str(&format!("\nNothing is made of your input since {since}.\n")),
        None => text.push_str("\nYour input is measured and judged.\n"),
    }
    text.push_str(
        "\nNo character, word or key is held: a measurement is how many values there were, their mean and their spread. \
         `typical` gives a mean in the unit of what was measured.\n",
    );
    for (table, rows) in &export.held {
        let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
        section(&mut text, titled(table), rows);
    }
    section(&mut text, "What people and programs did that concerned you", &export.audit);
    text
}

fn titled(table: &str) -> &str {
    TITLES.iter().find(|(name, _)| *name == table).map_or(table, |(_, title)| *title)
}

fn section(text: &mut String, title: &str, rows: &[Value]) {
    let _ = write!(text, "\n## {title}\n\n");
    if rows.is_empty() {
        text.push_str("Nothing.\n");
    }
    for row in rows {
        let Some(row) = row.as_object() else { continue };
        let _ = writeln!(text, "* {}", line(row));
        for features in [row.get("features"), row.get("summary")].into_iter().flatten() {
            measured(text, features);
        }
    }
}

/// What a row says, without measurements.
fn line(row: &Map<String, Value>) -> String {
    let said = row.iter().filter(|(key, value)| {
        !value.is_null() && !matches!(key.as_str(), "features" | "summary" | "state" | "tx")
    });
    said.map(|(key, value)| format!("{}: {}", key.replace('_', " "), plain(value)))
        .collect::<Vec<_>>()
        .join("; ")
}

fn measured(text: &mut String, features: &Value) {
    for of in features.as_array().into_iter().flatten() {
        if let (Some(modality), Some(inner)) = (of.get("modality"), of.get("features")) {
            let _ = writeln!(text, "  * {}", plain(modality));
            measured(text, inner);
            continue;
        }
        let typical = of.get("typical").and_then(Value::as_f64).unwrap_or_default();
        let get = |key: &str| of.get(key).map(plain).unwrap_or_default();
        let _ = writeln!(
            text,
            "    * {}: {typical:.3} {}, of {} values",
            get("words"),
            get("unit").replace('_', " "),
            get("count")
        );
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
