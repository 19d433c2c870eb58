//! Learns a population by expectation maximisation, block by block.

use std::ops::Range;

use nalgebra::{DMatrix, DVector};
use tacit_proto::{FeatureId, FeatureStats, Modality, Transform, Unit, catalogue};

use crate::blocks::runs;
use crate::model::{Aspect, Calibration, Dimension, Model, Observation, cholesky, inverse};
use crate::{Population, factor, noise, selection};

/// People who must show a dimension before it is modelled.
const LEAST_PEOPLE: usize = 8;
/// Share of the people who must.
const LEAST_SHARE: f64 = 0.08;
/// Noise of a log standard deviation relative to Gaussian values: timings have heavy tails.
const SPREAD_NOISE: f64 = 1.5;

/// What one person gives to learn from, of one modality.
#[derive(Debug, Clone, Default)]
pub struct TrainingPerson {
    /// Pooled stats, one entry a session.
    pub sessions: Vec<FeatureStats>,
    /// Windows in order, one entry a session: they tell what is noise.
    pub windows: Vec<Vec<FeatureStats>>,
}

/// Settings of a training run.
#[derive(Debug, Clone, Copy)]
pub struct TrainSettings {
    /// EM rounds.
    pub rounds: u32,
    /// Strength of the prior that draws both covariances towards their diagonals, as a number of people.
    pub prior_people: f64,
    /// Whether spreads are modelled beside means.
    pub spreads: bool,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self { rounds: 12, prior_people: 10.0, spreads: true }
    }
}

/// Learns the model of each modality from people who are in no trial. `progress` is told (modality, round, rounds).
#[must_use]
pub fn train(
    people: &[(Modality, Vec<TrainingPerson>)],
    settings: &TrainSettings,
    progress: &mut dyn FnMut(Modality, u32, u32),
) -> Population {
    let models = people
        .iter()
        .map(|(modality, people)| {
            train_model(*modality, people, settings, &mut |r| progress(*modality, r, settings.rounds))
        })
        .collect();
    Population::new(models, Vec::new())
}

fn train_model(
    modality: Modality,
    people: &[TrainingPerson],
    settings: &TrainSettings,
    progress: &mut dyn FnMut(u32),
) -> Model {
    let mut dimensions = dimensions(modality, people, settings.spreads);
    dimensions.sort_by_key(|d| (d.block(), d.feature, d.aspect));
    let sizes: Vec<usize> = runs(&dimensions).iter().map(Range::len).collect();
    let scaled_identities = |by| sizes.iter().map(|n| DMatrix::identity(*n, *n) * by).collect();
    let (subject, session) = (scaled_identities(0.5), scaled_identities(0.3));
    let mut model =
        Model::new(modality, dimensions, subject, session, scaled_identities(1.0), Calibration::default());
    noise::learn(&mut model, people);
    for round in 0..settings.rounds {
        let observed: Vec<Vec<Vec<Observation>>> =
            people.iter().map(|p| p.sessions.iter().map(|s| model.observe(s)).collect()).collect();
        for block in 0..sizes.len() {
            let of_block = |session: &Vec<Observation>| session.iter().find(|o| o.block == block).cloned();
            let people: Vec<Vec<Observation>> = observed
                .iter()
                .map(|sessions| sessions.iter().filter_map(of_block).collect())
                .filter(|sessions: &Vec<_>| !sessions.is_empty())
                .collect();
            let sums = expect(&model, block, &people);
            maximise(&mut model, block, &sums, settings.prior_people);
        }
        progress(round + 1);
    }
    selection::worthwhile(model, people)
}

/// Dimensions that enough people show, with centre, scale and noise.
fn dimensions(modality: Modality, people: &[TrainingPerson], spreads: bool) -> Vec<Dimension> {
    let mut dimensions = Vec::new();
    for feature in catalogue::ALL.iter().filter(|f| f.modality == modality) {
        let share = feature.transform == Transform::None && feature.unit == Unit::Share;
        let within = within_variance(feature.id, people);
        for aspect in [Aspect::Mean, Aspect::Spread] {
            if aspect == Aspect::Spread && (share || !spreads) {
                continue;
            }
            let values: Vec<(f64, f64)> = people
                .iter()
                .flat_map(|p| p.sessions.iter())
                .filter_map(|s| Dimension::raw(feature.id, aspect, s))
                .map(|(value, n)| (value, f64::from(n).min(50.0)))
                .collect();
            let showing = people
                .iter()
                .filter(|p| p.sessions.iter().any(|s| Dimension::raw(feature.id, aspect, s).is_some()))
                .count();
            #[expect(clippy::cast_precision_loss, reason = "a number of people")]
            let enough = showing >= LEAST_PEOPLE && showing as f64 >= LEAST_SHARE * people.len() as f64;
            if !enough {
                continue;
            }
            let weight: f64 = values.iter().map(|(_, w)| w).sum();
            let centre = values.iter().map(|(v, w)| v * w).sum::<f64>() / weight;
            let variance = values.iter().map(|(v, w)| (v - centre).powi(2) * w).sum::<f64>() / weight;
            let scale = variance.sqrt();
            if scale.is_nan() || scale <= 1e-4 {
                continue;
            }
            let single = match aspect {
                Aspect::Mean => within.max(1e-4),
                Aspect::Spread => 0.5 * SPREAD_NOISE,
            };
            dimensions.push(Dimension {
                feature: feature.id,
                aspect,
                centre,
                scale,
                noise: single / (scale * scale),
            });
        }
    }
    dimensions
}

