//! Pieces of an export for people to read: headings, rows and values, in Markdown.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use tacit_proto::FeatureId;
use tacit_proto::catalogue::feature;

use super::Head;

/// As if it were a table.
pub(super) const AUDIT: &str = "audit";

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
    ("device", "Workstations that you were seen on"),
    ("exemption", "Exemptions: times in which nothing is done automatically"),
    (AUDIT, "What people and programs did that concerned you"),
];

pub(super) fn head(of: &Head) -> String {
    let restricted = match of.restricted_at {
        Some(since) => format!("Nothing is made of your input since {since}."),
        None => "Your input is measured and judged.".to_owned(),
    };
    format!(
        "# What is held of {}\n\nPseudonym {}, subject {}, first seen {}. Made {}.\n\n{restricted}\n\n\
         No character, word or key is held: a measurement is how many values there were, their mean and their spread. \
         What is said here of one is its mean.\n",
        of.name.as_deref().unwrap_or("a subject without a name"),
        of.pseudonym,
        of.subject_id,
        of.created_at,
        of.exported_at
    )
}

pub(super) fn heading(table: &str) -> String {
    let title = TITLES.iter().find(|(name, _)| *name == table).map_or(table, |(_, title)| *title);
    format!("\n## {title}\n\n")
}

pub(super) fn row(of: &Map<String, Value>) -> String {
    let mut text = format!("* {}\n", line(of));
    for features in [of.get("features"), of.get("summary")].into_iter().flatten() {
        measured(&mut text, features);
    }
    text
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
        let known = of.get("feature").and_then(Value::as_u64).and_then(|id| u16::try_from(id).ok());
        let Some(known) = known.and_then(|id| feature(FeatureId(id))) else { continue };
        let unit = serde_json::to_value(known.unit).map(|unit| plain(&unit)).unwrap_or_default();
        let count = of.get("count").map(plain).unwrap_or_default();
        let unit = unit.replace('_', " ");
        let _ = writeln!(text, "    * {}: {typical:.3} {unit}, of {count} values", known.words);
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
