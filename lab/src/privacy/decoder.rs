//! The attacker's tool: how texts show in what is sent, learned of other people, and how likely each candidate made it.
//!
//! What is sent is a linear function of the text and Gaussian noise, both learned of windows of which the text is known.
//! Whatever a level does to windows, it is learned with it: an attacker knows the agent.

use std::collections::HashMap;
use std::ops::Range;

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use tacit_proto::catalogue::{self, Unit};
use tacit_proto::{Family, FeatureId, Modality};

use super::desk::{Desk, Sent, Weighed};

/// Weight of no knowledge against so many examples.
const RIDGE: f64 = 3.0;
/// Share of the noise that is taken to be independent.
const INDEPENDENT: f64 = 0.05;
/// Share of windows that a feature must be in to be looked at.
const SEEN: f64 = 0.02;
/// Windows after a press that are looked at.
const FOLLOWING: usize = 60;
/// Share of the most that is held of some presses, below which a window is not looked at.
const LEAST_WEIGHT: f64 = 0.02;

/// What an attacker looks at.
#[derive(Debug, Clone)]
pub struct Eye {
    features: Vec<FeatureId>,
    means: HashMap<FeatureId, f64>,
}

impl Eye {
    /// Looks at features that these people's windows have.
    #[must_use]
    pub fn new(people: &[Desk]) -> Self {
        let (mut windows, mut seen) = (0.0, HashMap::<FeatureId, (f64, f64, f64)>::new());
        for window in people.iter().flat_map(|desk| &desk.sent) {
            windows += 1.0;
            for s in window.stats.iter() {
                let (times, count, sum) = seen.entry(s.feature).or_default();
                *times += 1.0;
                *count += f64::from(s.stat.count());
                *sum += f64::from(s.stat.count()) * s.stat.mean();
            }
        }
        let often = |f: &&catalogue::Feature| {
            f.modality == Modality::Keyboard && seen.get(&f.id).is_some_and(|s| s.0 > SEEN * windows)
        };
        let features = catalogue::ALL.iter().filter(often).map(|f| f.id).collect();
        let means = seen.into_iter().map(|(id, (_, count, sum))| (id, sum / count)).collect();
        Self { features, means }
    }

    /// What the windows of a desk show of these presses: count, mean and spread of each feature, each window by how many of them
    /// count in it. With `known`, of all windows, and means are against the person's own; otherwise of the one that holds most.
    /// Nothing where nothing of them was sent.
    #[must_use]
    pub fn look(&self, desk: &Desk, presses: &Range<usize>, known: bool) -> Vec<f64> {
        let first = desk.sent.partition_point(|window| window.until <= presses.start);
        let weights = |window: &Sent| -> Vec<usize> {
            self.features.iter().map(|id| window.holds(*id, presses)).collect()
        };
        let windows = desk.sent[first..].iter().take(FOLLOWING).map(|window| (window, weights(window)));
        let mut windows: Vec<(&Sent, Vec<usize>)> =
            windows.filter(|(_, w)| w.iter().any(|w| *w > 0)).collect();
        let Some(most) = windows.iter().flat_map(|(_, weights)| weights).copied().max() else {
            return Vec::new();
        };
        if !known {
            let fullest = windows.into_iter().rev().max_by_key(|(_, weights)| weights.iter().sum::<usize>());
            windows = fullest.into_iter().collect();
        }
        let mut shown = Vec::with_capacity(2 * self.features.len());
        for (at, id) in self.features.iter().enumerate() {
            let centre = if known { desk.means.get(id) } else { self.means.get(id) };
            let centre = centre.copied().unwrap_or_default();
            let mut weighed = Weighed::default();
            for (window, weights) in &windows {
                let weight = if known {
                    weights[at] as f64 / most as f64
                } else {
                    f64::from(u8::from(weights[at] > 0))
                };
                if let Some(stat) = window.stats.get(*id).filter(|_| weight > LEAST_WEIGHT) {
                    weighed.add(stat, centre, weight);
                }
            }
            if counted(*id) {
                shown.push(weighed.count);
            }
            shown.push(if weighed.squares > 0.0 { weighed.sum / weighed.squares.sqrt() } else { 0.0 });
            if spreads(*id) {
                shown.push(if weighed.count > 0.0 { weighed.spread / weighed.count } else { 0.0 });
            }
        }
        shown
    }
}

/// Shares within an edge count what the times count, and so does overlap.
fn counted(id: FeatureId) -> bool {
    catalogue::feature(id).is_some_and(|f| id.0 < 500 && f.family != Family::Rollover)
}

/// The spread of a share says no more than the share.
fn spreads(id: FeatureId) -> bool {
    catalogue::feature(id).is_some_and(|f| f.unit == Unit::Milliseconds)
}

/// From texts to what is sent.
#[derive(Debug, Clone)]
pub struct Decoder {
    scales: Vec<(f64, f64)>,
    weights: DMatrix<f64>,
    noise: Cholesky<f64, Dyn>,
    units: Vec<f64>,
}

