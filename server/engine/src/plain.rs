//! Scores and posteriors as the textbook has them, to hold the fast ones against.

use nalgebra::{DMatrix, DVector};
use tacit_proto::{Family, FeatureId, FeatureStats, Modality, Stat, catalogue};

use crate::model::{Model, Observation, table};
use crate::score::{Compared, Weights};
use crate::{Population, Profile, Reference, Shown, score_against};

const TAIL: f64 = 15.0;

fn within(model: &Model, o: &Observation) -> DMatrix<f64> {
    DMatrix::from_fn(o.index.len(), o.index.len(), |r, c| {
        let at = (o.index[r], o.index[c]);
        model.session[o.block][at] + (o.noise[r] * o.noise[c]).sqrt() * model.noise[o.block][at]
    })
}

fn pick(matrix: &DMatrix<f64>, index: &[usize]) -> DMatrix<f64> {
    DMatrix::from_fn(index.len(), index.len(), |r, c| matrix[(index[r], index[c])])
}

/// Mean and covariance of the subject's term in one block.
fn posterior(model: &Model, block: usize, sessions: &[FeatureStats]) -> (DVector<f64>, DMatrix<f64>) {
    let mut precision = model.subject[block].clone().try_inverse().unwrap();
    let mut pull = DVector::zeros(precision.nrows());
    for o in sessions.iter().flat_map(|s| model.observe(s)).filter(|o| o.block == block) {
        let weight = within(model, &o).try_inverse().unwrap();
        let pulled = &weight * &o.value;
        for (r, i) in o.index.iter().enumerate() {
            pull[*i] += pulled[r];
            for (c, j) in o.index.iter().enumerate() {
                precision[(*i, *j)] += weight[(r, c)];
            }
        }
    }
    let covariance = precision.try_inverse().unwrap();
    (&covariance * pull, covariance)
}

fn squares_and_logarithm(covariance: DMatrix<f64>, value: &DVector<f64>) -> (f64, f64) {
    let factor = covariance.cholesky().unwrap();
    let squares = value.dot(&factor.solve(value));
    (squares, factor.l().diagonal().iter().map(|d| d.ln()).sum())
}

/// The ratio; the posterior rounded as profiles keep it, or not.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "as profiles keep it")]
fn llr(model: &Model, sessions: &[FeatureStats], stats: &FeatureStats, rounded: bool) -> f64 {
    let (mut same, mut anyone, mut count) = ((0.0, 0.0), (0.0, 0.0), 0);
    for o in model.observe(stats) {
        let (mut mean, mut covariance) = posterior(model, o.block, sessions);
        if rounded {
            mean.iter_mut().for_each(|v| *v = f64::from(*v as f32));
            covariance.iter_mut().for_each(|v| *v = f64::from(*v as f32));
            covariance.fill_upper_triangle_with_lower_triangle();
        }
        let within = within(model, &o);
        let differs = &o.value - DVector::from_fn(o.index.len(), |r, _| mean[o.index[r]]);
        let (squares, logarithm) = squares_and_logarithm(&within + pick(&covariance, &o.index), &differs);
        same = (same.0 + squares, same.1 + logarithm);
        let subject = pick(&model.subject[o.block], &o.index);
        let (squares, logarithm) = squares_and_logarithm(within + subject, &o.value);
        anyone = (anyone.0 + squares, anyone.1 + logarithm);
        count += o.index.len();
    }
    let degrees = TAIL + count as f64;
    let density = |(squares, logarithm): (f64, f64)| -0.5 * degrees * (squares / TAIL).ln_1p() - logarithm;
    model.calibration.slope * (density(same) - density(anyone)) + model.calibration.offset
}

/// Stats that show more and more of the dimensions, none of them typical.
fn drawn(population: &Population, modality: Modality, seed: u32, values: u32) -> FeatureStats {
    let mut random = seed;
    let mut next = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(random >> 8) / f64::from(1_u32 << 24)
    };
    let mut stats = FeatureStats::new();
    for d in &population.model(modality).unwrap().dimensions {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few values")]
        let count = (next() * f64::from(values)) as u32;
        let mean = d.centre + (next() - 0.5) * d.scale;
        if let Some(stat) = Stat::new(count, mean, 0.01 + 0.1 * next())
            && stats.get(FeatureId(d.feature.0)).is_none()
        {
            stats.add(d.feature, &stat);
        }
    }
    stats
}

