//! Held keys as agents see them: one press, however often it repeats.

use tacit_measure::{Input, TimedInput};

/// From a press to its first repeat, and from one repeat to the next, at most.
const NEXT_REPEAT_US: u64 = 700_000;

/// From a release to a press of the same key at most, in whole clock ticks of a millisecond: no finger is as fast.
const AT_ONCE_US: u64 = 1_000;

/// Joins the presses of a key that is held down, which some recordings hold as many, each released at the very time of its
/// press or of the next one, into one press that lasts from the first to the last. An agent is told of a repeat as of a key that
/// is down already, and does not count it.
#[must_use]
pub(super) fn held_once(events: &[TimedInput]) -> Vec<TimedInput> {
    let mut kept: Vec<TimedInput> = Vec::with_capacity(events.len());
    // Where the latest such press was released.
    let mut held: Option<usize> = None;
    let mut at = 0;
    while let Some(event) = events.get(at) {
        if events.get(at + 1).is_some_and(|next| is_pressed_again(event, next)) {
            at += 2;
            continue;
        }
        let released = events.get(at + 1).filter(|next| is_release_of(event, next));
        match (released, held) {
            (Some(release), Some(before)) if repeats(&kept[before], release) => {
                kept.remove(before);
                kept.push(*release);
                held = Some(kept.len() - 1);
            }
            (Some(release), _) => {
                kept.extend([*event, *release]);
                held = Some(kept.len() - 1);
            }
            (None, _) => {
                if matches!(event.input, Input::KeyDown { .. } | Input::Break) {
                    held = None;
                }
                kept.push(*event);
            }
        }
        at += if released.is_some() { 2 } else { 1 };
    }
    kept
}

/// Whether a press is released at its very time.
fn is_release_of(press: &TimedInput, release: &TimedInput) -> bool {
    match (press.input, release.input) {
        (Input::KeyDown { slot, .. }, Input::KeyUp { slot: up }) => {
            slot == up && press.at_us == release.at_us
        }
        _ => false,
    }
}

/// Whether a key is pressed again at the very time of its release.
fn is_pressed_again(release: &TimedInput, press: &TimedInput) -> bool {
    match (release.input, press.input) {
        (Input::KeyUp { slot: up }, Input::KeyDown { slot, .. }) => {
            slot == up && press.at_us.saturating_sub(release.at_us) <= AT_ONCE_US
        }
        _ => false,
    }
}

/// Whether a release is of the same key as an earlier one, and soon after it.
fn repeats(before: &TimedInput, release: &TimedInput) -> bool {
    before.input == release.input && release.at_us.saturating_sub(before.at_us) <= NEXT_REPEAT_US
}

#[cfg(test)]
mod tests {
    use tacit_measure::{Column, Origin, Slot, Zone};

    use super::*;

    fn key(at_ms: u64, slot: u8, down: bool) -> TimedInput {
        let slot = Slot(slot);
        let input = if down {
            Input::KeyDown { slot, zone: Zone::Erase, column: Column(0) }
        } else {
            Input::KeyUp { slot }
        };
        TimedInput { at_us: at_ms * 1000, origin: Origin::Device, input }
    }

    #[test]
    fn a_key_released_as_it_is_pressed_again_is_held() {
        let recorded = [
            key(0, 1, true),
            key(500, 1, false),
            key(500, 1, true),
            key(533, 1, false),
            key(534, 1, true),
            key(570, 1, false),
            key(600, 1, true),
            key(650, 1, false),
            key(650, 2, true),
            key(700, 2, false),
        ];
        let held: Vec<_> = [0, 5, 6, 7, 8, 9].map(|at| recorded[at]).to_vec();
        assert_eq!(held_once(&recorded), held);
    }

    #[test]
    fn a_key_that_repeats_is_one_press_and_others_stay_as_they_were() {
        let tap = |at, slot| [key(at, slot, true), key(at, slot, false)];
        let recorded = [
            vec![key(0, 1, true), key(90, 1, false)],
            [1_000, 1_500, 1_533, 1_566].into_iter().flat_map(|at| tap(at, 2)).collect(),
            vec![key(1_700, 1, true), key(1_790, 1, false)],
            tap(1_800, 2).to_vec(),
            tap(9_000, 2).to_vec(),
        ]
        .concat();
        let held = [
            vec![key(0, 1, true), key(90, 1, false), key(1_000, 2, true), key(1_566, 2, false)],
            vec![key(1_700, 1, true), key(1_790, 1, false)],
            tap(1_800, 2).to_vec(),
            tap(9_000, 2).to_vec(),
        ]
        .concat();
        assert_eq!(held_once(&recorded), held);
    }
}
