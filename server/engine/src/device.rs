//! The device term: what a subject does otherwise on a device that the profile has not learned on.
//!
//! `y = μ + subject + device + session + noise`. A population is recorded with about one device a person, so that it cannot tell the
//! covariance of devices from those of subjects and sessions. It is taken in proportion to the session covariance: what
//! varies from day to day is what a keyboard or a pointer moves as well, and in the same units.
//!
//! Only *same person* is widened. Among anyone, the subject covariance already holds the devices that people were recorded
//! on; to widen both would count devices twice there, and give away what tells people apart.
//!
//! A profile pools its sessions whatever device they were made on, so its means lie the nearer to a device the more of its
//! kept sessions were made there. The term follows that share: whole on an unknown device, none once a quarter of the sessions
//! are of it, and none ever on the only device of a subject. Within a session it narrows with each window after which all of the
//! session fits the profile without it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tacit_proto::{FeatureStats, Modality};

use crate::{Occasion, Population, Profile, Reference, SessionState, score_against};

/// Covariance of an unknown device, in session covariances.
const UNKNOWN: f64 = 1.0;
/// Share of a profile's kept sessions that makes a device a known one.
const KNOWN: f64 = 0.25;
/// Windows that fit without the term, after which it is half as wide.
const SETTLED: f64 = 8.0;
/// Ratio at which a session fits without it: one window has too much noise to tell.
const FITS: f64 = 3.0;
/// Sets a device apart from itself with another keyboard or pointer.
const ANOTHER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Where a session is, and what it has shown of that.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Device {
    key: Option<u64>,
    /// Whose input device appeared during the session.
    appeared: Vec<Modality>,
    /// Windows after which the session fitted without the term, one entry a modality.
    fitting: Vec<(Modality, u32)>,
}

impl Device {
    /// What a session there is learned under; `None` if the device was not told.
    pub(crate) fn key(&self, modality: Modality) -> Option<u64> {
        self.key.map(|key| if self.appeared.contains(&modality) { key ^ ANOTHER } else { key })
    }

    /// Whether none of the sessions that the profile keeps was made on the workstation, whatever was plugged into it, although
    /// it is known where they were made.
    pub(crate) fn is_new(&self, profile: &Profile) -> bool {
        let share = |modality| {
            let key = self.key?;
            Some(profile.share_on(modality, key)? + profile.share_on(modality, key ^ ANOTHER)?)
        };
        Modality::ALL.into_iter().filter_map(share).reduce(f64::max).is_some_and(|most| most <= 0.0)
    }

    /// Whether an input device appeared during the session.
    pub(crate) fn changed(&self) -> bool {
        !self.appeared.is_empty()
    }

    /// The device's covariance beside the subject's and the session's, in session covariances.
    fn widening(&self, profile: &Profile, modality: Modality) -> f64 {
        let share = self.key(modality).and_then(|key| profile.share_on(modality, key));
        let unknown = share.map_or(0.0, |share| (1.0 - share / KNOWN).max(0.0));
        let fitting = self.fitting.iter().find(|(m, _)| *m == modality).map_or(0, |(_, windows)| *windows);
        UNKNOWN * unknown.powi(2) / (1.0 + f64::from(fitting) / SETTLED)
    }

    /// What the profile expects here of the subject.
    pub(crate) fn reference(&self, population: &Population, profile: &Profile) -> Arc<Reference> {
        let reference = profile.reference(population);
        let widening = |modality| self.widening(profile, modality);
        if Modality::ALL.into_iter().any(|m| widening(m) > 0.0) {
            return Arc::new(reference.widened(population, widening));
        }
        reference
    }

    /// Takes note of a window after which all of the session's stats fit, or not, what the profile expects on known devices.
    pub(crate) fn sees(
        &mut self,
        population: &Population,
        profile: &Profile,
        modality: Modality,
        session: impl FnOnce() -> FeatureStats,
    ) {
        if self.widening(profile, modality) <= 0.0 {
            return;
        }
        let score = score_against(population, &profile.reference(population), modality, &session());
        if score.is_none_or(|s| s.llr < FITS) {
            return;
        }
        match self.fitting.iter_mut().find(|(m, _)| *m == modality) {
            Some((_, windows)) => *windows = windows.saturating_add(1),
            None => self.fitting.push((modality, 1)),
        }
    }
}

impl SessionState {
    /// Says which device the session is on, by any key that stays the device's. A session of which nobody says so is
    /// judged as on a known device.
    pub fn on_device(&mut self, key: u64) {
        self.device.key = Some(key);
    }

    /// Says that a keyboard, pointer or touch surface appeared during the session: what it is used for is judged, and
    /// learned, as on another device, and hands may have changed.
    pub fn input_device_appeared(&mut self, modality: Modality) {
        if !self.device.appeared.contains(&modality) {
            self.device.appeared.push(modality);
            self.device.fitting.retain(|(m, _)| *m != modality);
        }
        self.may_have_changed_hands(Occasion::InputDevice);
    }
}
