//! Keys of a device: which of their times say something of the hand, and what becomes of them.

use crate::input::{Column, Slot, Zone};
use crate::keyboard::{PAUSE_US, milliseconds};
use crate::locate::SLOTS;

use super::Finding;
use super::fast::Fast;
use super::replay::Replay;
use super::rhythm::{Rhythm, Stroke};
use super::struck::{Settling, Struck};

/// Presses this close come in one go: no fingers, but a program that inserts text, or two fingers at once.
const AT_ONCE_US: u64 = 3_500;
/// The same in a session in which text is inserted.
const INSERTED_US: u64 = 25_000;
/// Keys down at once beyond which it is a palm or an elbow.
const PALM: usize = 4;
/// Presses in a row that may lie in one place and be different keys.
const SHARED: u32 = 2;

#[derive(Debug, Clone, Copy)]
struct Down {
    at_us: u64,
    /// Its stroke, if it has one.
    stroke: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Previous {
    at_us: u64,
    place: (Zone, Column),
    /// Presses right before it that lie where it lies: one key again, or its repeat.
    again: u32,
    slot: Slot,
    held_us: Option<u64>,
}

/// Keys that are down, and the times of the last ones.
#[derive(Debug, Default)]
pub(super) struct Keys {
    down: [Option<Down>; SLOTS],
    previous: Option<Previous>,
    fast: Fast,
    rhythm: Rhythm,
    settling: Settling,
    replay: Replay,
}

impl Keys {
    pub(super) fn set_key(&mut self, key: u64) {
        self.replay.set_key(key);
    }

    pub(super) fn press(
        &mut self,
        at_us: u64,
        slot: Slot,
        place: (Zone, Column),
        new_device: bool,
        found: &mut Vec<Finding>,
    ) {
        let Some(down) = self.down.get(usize::from(slot.0)) else { return };
        // A press of what is down: a release was lost.
        let lost = down.is_some();
        let palm = self.down.iter().flatten().count() >= PALM;
        let before = self.previous.filter(|_| !lost);
        let gap_us = before.map(|b| at_us.saturating_sub(b.at_us));
        // Keys that repeat by themselves are even. Letters and digits that differ may share a place, but not many in a row.
        let again = before.filter(|b| b.place == place).map_or(0, |b| b.again + 1);
        let shared = matches!(place.0, Zone::Left | Zone::Right | Zone::Digit);
        let repeats = again > if shared { SHARED } else { 0 };
        found.extend(self.fast.press(at_us, gap_us.map(milliseconds), palm, again > SHARED, new_device));
        let stroke = match (before, gap_us) {
            (Some(before), Some(gap_us)) if gap_us > self.closest_us() && gap_us < PAUSE_US && !repeats => {
                let (gap_ms, before_ms) = (milliseconds(gap_us), before.held_us.map(milliseconds));
                found.extend(self.replay.press(gap_ms, before_ms));
                Some(self.rhythm.press(Stroke { gap_ms, before_ms, held_ms: None }))
            }
            _ => None,
        };
        self.down[usize::from(slot.0)] = Some(Down { at_us, stroke });
        let gap_ms = gap_us.map(milliseconds);
        self.settling.press(stroke.zip(gap_ms), place, before.map(|b| b.place));
        self.previous = Some(Previous { at_us, place, again, slot, held_us: None });
        if stroke.is_some() {
            found.extend(self.rhythm.watch_gaps(new_device));
        }
    }

    /// Appends what is found to `found`, and strokes that have come to their end to `struck`, in the order of their presses.
    pub(super) fn release(
        &mut self,
        at_us: u64,
        slot: Slot,
        new_device: bool,
        found: &mut Vec<Finding>,
        struck: &mut Vec<Struck>,
    ) {
        let Some(down) = self.down.get_mut(usize::from(slot.0)).and_then(Option::take) else { return };
        let held_us = at_us.saturating_sub(down.at_us);
        if let Some(previous) = &mut self.previous
            && previous.slot == slot
            && previous.at_us == down.at_us
        {
            previous.held_us = Some(held_us);
        }
        if let Some(stroke) = down.stroke {
            self.rhythm.set_held(stroke, milliseconds(held_us));
            self.settling.release(stroke, milliseconds(held_us), struck);
            found.extend(self.rhythm.watch(new_device));
        }
    }

    /// Presses this close say nothing of hands.
    fn closest_us(&self) -> u64 {
        if self.fast.assisted() { INSERTED_US } else { AT_ONCE_US }
    }

    pub(super) fn interrupt(&mut self) {
        self.down = [None; SLOTS];
        self.previous = None;
        self.settling.interrupt();
        self.fast.interrupt();
        self.replay.interrupt();
    }
}