impl Decoder {
    /// Learns of examples, a text and what was shown of it each. `None` of too few.
    #[must_use]
    pub fn learn(texts: &[Vec<f64>], shown: &[Vec<f64>]) -> Option<Self> {
        let examples = texts.len();
        if examples < 50 {
            return None;
        }
        let scales = scales(texts);
        let inputs = standard(texts, &scales);
        let shown = matrix(shown);
        let mut gram = inputs.transpose() * &inputs;
        (0..gram.nrows()).for_each(|at| gram[(at, at)] += RIDGE);
        let weights = gram.cholesky()?.solve(&(inputs.transpose() * &shown));
        let rest = &shown - &inputs * &weights;
        let mut noise = rest.transpose() * &rest / examples as f64;
        let units: Vec<f64> = noise
            .diagonal()
            .iter()
            .map(|variance| if *variance > 1e-9 { 1.0 / variance.sqrt() } else { 0.0 })
            .collect();
        for row in 0..noise.nrows() {
            for column in 0..noise.ncols() {
                let alike = noise[(row, column)] * units[row] * units[column];
                noise[(row, column)] = if row == column { 1.0 } else { (1.0 - INDEPENDENT) * alike };
            }
        }
        Some(Self { scales, weights, noise: noise.cholesky()?, units })
    }

    /// What each text is expected to show, a column each, in units in which noise is white.
    #[must_use]
    pub fn expected(&self, texts: &[Vec<f64>]) -> DMatrix<f64> {
        self.white((standard(texts, &self.scales) * &self.weights).transpose())
    }

    /// What was shown, a column each, in the same units.
    #[must_use]
    pub fn seen(&self, shown: &[Vec<f64>]) -> DMatrix<f64> {
        self.white(matrix(shown).transpose())
    }

    fn white(&self, mut columns: DMatrix<f64>) -> DMatrix<f64> {
        for mut column in columns.column_iter_mut() {
            column.iter_mut().zip(&self.units).for_each(|(value, unit)| *value *= unit);
        }
        self.noise.l().solve_lower_triangular(&columns).unwrap_or(columns)
    }
}

/// Squared distance of each seen column to each expected one: rows are seen, columns expected.
#[must_use]
pub fn distances(seen: &DMatrix<f64>, expected: &DMatrix<f64>) -> DMatrix<f64> {
    let length = |columns: &DMatrix<f64>| -> DVector<f64> {
        DVector::from_iterator(columns.ncols(), columns.column_iter().map(|c| c.norm_squared()))
    };
    let (own, others) = (length(seen), length(expected));
    let mut distances = seen.tr_mul(expected) * -2.0;
    for (mut column, other) in distances.column_iter_mut().zip(others.iter()) {
        column.iter_mut().zip(own.iter()).for_each(|(distance, own)| *distance += own + other);
    }
    distances
}

/// Linear prediction of numbers from what is shown.
#[derive(Debug, Clone)]
pub struct Linear {
    scales: Vec<(f64, f64)>,
    weights: DMatrix<f64>,
}

impl Linear {
    /// Learns of examples. `None` of too few.
    #[must_use]
    pub fn learn(shown: &[Vec<f64>], numbers: &[Vec<f64>]) -> Option<Self> {
        if shown.len() < 50 {
            return None;
        }
        let scales = scales(shown);
        let inputs = standard(shown, &scales);
        let mut gram = inputs.transpose() * &inputs;
        (0..gram.nrows()).for_each(|at| gram[(at, at)] += RIDGE);
        let weights = gram.cholesky()?.solve(&(inputs.transpose() * matrix(numbers)));
        Some(Self { scales, weights })
    }

    /// A row of numbers each.
    #[must_use]
    pub fn predict(&self, shown: &[Vec<f64>]) -> DMatrix<f64> {
        standard(shown, &self.scales) * &self.weights
    }
}

fn matrix(rows: &[Vec<f64>]) -> DMatrix<f64> {
    DMatrix::from_fn(rows.len(), rows.first().map_or(0, Vec::len), |row, column| rows[row][column])
}

/// Mean and inverse spread of each column; no spread is 0.
fn scales(rows: &[Vec<f64>]) -> Vec<(f64, f64)> {
    let count = rows.len() as f64;
    (0..rows.first().map_or(0, Vec::len))
        .map(|column| {
            let mean = rows.iter().map(|row| row[column]).sum::<f64>() / count;
            let variance = rows.iter().map(|row| (row[column] - mean).powi(2)).sum::<f64>() / count;
            (mean, if variance > 1e-9 { 1.0 / variance.sqrt() } else { 0.0 })
        })
        .collect()
}

/// Rows in units of the scales, and a last column of ones.
fn standard(rows: &[Vec<f64>], scales: &[(f64, f64)]) -> DMatrix<f64> {
    DMatrix::from_fn(rows.len(), scales.len() + 1, |row, column| {
        scales.get(column).map_or(1.0, |(mean, unit)| (rows[row][column] - mean) * unit)
    })
}
