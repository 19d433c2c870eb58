//! What people's keys are like, at the far end: how seldom people are so extreme.
//!
//! Learned from the 350 essay writers of the KLiCKe corpus (CC BY 4.0) who typed every word themselves, over windows of
//! [`WINDOW`](super::rhythm::WINDOW) strokes; measured on others by `tacit-lab attack`.

/// How seldom: natural-log units of surprise at each limit of a table. One window in ten, a hundred, and so on.
const SURPRISE: [f64; 5] = [2.3, 4.6, 6.9, 9.2, 11.5];

/// A measure that is the more surprising the lower it is.
#[derive(Debug)]
pub(super) struct Limit {
    /// Where one window in 10, 100, 1,000, 10,000 and 100,000 is as low or lower.
    at: [f64; 5],
    /// No more surprise than this: one habit alone makes no machine.
    most: f64,
}

/// Spread of gaps, logarithms.
pub(super) const GAP_SPREAD: Limit = Limit { at: [0.388, 0.274, 0.208, 0.160, 0.106], most: 14.0 };
/// Spread of holds, logarithms. Some people hold every key alike.
pub(super) const HOLD_SPREAD: Limit = Limit { at: [0.169, 0.114, 0.084, 0.057, 0.026], most: 8.0 };
/// Median hold, milliseconds. Some keyboards on screens tell of no holds.
pub(super) const HOLD_MEDIAN: Limit = Limit { at: [72.0, 55.0, 25.0, 15.0, 5.0], most: 6.0 };
/// How far the two longest gaps lie above the median, logarithms.
pub(super) const LONG_GAPS: Limit = Limit { at: [0.641, 0.362, 0.234, 0.165, 0.133], most: 7.0 };
/// Skewness of gaps.
pub(super) const SKEW: Limit = Limit { at: [0.683, -0.091, -0.538, -0.902, -1.231], most: 7.0 };
/// Gaps of less than 25 ms, counted downwards.
pub(super) const SHORT_GAPS: Limit = Limit { at: [-1.0, -2.5, -5.0, -8.5, -14.0], most: 11.5 };

impl Limit {
    /// How surprising a value is of a person, in natural-log units; 0 where one window in ten is so.
    pub(super) fn surprise(&self, value: f64) -> f64 {
        let Some(passed) = self.at.iter().rposition(|limit| value <= *limit) else { return 0.0 };
        let surprise = match self.at.get(passed + 1) {
            Some(next) => {
                let share = (self.at[passed] - value) / (self.at[passed] - next);
                SURPRISE[passed] + share * (SURPRISE[passed + 1] - SURPRISE[passed])
            }
            // Beyond the last limit it goes on as it went.
            None => {
                let step = self.at[passed - 1] - self.at[passed];
                SURPRISE[passed]
                    + (self.at[passed] - value) / step * (SURPRISE[passed] - SURPRISE[passed - 1])
            }
        };
        surprise.min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surprise_grows_towards_the_end_and_ends_at_its_most() {
        for limit in [&GAP_SPREAD, &HOLD_SPREAD, &HOLD_MEDIAN, &LONG_GAPS, &SKEW, &SHORT_GAPS] {
            assert!(limit.at.windows(2).all(|pair| pair[0] > pair[1]));
            let surprises: Vec<f64> =
                (0..2_000).map(|i| limit.surprise(limit.at[0] + 0.1 - f64::from(i) / 20.0)).collect();
            assert!(surprises.windows(2).all(|pair| pair[0] <= pair[1]));
            assert!(surprises[0] < 2.3 && surprises[1_999] >= limit.most, "{limit:?}");
        }
    }
}
