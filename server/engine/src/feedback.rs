//! What people say of a session.

use serde::{Deserialize, Serialize};

use crate::SessionState;

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Feedback {
    #[default]
    None,
    FalseAlarm,
    Confirmed,
}

impl SessionState {
    /// Says that it was the subject after all: lifts the standing verdict, begins anew with what follows, and lets the
    /// session teach unless it is doubted again or a takeover has been confirmed.
    pub fn false_alarm(&mut self) {
        self.begin_anew();
        if self.feedback != Feedback::Confirmed {
            self.feedback = Feedback::FalseAlarm;
        }
    }

    /// Says that someone else was at the controls: the session never teaches.
    pub fn confirmed(&mut self) {
        self.feedback = Feedback::Confirmed;
    }
}
