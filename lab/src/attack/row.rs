//! What came of one class of attack, or of people.

use serde::{Deserialize, Serialize};

/// What an attacker knows of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Knowledge {
    /// Nothing, or these are people.
    None,
    /// What a detector looks at, and nothing of people.
    Detector,
    /// How people type, but not who they are.
    Population,
    /// What this victim typed.
    Victim,
}

/// A class of attack, or people: `none`, and `none_unlearned`, those of them of whom the detector's network did not learn. Counts,
/// unless they say otherwise. What does not apply is null, or left out where few rows have it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Name of the class; `none` of people.
    pub attack: String,
    /// What it takes.
    pub knowledge: Knowledge,
    /// Attacks played.
    pub trials: Option<u32>,
    /// Found at all.
    pub detected: Option<u32>,
    /// Found within 6, 25, 70, 100 and 300 keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_6_keys: Option<u32>,
    #[expect(missing_docs, reason = "above")]
    pub within_25_keys: Option<u32>,
    #[expect(missing_docs, reason = "above")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_70_keys: Option<u32>,
    #[expect(missing_docs, reason = "above")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_100_keys: Option<u32>,
    #[expect(missing_docs, reason = "above")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_300_keys: Option<u32>,
    /// Found within 20 strokes of the pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_20_strokes: Option<u32>,
    /// Keys or strokes until it was found, median of those found.
    pub median_inputs: Option<u32>,
    /// Found by the rule of UKIP.
    pub ukip_detected: Option<u32>,
    /// Found by the rule of DuckHunt.
    pub duckhunt_detected: Option<u32>,
    /// Keys that people typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub genuine_keys: Option<u64>,
    /// Strokes of the pointer that people made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub genuine_strokes: Option<u64>,
    /// Times that people were taken for machines, by keys or strokes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub false_automation: Option<u64>,
    /// Of these, how often for times that hang together too little.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub false_random_times: Option<u64>,
    /// Windows of people that were taken for a machine's by their stats alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub false_windows: Option<u64>,
    /// Times that text of people came in as assistive software inserts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assisted: Option<u64>,
}

impl Row {
    /// A class of which nothing is known yet.
    #[must_use]
    pub fn of(attack: &str, knowledge: Knowledge) -> Self {
        Self {
            attack: attack.to_owned(),
            knowledge,
            trials: None,
            detected: None,
            within_6_keys: None,
            within_25_keys: None,
            within_70_keys: None,
            within_100_keys: None,
            within_300_keys: None,
            within_20_strokes: None,
            median_inputs: None,
            ukip_detected: None,
            duckhunt_detected: None,
            genuine_keys: None,
            genuine_strokes: None,
            false_automation: None,
            false_random_times: None,
            false_windows: None,
            assisted: None,
        }
    }

    /// These people and others.
    #[must_use]
    pub(super) fn with(self, others: &Self) -> Self {
        fn sum<N: std::ops::Add<Output = N>>(a: Option<N>, b: Option<N>) -> Option<N> {
            Some(a? + b?)
        }
        Self {
            genuine_keys: sum(self.genuine_keys, others.genuine_keys),
            false_automation: sum(self.false_automation, others.false_automation),
            false_random_times: sum(self.false_random_times, others.false_random_times),
            false_windows: sum(self.false_windows, others.false_windows),
            assisted: sum(self.assisted, others.assisted),
            ukip_detected: sum(self.ukip_detected, others.ukip_detected),
            duckhunt_detected: sum(self.duckhunt_detected, others.duckhunt_detected),
            ..self
        }
    }

    pub(super) fn heading() -> String {
        format!(
            "{:<28} {:<10} {:>7} {:>9} {:>7} {:>7} {:>7} {:>7} {:>7} {:>8} {:>7} {:>9} {:>9}",
            "attack",
            "knowledge",
            "trials",
            "detected",
            "6 keys",
            "25 keys",
            "70 keys",
            "100",
            "300",
            "20 str.",
            "median",
            "ukip",
            "duckhunt"
        )
    }

    pub(super) fn line(&self) -> String {
        let share = |count: Option<u32>| match (count, self.trials) {
            (Some(count), Some(trials)) if trials > 0 => {
                format!("{:.2}%", 100.0 * f64::from(count) / f64::from(trials))
            }
            _ => "-".to_owned(),
        };
        let knowledge = match self.knowledge {
            Knowledge::None => "none",
            Knowledge::Detector => "detector",
            Knowledge::Population => "population",
            Knowledge::Victim => "victim",
        };
        if let Some(false_automation) = self.false_automation {
            let inputs = match (self.genuine_keys, self.genuine_strokes) {
                (Some(keys), _) => format!("{keys} keys"),
                (None, strokes) => format!("{} strokes", strokes.unwrap_or_default()),
            };
            let windows = self.false_windows.map_or_else(String::new, |n| format!(", of windows {n}"));
            let random =
                self.false_random_times.map_or_else(String::new, |n| format!(", of times drawn {n}"));
            let also = self.assisted.map_or_else(String::new, |n| format!(", assisted text {n} times"));
            return format!(
                "{:<28} {inputs} of people, false automation {false_automation}{random}{windows}{also}; ukip {}, duckhunt {}",
                self.attack,
                self.ukip_detected.unwrap_or_default(),
                self.duckhunt_detected.unwrap_or_default()
            );
        }
        format!(
            "{:<28} {knowledge:<10} {:>7} {:>9} {:>7} {:>7} {:>7} {:>7} {:>7} {:>8} {:>7} {:>9} {:>9}",
            self.attack,
            self.trials.unwrap_or_default(),
            share(self.detected),
            share(self.within_6_keys),
            share(self.within_25_keys),
            share(self.within_70_keys),
            share(self.within_100_keys),
            share(self.within_300_keys),
            share(self.within_20_strokes),
            self.median_inputs.map_or_else(|| "-".to_owned(), |n| n.to_string()),
            share(self.ukip_detected),
            share(self.duckhunt_detected),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_the_fields_of_every_other_attack() {
        let row = serde_json::to_value(Row::of("none", Knowledge::None)).unwrap_or_default();
        let fields: Vec<&str> =
            row.as_object().into_iter().flatten().map(|(field, _)| field.as_str()).collect();
        let all = [
            "attack",
            "detected",
            "duckhunt_detected",
            "knowledge",
            "median_inputs",
            "trials",
            "ukip_detected",
            "within_25_keys",
        ];
        assert!(all.iter().all(|field| fields.contains(field)), "{row}");
    }
}
