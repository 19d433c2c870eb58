//! Levels that are measured: those that an agent has, and what was tried beside them.

use std::collections::HashMap;

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use tacit_measure::Privacy;
use tacit_proto::catalogue::{self, Transform};
use tacit_proto::{FeatureId, FeatureStats, Stat};

use super::desk::waiting;

/// What is done to counts before they are sent.
#[derive(Debug, Clone, Default)]
pub enum Counts {
    /// Nothing.
    #[default]
    Exact,
    /// The nearest power of two.
    Doubling,
    /// What people have on average in so many keystrokes, whatever was counted: per keystroke.
    Usual(HashMap<FeatureId, f64>),
}

/// A level.
#[derive(Debug, Clone)]
pub struct Level {
    /// What it is called in rows.
    pub name: String,
    /// What the agent does.
    pub privacy: Privacy,
    /// What is done to counts.
    pub counts: Counts,
    /// Noise put on each mean, in standard errors of that mean.
    pub noise: f64,
    /// Features with fewer values are left out.
    pub least: u32,
}

impl Level {
    /// A level that an agent has.
    #[must_use]
    pub fn new(name: &str, privacy: Privacy) -> Self {
        Self { name: name.to_owned(), privacy, counts: Counts::Exact, noise: 0.0, least: 1 }
    }

    /// The levels that an agent has.
    #[must_use]
    pub fn shipped() -> Vec<Self> {
        vec![
            Self::new("plain", Privacy::PLAIN),
            Self::new("standard", Privacy::STANDARD),
            Self::new("strict", Privacy::STRICT),
        ]
    }

    /// What was tried beside them.
    #[must_use]
    pub fn tried(usual: &HashMap<FeatureId, f64>) -> Vec<Self> {
        let tried = |name: &str, counts: Counts, noise: f64, wait: f64, least: u32| Self {
            name: name.to_owned(),
            privacy: waiting(wait / (1.0 + wait)),
            counts,
            noise,
            least,
        };
        let usual = || Counts::Usual(usual.clone());
        vec![
            tried("least 4 values", Counts::Exact, 0.0, 0.0, 4),
            tried("counts doubling", Counts::Doubling, 0.0, 0.0, 1),
            tried("counts usual", usual(), 0.0, 0.0, 1),
            tried("counts usual, noise 1", usual(), 1.0, 0.0, 1),
            tried("counts usual, noise 3", usual(), 3.0, 0.0, 1),
            tried("wait 1", Counts::Exact, 0.0, 1.0, 1),
            tried("wait 2", Counts::Exact, 0.0, 2.0, 1),
            tried("wait 4", Counts::Exact, 0.0, 4.0, 1),
            tried("wait 7", Counts::Exact, 0.0, 7.0, 1),
            tried("wait 15", Counts::Exact, 0.0, 15.0, 1),
            tried("wait 2, counts usual", usual(), 0.0, 2.0, 1),
            tried("wait 7, counts usual", usual(), 0.0, 7.0, 1),
        ]
    }

    /// The stats of a window of so many keystrokes, as this level sends them.
    #[must_use]
    pub fn coarsened(&self, stats: &FeatureStats, inputs: u32, rng: &mut ChaCha8Rng) -> FeatureStats {
        let mut coarse = FeatureStats::new();
        for s in stats.iter().filter(|s| s.stat.count() >= self.least) {
            let count = match &self.counts {
                Counts::Exact => s.stat.count(),
                Counts::Doubling => doubling(s.stat.count()),
                Counts::Usual(usual) => {
                    whole(usual.get(&s.feature).copied().unwrap_or_default() * f64::from(inputs))
                }
            };
            let mut mean = s.stat.mean();
            if self.noise > 0.0
                && let Some(feature) = catalogue::feature(s.feature)
            {
                // What one value of a feature is off, about: a share of the range for shares.
                let spread = if feature.transform == Transform::None { 0.4 } else { 0.45 };
                let drawn: f64 = StandardNormal.sample(rng);
                let (low, high) = feature.value_range();
                mean = (mean + self.noise * spread / f64::from(count).sqrt() * drawn).clamp(low, high);
            }
            let variance = if count == 1 { 0.0 } else { s.stat.variance() };
            if let Some(stat) = Stat::new(count, mean, variance) {
                coarse.add(s.feature, &stat);
            }
        }
        coarse
    }
}

fn doubling(count: u32) -> u32 {
    whole(f64::from(count).log2().round().exp2())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of a window, at least 1")]
fn whole(count: f64) -> u32 {
    count.round().max(1.0) as u32
}
