//! Holds that end at one share of the time until the next key, or at one length, whichever comes first: a program that jitters
//! its gaps has to let go of a key in time for the next. A hand does not know how long the next gap will be.

/// A gap, and how long the key before it was held, in milliseconds.
pub(super) type Pair = (f64, f64);

/// So many of 20 holds are never so of people: at most 15 of any 20 keys of 1,145 people are.
const FITTING: usize = 17;
/// Of these, holds that the gap cut short, by more than the ticks of a clock.
const CUT: usize = 3;
const CUT_MS: f64 = 4.0;
/// How far a hold may be off: two ticks of a clock of milliseconds, and what lies between two shares that are tried.
const OFF_MS: f64 = 2.1;
const OFF: f64 = 0.005;
/// Shares that are tried, in hundredths.
const SHARES: std::ops::RangeInclusive<u32> = 10..=98;

/// Whether the holds follow the gaps so. No key of a pair was down when the next was pressed.
pub(super) fn are_equal(pairs: &[Pair]) -> bool {
    let longest_ms = pairs.iter().map(|(_, held)| *held).fold(0.0, f64::max);
    SHARES.map(|hundredths| f64::from(hundredths) / 100.0).any(|share| {
        let (mut cut, mut whole) = (0, 0);
        for (gap, held) in pairs {
            let due = share * gap;
            if due < longest_ms - CUT_MS {
                cut += usize::from((held - due).abs() <= OFF_MS + OFF * gap);
            } else {
                whole += usize::from((held - due.min(longest_ms)).abs() <= OFF_MS);
            }
        }
        cut >= CUT && cut + whole >= FITTING
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twenty gaps of 5 to 165 ms that hang together with nothing.
    fn gaps() -> impl Iterator<Item = f64> {
        (0..20u32).map(|n| f64::from(5 + n * 7_919 % 161))
    }

    #[test]
    fn holds_that_a_share_of_the_gap_ends_are_told_from_holds_that_nothing_ends() {
        for (flat, share) in [(100.0, 0.8), (80.0, 0.5), (50.0, 0.9), (1_000.0, 0.35)] {
            let cut: Vec<Pair> = gaps().map(|gap| (gap, f64::min(flat, (share * gap).floor()))).collect();
            assert!(are_equal(&cut), "{flat} {share}");
        }
        // Held alike, whatever the gap; and of all lengths, before gaps that are longer.
        let alike: Vec<Pair> = gaps().map(|gap| (gap + 90.0, 85.0)).collect();
        assert!(!are_equal(&alike));
        let free: Vec<Pair> =
            gaps().zip((0..).map(|n| f64::from(60 + n * 104_729 % 61))).map(|(g, h)| (g + h, h)).collect();
        assert!(!are_equal(&free));
    }
}
