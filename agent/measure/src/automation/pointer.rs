//! Pointers that no hand moves: paths that were computed, jumps, nudges that keep a session awake, clicks by the clock.

use crate::input::Button;
use crate::keyboard::milliseconds;
use crate::pointer::index;
use crate::stroke::MAX_MOVE;
use crate::window::SignalKind;

use super::pointer_path::{Path, Smoothness};
use super::{Finding, Mark, Marks};

/// Without movement for this long a stroke has ended.
const REST_US: u64 = 200_000;
/// What the curves leave of a stroke, in pixels, and how much likelier it is of a computed path: natural logarithm.
const SMOOTH: [(f64, f64); 3] = [(0.4, 4.5), (0.5, 2.5), (0.7, 1.5)];
/// The same of anything less smooth, and of a straight line at an even speed besides.
const ROUGH: f64 = -3.0;
const LINE: f64 = 4.0;
/// Strokes that add up to this tell a machine; nothing adds up to more than the most.
const COMPUTED: f64 = 28.0;
const MOST: f64 = 60.0;
/// A stroke of one report, or two in one go, of at least this many pixels is a jump.
const JUMP_PX: f64 = 60.0;
const JUMP_MS: f64 = 20.0;
/// Reports of a stroke that a hand makes.
const BY_HAND: u32 = 4;
/// Pixels and reports of a nudge.
const NUDGE_PX: f64 = 15.0;
const NUDGE_REPORTS: u32 = 3;
/// Jumps, or equal nudges, in a row that tell a machine. Remote desktops, which report seldom, have shown ten.
const IN_A_ROW: u32 = 15;
/// Nudges of any size up to so many pixels, in a row, each after a rest, for so long, and nothing else at the controls meanwhile.
/// Hands have shown six, within a quarter of a minute. Smaller ones a mouse reports that nobody touches, on glass or on a desk that
/// shakes: they are not counted, and where most are so small, nothing is told.
const IDLE_PX: f64 = 6.0;
const STILL_PX: f64 = 2.0;
const STILL: u32 = 2;
const IDLE: u32 = 18;
const IDLE_REST_US: u64 = 2_000_000;
const IDLE_US: u64 = 180_000_000;
/// Clicks in one place, one like the other to so many milliseconds, that tell a machine.
const CLICKS: u32 = 10;
const EQUAL_MS: f64 = 2.1;
/// What these say, in natural-log units.
const STRENGTH: f64 = 25.0;

/// The stroke in progress, and what the last ones have shown.
#[derive(Debug, Default)]
pub(super) struct Pointer {
    path: Path,
    reports: u32,
    length: f64,
    across: (f64, f64),
    first_us: u64,
    last_us: u64,
    /// Buttons that are down.
    down: [bool; 3],
    /// How much likelier a computed path is, over the last strokes.
    computed: f64,
    strokes: u32,
    straight: u32,
    even_sampling: u32,
    told: u32,
    jumps: u32,
    nudge: Option<(f64, f64)>,
    nudges: u32,
    idle: Idle,
    clicks: Clicks,
}

/// Nudges, while nothing else happens.
#[derive(Debug, Default)]
struct Idle {
    nudges: u32,
    /// Nudges that are too small to count.
    still: u32,
    told: u32,
    first_us: u64,
    last_us: u64,
}

/// Clicks in one place.
#[derive(Debug, Default)]
struct Clicks {
    pressed_us: Option<u64>,
    gap_ms: f64,
    held_ms: f64,
    alike: u32,
}

impl Pointer {
    pub(super) fn moved(&mut self, at_us: u64, dx: f32, dy: f32, found: &mut Vec<Finding>) {
        let (dx, dy) = (f64::from(dx), f64::from(dy));
        let length = dx.hypot(dy);
        if !(length > 0.0 && length <= MAX_MOVE) {
            return;
        }
        self.clicks = Clicks::default();
        if self.down.contains(&true) {
            return;
        }
        if self.path.is_full() {
            self.end(found);
        }
        if self.reports == 0 {
            self.first_us = at_us;
        }
        self.path.extend(at_us, dx, dy);
        self.reports = self.reports.saturating_add(1);
        self.length += length;
        self.across = (self.across.0 + dx.abs(), self.across.1 + dy.abs());
        self.last_us = at_us;
    }

    pub(super) fn pressed(&mut self, at_us: u64, button: Button, found: &mut Vec<Finding>) {
        if std::mem::replace(&mut self.down[index(button)], true) {
            return;
        }
        self.end(found);
        self.used();
        if button == Button::Left {
            self.clicks.press(at_us);
        }
    }

    pub(super) fn released(&mut self, at_us: u64, button: Button, found: &mut Vec<Finding>) {
        if !std::mem::take(&mut self.down[index(button)]) {
            return;
        }
        if button == Button::Left {
            found.extend(self.clicks.release(at_us));
        }
    }

    /// Something else was used than the pointer: someone is there.
    pub(super) fn used(&mut self) {
        self.idle = Idle::default();
    }

    /// Time went on: a stroke that has rested has ended.
    pub(super) fn pass(&mut self, at_us: u64, found: &mut Vec<Finding>) {
        if self.reports > 0 && at_us.saturating_sub(self.last_us) >= REST_US {
            self.end(found);
        }
    }

    fn end(&mut self, found: &mut Vec<Finding>) {
        if self.reports == 0 {
            return;
        }
        if let Some(smoothness) = self.path.smoothness() {
            found.extend(self.weigh(smoothness));
        }
        found.extend(self.count_jumps());
        found.extend(self.count_nudges());
        found.extend(self.count_idle());
        self.path.clear();
        (self.reports, self.length, self.across) = (0, 0.0, (0.0, 0.0));
    }

