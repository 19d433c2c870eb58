//! Typing: keys wander over the zones of the keyboard, holds and gaps follow the person's manner.

use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use tacit_measure::{hold_feature, place, relation};
use tacit_proto::catalogue::CORRECTION_SHARE;

use super::draw::Manner;
use super::{Action, RawEvent};

const LEFT: [u16; 15] = [16, 17, 18, 19, 20, 30, 31, 32, 33, 34, 44, 45, 46, 47, 48];
const RIGHT: [u16; 15] = [21, 22, 23, 24, 25, 35, 36, 37, 38, 39, 49, 50, 51, 52, 53];
const SPACE: u16 = 57;
const ERASE: u16 = 14;
const ENTER: u16 = 28;

pub(super) fn type_keys(manner: &Manner, rng: &mut ChaCha8Rng, start_us: u64, keys: usize) -> Vec<RawEvent> {
    let mut events = Vec::with_capacity(2 * keys);
    let mut at_us = start_us;
    let mut last: Option<u16> = None;
    // When each key that was struck comes up: a key cannot go down while it is down.
    let mut up_us = [0; 256];
    let erases = manner.usual(CORRECTION_SHARE, 0.05).clamp(0.0, 0.3);
    for _ in 0..keys {
        let code = next_key(rng, erases, last, at_us, &up_us);
        let place_of = place(code);
        if let Some(last) = last {
            at_us += gap(manner, rng, last, code);
        }
        let at = at_us.max(up_us[usize::from(code)] + 5_000);
        let held = microseconds(manner.value(hold_feature(place_of.0), 95.0, rng)).clamp(12_000, 700_000);
        events.push(RawEvent { at_us: at, action: Action::Down(code) });
        events.push(RawEvent { at_us: at + held, action: Action::Up(code) });
        up_us[usize::from(code)] = at + held;
        at_us = at;
        last = Some(code);
    }
    events
}

fn gap(manner: &Manner, rng: &mut ChaCha8Rng, last: u16, code: u16) -> u64 {
    if rng.random_bool(0.01) {
        // A pause to think.
        return rng.random_range(1_600_000..6_000_000);
    }
    let feature = relation(place(last), place(code)).down_down();
    microseconds(manner.value(feature, 170.0, rng)).clamp(20_000, 1_490_000)
}

fn next_key(rng: &mut ChaCha8Rng, erases: f64, last: Option<u16>, now_us: u64, up_us: &[u64; 256]) -> u16 {
    for _ in 0..8 {
        let code = match rng.random_range(0..100) {
            _ if rng.random_bool(erases) => ERASE,
            0..18 if last != Some(SPACE) => SPACE,
            18 => ENTER,
            19..62 => LEFT.choose(rng).copied().unwrap_or(LEFT[0]),
            _ => RIGHT.choose(rng).copied().unwrap_or(RIGHT[0]),
        };
        if up_us[usize::from(code)] <= now_us {
            return code;
        }
    }
    SPACE
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clipped by the catalogue")]
pub(super) fn microseconds(ms: f64) -> u64 {
    (ms.max(0.0) * 1000.0) as u64
}
