//! Threshold error rates.

/// Rates at every distinct threshold, from accepting everything to accepting nothing: (false match rate, false non-match
/// rate).
fn operating_points(genuine: &[f64], impostor: &[f64]) -> Option<Vec<(f64, f64)>> {
    if genuine.is_empty() || impostor.is_empty() {
        return None;
    }
    let mut scores: Vec<(f64, bool)> =
        genuine.iter().map(|s| (*s, true)).chain(impostor.iter().map(|s| (*s, false))).collect();
    scores.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (g, i) = (genuine.len() as f64, impostor.len() as f64);
    let (mut refused_genuine, mut refused_impostor) = (0.0, 0.0);
    let mut points = vec![(1.0, 0.0)];
    for (at, (score, is_genuine)) in scores.iter().enumerate() {
        if *is_genuine {
            refused_genuine += 1.0;
        } else {
            refused_impostor += 1.0;
        }
        let tied = scores.get(at + 1).is_some_and(|next| next.0.total_cmp(score).is_eq());
        if !tied {
            points.push((1.0 - refused_impostor / i, refused_genuine / g));
        }
    }
    Some(points)
}

/// Equal error rate: where the line between neighbouring operating points crosses FMR = FNMR. `None` without genuine or
/// without impostor scores.
#[must_use]
pub fn eer(genuine: &[f64], impostor: &[f64]) -> Option<f64> {
    let points = operating_points(genuine, impostor)?;
    points.windows(2).find_map(|pair| {
        let ((fmr_a, fnmr_a), (fmr_b, fnmr_b)) = (pair[0], pair[1]);
        let (above, below) = (fmr_a - fnmr_a, fmr_b - fnmr_b);
        (below <= 0.0).then(|| {
            let along = if above - below > 0.0 { above / (above - below) } else { 0.0 };
            fmr_a + along * (fmr_b - fmr_a)
        })
    })
}

/// Lowest false non-match rate among the thresholds whose false match rate is at most `fmr`. `None` without genuine or
/// without impostor scores.
#[must_use]
pub fn fnmr_at_fmr(genuine: &[f64], impostor: &[f64], fmr: f64) -> Option<f64> {
    let points = operating_points(genuine, impostor)?;
    points.iter().find(|(at, _)| *at <= fmr + 1e-12).map(|(_, fnmr)| *fnmr)
}

/// Operating points of a DET curve: [false match rate, lowest false non-match rate at it], from one impostor let in (but no
/// less than one in 100,000) to all of them, in equal steps of the rate's logarithm. Empty without genuine or without
/// impostor scores.
#[must_use]
pub fn det(genuine: &[f64], impostor: &[f64]) -> Vec<[f64; 2]> {
    const POINTS: u32 = 40;
    let Some(points) = operating_points(genuine, impostor) else { return Vec::new() };
    let least = (1.0 / impostor.len() as f64).clamp(1e-5, 1.0);
    (0..POINTS)
        .filter_map(|at| {
            let fmr = least.powf(1.0 - f64::from(at) / f64::from(POINTS - 1));
            let allowed = points.partition_point(|(above, _)| *above > fmr + 1e-12);
            Some([fmr, points.get(allowed)?.1])
        })
        .collect()
}

/// Area under the receiver operating characteristic; ties count half. `None` without genuine or without impostor scores.
#[must_use]
pub fn auc(genuine: &[f64], impostor: &[f64]) -> Option<f64> {
    let points = operating_points(genuine, impostor)?;
    Some(points.windows(2).map(|p| (p[0].0 - p[1].0) * (1.0 - (p[0].1 + p[1].1) / 2.0)).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: Option<f64>, b: f64) -> bool {
        a.is_some_and(|a| (a - b).abs() < 1e-12)
    }

    #[test]
    fn known_cases() {
        // One genuine of four below one impostor of four.
        let (genuine, impostor) = ([1.0, 3.0, 4.0, 5.0], [-1.0, 0.0, 0.5, 2.0]);
        assert!(close(eer(&genuine, &impostor), 0.25));
        assert!(close(auc(&genuine, &impostor), 15.0 / 16.0));
        assert!(close(fnmr_at_fmr(&genuine, &impostor, 0.01), 0.25));
        assert!(close(fnmr_at_fmr(&genuine, &impostor, 0.25), 0.0));
    }

    #[test]
    fn separated_reversed_and_tied_scores() {
        assert!(close(eer(&[1.0, 2.0], &[-1.0, 0.0]), 0.0));
        assert!(close(auc(&[1.0, 2.0], &[-1.0, 0.0]), 1.0));
        assert!(close(eer(&[-1.0, 0.0], &[1.0, 2.0]), 1.0));
        assert!(close(auc(&[-1.0, 0.0], &[1.0, 2.0]), 0.0));
        assert!(close(eer(&[1.0, 1.0], &[1.0]), 0.5));
        assert!(close(auc(&[1.0, 1.0], &[1.0]), 0.5));
        assert_eq!(eer(&[], &[1.0]), None);
        assert_eq!(auc(&[1.0], &[]), None);
    }

    #[test]
    fn a_det_curve_ends_where_everyone_is_let_in() {
        let (genuine, impostor) = ([1.0, 3.0, 4.0, 5.0], [-1.0, 0.0, 0.5, 2.0]);
        let points = det(&genuine, &impostor);
        assert_eq!(points.len(), 40);
        let close = |point: [f64; 2], fmr: f64, fnmr: f64| {
            (point[0] - fmr).abs() < 1e-12 && (point[1] - fnmr).abs() < 1e-12
        };
        assert!(close(points[0], 0.25, 0.0) && close(points[39], 1.0, 0.0), "{points:?}");
        let strict = det(&genuine, &[4.5, 0.0]);
        assert!(close(strict[0], 0.5, 0.0) && strict.iter().all(|p| p[0] >= 0.5), "{strict:?}");
        let overlapping: Vec<f64> = (0..100).map(f64::from).collect();
        let points = det(&[97.5, 200.0], &overlapping);
        assert!(close(points[0], 0.01, 0.5) && points.windows(2).all(|p| p[1][1] <= p[0][1]), "{points:?}");
        assert!(det(&[], &[1.0]).is_empty() && det(&[1.0], &[]).is_empty());
    }

    #[test]
    fn few_genuine_scores_do_not_hide_impostors() {
        // The only genuine score lies below one impostor of ten: one in ten is let in with it.
        let impostor: Vec<f64> = (0..10).map(f64::from).collect();
        assert!(close(eer(&[8.5], &impostor), 0.1));
    }
}
