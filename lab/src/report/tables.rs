//! Tables of the document.

use crate::accuracy::{self, Trained};
use crate::takeover;
use tacit_proto::Modality;

/// Markdown table of a heading and rows.
pub(super) fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(heading.iter().map(|c| (*c).to_owned()).collect());
    text += &format!("|{}\n", "---|".repeat(heading.len()));
    for row in rows {
        text += &line(row.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect());
    }
    text
}

/// Accuracy, a row a protocol.
pub(super) fn accuracy(rows: &[accuracy::Row]) -> String {
    let heading = [
        "set",
        "protocol",
        "population",
        "EER a user",
        "EER global",
        "FNMR at FMR 1 %",
        "AUC",
        "Cllr / min",
        "genuine / impostor",
    ];
    let row = |row: &accuracy::Row| {
        let f = &row.figures;
        vec![
            row.set.clone(),
            row.protocol.clone(),
            population(row.population).to_owned(),
            percent(f.eer_user, 2),
            percent(f.eer_global, 2),
            percent(f.fnmr_at_fmr_1pct, 1),
            format!("{:.4}", f.auc),
            format!("{:.3} / {:.3}", f.cllr, f.min_cllr),
            format!("{} / {}", f.genuine, f.impostor),
        ]
    };
    let rows = rows.iter().filter(|r| r.times.as_recorded());
    table(&heading, &rows.map(row).collect::<Vec<_>>())
}

/// Protocols that were also measured as other clocks would have stamped them, beside what they are as recorded.
pub(super) fn clocks(rows: &[accuracy::Row]) -> String {
    let heading = ["set", "protocol", "times", "EER a user", "EER global", "AUC", "Cllr / min"];
    let protocol = |r: &accuracy::Row| (r.set.clone(), r.protocol.clone(), r.population);
    let measured =
        |r: &&accuracy::Row| rows.iter().any(|o| !o.times.as_recorded() && protocol(o) == protocol(r));
    let row = |row: &accuracy::Row| {
        let f = &row.figures;
        vec![
            row.set.clone(),
            row.protocol.clone(),
            row.times.words().to_owned(),
            percent(f.eer_user, 2),
            percent(f.eer_global, 2),
            format!("{:.4}", f.auc),
            format!("{:.3} / {:.3}", f.cllr, f.min_cllr),
        ]
    };
    table(&heading, &rows.iter().filter(measured).map(row).collect::<Vec<_>>())
}

fn population(trained: Trained) -> &'static str {
    match trained {
        Trained::InSet => "others of the set",
        Trained::InSetAndOther => "others of the set, and klicke",
        Trained::OtherSet => "another set",
        Trained::Shipped => "shipped",
    }
}

/// Takeovers under the threshold that ships, a row a set.
pub(super) fn shipped(rows: &[takeover::Row]) -> String {
    let heading = [
        "set",
        "profile",
        "people",
        "own input",
        "false flags",
        "a week",
        "never flagged",
        "Gini",
        "takeovers",
        "detected",
        "within 300",
        "input to detection, median / p90",
        "active s, median / p90",
        "windows, median / p90",
        "ANGA / ANIA",
    ];
    let row = |row: &takeover::Row| {
        let f = &row.figures;
        vec![
            row.set.clone(),
            profile(row),
            f.people.to_string(),
            format!("{} {}", f.genuine_keys, inputs(row.modality)),
            f.false_flags.to_string(),
            number(weekly(row), 2),
            percent(f.never_flagged, 1),
            number(f.gini, 2),
            f.takeovers.to_string(),
            share(f.detected),
            share(f.detected_within_300),
            pair(f.median_keys, f.p90_keys),
            pair(f.median_active_s, f.p90_active_s),
            pair(f.median_windows, f.p90_windows),
            pair(f.anga, f.ania),
        ]
    };
    let rows = rows.iter().filter(|r| r.shipped_threshold);
    table(&heading, &rows.map(row).collect::<Vec<_>>())
}

/// Takeovers under every threshold.
pub(super) fn thresholds(rows: &[takeover::Row]) -> String {
    let heading = [
        "set",
        "profile",
        "trust below",
        "false flags",
        "a week",
        "never flagged",
        "Gini",
        "detected",
        "input to detection, median / p90",
        "active s, median / p90",
    ];
    let row = |row: &takeover::Row| {
        let f = &row.figures;
        vec![
            row.set.clone(),
            profile(row),
            format!("{}{}", row.threshold, if row.shipped_threshold { ", ships" } else { "" }),
            f.false_flags.to_string(),
            number(weekly(row), 2),
            percent(f.never_flagged, 1),
            number(f.gini, 2),
            share(f.detected),
            pair(f.median_keys, f.p90_keys),
            pair(f.median_active_s, f.p90_active_s),
        ]
    };
    table(&heading, &rows.iter().map(row).collect::<Vec<_>>())
}

/// False flags a week: per 50,000 keystrokes, or per 40 hours of active pointing.
pub(super) fn weekly(row: &takeover::Row) -> Option<f64> {
    row.figures.false_per_50k_keys.or(row.figures.false_per_40h)
}

/// What the inputs of a modality are called.
pub(super) fn inputs(modality: Modality) -> &'static str {
    match modality {
        Modality::Keyboard => "keys",
        Modality::Pointer | Modality::Touch => "strokes",
    }
}

fn profile(row: &takeover::Row) -> String {
    if row.enrolled { "enrolled" } else { "none: own start" }.to_owned()
}

pub(super) fn percent(share: f64, digits: usize) -> String {
    format!("{:.digits$} %", 100.0 * share)
}

fn share(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |s| percent(s, 1))
}

pub(super) fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"))
}

fn pair(a: Option<f64>, b: Option<f64>) -> String {
    format!("{} / {}", number(a, 0), number(b, 0))
}
