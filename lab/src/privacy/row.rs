//! One row of what an attacker finds out.

use serde::{Deserialize, Serialize};

/// Normal deviate of 95 %.
const Z: f64 = 1.96;

/// A task, a level, a window: how often the attacker was right. Shares, 0 to 1; a JSON object a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What was to be found out.
    pub task: String,
    /// Level of privacy.
    pub level: String,
    /// Keystrokes of a window.
    pub window_keys: u32,
    /// What the attacker holds: `window`, or `person` for all that was ever sent of the person.
    pub attacker: String,
    /// Attempts.
    pub trials: usize,
    /// Share of them that were right.
    pub success: f64,
    /// The share that is right by chance, or by what is known without any window.
    pub chance: f64,
    /// Share less chance.
    pub advantage: f64,
    /// Wilson interval of 95 % of the share, lower end.
    pub ci_low: f64,
    /// Upper end.
    pub ci_high: f64,
}

impl Row {
    /// A row of so many right of so many.
    #[must_use]
    pub fn new(task: &str, level: &str, keys: u32, attacker: &str, of: (usize, usize), chance: f64) -> Self {
        let (right, trials) = of;
        let success = right as f64 / trials.max(1) as f64;
        let (ci_low, ci_high) = wilson(right, trials);
        Self {
            task: task.to_owned(),
            level: level.to_owned(),
            window_keys: keys,
            attacker: attacker.to_owned(),
            trials,
            success,
            chance,
            advantage: success - chance,
            ci_low,
            ci_high,
        }
    }

    /// Heading of the lines that `line` makes.
    #[must_use]
    pub fn heading() -> String {
        format!(
            "{:<26} {:<24} {:>6} {:<8} {:>7} {:>9} {:>9} {:>19} {:>8}",
            "task", "level", "window", "attacker", "trials", "success", "chance", "95 % interval", "times"
        )
    }

    /// The row for people.
    #[must_use]
    pub fn line(&self) -> String {
        let percent = |share: f64| format!("{:.2} %", 100.0 * share);
        format!(
            "{:<26} {:<24} {:>6} {:<8} {:>7} {:>9} {:>9} {:>8} {:>8} {:>8.1}",
            self.task,
            self.level,
            self.window_keys,
            self.attacker,
            self.trials,
            percent(self.success),
            percent(self.chance),
            percent(self.ci_low),
            percent(self.ci_high),
            self.success / self.chance
        )
    }
}

/// Wilson's interval of 95 % of a share (Wilson 1927).
#[must_use]
pub fn wilson(right: usize, trials: usize) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (trials as f64, right as f64 / trials as f64);
    let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// What a level costs: error rates of profile against input, so many keystrokes after the controls changed hands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Always `accuracy`.
    pub task: String,
    /// Level of privacy.
    pub level: String,
    /// Keystrokes of a window.
    pub window_keys: u32,
    /// Keystrokes typed since.
    pub typed_keys: usize,
    /// Probes of the person and of others that had any window by then, as a share of all.
    pub judged: f64,
    /// Own probes.
    pub genuine: usize,
    /// Others' probes.
    pub impostor: usize,
    /// Equal error rate, one threshold for all.
    pub eer: f64,
    /// Share of own probes refused where one of a hundred others is let in.
    pub fnmr_at_fmr_1pct: f64,
}

impl Cost {
    /// Heading of the lines that `line` makes.
    #[must_use]
    pub fn heading() -> String {
        format!(
            "{:<10} {:<24} {:>6} {:>6} {:>8} {:>8} {:>9} {:>9} {:>9}",
            "", "level", "window", "typed", "judged", "genuine", "impostor", "EER", "FNMR 1 %"
        )
    }

    /// The row for people.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "{:<10} {:<24} {:>6} {:>6} {:>6.1} % {:>8} {:>9} {:>7.2} % {:>7.2} %",
            self.task,
            self.level,
            self.window_keys,
            self.typed_keys,
            100.0 * self.judged,
            self.genuine,
            self.impostor,
            100.0 * self.eer,
            100.0 * self.fnmr_at_fmr_1pct
        )
    }
}
