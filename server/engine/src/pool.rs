//! Stats of some windows of a session taken together. Sums are kept of what packed stats hold, so that a window is added at
//! the cost of a few additions a feature.

use tacit_proto::{FeatureId, FeatureStats, Modality, Stat};

use crate::packed::{MEAN_STEPS, PackedStats, VARIANCE_STEPS};
use crate::score::{Compared, Weights};
use crate::{Population, Reference};

/// Sums of one modality by feature id.
#[derive(Debug, Clone, Default)]
struct Sums(Vec<Sum>);

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    count: u32,
    /// In steps of the packed means.
    values: f64,
    /// Of squared means, in steps, and of variances, in steps of theirs.
    squares: f64,
    variances: f64,
}

impl Sum {
    fn stat(&self) -> Stat {
        if self.count == 0 {
            return Stat::EMPTY;
        }
        let n = f64::from(self.count);
        let mean = self.values / n;
        // What the means differ by can come out below nothing by rounding alone.
        let between = (self.squares / n - mean * mean).max(0.0) / (MEAN_STEPS * MEAN_STEPS);
        let variance = self.variances / (n * VARIANCE_STEPS) + between;
        Stat::new(self.count, mean / MEAN_STEPS, variance).unwrap_or(Stat::EMPTY)
    }
}

impl Sums {
    fn add(&mut self, packed: &PackedStats) {
        for (id, count, mean, variance) in packed.iter() {
            let id = usize::from(id);
            if id >= self.0.len() {
                self.0.resize(id + 1, Sum::default());
            }
            let (sum, n, mean) = (&mut self.0[id], f64::from(count), f64::from(mean));
            sum.count = sum.count.saturating_add(count);
            sum.values += n * mean;
            sum.squares += n * mean * mean;
            sum.variances += n * f64::from(variance);
        }
    }
}

/// Some windows, all modalities.
#[derive(Debug, Clone, Default)]
pub(crate) struct Windows([Sums; Modality::ALL.len()]);

impl Windows {
    pub(crate) fn of<'a>(windows: impl IntoIterator<Item = (Modality, &'a PackedStats)>) -> Self {
        let mut all = Self::default();
        windows.into_iter().for_each(|(modality, stats)| all.add(modality, stats));
        all
    }

    /// All of some windows but one of them.
    pub(crate) fn without<'a>(
        out: usize,
        windows: impl IntoIterator<Item = (Modality, &'a PackedStats)>,
    ) -> Self {
        Self::of(windows.into_iter().enumerate().filter(|(i, _)| *i != out).map(|(_, window)| window))
    }

    pub(crate) fn add(&mut self, modality: Modality, stats: &PackedStats) {
        if let Some(at) = Modality::ALL.iter().position(|m| *m == modality) {
            self.0[at].add(stats);
        }
    }

    /// What they show of a modality.
    pub(crate) fn stats(&self, modality: Modality) -> FeatureStats {
        let mut stats = FeatureStats::new();
        for (id, sum) in self.sums(modality).iter().enumerate() {
            if let Ok(id) = u16::try_from(id) {
                stats.add(FeatureId(id), &sum.stat());
            }
        }
        stats
    }

    fn sums(&self, modality: Modality) -> &[Sum] {
        let of = Modality::ALL.iter().zip(&self.0).find(|(m, _)| **m == modality);
        of.map_or(&[], |(_, sums)| &sums.0)
    }
}

/// What each of several pools shows beside a profile, by modalities that both know.
pub(crate) fn compare<'a>(
    pools: &[Windows],
    population: &'a Population,
    reference: &Reference,
) -> Vec<Vec<(Modality, Compared<'a>)>> {
    let mut compared: Vec<Vec<_>> = pools.iter().map(|_| Vec::new()).collect();
    for m in Modality::ALL {
        let tables: Vec<Vec<Stat>> =
            pools.iter().map(|pool| pool.sums(m).iter().map(Sum::stat).collect()).collect();
        if tables.iter().all(Vec::is_empty) {
            continue;
        }
        let all = Compared::of_all(population, reference, m, &tables);
        for (into, of) in compared.iter_mut().zip(all) {
            into.extend(of.map(|of| (m, of)));
        }
    }
    compared
}

/// What a pool that was compared is evidence of, all modalities together.
pub(crate) fn evidence(compared: &[(Modality, Compared<'_>)], weights: Weights) -> f64 {
    compared.iter().map(|(_, compared)| compared.evidence(weights)).sum()
}
