//! What keeps bad times out, and repeated signals few.

use crate::window::{Output, Signal, SignalKind};

/// A step ahead longer than this is believed only if the next event confirms it.
const LEAP_US: u64 = 3_600_000_000;
/// After this many refusals in a row the clock itself has moved.
const PATIENCE: u32 = 100;
/// Events of one kind are told of at once, then no more often than this.
const QUIET_US: u64 = 1_000_000;

/// Lets through times that do not run backwards.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    last_us: Option<u64>,
    /// A time far ahead, waiting for another to confirm it.
    leap_us: Option<u64>,
    refused: u32,
    jumped: bool,
}

impl Clock {
    /// Whether an event of this time may be measured.
    pub(crate) fn admits(&mut self, at_us: u64) -> bool {
        self.jumped = false;
        let near = |from: u64| at_us >= from && at_us - from <= LEAP_US;
        let admitted = match (self.last_us, self.leap_us) {
            (None, _) => true,
            (Some(last), _) if near(last) => true,
            (Some(_), Some(leap)) if near(leap) => {
                self.jumped = true;
                true
            }
            (Some(_), _) if self.refused >= PATIENCE => {
                self.jumped = true;
                true
            }
            (Some(last), _) => {
                if at_us > last {
                    self.leap_us = Some(at_us);
                }
                self.refused += 1;
                false
            }
        };
        if admitted {
            self.last_us = Some(at_us);
            self.leap_us = None;
            self.refused = 0;
        }
        admitted
    }

    /// Whether the last admitted time came after a leap.
    pub(crate) fn jumped(&self) -> bool {
        self.jumped
    }

    /// The next time may be any.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
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

    pub(crate) fn add(&mut self, at_us: u64, count: u32, out: &mut Vec<Output>) {
        self.waiting = self.waiting.saturating_add(count);
        self.last_us = at_us;
        if self.told_us.is_none_or(|told| at_us.saturating_sub(told) >= QUIET_US) {
            self.flush(out);
        }
    }

    pub(crate) fn flush(&mut self, out: &mut Vec<Output>) {
        if self.waiting > 0 {
            out.push(Output::Signal(Signal { kind: self.kind, count: self.waiting, at_us: self.last_us }));
            self.told_us = Some(self.last_us);
            self.waiting = 0;
        }
    }
}