fn compare<'a>(
    population: &'a Population,
    reference: &Reference,
    modality: Modality,
    stats: &FeatureStats,
) -> Option<Compared<'a>> {
    Compared::of_all(population, reference, modality, &[table(stats)]).remove(0)
}

#[test]
fn fast_scores_are_plain_scores() {
    let population = Population::shipped();
    for modality in Modality::ALL {
        let model = population.model(modality).unwrap();
        let sessions: Vec<_> = (0..4).map(|seed| drawn(&population, modality, seed, 60)).collect();
        let mut profile = Profile::default();
        sessions.iter().for_each(|s| profile.learn(modality, 1000, s));
        // A profile keeps its sessions in small steps.
        let sessions: Vec<_> = sessions.iter().map(|s| crate::packed::KeptStats::from(s).unpack()).collect();
        let reference = profile.reference(&population);
        for values in [2, 4, 12, 200, 2_000, 60_000] {
            let stats = drawn(&population, modality, 100 + values, values);
            let plain = llr(model, &sessions, &stats, true);
            let compared = compare(&population, &reference, modality, &stats).unwrap();
            let shown = Shown::of_all(&population, modality, [&stats]).remove(0).unwrap();
            let shown = Shown::score_all(&[shown], &reference).unwrap().remove(0);
            let alone = score_against(&population, &reference, modality, &stats).unwrap();
            for fast in [compared.llr(), compared.score().llr, shown.llr, alone.llr] {
                let off = (fast - plain).abs();
                // Scores are worked out in single precision.
                assert!(off < 1e-4 * plain.abs().max(1.0), "{modality:?}, {values}: {fast} for {plain}");
            }
            let evidence = alone.weighed(Weights::PROFILE);
            let told: f64 = evidence.families.iter().map(|c| c.llr).sum();
            for ratio in [compared.evidence(Weights::PROFILE), told] {
                assert!((ratio - evidence.llr).abs() < 1e-6 * ratio.abs().max(1.0), "{modality:?}, {values}");
            }
            // Where holds are all that is shown, they stand for the whole.
            let mut holds = FeatureStats::new();
            let of_holds = |id| catalogue::feature(id).is_some_and(|f| f.family == Family::Hold);
            stats.iter().filter(|s| of_holds(s.feature)).for_each(|s| holds.add(s.feature, &s.stat));
            if let Some(compared) = compare(&population, &reference, modality, &holds) {
                let (weighed, as_such) = (compared.score().weighed(Weights::PROFILE).llr, compared.llr());
                assert!(weighed.abs() > 1.2 * as_such.abs(), "{weighed} for {as_such}");
                assert!(
                    (compared.evidence(Weights::PROFILE) - weighed).abs() < 1e-6 * weighed.abs().max(1.0)
                );
            }
            let exact = llr(model, &sessions, &stats, false);
            assert!((plain - exact).abs() < 1e-3, "{modality:?}: rounded {plain}, exact {exact}");
        }
    }
}

#[test]
fn fast_inverses_are_plain_inverses() {
    for size in [1, 2, 3, 4, 5, 8, 9, 17, 50, 120] {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let part = DMatrix::from_fn(size, size, |r, c| ((r * 7 + c * 13) % 11) as f64 / 11.0 - 0.4);
        let matrix = &part * part.transpose() + DMatrix::identity(size, size) * 0.3;
        let off = crate::model::inverse(&matrix) * matrix - DMatrix::identity(size, size);
        assert!(off.amax() < 1e-9, "{size}: {}", off.amax());
    }
}

#[test]
fn pools_that_are_scored_together_are_scored_as_each_alone() {
    let population = Population::shipped();
    for modality in Modality::ALL {
        let mut profile = Profile::default();
        (0..3).for_each(|seed| profile.learn(modality, 1000, &drawn(&population, modality, seed, 60)));
        let reference = profile.reference(&population);
        // More than any vector has lanes, some of next to nothing, one of nothing.
        let mut pools: Vec<_> =
            (0..37).map(|at| drawn(&population, modality, 200 + at, 2 + at * at)).collect();
        pools.insert(5, FeatureStats::new());
        let tables: Vec<_> = pools.iter().map(table).collect();
        let together = Compared::of_all(&population, &reference, modality, &tables);
        assert_eq!(together.len(), pools.len());
        for (pool, together) in pools.iter().zip(together) {
            let alone = compare(&population, &reference, modality, pool);
            assert_eq!(together.map(|c| c.llr()), alone.map(|c| c.llr()), "{modality:?}");
        }
    }
}
