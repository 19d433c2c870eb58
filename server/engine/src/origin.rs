//! Whether a session ever was the subject's: what tells stolen credentials from a takeover.
//!
//! Two facts of the log-on make it likelier that it never was: a device new to the subject, and an account that is at work
//! on another device in the same minutes. Both raise the hazard ([`crate::hazard`]) and are told as evidence. Neither makes a
//! verdict: honest people get new laptops and have two desks.

use serde::{Deserialize, Serialize};
use tacit_proto::Family;

use crate::feedback::Feedback;
use crate::hazard::{ELSEWHERE, FITS, NEW_DEVICE};
use crate::suffix::{SUFFIXES, Suffix};
use crate::verdict::Cause;
use crate::{Evidence, Profile, SessionState};

/// Windows for which work on another device is remembered.
const REMEMBERED: usize = SUFFIXES[SUFFIXES.len() - 1];

/// What is known of the log-on, and how the session has fitted since.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Origin {
    begun: bool,
    /// The device is the subject's, whatever the profile still keeps.
    known: bool,
    new_device: bool,
    /// Windows for which work on another device is still told of.
    elsewhere: usize,
    /// The most that two or more windows up to a moment have fitted.
    best: Option<f64>,
}

impl Origin {
    /// Takes note of what the latest windows amount to.
    pub(crate) fn window(&mut self, suffixes: &[Suffix]) {
        self.elsewhere = self.elsewhere.saturating_sub(1);
        if let Some(longest) = suffixes.last().filter(|s| s.windows > 1) {
            self.best = Some(self.best.map_or(longest.ratio.llr, |best| best.max(longest.ratio.llr)));
        }
    }

    /// Why someone else is at the controls now. Where the log-on is doubtful, the session must have fitted clearly to have been
    /// the subject's; elsewhere, it must have been unlike from its first keys on never to have been.
    pub(crate) fn cause(&self, feedback: Feedback) -> Cause {
        let doubtful = self.new_device || self.elsewhere > 0;
        let never = self.best.is_none_or(|best| best < if doubtful { FITS } else { 0.0 });
        if never && !feedback.vouches() { Cause::Credential } else { Cause::Takeover }
    }

    /// What the log-on adds to the doubt.
    pub(crate) fn evidence(&self) -> Vec<Evidence> {
        let fitted = self.best.is_some_and(|best| best >= FITS);
        let facts = [
            (self.new_device && !fitted, NEW_DEVICE, "where: a device new to the subject"),
            (
                self.elsewhere > 0,
                ELSEWHERE,
                "where: the account is at work on another device in the same minutes",
            ),
        ];
        let told = facts.into_iter().filter(|(holds, ..)| *holds);
        told.map(|(_, factor, words)| Evidence {
            family: Family::Habit,
            llr: -factor.ln(),
            words: words.to_owned(),
        })
        .collect()
    }
}

impl SessionState {
    /// Says that the account is at work on another device in the same minutes, before the window that shows it.
    pub fn at_work_elsewhere(&mut self) {
        if self.origin.elsewhere == 0 {
            self.hazard.raise(ELSEWHERE);
        }
        self.origin.elsewhere = REMEMBERED;
    }

    /// Says that the device is known to be the subject's: a profile keeps a few sessions, and forgets where older ones were made.
    pub fn on_known_device(&mut self) {
        self.origin.known = true;
    }

    /// Looks at the log-on when the first window is judged.
    pub(crate) fn begin(&mut self, profile: &Profile) {
        if self.origin.begun {
            return;
        }
        self.origin.begun = true;
        self.origin.new_device = !self.origin.known && self.device.is_new(profile);
        if self.origin.new_device {
            self.hazard.raise(NEW_DEVICE);
        }
    }
}
