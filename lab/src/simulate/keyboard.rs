//! Typing: when keys go down and come up, by the person's manner.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tacit_measure::{hold_feature, place, relation};
use tacit_proto::catalogue as c;

use super::draw::Manner;
use super::keys::next_key;
use super::{Action, RawEvent};

/// Between a key's release and its next press, at the least.
const LIFT_US: u64 = 8_000;
/// What bends by 1 is this long, in milliseconds: the scale of the transform of release to press.
const BEND_MS: f64 = 50.0;

struct Stroke {
    code: u16,
    at_us: u64,
    held_us: u64,
}

/// What is typed in a sitting, in order of time.
pub(super) fn type_keys(manner: &Manner, rng: &mut ChaCha8Rng, start_us: u64, keys: usize) -> Vec<RawEvent> {
    let mut strokes: Vec<Stroke> = Vec::with_capacity(keys);
    let mut at_us = start_us;
    let mut burst = burst_length(manner, rng);
    for _ in 0..keys {
        let last = strokes.last().map(|s| s.code);
        let code = next_key(manner, rng, last);
        let mut held_us = hold(manner, rng, code);
        if let Some(last) = strokes.last_mut() {
            let gap_us = if burst == 0 {
                burst = burst_length(manner, rng);
                microseconds(manner.value(c::PAUSE, 3_500.0, rng)).clamp(1_510_000, 29_000_000)
            } else {
                let gap_us = gap(manner, rng, last.code, code);
                last.held_us = held_before(manner, rng, last, code, gap_us);
                gap_us
            };
            at_us += gap_us;
        }
        burst = burst.saturating_sub(1);
        // The key itself may still be down from before.
        if let Some(before) = strokes.iter_mut().rev().take(40).find(|s| s.code == code) {
            before.held_us = before.held_us.min(at_us - before.at_us - LIFT_US);
        }
        held_us = held_us.clamp(12_000, 900_000);
        strokes.push(Stroke { code, at_us, held_us });
    }
    let mut events: Vec<RawEvent> = strokes
        .iter()
        .flat_map(|s| {
            [
                RawEvent { at_us: s.at_us, action: Action::Down(s.code) },
                RawEvent { at_us: s.at_us + s.held_us, action: Action::Up(s.code) },
            ]
        })
        .collect();
    events.sort_by_key(|e| e.at_us);
    events
}

fn hold(manner: &Manner, rng: &mut ChaCha8Rng, code: u16) -> u64 {
    microseconds(manner.value(hold_feature(place(code).0), 95.0, rng))
}

fn gap(manner: &Manner, rng: &mut ChaCha8Rng, last: u16, code: u16) -> u64 {
    let feature = relation(place(last), place(code)).down_down();
    microseconds(manner.value(feature, 170.0, rng)).clamp(25_000, 1_490_000)
}

/// How long a key was held, now that it is known what follows: hands let go earlier or later for what comes next.
fn held_before(manner: &Manner, rng: &mut ChaCha8Rng, last: &Stroke, code: u16, gap_us: u64) -> u64 {
    let relation = relation(place(last.code), place(code));
    let (gap, held) = (milliseconds(gap_us), milliseconds(last.held_us));
    // At most so much of the hold, or a bend would undo it.
    let bend = (BEND_MS * manner.mean(relation.up_down(), 0.0)).clamp(-0.5 * held, 0.5 * held);
    let mut held = held - bend;
    if let Some(rollover) = relation.rollover() {
        let more = manner.mean(rollover, 0.0);
        if held > gap && rng.random_bool((-more).clamp(0.0, 1.0)) {
            held = gap * rng.random_range(0.75..0.97);
        } else if held < gap && last.code != code && rng.random_bool(more.clamp(0.0, 1.0)) {
            held = gap + rng.random_range(5.0..60.0);
        }
    }
    microseconds(held).clamp(12_000, 900_000)
}

fn burst_length(manner: &Manner, rng: &mut ChaCha8Rng) -> u64 {
    microseconds(manner.value(c::BURST_LENGTH, 30.0, rng)) / 1000
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clipped by the catalogue")]
pub(super) fn microseconds(ms: f64) -> u64 {
    (ms.max(0.0) * 1000.0) as u64
}

#[expect(clippy::cast_precision_loss, reason = "gaps are far below 2^52 microseconds")]
fn milliseconds(us: u64) -> f64 {
    us as f64 / 1000.0
}
