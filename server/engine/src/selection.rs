//! Which dimensions of pointing are worth a place in the model.
//!
//! Many say nearly what others say, and what is learned of some dozen people errs with every number that it has: without the
//! least telling dimensions strangers are told apart better, by a cheaper score. Dimensions are dropped one at
//! a time (backward elimination), always the one that adds least beside those that are left.

use nalgebra::DMatrix;
use tacit_proto::{FeatureStats, Modality};

use crate::model::{Aspect, Dimension, Model, inverse, pick};
use crate::train::TrainingPerson;

/// Windows, of the size that noise is learned from, of the pool for which a dimension is judged.
const POOLED: f64 = 4.0;
/// Sessions that the profile has learned, each of so many times the values of the pool.
const SESSIONS: f64 = 3.0;
const SESSION_POOLS: f64 = 10.0;
/// Dimensions that add less beside all others are dropped, natural log.
const LEAST_GAIN: f64 = 0.15;

/// The model without dimensions of pointing that hardly add to it, as far as windows tell. Models of typing, which has many more
/// people to learn from, and of touch, of which no windows are known, are left as they are.
pub(crate) fn worthwhile(model: Model, people: &[TrainingPerson]) -> Model {
    let counts = counts(&model, people);
    if model.modality != Modality::Pointer || counts.iter().all(|count| *count == 0.0) {
        return model;
    }
    let kept: Vec<Vec<usize>> =
        (0..model.blocks.len()).map(|block| Block::of(&model, block, &counts).kept()).collect();
    let of = |covariances: &[DMatrix<f64>]| {
        covariances.iter().zip(&kept).map(|(covariance, kept)| pick(covariance, kept)).collect()
    };
    let dimensions = model.blocks.iter().zip(&kept).flat_map(|(run, kept)| {
        let dimensions = &model.dimensions[run.clone()];
        kept.iter().map(|&i| dimensions[i])
    });
    let (subject, session, noise) = (of(&model.subject), of(&model.session), of(&model.noise));
    Model::new(model.modality, dimensions.collect(), subject, session, noise, model.calibration)
}

/// Values that each dimension goes by in a window, on average over people: whoever gave more counts no more.
fn counts(model: &Model, people: &[TrainingPerson]) -> Vec<f64> {
    let mut counts = vec![0.0; model.dimensions.len()];
    let mut showing = 0.0;
    for person in people {
        let windows: Vec<&FeatureStats> = person.windows.iter().flatten().collect();
        if windows.is_empty() {
            continue;
        }
        showing += 1.0;
        for (count, d) in counts.iter_mut().zip(&model.dimensions) {
            let values = windows.iter().filter_map(|w| w.get(d.feature)).map(|stat| f64::from(stat.count()));
            #[expect(clippy::cast_precision_loss, reason = "a number of windows")]
            let windows = windows.len() as f64;
            *count += values.sum::<f64>() / windows;
        }
    }
    counts.iter().map(|count| count / f64::max(showing, 1.0)).collect()
}

/// One block, as a pool of windows shows it.
struct Block<'a> {
    dimensions: &'a [Dimension],
    subject: &'a DMatrix<f64>,
    session: &'a DMatrix<f64>,
    noise: DMatrix<f64>,
}

impl<'a> Block<'a> {
    fn of(model: &'a Model, block: usize, counts: &[f64]) -> Self {
        let run = model.blocks[block].clone();
        let dimensions = &model.dimensions[run.clone()];
        let pooled = dimensions.iter().zip(&counts[run]).map(|(d, count)| pooled(d.aspect, *count));
        let spread: Vec<f64> = dimensions.iter().zip(pooled).map(|(d, n)| (d.noise / n).sqrt()).collect();
        let noise =
            model.noise[block].map_with_location(|r, c, correlation| correlation * spread[r] * spread[c]);
        Self { dimensions, subject: &model.subject[block], session: &model.session[block], noise }
    }

    /// The dimensions that are worth their place.
    fn kept(&self) -> Vec<usize> {
        let mut kept: Vec<usize> = (0..self.dimensions.len()).collect();
        while let Some((at, gain)) = self.least_telling(&kept)
            && gain < LEAST_GAIN
            && kept.len() > 1
        {
            kept.remove(at);
        }
        kept
    }

    /// The kept dimension that tells least of whether a pool is of the subject or of anyone, given the others, and how much
    /// that is.
    fn least_telling(&self, kept: &[usize]) -> Option<(usize, f64)> {
        let (subject, session) = (pick(self.subject, kept), pick(self.session, kept));
        let noise = pick(&self.noise, kept);
        let learned = inverse(&(&session + &noise / SESSION_POOLS)) * SESSIONS;
        let known = inverse(&(inverse(&subject) + learned));
        let pool = session + noise;
        // On the diagonal of a precision is over how much a dimension varies, given all others, one.
        let (same, anyone) = (inverse(&(&pool + known)), inverse(&(pool + subject)));
        let gains = (0..kept.len()).filter(|at| !self.bears_spread(kept, *at));
        gains
            .map(|at| (at, 0.5 * (same[(at, at)] / anyone[(at, at)]).ln()))
            .min_by(|(_, a), (_, b)| a.total_cmp(b))
    }

