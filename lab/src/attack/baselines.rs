//! Two tools that decide on the gaps between presses alone, by the rules that their documents describe, with the settings that
//! they are shipped with.

use std::collections::VecDeque;

/// UKIP (USB Keystroke Injection Protection): the last five keystrokes, each of the four gaps at most 50 ms.
pub(super) fn ukip() -> Rule {
    Rule { gaps: VecDeque::new(), most: 4, holds: |gaps| gaps.iter().all(|gap| *gap <= 50.0) }
}

/// DuckHunt: the mean of the last 25 gaps is below 30 ms.
pub(super) fn duckhunt() -> Rule {
    let holds = |gaps: &VecDeque<f64>| gaps.iter().sum::<f64>() < 30.0 * 25.0;
    Rule { gaps: VecDeque::new(), most: 25, holds }
}

/// A rule over the last gaps.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    gaps: VecDeque<f64>,
    most: usize,
    holds: fn(&VecDeque<f64>) -> bool,
}

impl Rule {
    /// A press, so many milliseconds after the last. Returns whether the rule calls it an attack, and then begins anew.
    pub(super) fn press(&mut self, gap_ms: f64) -> bool {
        self.gaps.push_back(gap_ms);
        if self.gaps.len() > self.most {
            self.gaps.pop_front();
        }
        let attack = self.gaps.len() == self.most && (self.holds)(&self.gaps);
        if attack {
            self.gaps.clear();
        }
        attack
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(mut rule: Rule, gaps: impl IntoIterator<Item = f64>) -> bool {
        gaps.into_iter().any(|gap| rule.press(gap))
    }

    #[test]
    fn each_rule_is_passed_by_the_attacks_that_are_known_to_pass_it() {
        let steady = |gap| std::iter::repeat_n(gap, 100);
        assert!(finds(ukip(), steady(50.0)) && !finds(ukip(), steady(51.0)));
        assert!(finds(duckhunt(), steady(29.0)) && !finds(duckhunt(), steady(30.0)));
        assert!(!finds(ukip(), [5.0, 5.0, 5.0, 51.0].into_iter().cycle().take(100)));
    }
}
