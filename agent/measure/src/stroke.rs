//! One stroke, of a pointer or of a finger: its path.

use crate::keyboard::milliseconds;

/// A single movement longer than any screen, in pixels, is no movement.
pub(crate) const MAX_MOVE: f64 = 20_000.0;
/// Points kept of one stroke; a longer one is cut, after at least 7 s.
const MAX_POINTS: usize = 2_048;
/// Points closer in time are drawn together: mice report every 1 to 8 ms, and it is not the mouse that is measured.
const STEP_US: u64 = 7_000;
/// A shorter path is jitter.
const MIN_PATH: f64 = 8.0;
const MIN_DURATION_US: u64 = 20_000;
const MIN_POINTS: usize = 3;
/// A point of the path, relative to where the stroke began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub(crate) at_us: u64,
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// Path length up to here.
    pub(crate) path: f64,
}

/// A path in progress.
#[derive(Debug, Default)]
pub(crate) struct Stroke {
    points: Vec<Point>,
}

impl Stroke {
    pub(crate) fn is_full(&self) -> bool {
        self.points.len() >= MAX_POINTS
    }

    /// Adds a movement that ended at `at_us`. The first movement only marks the start: when it began is not known.
    pub(crate) fn extend(&mut self, at_us: u64, dx: f64, dy: f64) {
        let Some(last) = self.points.last().copied() else {
            self.points.push(Point { at_us, x: 0.0, y: 0.0, path: 0.0 });
            return;
        };
        // The last point is moved on until it is a step away from the one before it.
        if let [.., before, last] = self.points.as_slice()
            && last.at_us - before.at_us < STEP_US
        {
            self.points.pop();
        }
        let Some(from) = self.points.last() else { return };
        let (x, y) = (last.x + dx, last.y + dy);
        let path = from.path + (x - from.x).hypot(y - from.y);
        self.points.push(Point { at_us, x, y, path });
    }

    pub(crate) fn points(&self) -> &[Point] {
        &self.points
    }

    pub(crate) fn clear(&mut self) {
        self.points.clear();
    }

    pub(crate) fn first_us(&self) -> Option<u64> {
        self.points.first().map(|p| p.at_us)
    }

    pub(crate) fn last_us(&self) -> Option<u64> {
        self.points.last().map(|p| p.at_us)
    }

    pub(crate) fn path(&self) -> f64 {
        self.points.last().map_or(0.0, |p| p.path)
    }

    pub(crate) fn duration_us(&self) -> u64 {
        match (self.points.first(), self.points.last()) {
            (Some(first), Some(last)) => last.at_us.saturating_sub(first.at_us),
            _ => 0,
        }
    }

    /// Straight distance from start to end.
    pub(crate) fn chord(&self) -> f64 {
        self.points.last().map_or(0.0, |p| p.x.hypot(p.y))
    }

    /// Whether it is more than jitter.
    pub(crate) fn counts(&self) -> bool {
        self.points.len() >= MIN_POINTS && self.path() >= MIN_PATH && self.duration_us() >= MIN_DURATION_US
    }

    /// Path length this many milliseconds after the start.
    pub(crate) fn path_after(&self, ms: f64) -> f64 {
        self.between(ms, |p| self.ms_at(p), |p| p.path)
    }

    /// Milliseconds after the start at which this much of the path was done.
    pub(crate) fn ms_after(&self, path: f64) -> f64 {
        self.between(path, |p| p.path, |p| self.ms_at(p))
    }

    /// The place, relative to the start, at which this much of the path was done.
    pub(crate) fn place_after(&self, path: f64) -> (f64, f64) {
        (self.between(path, |p| p.path, |p| p.x), self.between(path, |p| p.path, |p| p.y))
    }

    fn ms_at(&self, point: &Point) -> f64 {
        self.points.first().map_or(0.0, |first| milliseconds(point.at_us - first.at_us))
    }

    /// What `of` is where `along`, which never falls along the path, is `at`: on the line between the points around it.
    fn between(&self, at: f64, along: impl Fn(&Point) -> f64, of: impl Fn(&Point) -> f64) -> f64 {
        let next = self.points.partition_point(|p| along(p) < at);
        match (next.checked_sub(1).and_then(|k| self.points.get(k)), self.points.get(next)) {
            (Some(a), Some(b)) => {
                let share = (at - along(a)) / (along(b) - along(a));
                of(a) + share * (of(b) - of(a))
            }
            (None, Some(p)) | (Some(p), None) => of(p),
            (None, None) => 0.0,
        }
    }
}
