//! How profiles adapt: tables, and the curve of an impostor who stays just below suspicion.

use super::chart::{Axis, Chart, Point, Series};
use super::tables::{percent, table};
use crate::adapt::{drift, poison, shift};

/// Days of poisoning that the table tells; the curve has all.
const DAYS: [usize; 8] = [0, 1, 2, 3, 5, 10, 15, 20];

/// Each log after the first, against a profile of the first and against one that adapts.
pub(super) fn drift(rows: &[drift::Row]) -> String {
    let heading = [
        "log",
        "people",
        "EER a user, first / adapting",
        "EER global",
        "AUC",
        "Cllr",
        "own sessions that taught",
        "others' that would have",
    ];
    let row = |row: &drift::Row| {
        let (a, b) = (&row.first, &row.adapting);
        vec![
            drift::name(row.log),
            row.people.to_string(),
            format!("{} / {}", percent(a.eer_user, 2), percent(b.eer_user, 2)),
            format!("{} / {}", percent(a.eer_global, 2), percent(b.eer_global, 2)),
            format!("{:.4} / {:.4}", a.auc, b.auc),
            format!("{:.3} / {:.3}", a.cllr, b.cllr),
            percent(row.genuine_taught, 1),
            format!("{} of {}", percent(row.impostor_taught, 1), row.impostor_sessions),
        ]
    };
    table(&heading, &rows.iter().map(row).collect::<Vec<_>>())
}

/// Each change of a person under each feedback.
pub(super) fn shift(rows: &[shift::Row]) -> String {
    let heading = [
        "what changes",
        "false alarm said",
        "device",
        "people",
        "flags a person",
        "flagged, session by session",
        "doubted, session by session",
        "still flagged at the end",
        "not scorable",
        "taught",
        "other people flagged, after windows",
    ];
    let course = |shares: &[f64]| {
        let shares: Vec<String> = shares.iter().map(|s| format!("{:.0}", 100.0 * s)).collect();
        shares.join(", ") + " %"
    };
    let row = |row: &shift::Row| {
        vec![
            row.shift.name().to_owned(),
            row.feedback.name().to_owned(),
            row.device.name().to_owned(),
            row.people.to_string(),
            format!("{:.2}", row.flags),
            course(&row.flagged),
            course(&row.doubted),
            percent(row.still_flagged, 1),
            percent(row.not_scorable, 1),
            percent(row.taught, 1),
            percent(row.others_flagged, 1)
                + &row.others_after.map_or_else(String::new, |windows| format!(", {windows}")),
        ]
    };
    table(&heading, &rows.iter().map(row).collect::<Vec<_>>())
}

/// Some days of poisoning.
pub(super) fn poison(rows: &[poison::Row]) -> String {
    let heading = [
        "subject",
        "working day",
        "pairs",
        "impostor's share of the mix",
        "impostors who own the profile",
        "subject doubted",
        "subject flagged",
        "subject's mean score",
    ];
    let row = |row: &poison::Row| {
        vec![
            works(row.subject_works).to_owned(),
            row.day.to_string(),
            row.pairs.to_string(),
            if row.day == 0 { "-".to_owned() } else { format!("{:.2}", row.mix) },
            percent(row.owned, 1),
            percent(row.genuine_doubted, 1),
            percent(row.genuine_flagged, 1),
            format!("{:.1}", row.genuine_llr),
        ]
    };
    let rows = rows.iter().filter(|r| DAYS.contains(&r.day));
    table(&heading, &rows.map(row).collect::<Vec<_>>())
}

/// Who owns the profile, and what becomes of the subject, day by day.
pub(super) fn curve(rows: &[poison::Row]) -> Chart {
    let mut series = Vec::new();
    for (subject_works, look) in [(false, 0), (true, 1)] {
        let line = |what: &str, share: fn(&poison::Row) -> f64, dashed| {
            let of = rows.iter().filter(|r| r.subject_works == subject_works);
            let point = |r: &poison::Row| Point { x: r.day as f64, y: 100.0 * share(r), ships: false };
            Series {
                name: format!("{what}, subject {}", works(subject_works)),
                points: of.map(point).collect(),
                look,
                dashed,
                marked: true,
            }
        };
        series.push(line("owned", |r| r.owned, false));
        series.push(line("own doubted", |r| r.genuine_doubted, true));
    }
    Chart {
        title: "Profiles owned by an impostor who stays below suspicion".to_owned(),
        x: Axis::linear("working days", rows.iter().map(|r| r.day as f64)),
        y: Axis::linear("share, %", [100.0].into_iter()),
        series,
    }
}

fn works(subject_works: bool) -> &'static str {
    if subject_works { "works" } else { "away" }
}
