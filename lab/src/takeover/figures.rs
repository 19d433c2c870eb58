//! What the tallies of all people amount to.

use serde::{Deserialize, Serialize};
use tacit_proto::Modality;

use super::replay::{Outcome, Tally};

/// Keystrokes that false flags are stated for: about a week of work.
const WEEK_KEYS: f64 = 50_000.0;
/// Active use of a pointer that false flags are stated for.
const WEEK_ACTIVE_S: f64 = 40.0 * 3600.0;
/// Keystrokes or strokes that an impostor is to be detected within.
const SOON: f64 = 300.0;

/// The figures of one policy. Keys are strokes for the pointer. Percentiles are over the detected takeovers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// People judged.
    pub people: usize,
    /// Their own keystrokes or strokes that were judged.
    pub genuine_keys: u64,
    /// Their own active seconds that were judged; `None` where the set does not tell.
    pub genuine_active_s: Option<f64>,
    /// Times that someone was called someone else: once until the verdict is lifted.
    pub false_flags: u32,
    /// The same per 50,000 keystrokes; keyboard only.
    pub false_per_50k_keys: Option<f64>,
    /// The same per 40 hours of active use; pointer only.
    pub false_per_40h: Option<f64>,
    /// Takeovers counted.
    pub takeovers: usize,
    /// Takeovers not counted: the session had been flagged before.
    pub flagged_before: usize,
    /// Share of the takeovers that were detected before the impostor ran out of input.
    pub detected: Option<f64>,
    /// Share of the takeovers that were detected within 300 keystrokes or strokes of the impostor.
    pub detected_within_300: Option<f64>,
    /// The impostor's keystrokes or strokes to detection.
    pub median_keys: Option<f64>,
    /// Nine of ten needed no more.
    pub p90_keys: Option<f64>,
    /// The impostor's active seconds to detection.
    pub median_active_s: Option<f64>,
    /// Nine of ten needed no more.
    pub p90_active_s: Option<f64>,
    /// Windows to detection.
    pub median_windows: Option<f64>,
    /// Nine of ten needed no more.
    pub p90_windows: Option<f64>,
    /// Average number of genuine actions before a rejection (Mondal & Bours 2015): all there were, over the false flags.
    pub anga: Option<f64>,
    /// Average number of impostor actions before a rejection: all there were until detection, also of those never
    /// detected, over the detections.
    pub ania: Option<f64>,
    /// Share of people never flagged falsely.
    pub never_flagged: f64,
    /// Gini coefficient of false flags over people: 0 if all have as many, near 1 if one has them all.
    pub gini: Option<f64>,
}

