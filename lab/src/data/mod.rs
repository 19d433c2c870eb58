//! Recordings: reading them, and measuring them as the agent would.

pub mod clock;
pub mod folder;
pub mod ikdd;
mod repeat;

use std::path::Path;

use tacit_measure::{Input, Measurer, Output, Privacy, Settings, TimedInput, Window};
use tacit_proto::{FeatureStats, Modality};

pub use tacit_agent::trace::{Trace, TraceError};

/// Pooled stats of one modality of a stretch of use.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// Keystrokes or strokes.
    pub inputs: u32,
    /// What was measured.
    pub stats: FeatureStats,
}

impl Sample {
    /// Adds all that `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.inputs = self.inputs.saturating_add(other.inputs);
        self.stats.merge(&other.stats);
    }

    /// All samples as one; `None` of none.
    #[must_use]
    pub fn pool<'a>(samples: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        samples.into_iter().fold(None, |pooled: Option<Self>, sample| {
            let mut pooled = pooled.unwrap_or_default();
            pooled.merge(sample);
            Some(pooled)
        })
    }
}

impl From<Window> for Sample {
    fn from(window: Window) -> Self {
        Self { inputs: window.inputs, stats: window.stats }
    }
}

/// Windows that only end with the recording.
pub const WHOLE: Settings = Settings {
    window_keystrokes: u32::MAX,
    window_strokes: u32::MAX,
    window_active_ms: u32::MAX,
    window_rest_ms: u32::MAX,
    privacy: Privacy::PLAIN,
};

/// All events of a trace.
///
/// # Errors
/// When the file cannot be read or a line is no event.
pub fn events(path: &Path) -> Result<Vec<TimedInput>, TraceError> {
    Trace::open(path)?.collect()
}

/// All events of a trace as an agent sees them: the presses that a held key repeats are joined.
///
/// # Errors
/// When the file cannot be read or a line is no event.
pub fn seen(path: &Path) -> Result<Vec<TimedInput>, TraceError> {
    Ok(repeat::held_once(&events(path)?))
}

/// The recordings of one file: what lies between breaks.
pub fn recordings(events: &[TimedInput]) -> impl Iterator<Item = &[TimedInput]> {
    events.split(|event| event.input == Input::Break).filter(|recording| !recording.is_empty())
}

/// The windows of one modality, cut by `settings`.
#[must_use]
pub fn windows(events: &[TimedInput], modality: Modality, settings: Settings) -> Vec<Sample> {
    let (mut measurer, mut out) = (Measurer::new(settings), Vec::new());
    for event in events {
        measurer.push(*event, &mut out);
    }
    measurer.finish(&mut out);
    out.into_iter()
        .filter_map(|output| match output {
            Output::Window(window) if window.modality == modality => Some(window.into()),
            _ => None,
        })
        .collect()
}

/// All of one modality as one sample. `None` if the agent would send nothing of it.
#[must_use]
pub fn whole(events: &[TimedInput], modality: Modality) -> Option<Sample> {
    Sample::pool(&windows(events, modality, WHOLE))
}
