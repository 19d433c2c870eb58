//! Error rates of verification trials: how well scores tell the same person from another.

mod calibrate;
mod information;
mod rates;

use serde::{Deserialize, Serialize};

pub use calibrate::affine_calibration;
pub use information::{cllr, min_cllr};
pub use rates::{auc, det, eer, fnmr_at_fmr};

/// Scores of the trials against one enrolled person.
#[derive(Debug, Clone, Default)]
pub struct UserTrials {
    /// Scores of that person's own probes.
    pub genuine: Vec<f64>,
    /// Scores of other people's probes.
    pub impostor: Vec<f64>,
}

/// The figures of one protocol. Rates are shares, 0 to 1; `cllr` and `min_cllr` are bits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Equal error rate with one threshold for all.
    pub eer_global: f64,
    /// Mean over people of the equal error rate with each person's own threshold.
    pub eer_user: f64,
    /// Share of genuine probes refused where one impostor probe in a hundred is let in, one threshold for all.
    pub fnmr_at_fmr_1pct: f64,
    /// Probability that a genuine score is above an impostor score.
    pub auc: f64,
    /// Cost of the scores as log-likelihood ratios (Brümmer & du Preez 2006); 1 is what no information costs.
    pub cllr: f64,
    /// The same after the best monotone calibration.
    pub min_cllr: f64,
    /// Genuine trials counted.
    pub genuine: usize,
    /// Impostor trials counted.
    pub impostor: usize,
    /// Points of the DET curve with one threshold for all: [false match rate, false non-match rate].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub det: Vec<[f64; 2]>,
}

impl Figures {
    /// Figures of all trials. `None` if there is no genuine or no impostor trial. A person who lacks either is left out
    /// of the mean over people only.
    #[must_use]
    pub fn of(users: &[UserTrials]) -> Option<Self> {
        let genuine: Vec<f64> = users.iter().flat_map(|u| u.genuine.iter().copied()).collect();
        let impostor: Vec<f64> = users.iter().flat_map(|u| u.impostor.iter().copied()).collect();
        let own: Vec<f64> = users.iter().filter_map(|u| eer(&u.genuine, &u.impostor)).collect();
        Some(Self {
            eer_global: eer(&genuine, &impostor)?,
            eer_user: own.iter().sum::<f64>() / own.len().max(1) as f64,
            fnmr_at_fmr_1pct: fnmr_at_fmr(&genuine, &impostor, 0.01)?,
            auc: auc(&genuine, &impostor)?,
            cllr: cllr(&genuine, &impostor)?,
            min_cllr: min_cllr(&genuine, &impostor)?,
            genuine: genuine.len(),
            impostor: impostor.len(),
            det: det(&genuine, &impostor),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_of_ones_own_can_separate_what_a_global_one_cannot() {
        let users = [
            UserTrials { genuine: vec![1.0, 2.0], impostor: vec![-1.0, 0.0] },
            UserTrials { genuine: vec![-1.5, -1.6], impostor: vec![-3.0, -4.0] },
            UserTrials { genuine: vec![], impostor: vec![-9.0] },
        ];
        let figures = Figures::of(&users).unwrap();
        assert!(figures.eer_user.abs() < 1e-12);
        assert!(figures.eer_global > 0.2);
        assert_eq!((figures.genuine, figures.impostor), (4, 5));
        assert_eq!(Figures::of(&users[2..]), None);
    }
}
