//! What came of one way to imitate.

use serde::{Deserialize, Serialize};

/// What an attacker knows of the victim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing is imitated: the subject's own typing.
    Own,
    /// Nothing: another person types as themselves.
    ZeroEffort,
    /// How people type.
    Population,
    /// The mean of each feature of the victim.
    Averages,
    /// Count, mean and variance of each feature of the victim's windows: a stolen database.
    Windows,
}

/// Who types.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A person who gets so much of the way from their own means to those that they know.
    Person {
        /// Share of the way, 0 to 1.
        adapts: f64,
    },
    /// A program that draws each time from one law a feature, around the means that it knows.
    Synthesiser,
    /// A program that draws each time from those of all people.
    Sampler,
}

/// Sessions of one level, by one kind of typist. Counts, unless they say otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MimicRow {
    /// What is known.
    pub level: Level,
    /// Who types.
    pub by: By,
    /// Keys of a session.
    pub keys: u32,
    /// Sessions.
    pub trials: u32,
    /// Never called another person, and never a machine.
    pub accepted: u32,
    /// Called another person.
    pub different_person: u32,
    /// Called a machine.
    pub automation: u32,
    /// Share accepted over that of zero effort.
    pub ratio: Option<f64>,
    /// Parts of 100 keys, of all sessions.
    pub parts: u32,
    /// Parts that score above the threshold of the equal error rate, in a session not called a machine until then.
    pub accepted_at_eer: u32,
    /// The same at the threshold that one zero-effort part in a hundred is above.
    pub accepted_at_fmr_1pct: u32,
    /// Share accepted at the equal error rate over that of zero effort.
    pub ratio_at_eer: Option<f64>,
    /// The same at 1 %.
    pub ratio_at_fmr_1pct: Option<f64>,
}

impl MimicRow {
    pub(in crate::attack) fn heading() -> String {
        format!(
            "{:<12} {:<16} {:>7} {:>9} {:>7} {:>10} {:>11} {:>9} {:>7} {:>11} {:>7}",
            "level",
            "by",
            "trials",
            "accepted",
            "ratio",
            "different",
            "automation",
            "at EER",
            "ratio",
            "at FMR 1 %",
            "ratio"
        )
    }

    pub(in crate::attack) fn line(&self) -> String {
        let level = match self.level {
            Level::Own => "own",
            Level::ZeroEffort => "zero_effort",
            Level::Population => "population",
            Level::Averages => "averages",
            Level::Windows => "windows",
        };
        let by = match self.by {
            By::Person { adapts } if adapts > 0.0 => format!("person, {:.0} %", 100.0 * adapts),
            By::Person { .. } => "person".to_owned(),
            By::Synthesiser => "synthesiser".to_owned(),
            By::Sampler => "sampler".to_owned(),
        };
        let percent =
            |count: u32, of: u32| format!("{:.2}%", 100.0 * f64::from(count) / f64::from(of.max(1)));
        let ratio = |ratio: Option<f64>| ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
        format!(
            "{level:<12} {by:<16} {:>7} {:>9} {:>7} {:>10} {:>11} {:>9} {:>7} {:>11} {:>7}",
            self.trials,
            percent(self.accepted, self.trials),
            ratio(self.ratio),
            percent(self.different_person, self.trials),
            percent(self.automation, self.trials),
            percent(self.accepted_at_eer, self.parts),
            ratio(self.ratio_at_eer),
            percent(self.accepted_at_fmr_1pct, self.parts),
            ratio(self.ratio_at_fmr_1pct),
        )
    }
}
