//! How much assistive software may insert: so much at once, and so much more as time goes on.
//!
//! A form takes a name, a password and a code; an expander types every few seconds; who dictates has a sentence inserted every
//! few seconds. A program that types a little and rests a little, again and again, is none of these.
//!
//! Of a device only keys count: a scanner of bar codes, and a keyboard on which words are chords, bring short runs all day.

/// Runs at once, and how many more a second.
const RUNS: f64 = 6.0;
const RUNS_A_SECOND: f64 = 0.4;
/// Keys at once, and how many more a second: of a program, of a device.
const KEYS: f64 = 200.0;
const KEYS_A_SECOND: f64 = 10.0;
const KEYS_A_SECOND_DEVICE: f64 = 15.0;

/// What has been inserted of late.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Allowance {
    runs: f64,
    keys: f64,
    last_us: u64,
}

impl Allowance {
    /// Takes what a program inserted. Returns whether it is more than assistive software inserts.
    pub(super) fn exceeded(&mut self, at_us: u64, runs: u32, keys: u32) -> bool {
        self.take(at_us, runs, keys, KEYS_A_SECOND)
    }

    /// Takes keys of a device that came at once. Returns whether they are more than scanners and chords bring.
    pub(super) fn exceeded_by_device(&mut self, at_us: u64, keys: u32) -> bool {
        self.take(at_us, 0, keys, KEYS_A_SECOND_DEVICE)
    }

    fn take(&mut self, at_us: u64, runs: u32, keys: u32, keys_a_second: f64) -> bool {
        let seconds = at_us.saturating_sub(std::mem::replace(&mut self.last_us, at_us)) as f64 / 1e6;
        // What is beyond the bound is told of, and is not owed.
        let after = |had: f64, back: f64, more: u32, most: f64| {
            ((had - back * seconds).max(0.0) + f64::from(more)).min(most + 1.0)
        };
        self.runs = after(self.runs, RUNS_A_SECOND, runs, RUNS);
        self.keys = after(self.keys, keys_a_second, keys, KEYS);
        self.runs > RUNS || self.keys > KEYS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys until the bound is passed by runs of so many keys, so many milliseconds apart, within ten minutes.
    fn passed(keys: u32, every_ms: u64) -> Option<u32> {
        let mut allowance = Allowance::default();
        (0..600_000 / every_ms).zip(1..).find_map(|(run, number)| {
            allowance.exceeded(run * every_ms * 1_000, 1, keys).then_some(number * keys)
        })
    }

    #[test]
    fn expanders_and_dictation_pass_for_ever_and_runs_on_end_do_not() {
        assert_eq!(passed(12, 3_000), None, "an expander");
        assert_eq!(passed(63, 6_500), None, "a sentence after the other");
        assert_eq!(passed(1, 2_500), None, "letter by letter");
        assert!(passed(12, 600).is_some_and(|keys| keys <= 100));
        assert!(passed(60, 1_500).is_some_and(|keys| keys <= 300));
        let mut form = Allowance::default();
        assert!(![(0, 40), (1_500, 64), (9_000, 8)].iter().any(|(ms, keys)| form.exceeded(
            ms * 1_000,
            1,
            *keys
        )));
    }

    #[test]
    fn scanners_and_chords_pass_for_ever_and_a_device_that_types_on_does_not() {
        let passed = |keys: u32, every_ms: u64| {
            let mut allowance = Allowance::default();
            (0..600_000 / every_ms).zip(1..).find_map(|(run, number)| {
                allowance.exceeded_by_device(run * every_ms * 1_000, keys).then_some(number * keys)
            })
        };
        assert_eq!(passed(13, 1_000), None, "a code a second");
        assert_eq!(passed(5, 340), None, "three chords a second");
        assert!(passed(15, 192).is_some_and(|keys| keys <= 260));
        assert!(passed(4, 10).is_some_and(|keys| keys <= 220));
    }

    #[test]
    fn what_was_too_much_is_forgiven_after_a_rest() {
        let mut allowance = Allowance::default();
        assert!((0..400).any(|at| allowance.exceeded(at, 0, 1)));
        assert!(allowance.exceeded(1_000_000, 0, 100) && !allowance.exceeded(30_000_000, 1, 100));
    }
}