impl Figures {
    /// Figures of everyone. `None` of nobody.
    #[must_use]
    pub fn of(modality: Modality, tallies: &[Tally]) -> Option<Self> {
        if tallies.is_empty() {
            return None;
        }
        let genuine_keys: u64 = tallies.iter().map(|t| t.genuine_inputs).sum();
        let genuine_active_s =
            tallies.iter().filter_map(|t| t.genuine_active_s).reduce(|sum, active_s| sum + active_s);
        let flags: Vec<u32> = tallies.iter().map(|t| t.false_flags).collect();
        let false_flags: u32 = flags.iter().sum();
        let outcomes: Vec<&Outcome> = tallies.iter().flat_map(|t| &t.takeovers).collect();
        let detected: Vec<&Outcome> = outcomes.iter().copied().filter(|o| o.detected).collect();
        let over = |amount: f64, by: f64| (by > 0.0).then(|| amount / by);
        let typed = modality == Modality::Keyboard;
        let rate = |per: f64, of: f64| over(f64::from(false_flags) * per, of);
        let impostor_keys: f64 = outcomes.iter().map(|o| o.inputs).sum();
        let keys = sorted(detected.iter().map(|o| o.inputs));
        let active = sorted(detected.iter().filter_map(|o| o.active_s));
        let windows = sorted(detected.iter().map(|o| o.windows as f64));
        Some(Self {
            people: tallies.len(),
            genuine_keys,
            genuine_active_s,
            false_flags,
            false_per_50k_keys: rate(WEEK_KEYS, genuine_keys as f64).filter(|_| typed),
            false_per_40h: genuine_active_s.and_then(|s| rate(WEEK_ACTIVE_S, s)).filter(|_| !typed),
            takeovers: outcomes.len(),
            flagged_before: tallies.iter().map(|t| t.flagged_before).sum(),
            detected: over(detected.len() as f64, outcomes.len() as f64),
            detected_within_300: over(
                keys.iter().filter(|keys| **keys <= SOON).count() as f64,
                outcomes.len() as f64,
            ),
            median_keys: percentile(&keys, 0.5),
            p90_keys: percentile(&keys, 0.9),
            median_active_s: percentile(&active, 0.5),
            p90_active_s: percentile(&active, 0.9),
            median_windows: percentile(&windows, 0.5),
            p90_windows: percentile(&windows, 0.9),
            anga: over(genuine_keys as f64, f64::from(false_flags)),
            ania: over(impostor_keys, detected.len() as f64),
            never_flagged: flags.iter().filter(|f| **f == 0).count() as f64 / flags.len() as f64,
            gini: gini(&flags),
        })
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The smallest value that a share of the sorted values does not exceed. `None` of nothing.
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank of a list")]
    let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

/// `None` if nobody has any.
fn gini(counts: &[u32]) -> Option<f64> {
    let sorted = sorted(counts.iter().map(|c| f64::from(*c)));
    let (n, sum) = (sorted.len() as f64, sorted.iter().sum::<f64>());
    let ranked: f64 = sorted.iter().zip(1_u32..).map(|(c, rank)| f64::from(rank) * c).sum();
    (sum > 0.0).then(|| 2.0 * ranked / (n * sum) - (n + 1.0) / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: Option<f64>, b: f64) -> bool {
        a.is_some_and(|a| (a - b).abs() < 1e-12)
    }

    #[test]
    fn hand_computed_figures() {
        let outcome =
            |detected, inputs, windows| Outcome { detected, inputs, active_s: Some(inputs / 2.0), windows };
        let person = |false_flags, takeovers: &[Outcome]| Tally {
            genuine_inputs: 10_000,
            genuine_active_s: Some(3600.0),
            false_flags,
            takeovers: takeovers.to_vec(),
            flagged_before: 1,
        };
        let tallies = [
            person(0, &[outcome(true, 100.0, 2), outcome(true, 300.0, 6)]),
            person(0, &[outcome(false, 250.0, 10)]),
            person(4, &[outcome(true, 301.0, 4)]),
            person(0, &[]),
        ];
        let figures = Figures::of(Modality::Keyboard, &tallies).unwrap();
        assert_eq!((figures.people, figures.genuine_keys, figures.false_flags), (4, 40_000, 4));
        assert_eq!((figures.takeovers, figures.flagged_before), (4, 4));
        assert!(close(figures.false_per_50k_keys, 5.0) && figures.false_per_40h.is_none());
        assert!(close(figures.detected, 0.75) && close(figures.detected_within_300, 0.5));
        assert!(close(figures.median_keys, 300.0) && close(figures.p90_keys, 301.0));
        assert!(close(figures.median_active_s, 150.0) && close(figures.p90_active_s, 150.5));
        assert!(close(figures.median_windows, 4.0) && close(figures.p90_windows, 6.0));
        assert!(close(figures.anga, 10_000.0) && close(figures.ania, 951.0 / 3.0));
        assert!(close(Some(figures.never_flagged), 0.75) && close(figures.gini, 0.75));
        let pointer = Figures::of(Modality::Pointer, &tallies).unwrap();
        assert!(close(pointer.false_per_40h, 40.0) && pointer.false_per_50k_keys.is_none());
    }

    #[test]
    fn what_did_not_happen_is_no_number() {
        let figures = Figures::of(Modality::Keyboard, &[Tally::default()]).unwrap();
        assert_eq!((figures.detected, figures.median_keys, figures.anga), (None, None, None));
        assert_eq!((figures.ania, figures.gini, figures.false_per_50k_keys), (None, None, None));
        assert_eq!(Figures::of(Modality::Keyboard, &[]), None);
        assert!(close(gini(&[3, 3, 3]), 0.0));
    }
}
