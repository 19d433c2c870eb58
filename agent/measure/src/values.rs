//! Where raw values become stats.

use tacit_proto::{FeatureId, FeatureStats, catalogue};

/// The stats of an open window, taking raw values.
#[derive(Debug)]
pub(crate) struct Values<'a>(pub(crate) &'a mut FeatureStats);

impl Values<'_> {
    /// Clips, transforms and adds a raw value; one that is no number is ignored.
    pub(crate) fn push(&mut self, id: FeatureId, raw: f64) {
        if let Some(value) = catalogue::feature(id).and_then(|f| f.value(raw)) {
            self.0.push(id, value);
        }
    }
}