    /// Whether a dimension is the mean of a feature whose spread is kept: none goes without its mean.
    fn bears_spread(&self, kept: &[usize], at: usize) -> bool {
        let of = |at: usize| &self.dimensions[kept[at]];
        of(at).aspect == Aspect::Mean
            && (0..kept.len()).any(|other| other != at && of(other).feature == of(at).feature)
    }
}

/// Values that a dimension goes by in the pool, where a window has `count` on average. A feature that is rare shows its spread
/// in longer pools.
fn pooled(aspect: Aspect, count: f64) -> f64 {
    match aspect {
        Aspect::Mean => count * POOLED,
        Aspect::Spread => count * POOLED - 1.0,
    }
    .max(f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use tacit_proto::{FeatureId, Stat};

    use super::*;
    use crate::Calibration;

    /// Dimensions of the same noise, of people who differ in them as `subject` says and are a tenth as far from themselves.
    fn model(modality: Modality, dimensions: &[(FeatureId, Aspect)], subject: &[f64]) -> Model {
        let of = |&(feature, aspect)| Dimension { feature, aspect, centre: 0.0, scale: 1.0, noise: 0.1 };
        let size = dimensions.len();
        let subject = DMatrix::from_row_slice(size, size, subject);
        let (session, noise) = (&subject * 0.1, DMatrix::identity(size, size));
        let dimensions = dimensions.iter().map(of).collect();
        Model::new(modality, dimensions, vec![subject], vec![session], vec![noise], Calibration::default())
    }

    fn window(shown: &[FeatureId], values: u32) -> FeatureStats {
        let mut window = FeatureStats::new();
        for feature in shown {
            window.add(*feature, &Stat::new(values, 0.0, 1.0).unwrap());
        }
        window
    }

    fn person(windows: Vec<FeatureStats>) -> TrainingPerson {
        TrainingPerson { sessions: windows.clone(), windows: vec![windows] }
    }

    fn first(modality: Modality) -> [FeatureId; 3] {
        let population = crate::Population::shipped();
        let dimensions = population.model(modality).unwrap().dimensions.iter();
        let mut means = dimensions.filter(|d| d.aspect == Aspect::Mean).map(|d| d.feature);
        [(); 3].map(|()| means.next().unwrap())
    }

    fn places(kept: &Model, of: &[(FeatureId, Aspect)]) -> Vec<usize> {
        let place = |d: &Dimension| of.iter().position(|of| *of == (d.feature, d.aspect)).unwrap();
        kept.dimensions.iter().map(place).collect()
    }

    /// The second says what the first does, but for a little noise; the third varies least.
    const TWINS: [f64; 9] = [1.0, 0.9999, 0.1, 0.9999, 1.0, 0.1, 0.1, 0.1, 0.8];

    #[test]
    fn what_says_the_same_again_or_nothing_is_dropped_of_pointing_alone() {
        for modality in [Modality::Pointer, Modality::Keyboard] {
            let features = first(modality);
            let means = features.map(|feature| (feature, Aspect::Mean));
            let kept = |shown: &[FeatureId]| {
                worthwhile(model(modality, &means, &TWINS), &[person(vec![window(shown, 10)])])
            };
            if modality == Modality::Keyboard {
                assert_eq!(places(&kept(&features), &means), [0, 1, 2]);
                continue;
            }
            let both = kept(&features);
            assert_eq!(places(&both, &means)[1..], [2]);
            let expected = DMatrix::from_row_slice(2, 2, &[1.0, 0.1, 0.1, 0.8]);
            assert_eq!(both.subject[0], expected);
            assert_eq!(both.session[0], expected * 0.1);
            assert_eq!(places(&kept(&features[2..]), &means), [2]);
            assert_eq!(places(&kept(&[]), &means), [0, 1, 2], "of no windows nothing is learned");
        }
    }

    #[test]
    fn no_spread_is_left_without_its_mean() {
        let [one, other, _] = first(Modality::Pointer);
        let dimensions = [(one, Aspect::Mean), (one, Aspect::Spread), (other, Aspect::Mean)];
        let subject = [1.0, 0.1, 0.9999, 0.1, 1.0, 0.1, 0.9999, 0.1, 1.0];
        let windows = person(vec![window(&[one, other], 10)]);
        let kept = worthwhile(model(Modality::Pointer, &dimensions, &subject), &[windows]);
        assert_eq!(places(&kept, &dimensions), [0, 1]);
    }

    #[test]
    fn values_are_counted_over_windows_and_people_alike() {
        let [feature, ..] = first(Modality::Pointer);
        let of = |windows: &[u32]| person(windows.iter().map(|values| window(&[feature], *values)).collect());
        let model = model(Modality::Pointer, &[(feature, Aspect::Mean)], &[1.0]);
        assert_eq!(counts(&model, &[of(&[3, 4, 5]), of(&[8]), of(&[])]), [6.0]);
        // Three values of a window show no spread, twelve of a pool do.
        assert_eq!((pooled(Aspect::Mean, 3.0), pooled(Aspect::Spread, 3.0)), (12.0, 11.0));
    }
}
