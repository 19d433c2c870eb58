//! Typing: when keys go down and come up, by the person's manner.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tacit_measure::{hold_feature, place, relation};
use tacit_proto::catalogue as c;

use super::draw::Manner;
use super::habit::Pace;
use super::keys::next_key;
use super::{Action, RawEvent};

/// Between a key's release and its next press, at the least.
const LIFT_US: u64 = 8_000;
/// What bends by 1 is this long, in milliseconds: the scale of the transform of release to press.
const BEND_MS: f64 = 50.0;
/// At most so much of a hold is bent away.
const MOST_BENT: f64 = 0.2;
/// A gap and a hold this near each other, as a ratio, may come in the other order.
const NEAR: f64 = 0.5;

struct Stroke {
    code: u16,
    at_us: u64,
    held_us: u64,
}

/// What is typed in a sitting, in order of time.
pub(super) fn type_keys(manner: &Manner, rng: &mut ChaCha8Rng, start_us: u64, keys: usize) -> Vec<RawEvent> {
    let mut strokes: Vec<Stroke> = Vec::with_capacity(keys);
    let mut pace = Pace::default();
    let mut at_us = start_us;
    let mut burst = burst_length(manner, rng);
    // Where the last gap lay in its law.
    let mut gap_z = 0.0;
    for _ in 0..keys {
        let code = next_key(manner, rng, strokes.last().map(|s| s.code));
        if let Some(last) = strokes.last_mut() {
            let before_z = std::mem::take(&mut gap_z);
            let pauses = burst == 0;
            if !pauses {
                gap_z = manner.habit.gap(&mut pace, place(last.code), place(code), rng);
            }
            last.held_us = hold(manner, &mut pace, last.code, (before_z, gap_z), rng);
            at_us += if pauses {
                burst = burst_length(manner, rng);
                microseconds(manner.value(c::PAUSE, 3_500.0, rng)).clamp(1_510_000, 29_000_000)
            } else {
                let gap_us = gap(manner, gap_z, last.code, code);
                let (gap_us, held_us) = held_before(manner, rng, last, code, gap_us);
                last.held_us = held_us;
                gap_us
            };
        }
        burst = burst.saturating_sub(1);
        come_up(&mut strokes, at_us, manner, rng);
        // The key itself may still be down from before.
        if let Some(before) = strokes.iter_mut().rev().take(40).find(|s| s.code == code) {
            before.held_us = before.held_us.min(at_us - before.at_us - LIFT_US);
        }
        strokes.push(Stroke { code, at_us, held_us: 0 });
    }
    if let Some(last) = strokes.last_mut() {
        last.held_us = hold(manner, &mut pace, last.code, (gap_z, 0.0), rng);
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

/// How long a key is held between gaps that lie there in their laws, as far as it does not matter what follows.
fn hold(
    manner: &Manner,
    pace: &mut Pace,
    code: u16,
    (before, after): (f64, f64),
    rng: &mut ChaCha8Rng,
) -> u64 {
    let place = place(code);
    let z = manner.habit.hold(pace, place, before, after, rng);
    microseconds(manner.value_at(hold_feature(place.0), 95.0, z)).clamp(12_000, 900_000)
}

fn gap(manner: &Manner, z: f64, last: u16, code: u16) -> u64 {
    let feature = relation(place(last), place(code)).down_down();
    microseconds(manner.value_at(feature, 170.0, z)).clamp(25_000, 1_490_000)
}

/// Before a key goes down at a time: fingers come up in the order in which they went down, and seldom are three keys down.
/// Whether a key overlaps the one after it stays as it is.
fn come_up(strokes: &mut [Stroke], at_us: u64, manner: &Manner, rng: &mut ChaCha8Rng) {
    let [.., before, last] = strokes else { return };
    let gap_us = last.at_us - before.at_us;
    if before.held_us <= gap_us {
        return;
    }
    let up_us = last.at_us + last.held_us;
    if before.at_us + before.held_us > up_us && !manner.habit.comes_up_late(rng) {
        before.held_us = gap_us + within(last.held_us, rng);
    }
    if before.at_us + before.held_us > at_us && !manner.habit.stays_down(rng) {
        before.held_us = gap_us + within(at_us - last.at_us, rng);
    }
}

/// A part of a time.
fn within(us: u64, rng: &mut ChaCha8Rng) -> u64 {
    microseconds(milliseconds(us) * rng.random_range(0.2..0.9))
}

/// How long a key was held and how long after its press the next went down, now that it is known which: hands let go earlier
/// or later for what comes next, and overlap as often as they do. What is moved so is near to where it has to be.
fn held_before(manner: &Manner, rng: &mut ChaCha8Rng, last: &Stroke, code: u16, gap_us: u64) -> (u64, u64) {
    let relation = relation(place(last.code), place(code));
    let (mut gap, held) = (milliseconds(gap_us), milliseconds(last.held_us));
    let bend = (BEND_MS * manner.mean(relation.up_down(), 0.0)).clamp(-MOST_BENT * held, MOST_BENT * held);
    let held = held - bend;
    if let Some(rollover) = relation.rollover() {
        let more = manner.mean(rollover, 0.0);
        if (NEAR * held..held).contains(&gap) && rng.random_bool((-more).clamp(0.0, 1.0)) {
            gap = held * rng.random_range(1.02..1.5);
        } else if (held..held / NEAR).contains(&gap)
            && last.code != code
            && rng.random_bool(more.clamp(0.0, 1.0))
        {
            gap = held * rng.random_range(0.6..0.97);
        }
    }
    (microseconds(gap).max(25_000), microseconds(held).clamp(12_000, 900_000))
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