/// Variance of single values within a session, pooled over all sessions.
fn within_variance(feature: FeatureId, people: &[TrainingPerson]) -> f64 {
    let (mut squares, mut degrees) = (0.0, 0.0);
    for stat in people.iter().flat_map(|p| p.sessions.iter()).filter_map(|s| s.get(feature)) {
        squares += stat.variance() * f64::from(stat.count());
        degrees += f64::from(stat.count()) - 1.0;
    }
    if degrees > 0.0 { squares / degrees } else { 0.0 }
}

/// Sums that the maximisation needs.
struct Sums {
    people: f64,
    sessions: f64,
    subject_mean: DVector<f64>,
    subject: DMatrix<f64>,
    session: DMatrix<f64>,
}

impl Sums {
    fn new(size: usize) -> Self {
        Self {
            people: 0.0,
            sessions: 0.0,
            subject_mean: DVector::zeros(size),
            subject: DMatrix::zeros(size, size),
            session: DMatrix::zeros(size, size),
        }
    }

    fn add(&mut self, other: &Self) {
        self.people += other.people;
        self.sessions += other.sessions;
        self.subject_mean += &other.subject_mean;
        self.subject += &other.subject;
        self.session += &other.session;
    }
}

/// Posterior moments of every person's subject term and every session's session term, in one block.
fn expect(model: &Model, block: usize, people: &[Vec<Observation>]) -> Sums {
    let subject_precision = inverse(&model.subject[block]);
    let size = subject_precision.nrows();
    let parts = std::thread::available_parallelism().map_or(1, usize::from).min(people.len().max(1));
    // Each part adds up in a fixed order and the parts are joined in order, so that the result does not depend on timing.
    let part = people.len().div_ceil(parts).max(1);
    let mut sums = Sums::new(size);
    std::thread::scope(|scope| {
        let running: Vec<_> = people
            .chunks(part)
            .map(|chunk| {
                let precision = &subject_precision;
                scope.spawn(move || {
                    let mut sums = Sums::new(size);
                    for sessions in chunk {
                        expect_person(model, block, precision, sessions, &mut sums);
                    }
                    sums
                })
            })
            .collect();
        for part in running {
            if let Ok(part) = part.join() {
                sums.add(&part);
            }
        }
    });
    sums
}

fn expect_person(
    model: &Model,
    block: usize,
    subject_precision: &DMatrix<f64>,
    sessions: &[Observation],
    sums: &mut Sums,
) {
    let size = subject_precision.nrows();
    let mut precision = subject_precision.clone();
    let mut pull = DVector::zeros(size);
    let mut weights = Vec::with_capacity(sessions.len());
    for o in sessions {
        let weight = factor::inverse(&model.within(o), o.index.len());
        let pulled = &weight * &o.value;
        for (r, &i) in o.index.iter().enumerate() {
            pull[i] += pulled[r];
            for (c, &j) in o.index.iter().enumerate() {
                precision[(i, j)] += weight[(r, c)];
            }
        }
        weights.push(weight);
    }
    let covariance = inverse(&precision);
    let mean = &covariance * pull;
    sums.people += 1.0;
    sums.subject_mean += &mean;
    sums.subject += &mean * mean.transpose() + &covariance;

    let varies = &model.session[block];
    for (o, weight) in sessions.iter().zip(weights) {
        // Session term given the subject term x: mean G (y − x), covariance S − G S_o; x itself is uncertain.
        let across = DMatrix::from_fn(size, o.index.len(), |r, c| varies[(r, o.index[c])]);
        let gain = &across * &weight;
        let x = DVector::from_fn(o.index.len(), |r, _| mean[o.index[r]]);
        let z = &gain * (&o.value - x);
        let uncertain =
            DMatrix::from_fn(o.index.len(), o.index.len(), |r, c| covariance[(o.index[r], o.index[c])]);
        sums.session += &z * z.transpose() + varies - &gain * across.transpose();
        sums.session += (&gain * uncertain) * gain.transpose();
        sums.sessions += 1.0;
    }
}

fn maximise(model: &mut Model, block: usize, sums: &Sums, prior_people: f64) {
    if sums.people == 0.0 || sums.sessions == 0.0 {
        return;
    }
    let mean = &sums.subject_mean / sums.people;
    let subject = &sums.subject / sums.people - &mean * mean.transpose();
    let session = &sums.session / sums.sessions;
    model.subject[block] = drawn_to_diagonal(&subject, sums.people, prior_people);
    model.session[block] = drawn_to_diagonal(&session, sums.sessions, prior_people);
    for (i, d) in model.dimensions[model.blocks[block].clone()].iter_mut().enumerate() {
        d.centre += mean[i] * d.scale;
    }
}

/// Shrinks what is off the diagonal as if `prior` people had shown none of it; keeps the result definite.
fn drawn_to_diagonal(covariance: &DMatrix<f64>, seen: f64, prior: f64) -> DMatrix<f64> {
    let keep = seen / (seen + prior);
    let size = covariance.nrows();
    let mut drawn = DMatrix::from_fn(size, size, |r, c| {
        let both = (covariance[(r, c)] + covariance[(c, r)]) / 2.0;
        if r == c { both.max(1e-4) } else { both * keep }
    });
    let factor = cholesky(&drawn).l();
    drawn = &factor * factor.transpose();
    drawn
}
