//! How good scores are as log-likelihood ratios (Brümmer & du Preez 2006).

/// Mean cost in bits of taking scores for natural-log likelihood ratios. 0 is perfect, 1 is what saying nothing costs.
/// `None` without genuine or without impostor scores.
#[must_use]
pub fn cllr(genuine: &[f64], impostor: &[f64]) -> Option<f64> {
    if genuine.is_empty() || impostor.is_empty() {
        return None;
    }
    let cost = |scores: &[f64], sign: f64| {
        scores.iter().map(|s| softplus(sign * s)).sum::<f64>() / scores.len() as f64
    };
    Some((cost(genuine, -1.0) + cost(impostor, 1.0)) / (2.0 * std::f64::consts::LN_2))
}

/// `cllr` after the best non-decreasing calibration, found by pooling adjacent violators. `None` without genuine or without
/// impostor scores.
#[must_use]
pub fn min_cllr(genuine: &[f64], impostor: &[f64]) -> Option<f64> {
    if genuine.is_empty() || impostor.is_empty() {
        return None;
    }
    let (g, i) = (genuine.len() as f64, impostor.len() as f64);
    let cost = blocks(genuine, impostor).iter().fold(0.0, |sum, block| {
        let (share_genuine, share_impostor) = (block.genuine / g, block.impostor / i);
        let bits =
            |share: f64, other: f64| if share > 0.0 { share * (1.0 + other / share).log2() } else { 0.0 };
        sum + bits(share_genuine, share_impostor) + bits(share_impostor, share_genuine)
    });
    Some(cost / 2.0)
}

/// Scores that share one calibrated value.
#[derive(Debug, Clone, Copy)]
struct Block {
    genuine: f64,
    impostor: f64,
}

impl Block {
    fn posterior(&self) -> f64 {
        self.genuine / (self.genuine + self.impostor)
    }
}

fn blocks(genuine: &[f64], impostor: &[f64]) -> Vec<Block> {
    let mut scores: Vec<(f64, bool)> =
        genuine.iter().map(|s| (*s, true)).chain(impostor.iter().map(|s| (*s, false))).collect();
    scores.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut pooled: Vec<Block> = Vec::new();
    for tied in scores.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let genuine = tied.iter().filter(|s| s.1).count() as f64;
        pooled.push(Block { genuine, impostor: tied.len() as f64 - genuine });
        while let [.., before, last] = pooled.as_slice() {
            if before.posterior() < last.posterior() {
                break;
            }
            let joined =
                Block { genuine: before.genuine + last.genuine, impostor: before.impostor + last.impostor };
            pooled.truncate(pooled.len() - 2);
            pooled.push(joined);
        }
    }
    pooled
}

/// ln(1 + e^x) without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: Option<f64>, b: f64) -> bool {
        a.is_some_and(|a| (a - b).abs() < 1e-12)
    }

    #[test]
    fn saying_nothing_costs_one_bit() {
        assert!(close(cllr(&[0.0, 0.0], &[0.0]), 1.0));
        assert!(close(min_cllr(&[0.0, 0.0], &[0.0]), 1.0));
    }

    #[test]
    fn separated_scores_cost_nothing_once_calibrated() {
        assert!(close(min_cllr(&[1.0, 2.0], &[-1.0, 0.5]), 0.0));
        assert!(cllr(&[1.0, 2.0], &[-1.0, 0.5]).is_some_and(|c| c > 0.3));
        assert!(cllr(&[1e6], &[-1e6]).is_some_and(|c| c.abs() < 1e-12));
        assert!(cllr(&[-1e6], &[1e6]).is_some_and(f64::is_finite));
    }

    #[test]
    fn hand_computed_pooling() {
        // In order: impostor, genuine, impostor, genuine. The middle two pool to a ratio of 1, costing one bit each.
        assert!(close(min_cllr(&[1.0, 3.0], &[0.0, 2.0]), 0.5));
        // Reversed scores carry no monotone information.
        assert!(close(min_cllr(&[0.0, 1.0], &[2.0, 3.0]), 1.0));
        // ln 3 each way: log2(1 + 1/3) a trial.
        let ln3 = 3f64.ln();
        assert!(close(cllr(&[ln3], &[-ln3]), (4.0f64 / 3.0).log2()));
    }
}