    fn weigh(&mut self, path: Smoothness) -> Option<Finding> {
        let smooth =
            SMOOTH.iter().find(|(most, _)| path.left_px < *most).map_or(ROUGH, |(_, weight)| *weight);
        let line = if path.straight && path.even_speed { LINE } else { 0.0 };
        self.computed = (self.computed + smooth + line).clamp(0.0, MOST);
        if self.computed == 0.0 {
            (self.strokes, self.straight, self.even_sampling, self.told) = (0, 0, 0, 0);
            return None;
        }
        self.strokes = self.strokes.saturating_add(1);
        self.straight = self.straight.saturating_add(u32::from(path.straight));
        self.even_sampling = self.even_sampling.saturating_add(u32::from(path.even_sampling));
        let most = |count: u32| 2 * count > self.strokes;
        let marks = Marks::NONE
            .with(Mark::EvenSpeed)
            .with_if(most(self.straight), Mark::Straight)
            .with_if(most(self.even_sampling), Mark::EvenSampling);
        (self.computed >= COMPUTED).then(|| {
            let count = self.strokes.saturating_sub(self.told);
            self.told = self.strokes;
            Finding { kind: SignalKind::MachinePointer, count, marks, strength: self.computed }
        })
    }

    fn count_jumps(&mut self) -> Option<Finding> {
        let one_go = milliseconds(self.last_us.saturating_sub(self.first_us)) <= JUMP_MS;
        if self.reports <= 2 && self.length >= JUMP_PX && one_go {
            self.jumps = self.jumps.saturating_add(1);
        } else if self.reports >= BY_HAND {
            self.jumps = 0;
        }
        let told = self.jumps >= IN_A_ROW && self.reports < BY_HAND;
        told.then(|| in_a_row(self.jumps, IN_A_ROW, Mark::Jumps))
    }

    /// The same small movement, back and forth.
    fn count_nudges(&mut self) -> Option<Finding> {
        let (x, y) = self.across;
        let small = self.reports <= NUDGE_REPORTS && self.length <= NUDGE_PX;
        let nudge = small.then(|| (x.min(y), x.max(y)));
        let again = nudge.is_some() && nudge == self.nudge;
        self.nudges = if again { self.nudges.saturating_add(1) } else { u32::from(small) };
        self.nudge = nudge;
        (self.nudges >= IN_A_ROW).then(|| in_a_row(self.nudges, IN_A_ROW, Mark::EvenSpeed))
    }

    /// Small movements, now and then, for a long time.
    fn count_idle(&mut self) -> Option<Finding> {
        let small = self.reports <= NUDGE_REPORTS && self.length <= IDLE_PX;
        let rested = self.first_us.saturating_sub(self.idle.last_us) >= IDLE_REST_US;
        if !small || !rested {
            self.idle = Idle::default();
        }
        if !small {
            return None;
        }
        self.idle.last_us = self.last_us;
        if self.length <= STILL_PX {
            self.idle.still = self.idle.still.saturating_add(1);
            return None;
        }
        if self.idle.nudges == 0 {
            self.idle.first_us = self.first_us;
        }
        self.idle.nudges = self.idle.nudges.saturating_add(1);
        let long = self.idle.last_us.saturating_sub(self.idle.first_us) >= IDLE_US;
        let moved = self.idle.still <= self.idle.nudges.saturating_mul(STILL);
        (self.idle.nudges >= IDLE && long && moved).then(|| {
            let count = self.idle.nudges - std::mem::replace(&mut self.idle.told, self.idle.nudges);
            let marks = Marks::NONE.with(Mark::EvenSpeed);
            Finding { kind: SignalKind::MachinePointer, count, marks, strength: STRENGTH }
        })
    }
}

impl Clicks {
    fn press(&mut self, at_us: u64) {
        let before = self.pressed_us.replace(at_us);
        let gap_ms = before.map_or(0.0, |before| milliseconds(at_us.saturating_sub(before)));
        if (gap_ms - self.gap_ms).abs() > EQUAL_MS {
            self.gap_ms = gap_ms;
            self.alike = 0;
        }
    }

    fn release(&mut self, at_us: u64) -> Option<Finding> {
        let held_ms = milliseconds(at_us.saturating_sub(self.pressed_us?));
        if (held_ms - self.held_ms).abs() > EQUAL_MS {
            self.held_ms = held_ms;
            self.alike = 0;
        }
        self.alike = self.alike.saturating_add(1);
        (self.alike >= CLICKS).then(|| in_a_row(self.alike, CLICKS, Mark::NoApproach))
    }
}

/// The first of a row stands for all of them, each that follows for itself.
fn in_a_row(run: u32, least: u32, mark: Mark) -> Finding {
    let count = if run == least { run } else { 1 };
    Finding { kind: SignalKind::MachinePointer, count, marks: Marks::NONE.with(mark), strength: STRENGTH }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_without_a_press_ends_no_drag() {
        let (mut pointer, mut found) = (Pointer::default(), Vec::new());
        pointer.pressed(0, Button::Left, &mut found);
        pointer.released(1, Button::Other, &mut found);
        pointer.moved(2, 5.0, 5.0, &mut found);
        assert_eq!(pointer.reports, 0);
        pointer.released(3, Button::Left, &mut found);
        pointer.moved(4, 5.0, 5.0, &mut found);
        assert_eq!(pointer.reports, 1);
    }
}
