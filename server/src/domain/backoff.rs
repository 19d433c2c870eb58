//! How long to wait before the next attempt.

use time::Duration;

/// Before the second attempt, more or less.
const FIRST: Duration = Duration::seconds(5);
/// A receiver that says when to come back is believed so far.
pub const LONGEST_ASKED: Duration = Duration::HOUR;

/// The wait after so many failures in a row: doubled with each up to `most`, of which a half to all is taken, as `random`
/// says, so that those who failed together do not come back together.
#[must_use]
pub fn after(failures: u32, most: Duration, random: u16) -> Duration {
    let doubled = FIRST * 2_i32.pow(failures.saturating_sub(1).min(20));
    let whole = doubled.min(most);
    whole / 2 + whole / 2 * f64::from(random) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most_and_differ() {
        let most = Duration::minutes(5);
        for failures in 1..100 {
            let (least, all) = (after(failures, most, 0), after(failures, most, u16::MAX));
            let expected = (FIRST * 2_i32.pow((failures - 1).min(20))).min(most);
            assert_eq!((least, all), (expected / 2, expected));
        }
    }
}
