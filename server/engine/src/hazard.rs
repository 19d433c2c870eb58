//! How likely the controls changed hands before each of the latest windows.
//!
//! A policy states one hazard a window, but hands do not change at random: they change where someone has left. A window that
//! begins after a rest has a higher one, a window that goes on without a rest a lower one. An occasion
//! multiplies the hazard of the next window, and by less and less those that follow it. Where the windows since the occasion fit
//! together, it was no change, and the hazard is again what it was. Of an occasion and a rest at one window the greater counts.
//! The factors are modest: every working day is full of occasions.

use serde::{Deserialize, Serialize};
use tacit_proto::Beginning;

use crate::SessionState;
use crate::suffix::{SUFFIXES, Suffix};

/// Ratio at which windows fit.
pub(crate) const FITS: f64 = 3.0;
/// At the log-on on a device new to the subject.
pub(crate) const NEW_DEVICE: f64 = 4.0;
/// When the account is at work on another device.
pub(crate) const ELSEWHERE: f64 = 5.0;
/// Of a window that begins after a rest. One window in eight of people's typing does, so that the mean over all is about one.
const AFTER_REST: f64 = 7.0;
/// Of a window that goes on without one.
const GOES_ON: f64 = 0.2;
/// An excess below this is none.
const FADED: f64 = 0.25;
/// Windows that can tell that nothing changed: one has too much noise.
const LEAST_FITTING: usize = 2;

/// When hands change more often than at other times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Nobody typed or pointed for long.
    Rest,
    /// The screen was unlocked some time after it was locked.
    Unlock,
    /// A keyboard, pointer or touch surface appeared.
    InputDevice,
}

impl Occasion {
    fn factor(self) -> f64 {
        match self {
            Self::Rest => 2.0,
            Self::Unlock | Self::InputDevice => 3.0,
        }
    }
}

/// What multiplies the policy's hazard.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Hazard {
    /// By what came before each of the latest windows, oldest first; one for those before. Empty while none is told.
    beginnings: Vec<f64>,
    /// By what came before the next window.
    begins: Option<f64>,
    /// By occasions, of the latest windows, oldest first; one for those before. Empty while none is raised.
    factors: Vec<f64>,
    /// What the next window gets above one.
    excess: f64,
    /// Windows since the latest occasion.
    since: usize,
}

impl Hazard {
    pub(crate) fn raise(&mut self, factor: f64) {
        self.excess = self.excess.max(factor - 1.0);
        self.since = 0;
    }

    /// Of several windows before one that is judged, the likeliest to be someone else's first counts.
    fn begins(&mut self, beginning: Beginning) {
        let factor = match beginning {
            Beginning::Untold => 1.0,
            Beginning::AfterRest => AFTER_REST,
            Beginning::GoesOn => GOES_ON,
        };
        self.begins = Some(self.begins.map_or(factor, |before| before.max(factor)));
    }

    /// Takes note of a window that is judged.
    pub(crate) fn window(&mut self) {
        let begins = self.begins.take().unwrap_or(1.0);
        if !self.beginnings.is_empty() || begins.total_cmp(&1.0).is_ne() {
            keep_latest(&mut self.beginnings, begins);
        }
        if self.factors.is_empty() && self.excess <= 0.0 {
            return;
        }
        keep_latest(&mut self.factors, 1.0 + self.excess);
        self.excess = if self.excess / 2.0 < FADED { 0.0 } else { self.excess / 2.0 };
        self.since = self.since.saturating_add(1);
        if self.excess <= 0.0 && self.factors.iter().all(|factor| *factor <= 1.0) {
            self.settled();
        }
    }

    /// What takes the place of the number of windows at which a takeover may have begun: those of the last `through` that
    /// are not among the last `after`.
    pub(crate) fn beginnings(&self, after: usize, through: usize) -> f64 {
        let of = |factors: &[f64], age: usize| factors.iter().rev().nth(age).copied().unwrap_or(1.0);
        let factor = |age| {
            let (begins, raised) = (of(&self.beginnings, age), of(&self.factors, age));
            if raised > 1.0 { raised.max(begins) } else { begins }
        };
        (after..through).map(factor).sum()
    }

    /// Ends what was raised, if the windows since the latest occasion fit.
    pub(crate) fn settle(&mut self, suffixes: &[Suffix]) {
        let since = suffixes.iter().rev().find(|s| s.windows <= self.since);
        if since.is_some_and(|s| s.windows >= LEAST_FITTING && s.ratio.llr >= FITS) {
            self.settled();
        }
    }

    /// No occasion counts any more.
    fn settled(&mut self) {
        self.factors.clear();
        (self.excess, self.since) = (0.0, 0);
    }
}

fn keep_latest(factors: &mut Vec<f64>, newest: f64) {
    factors.push(newest);
    if factors.len() > SUFFIXES[SUFFIXES.len() - 1] {
        factors.remove(0);
    }
}

impl SessionState {
    /// Says what came before the window that is observed next.
    pub fn begins(&mut self, beginning: Beginning) {
        self.hazard.begins(beginning);
    }

    /// Says that hands may have changed here, before the windows that follow.
    pub fn may_have_changed_hands(&mut self, occasion: Occasion) {
        self.hazard.raise(occasion.factor());
    }
}
