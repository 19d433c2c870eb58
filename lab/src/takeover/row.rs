//! One row of the table of takeovers.

use serde::{Deserialize, Serialize};
use tacit_proto::Modality;

use super::figures::Figures;
use crate::privacy::level::PLAIN;

/// One threshold with its figures; a JSON object a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Name of the set.
    pub set: String,
    /// Kind of input.
    pub modality: Modality,
    /// Level of privacy at which the desks were measured.
    #[serde(default = "plain")]
    pub privacy: String,
    /// Whether the subjects have profiles; else a session is judged against its own start.
    pub enrolled: bool,
    /// The figures, as fields of the row.
    #[serde(flatten)]
    pub figures: Figures,
    /// Trust below which a session is `different_person`.
    pub threshold: f64,
    /// Whether that is what ships.
    pub shipped_threshold: bool,
}

fn plain() -> String {
    PLAIN.to_owned()
}

impl Row {
    /// Heading of the lines that `line` makes.
    #[must_use]
    pub fn heading() -> String {
        format!(
            "{:<10} {:<8} {:<8} {:>9} {:>6} {:>8} {:>6} {:>8} {:>6} {:>6} {:>9} {:>8} {:>7} {:>13} {:>13} {:>9} {:>8} {:>8}",
            "set",
            "input",
            "profile",
            "trust",
            "people",
            "genuine",
            "false",
            "a week",
            "never",
            "gini",
            "takeovers",
            "detected",
            "within",
            "keys",
            "active s",
            "windows",
            "ANGA",
            "ANIA"
        ) + &format!(
            "\n{:<10} {:<8} {:<8} {:>9} {:>6} {:>8} {:>6} {:>8} {:>6} {:>6} {:>9} {:>8} {:>7} {:>13} {:>13} {:>9}",
            "",
            "",
            "",
            "below",
            "",
            "keys",
            "flags",
            "",
            "",
            "",
            "",
            "",
            "300",
            "median / p90",
            "median / p90",
            "m. / p90"
        )
    }

    /// The row for people.
    #[must_use]
    pub fn line(&self) -> String {
        let f = &self.figures;
        let number = |value: Option<f64>, digits: usize| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
        };
        let percent = |share: Option<f64>| number(share.map(|s| 100.0 * s), 1) + " %";
        let both = |a: Option<f64>, b: Option<f64>| format!("{} / {}", number(a, 0), number(b, 0));
        let threshold = format!("{}{}", self.threshold, if self.shipped_threshold { " *" } else { "" });
        format!(
            "{:<10} {:<8} {:<8} {:>9} {:>6} {:>8} {:>6} {:>8} {:>6} {:>6} {:>9} {:>8} {:>7} {:>13} {:>13} {:>9} {:>8} {:>8}",
            self.set,
            format!("{:?}", self.modality).to_lowercase(),
            if self.enrolled { "enrolled" } else { "none" },
            threshold,
            f.people,
            f.genuine_keys,
            f.false_flags,
            number(f.false_per_50k_keys.or(f.false_per_40h), 2),
            percent(Some(f.never_flagged)).replace(".0 %", " %"),
            number(f.gini, 2),
            f.takeovers,
            percent(f.detected),
            percent(f.detected_within_300),
            both(f.median_keys, f.p90_keys),
            both(f.median_active_s, f.p90_active_s),
            both(f.median_windows, f.p90_windows),
            number(f.anga, 0),
            number(f.ania, 0)
        )
    }
}
