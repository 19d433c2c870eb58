//! One row of the accuracy table.

use serde::{Deserialize, Serialize};
use tacit_proto::Modality;

use crate::data::clock::Times;
use crate::metrics::Figures;

/// Whose population a row was scored under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trained {
    /// Other people of the same set.
    #[serde(rename = "in-set")]
    InSet,
    /// Other people of the same set, and all of another set as if it had recorded them.
    #[serde(rename = "in-set and other")]
    InSetAndOther,
    /// People of another set alone.
    #[serde(rename = "other-set")]
    OtherSet,
    /// The population that ships, which knows nobody of the set.
    #[serde(rename = "shipped")]
    Shipped,
}

/// One protocol with its figures; a JSON object a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Name of the set.
    pub set: String,
    /// What was enrolled and probed, in words.
    pub protocol: String,
    /// Whose population.
    pub population: Trained,
    /// Kind of input.
    pub modality: Modality,
    /// What was done to the times.
    #[serde(default, skip_serializing_if = "Times::as_recorded")]
    pub times: Times,
    /// The figures, as fields of the row.
    #[serde(flatten)]
    pub figures: Figures,
}

impl Row {
    /// Heading of the lines that `line` makes.
    #[must_use]
    pub fn heading() -> String {
        format!(
            "{:<10} {:<44} {:<9} {:>8} {:>8} {:>9} {:>7} {:>6} {:>8} {:>8} {:>9}",
            "set", "protocol", "prior", "EER", "EER", "FNMR at", "AUC", "Cllr", "min", "genuine", "impostor"
        ) + &format!(
            "\n{:<10} {:<44} {:<9} {:>8} {:>8} {:>9} {:>7} {:>6} {:>8}",
            "", "", "", "global", "a user", "FMR 1 %", "", "", "Cllr"
        )
    }

    /// The row for people.
    #[must_use]
    pub fn line(&self) -> String {
        let f = &self.figures;
        let percent = |share: f64| format!("{:.2} %", 100.0 * share);
        let prior = match self.population {
            Trained::InSet => "in-set",
            Trained::InSetAndOther => "and other",
            Trained::OtherSet => "other-set",
            Trained::Shipped => "shipped",
        };
        let times = if self.times.as_recorded() { "" } else { self.times.words() };
        format!(
            "{:<10} {:<44} {:<9} {:>8} {:>8} {:>9} {:>7.4} {:>6.3} {:>8.3} {:>8} {:>9} {times}",
            self.set,
            self.protocol,
            prior,
            percent(f.eer_global),
            percent(f.eer_user),
            percent(f.fnmr_at_fmr_1pct),
            f.auc,
            f.cllr,
            f.min_cllr,
            f.genuine,
            f.impostor
        )
        .trim_end()
        .to_owned()
    }
}
