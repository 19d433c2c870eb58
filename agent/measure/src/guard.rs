//! What keeps nonsense from being measured: times that cannot be, impossible rates, floods of one signal.

use tacit_proto::Marks;

use crate::window::{Output, Signal, SignalKind};

/// Later times, in microseconds, are nonsense on any clock.
const LATEST_US: u64 = 1 << 62;
/// A longer leap ahead is a wrong time: a week.
const LEAP_US: u64 = 7 * 24 * 3_600_000_000;
/// After so many wrong times in a row that agree among themselves, it is the clock that was set anew.
const PATIENCE: u32 = 64;
/// A signal is told of at once, then no more often than this.
const QUIET_US: u64 = 1_000_000;
const SECOND_US: u64 = 1_000_000;

/// What to make of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Time {
    /// It goes on.
    GoesOn,
    /// The clock was set anew: a break, then it goes on.
    Anew,
    /// It cannot be.
    Wrong,
}

/// Watches that time goes forward.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    last_us: Option<u64>,
    wrong: u32,
    wrong_us: u64,
}

impl Clock {
    pub(crate) fn judge(&mut self, at_us: u64) -> Time {
        if at_us > LATEST_US {
            return Time::Wrong;
        }
        if self.last_us.is_none_or(|last| follows(last, at_us)) {
            self.last_us = Some(at_us);
            self.wrong = 0;
            return Time::GoesOn;
        }
        let agrees = self.wrong > 0 && follows(self.wrong_us, at_us);
        self.wrong = if agrees { self.wrong + 1 } else { 1 };
        self.wrong_us = at_us;
        if self.wrong < PATIENCE {
            return Time::Wrong;
        }
        self.reset();
        self.last_us = Some(at_us);
        Time::Anew
    }

    /// The next time may be any: a break was announced.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}

fn follows(last_us: u64, at_us: u64) -> bool {
    at_us >= last_us && at_us - last_us <= LEAP_US
}

/// Allows so many events in each second of the events' clock.
#[derive(Debug)]
pub(crate) struct Rate {
    most: u32,
    second: u64,
    counted: u32,
}

impl Rate {
    pub(crate) fn new(most: u32) -> Self {
        Self { most, second: 0, counted: 0 }
    }

    /// Whether an event at this time is within the rate.
    pub(crate) fn allows(&self, at_us: u64) -> bool {
        at_us / SECOND_US != self.second || self.counted < self.most
    }

    /// Counts an event that was measured.
    pub(crate) fn count(&mut self, at_us: u64) {
        if at_us / SECOND_US != self.second {
            self.second = at_us / SECOND_US;
            self.counted = 0;
        }
        self.counted = self.counted.saturating_add(1);
    }
}

/// Gathers events of one kind into few signals: the first at once, the others summed up.
#[derive(Debug)]
pub(crate) struct Tally {
    kind: SignalKind,
    told_us: Option<u64>,
    waiting: u32,
    last_us: u64,
}

impl Tally {
    pub(crate) fn new(kind: SignalKind) -> Self {
        Self { kind, told_us: None, waiting: 0, last_us: 0 }
    }

    /// It happened `count` more times.
    pub(crate) fn add(&mut self, at_us: u64, count: u32, out: &mut Vec<Output>) {
        self.waiting = self.waiting.saturating_add(count);
        self.last_us = at_us;
        self.pass(at_us, out);
    }

    /// Time went on: tells what waits, if that was long enough.
    pub(crate) fn pass(&mut self, at_us: u64, out: &mut Vec<Output>) {
        if self.waiting > 0 && self.told_us.is_none_or(|told| at_us.saturating_sub(told) >= QUIET_US) {
            out.push(Output::Signal(Signal {
                kind: self.kind,
                count: self.waiting,
                at_us: self.last_us,
                marks: Marks::NONE,
                strength: 0,
            }));
            self.told_us = Some(at_us);
            self.waiting = 0;
        }
    }

    /// Tells what waits; what comes after is told of at once again.
    pub(crate) fn interrupt(&mut self, out: &mut Vec<Output>) {
        self.told_us = None;
        self.pass(self.last_us, out);
        self.told_us = None;
    }
}
