//! Which keys are struck: letters as often as English has them, by no text, with corrections, capitals, digits and arrows.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tacit_proto::catalogue as c;

use super::draw::Manner;

const SPACE: u16 = 57;
const ERASE: u16 = 14;
const ENTER: u16 = 28;
const SHIFT: u16 = 42;
/// evdev codes of the letter block, each with its weight in tenths of a percent: A is 82 of 1000 letters.
const LETTERS: [(u16, u32); 28] = [
    (16, 1),
    (17, 24),
    (18, 127),
    (19, 60),
    (20, 91),
    (21, 20),
    (22, 28),
    (23, 70),
    (24, 75),
    (25, 19),
    (30, 82),
    (31, 63),
    (32, 43),
    (33, 22),
    (34, 20),
    (35, 61),
    (36, 2),
    (37, 8),
    (38, 40),
    (44, 1),
    (45, 2),
    (46, 28),
    (47, 10),
    (48, 15),
    (49, 67),
    (50, 24),
    (51, 10),
    (52, 12),
];
/// Of runs: erasing goes on, moving the cursor goes on, a number goes on.
const ERASES_ON: f64 = 0.5;
const MOVES_ON: f64 = 0.7;
const COUNTS_ON: f64 = 0.6;

/// The next key.
pub(super) fn next_key(manner: &Manner, rng: &mut ChaCha8Rng, last: Option<u16>) -> u16 {
    match last {
        Some(ERASE) if rng.random_bool(ERASES_ON) => return ERASE,
        Some(arrow @ 103..=108) if rng.random_bool(MOVES_ON) => return arrow,
        Some(2..=11) if rng.random_bool(COUNTS_ON) => return rng.random_range(2..=11),
        Some(SHIFT) => return letter(rng),
        _ => {}
    }
    let erases = begins(manner.mean(c::CORRECTION_SHARE, 0.05).clamp(0.0, 0.4), ERASES_ON);
    let moves = begins(manner.mean(c::NAVIGATION_SHARE, 0.01).clamp(0.0, 0.3), MOVES_ON);
    if last.is_some_and(|l| l != ERASE) && rng.random_bool(erases) {
        return ERASE;
    }
    if rng.random_bool(moves) {
        return [103, 105, 106, 108][rng.random_range(0..4)];
    }
    match rng.random_range(0..1000) {
        0..8 => rng.random_range(2..=11),
        8..25 => SHIFT,
        25..35 => ENTER,
        35..215 if last != Some(SPACE) => SPACE,
        _ => letter(rng),
    }
}

/// How often a run must begin to make up this share of all keys, if it goes on so often.
fn begins(share: f64, goes_on: f64) -> f64 {
    (1.0 - goes_on) * share / (1.0 - share)
}

fn letter(rng: &mut ChaCha8Rng) -> u16 {
    let mut left = rng.random_range(0..LETTERS.iter().map(|(_, weight)| weight).sum());
    for (code, weight) in LETTERS {
        if left < weight {
            return code;
        }
        left -= weight;
    }
    SPACE
}
