//! Between the wire types and the types of the pure crates, with every check that needs no state.

use thiserror::Error;

use crate::catalogue::{self, FeatureId};
use crate::{Beginning, FeatureStats, Modality, Stat, v1};

/// Features in one window at most: the catalogue has fewer.
pub const MAX_FEATURES: usize = 256;
/// Steps of a mean on the wire, in the units of its feature's transformed values.
const MEAN_STEPS: f64 = 1e3;
/// Steps of a variance on the wire, in the square of those units.
const VARIANCE_STEPS: f64 = 1e4;
/// Values behind one stat, inputs of one window, events behind one signal, at most.
pub const MAX_COUNT: u32 = 100_000;

/// Why a window is not one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WindowError {
    /// Not a modality that this version knows.
    #[error("unknown modality {0}")]
    Modality(i32),
    /// The parallel arrays differ in length, or are too long.
    #[error("feature_step, count, mean and variance must have one length, from 1 to {MAX_FEATURES}")]
    Length,
    /// Ids must rise.
    #[error("feature ids must rise: {0} stands at the wrong place or twice")]
    Order(u32),
    /// Not in the catalogue.
    #[error("feature id {0} is not in the catalogue")]
    UnknownFeature(u32),
    /// Measured on another kind of input.
    #[error("feature {0} does not belong to the window's modality")]
    WrongModality(&'static str),
    /// Count of 0 or absurd.
    #[error("count {1} of {0} is outside 1 to {MAX_COUNT}")]
    Count(&'static str, u32),
    /// A mean or variance that no values could have.
    #[error("mean or variance of {0} is outside what its clip range allows")]
    Range(&'static str),
    /// Below the minimum that may leave a workstation, or absurd.
    #[error("{inputs} inputs; a window of this modality holds {least} to {MAX_COUNT}")]
    Inputs {
        /// What the window says.
        inputs: u32,
        /// The minimum of its modality.
        least: u32,
    },
}

/// A window after every check.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedWindow {
    /// Input it was measured on.
    pub modality: Modality,
    /// Keystrokes or strokes.
    pub inputs: u32,
    /// Milliseconds in use.
    pub active_ms: u32,
    /// What came before it.
    pub beginning: Beginning,
    /// What was measured.
    pub stats: FeatureStats,
}

impl Modality {
    /// The least inputs a window may hold.
    #[must_use]
    pub fn min_inputs(self) -> u32 {
        match self {
            Self::Keyboard => crate::MIN_KEYSTROKES,
            Self::Pointer | Self::Touch => crate::MIN_STROKES,
        }
    }
}

impl From<Modality> for v1::Modality {
    fn from(modality: Modality) -> Self {
        match modality {
            Modality::Keyboard => Self::Keyboard,
            Modality::Pointer => Self::Pointer,
            Modality::Touch => Self::Touch,
        }
    }
}

impl From<Beginning> for v1::Beginning {
    fn from(beginning: Beginning) -> Self {
        match beginning {
            Beginning::Untold => Self::Unspecified,
            Beginning::AfterRest => Self::AfterRest,
            Beginning::GoesOn => Self::GoesOn,
        }
    }
}

impl v1::Window {
    /// A window for the wire. Means and variances are rounded to its steps.
    #[must_use]
    pub fn pack(
        modality: Modality,
        inputs: u32,
        active_ms: u32,
        discarded: u32,
        stats: &FeatureStats,
    ) -> Self {
        let mut window = Self {
            modality: v1::Modality::from(modality).into(),
            inputs,
            active_ms,
            discarded,
            ..Self::default()
        };
        let mut last = 0;
        for s in stats.iter() {
            window.feature_step.push(u32::from(s.feature.0) - last);
            last = u32::from(s.feature.0);
            window.count.push(s.stat.count());
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a cast saturates, far outside of what the catalogue lets through"
            )]
            {
                window.mean.push((s.stat.mean() * MEAN_STEPS).round() as i32);
                window.variance.push((s.stat.variance() * VARIANCE_STEPS).round() as u32);
            }
        }
        window
    }

    /// Id, count, mean and population variance of each feature, as far as the arrays go; unchecked.
    pub fn unpack(&self) -> impl Iterator<Item = (u32, u32, f64, f64)> {
        let ids = self.feature_step.iter().scan(0_u32, |id, step| {
            *id = id.saturating_add(*step);
            Some(*id)
        });
        ids.zip(&self.count).zip(&self.mean).zip(&self.variance).map(|(((id, count), mean), variance)| {
            (id, *count, f64::from(*mean) / MEAN_STEPS, f64::from(*variance) / VARIANCE_STEPS)
        })
    }

    /// Checks everything that can be checked without knowing the session.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn check(&self) -> Result<CheckedWindow, WindowError> {
        let modality = match v1::Modality::try_from(self.modality) {
            Ok(v1::Modality::Keyboard) => Modality::Keyboard,
            Ok(v1::Modality::Pointer) => Modality::Pointer,
            Ok(v1::Modality::Touch) => Modality::Touch,
            _ => return Err(WindowError::Modality(self.modality)),
        };
        let least = modality.min_inputs();
        if self.inputs < least || self.inputs > MAX_COUNT {
            return Err(WindowError::Inputs { inputs: self.inputs, least });
        }
        let length = self.feature_step.len();
        let one_length =
            self.count.len() == length && self.mean.len() == length && self.variance.len() == length;
        if !one_length || length == 0 || length > MAX_FEATURES {
            return Err(WindowError::Length);
        }
        let mut stats = FeatureStats::new();
        let mut last = 0;
        for (id, count, mean, variance) in self.unpack() {
            if id <= last {
                return Err(WindowError::Order(id));
            }
            last = id;
            let feature = u16::try_from(id)
                .ok()
                .and_then(|id| catalogue::feature(FeatureId(id)))
                .ok_or(WindowError::UnknownFeature(id))?;
            if feature.modality != modality {
                return Err(WindowError::WrongModality(feature.name));
            }
            if count == 0 || count > MAX_COUNT {
                return Err(WindowError::Count(feature.name, count));
            }
            let (low, high) = feature.value_range();
            // Popoviciu: the variance of values in [low, high] is at most a quarter of the squared range.
            let slack = 1e-4 * (high - low);
            let most = (high - low) * (high - low) / 4.0 + slack;
            let stat = Stat::new(count, mean, variance)
                .filter(|_| mean >= low - slack && mean <= high + slack && variance <= most)
                .ok_or(WindowError::Range(feature.name))?;
            stats.add(feature.id, &stat);
        }
        // What a later version tells beyond this is not told to this one.
        let beginning = match self.beginning() {
            v1::Beginning::Unspecified => Beginning::Untold,
            v1::Beginning::AfterRest => Beginning::AfterRest,
            v1::Beginning::GoesOn => Beginning::GoesOn,
        };
        Ok(CheckedWindow { modality, inputs: self.inputs, active_ms: self.active_ms, beginning, stats })
    }
}
