//! Changes that stay, made to recorded times: a keyboard, a clock, an injured hand.

use serde::{Deserialize, Serialize};
use tacit_measure::Zone;

use crate::data::clock::Clocks;
use crate::data::ikdd::{Log, What};

/// What changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    /// Nothing.
    None,
    /// Another keyboard: keys are held 15 ms longer, from press to press takes a tenth longer.
    Keyboard,
    /// Another machine: its clock ticks every 15.6 ms.
    Clock,
    /// The left hand holds keys 1.6 times as long and takes 1.8 times as long to reach them.
    InjuredHand,
    /// One hand does it all: 2.2 times as long from press to press, 2.8 times to the left half, keys held 1.2 times as long.
    OneHand,
}

/// What people say of a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feedback {
    /// Nothing, ever.
    None,
    /// That the first one was a false alarm.
    Once,
    /// That each one was a false alarm.
    Always,
}

/// Where people are after the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// On the device that they enrolled on.
    Known,
    /// On a device that is new to them.
    New,
}

impl Shift {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Keyboard => "keyboard",
            Self::Clock => "clock",
            Self::InjuredHand => "injured hand",
            Self::OneHand => "one hand",
        }
    }

    /// A log as it would have been.
    pub(super) fn of(self, log: &Log) -> Log {
        let mut clocks = Clocks::ticking(15.6);
        let mut clock = clocks.recording();
        log.retimed(|what, zone, ms| {
            let left = zone == Zone::Left;
            match (self, what) {
                (Self::Clock, _) => clock.span_ms(ms),
                (Self::Keyboard, What::Hold) => ms + 15.0,
                (Self::Keyboard, What::DownDown) => 1.1 * ms,
                (Self::InjuredHand, What::Hold) if left => 1.6 * ms,
                (Self::InjuredHand, What::DownDown) if left => 1.8 * ms,
                (Self::OneHand, What::Hold) => 1.2 * ms,
                (Self::OneHand, What::DownDown) if left => 2.8 * ms,
                (Self::OneHand, What::DownDown) => 2.2 * ms,
                (Self::None | Self::InjuredHand, _) => ms,
            }
        })
    }
}

impl Place {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::New => "new",
        }
    }

    /// Any key that tells the two apart.
    pub(super) fn key(self) -> u64 {
        match self {
            Self::Known => 1,
            Self::New => 2,
        }
    }
}

impl Feedback {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Once => "once",
            Self::Always => "always",
        }
    }
}
