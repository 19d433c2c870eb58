//! Keyboard features: holds, relations of one press to the next, habits.

use tacit_proto::catalogue as c;

use crate::input::{Column, Slot, Zone};
use crate::locate::SLOTS;
use crate::open::Values;
use crate::relation::{Relation, hold_feature, relation};
use crate::within::{down_down_within, hold_within};

/// A gap longer than this is a pause, not typing rhythm.
pub const PAUSE_US: u64 = 1_500_000;
/// A pause longer than this is an absence.
const ABSENCE_US: u64 = 30_000_000;
/// A latency longer than this is a hesitation: it says what a person thinks of, not how the person types.
pub const HESITATION_US: u64 = 600_000;
/// A hold longer than this is leaning on a key. Shift and its like are held for as long as others are pressed.
const LEANING_US: u64 = 250_000;
const LEANING_ON_A_MODIFIER_US: u64 = 2_000_000;

#[derive(Debug, Clone, Copy)]
struct Press {
    zone: Zone,
    at_us: u64,
    /// The press that followed while this key was still down.
    overtaken: Option<(u64, Relation)>,
}

#[derive(Debug, Clone, Copy)]
struct Previous {
    zone: Zone,
    column: Column,
    at_us: u64,
    slot: Slot,
    /// When it came up; `None` while it is down.
    up_us: Option<u64>,
}

/// Keys that are down and the place and times of the last press; never a code.
#[derive(Debug, Default)]
pub(crate) struct Keyboard {
    down: [Option<Press>; SLOTS],
    previous: Option<Previous>,
    burst: u32,
}

impl Keyboard {
    /// Whether a press in this slot is measured: it is in range and not in use.
    pub(crate) fn takes(&self, slot: Slot) -> bool {
        self.down.get(usize::from(slot.0)).is_some_and(Option::is_none)
    }

    /// A press. Returns false, and measures nothing, if the slot is already in use or out of range.
    pub(crate) fn press(
        &mut self,
        at_us: u64,
        slot: Slot,
        zone: Zone,
        column: Column,
        values: &mut Values<'_>,
    ) -> bool {
        if !self.takes(slot) {
            return false;
        }
        self.relate(at_us, zone, column, values);
        self.habits(zone, values);
        self.down[usize::from(slot.0)] = Some(Press { zone, at_us, overtaken: None });
        self.previous = Some(Previous { zone, column, at_us, slot, up_us: None });
        self.burst = self.burst.saturating_add(1);
        true
    }

    /// A release. Returns false, and measures nothing, if its press was not seen.
    pub(crate) fn release(&mut self, at_us: u64, slot: Slot, values: &mut Values<'_>) -> bool {
        let Some(press) = self.down.get_mut(usize::from(slot.0)).and_then(Option::take) else {
            return false;
        };
        let held = at_us.saturating_sub(press.at_us);
        let leaning = held > longest_hold_us(press.zone);
        if held > 0 {
            values.push(c::LEANING_SHARE, if leaning { 1.0 } else { 0.0 });
        }
        if !leaning {
            // Some sources release a repeating key at the very time of its press: that is no hold.
            if held > 0 {
                let ms = milliseconds(held);
                values.push(hold_feature(press.zone), ms);
                values.push_within(hold_within(press.zone), ms);
            }
            if let Some((next_us, relation)) = press.overtaken {
                values.push(relation.up_down(), -milliseconds(at_us.saturating_sub(next_us)));
            }
        }
        if let Some(previous) = &mut self.previous
            && previous.slot == slot
            && previous.at_us == press.at_us
        {
            previous.up_us = Some(at_us);
        }
        true
    }

    /// A release that is not to be measured.
    pub(crate) fn lift(&mut self, slot: Slot) {
        if let Some(down) = self.down.get_mut(usize::from(slot.0)) {
            *down = None;
        }
        self.previous = self.previous.filter(|previous| previous.slot != slot || previous.up_us.is_some());
    }

    /// What was pressed last has nothing to do with what follows.
    pub(crate) fn part(&mut self) {
        self.previous = None;
    }

    fn relate(&mut self, at_us: u64, zone: Zone, column: Column, values: &mut Values<'_>) {
        let Some(previous) = self.previous else { return };
        let gap = at_us.saturating_sub(previous.at_us);
        if gap > PAUSE_US {
            if gap <= ABSENCE_US {
                values.push(c::PAUSE, milliseconds(gap));
            }
            self.end_burst(values);
            return;
        }
        let hesitated = gap > HESITATION_US;
        values.push(c::HESITATION_SHARE, if hesitated { 1.0 } else { 0.0 });
        if hesitated {
            return;
        }
        let relation = relation((previous.zone, previous.column), (zone, column));
        values.push(relation.down_down(), milliseconds(gap));
        values.push_within(down_down_within(relation), milliseconds(gap));
        // A release at the very time of the press is none, and tells nothing of what came after it.
        if previous.up_us == Some(previous.at_us) {
            return;
        }
        if let Some(id) = relation.rollover() {
            values.push(id, if previous.up_us.is_none() { 1.0 } else { 0.0 });
        }
        match previous.up_us {
            Some(up_us) => values.push(relation.up_down(), milliseconds(at_us.saturating_sub(up_us))),
            None => {
                if let Some(press) = self.down.get_mut(usize::from(previous.slot.0)).and_then(Option::as_mut)
                {
                    press.overtaken = Some((at_us, relation));
                }
            }
        }
    }

    fn habits(&self, zone: Zone, values: &mut Values<'_>) {
        let share = |is: bool| if is { 1.0 } else { 0.0 };
        match zone {
            Zone::ShiftLeft | Zone::ShiftRight => {
                values.push(c::SHIFT_RIGHT_SHARE, share(zone == Zone::ShiftRight));
                return;
            }
            Zone::Modifier => return,
            Zone::Digit | Zone::Pad => values.push(c::DIGIT_PAD_SHARE, share(zone == Zone::Pad)),
            _ => {}
        }
        let modified = self.down.iter().flatten().any(|p| p.zone == Zone::Modifier);
        values.push(c::CORRECTION_SHARE, share(zone == Zone::Erase));
        values.push(c::NAVIGATION_SHARE, share(zone == Zone::Navigation));
        values.push(c::MODIFIER_SHARE, share(modified));
    }

    fn end_burst(&mut self, values: &mut Values<'_>) {
        if self.burst > 0 {
            values.push(c::BURST_LENGTH, f64::from(self.burst));
            self.burst = 0;
        }
    }
}

/// The longest hold of a key in a zone that is a stroke of a finger.
#[must_use]
pub fn longest_hold_us(zone: Zone) -> u64 {
    match zone {
        Zone::ShiftLeft | Zone::ShiftRight | Zone::Modifier => LEANING_ON_A_MODIFIER_US,
        _ => LEANING_US,
    }
}

pub(crate) fn milliseconds(us: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "spans here are far below 2^52 microseconds")]
    let us = us as f64;
    us / 1000.0
}
