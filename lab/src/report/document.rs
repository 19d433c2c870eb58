//! The document: a template whose marks are replaced by what the rows say.

use super::plots::Plot;
use super::{Report, adapting, published, tables};

const TEMPLATE: &str = include_str!("template.md");
/// Fewer genuine trials than this make figures coarse.
const FEW_GENUINE: usize = 100;
/// Cllr this many times its minimum is a calibration that does not hold.
const UNCALIBRATED: f64 = 1.5;

/// The document.
pub(super) fn markdown(report: &Report, plots: &[Plot]) -> String {
    let images = |of: &str| {
        let images = plots.iter().filter(|p| p.file.starts_with(of));
        images.map(|p| format!("![{}]({}/{})\n", p.title, report.plots, p.file)).collect::<String>()
    };
    let lines = |lines: &[String]| lines.iter().map(|l| format!("* {l}\n")).collect::<String>();
    let marks = [
        ("version", report.version.clone()),
        ("date", report.date.to_string()),
        ("seed", report.seed.to_string()),
        ("accuracy", tables::accuracy(&report.accuracy)),
        ("det", images("det-")),
        ("clocks", tables::clocks(&report.accuracy)),
        ("shipped", tables::shipped(&report.takeover)),
        ("operating", images("operating-") + &images("detected-")),
        ("thresholds", tables::thresholds(&report.takeover)),
        ("drift", adapting::drift(&report.drift)),
        ("shift", adapting::shift(&report.shift)),
        ("poison", adapting::poison(&report.poison)),
        ("curve", images("poison")),
        ("published", published::beside_ours(report)),
        ("notes", lines(&notes(report))),
        ("provenance", lines(&report.provenance)),
    ];
    // One pass, so that nothing in a row is taken for a mark.
    let mut parts = TEMPLATE.split("{{");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (mark, rest) = part.split_once("}}").unwrap_or((part, ""));
        let filled = marks.iter().find(|(name, _)| *name == mark).map_or("", |(_, filled)| filled);
        text += filled.strip_suffix('\n').unwrap_or(filled);
        text += rest;
    }
    text
}

/// What the rows themselves call for care with.
fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    for row in report.accuracy.iter().filter(|r| r.times.as_recorded()) {
        let (of, f) = (format!("{}, {}", row.set, row.protocol), &row.figures);
        if f.genuine < FEW_GENUINE {
            let step = 100.0 / f.genuine.max(1) as f64;
            notes.push(format!(
                "{of}: {} genuine trials, so rates of them move in steps of {step:.1} points.",
                f.genuine
            ));
        }
        if f.cllr > UNCALIBRATED * f.min_cllr {
            notes.push(format!(
                "{of}: scores do not mean what they say (Cllr {:.3}, {:.3} if they did).",
                f.cllr, f.min_cllr
            ));
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_of_the_template_is_filled() {
        let report = Report {
            accuracy: Vec::new(),
            takeover: Vec::new(),
            drift: Vec::new(),
            shift: Vec::new(),
            poison: Vec::new(),
            seed: 2,
            date: time::macros::date!(2020 - 01 - 02),
            version: "0.0.0".to_owned(),
            provenance: vec!["nobody {{seed}}".to_owned()],
            plots: "plots".to_owned(),
        };
        let text = markdown(&report, &[]);
        assert_eq!(text.matches("{{").count(), 1, "{text}");
        assert!(text.contains("nobody {{seed}}"), "a row is no template: {text}");
    }
}
