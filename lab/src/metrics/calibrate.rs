//! Affine calibration of scores by logistic regression, both kinds of trial weighing the same.

/// Newton steps.
const STEPS: usize = 50;
/// Keeps the slope finite where scores separate perfectly.
const RIDGE: f64 = 1e-3;

/// Slope and offset that make scores natural-log likelihood ratios. `None` without genuine or without impostor scores, or
/// where higher scores do not speak for the same person.
#[must_use]
pub fn affine_calibration(genuine: &[f64], impostor: &[f64]) -> Option<(f64, f64)> {
    if genuine.is_empty() || impostor.is_empty() {
        return None;
    }
    let (mut slope, mut offset) = (0.1, 0.0);
    for _ in 0..STEPS {
        // Gradient and Hessian of the mean cost; the ridge draws the slope towards 1.
        let (mut gs, mut go) = (RIDGE * (slope - 1.0), 0.0);
        let (mut hss, mut hso, mut hoo) = (RIDGE, 0.0, 1e-9);
        for (scores, label) in [(genuine, 1.0), (impostor, 0.0)] {
            let weight = 0.5 / scores.len() as f64;
            for s in scores {
                let p = 1.0 / (1.0 + (-(slope * s + offset)).exp());
                let (error, curve) = (weight * (p - label), weight * p * (1.0 - p));
                gs += error * s;
                go += error;
                hss += curve * s * s;
                hso += curve * s;
                hoo += curve;
            }
        }
        let determinant = hss * hoo - hso * hso;
        if determinant.is_nan() || determinant.abs() <= 1e-300 {
            break;
        }
        let (ds, d_o) = ((hoo * gs - hso * go) / determinant, (hss * go - hso * gs) / determinant);
        slope -= ds.clamp(-1.0, 1.0);
        offset -= d_o.clamp(-5.0, 5.0);
        if ds.abs() < 1e-9 && d_o.abs() < 1e-9 {
            break;
        }
    }
    (slope > 0.0 && slope.is_finite() && offset.is_finite()).then_some((slope, offset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{cllr, min_cllr};

    #[test]
    fn scores_off_by_scale_and_offset_are_mended() {
        // Ratios of two Gaussians with equal variance, scaled by 3 and moved by 7.
        let spread = |centre: f64| (-30..=30).map(move |i| centre + 1.2 * f64::from(i) / 10.0);
        let bent = |s: f64| 3.0 * s + 7.0;
        let genuine: Vec<f64> = spread(1.0).map(bent).collect();
        let impostor: Vec<f64> = spread(-1.0).map(bent).collect();
        let (slope, offset) = affine_calibration(&genuine, &impostor).unwrap();
        let mend = |scores: &[f64]| scores.iter().map(|s| slope * s + offset).collect::<Vec<_>>();
        let after = cllr(&mend(&genuine), &mend(&impostor)).unwrap();
        assert!(after < cllr(&genuine, &impostor).unwrap() / 2.0);
        let bent_again = |by: f64| {
            let scaled = |scores: &[f64]| mend(scores).iter().map(|s| by * s).collect::<Vec<_>>();
            cllr(&scaled(&genuine), &scaled(&impostor)).unwrap()
        };
        assert!(after < bent_again(0.9) && after < bent_again(1.1), "no other slope costs less");
        assert!(after >= min_cllr(&genuine, &impostor).unwrap());
        assert!((7.0 * slope + offset).abs() < 0.02, "the middle means nothing either way");
    }

    #[test]
    fn scores_that_mean_the_opposite_are_refused() {
        assert_eq!(affine_calibration(&[-1.0, -2.0, 0.2], &[1.0, 2.0, 0.0]), None);
        assert_eq!(affine_calibration(&[], &[1.0]), None);
        assert!(affine_calibration(&[1.0, 2.0], &[-1.0, -2.0]).is_some_and(|(s, _)| s.is_finite()));
    }
}
