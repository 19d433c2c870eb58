//! A window that is still being filled.

use tacit_proto::{FeatureId, FeatureStats, MIN_KEYSTROKES, MIN_STROKES, Modality, catalogue};

use crate::coarse::Coarse;
use crate::privacy::Privacy;
use crate::window::Window;
use crate::within::Within;

/// Values of one feature in one window at most; what comes after them is not counted. Keeps an open window that lacks
/// its minimum of inputs within what the wire accepts.
const MOST_VALUES: u32 = 50_000;
/// A rest longer than this is not use.
const IDLE_US: u64 = 5_000_000;

/// Steps of the time in use, where stats are coarse.
const ACTIVE_STEPS_MS: u64 = 5_000;

/// The stats of an open window, taking raw values.
#[derive(Debug)]
pub(crate) struct Values<'a>(&'a mut FeatureStats);

impl Values<'_> {
    /// Clips, transforms and adds a raw value; one that is no number is ignored.
    pub(crate) fn push(&mut self, id: FeatureId, raw: f64) {
        let Some(value) = catalogue::feature(id).and_then(|feature| feature.value(raw)) else { return };
        if self.0.get(id).is_none_or(|stat| stat.count() < MOST_VALUES) {
            self.0.push(id, value);
        }
    }

    /// Adds a time to each of its shares.
    pub(crate) fn push_within(&mut self, shares: &[Within], ms: f64) {
        for within in shares {
            self.push(within.feature, within.share(ms));
        }
    }
}

/// Window of one modality, filling.
#[derive(Debug)]
pub(crate) struct Open {
    modality: Modality,
    stats: FeatureStats,
    inputs: u32,
    coarse: Coarse,
    active_us: u64,
    last_us: u64,
    discarded: u32,
    /// Last input of this modality, also of an earlier window; `None` after a break.
    seen_us: Option<u64>,
}

impl Open {
    pub(crate) fn new(modality: Modality, privacy: Privacy) -> Self {
        Self {
            modality,
            stats: FeatureStats::new(),
            inputs: 0,
            coarse: Coarse::new(privacy),
            active_us: 0,
            last_us: 0,
            discarded: 0,
            seen_us: None,
        }
    }

    /// Windows tell less or more from here on.
    pub(crate) fn set_privacy(&mut self, privacy: Privacy) {
        self.coarse.set_privacy(privacy);
    }

    /// Takes values.
    pub(crate) fn values(&mut self) -> Values<'_> {
        Values(&mut self.stats)
    }

    /// Counts keystrokes or strokes.
    pub(crate) fn add_inputs(&mut self, inputs: u32) {
        self.inputs = self.inputs.saturating_add(inputs).min(MOST_VALUES);
    }

    /// Counts an event left out.
    pub(crate) fn discard(&mut self) {
        self.discarded = self.discarded.saturating_add(1);
    }

    /// An event of this modality happened.
    pub(crate) fn seen(&mut self, at_us: u64) {
        let rest = self.seen_us.map_or(0, |before| at_us.saturating_sub(before));
        if rest <= IDLE_US {
            self.active_us = self.active_us.saturating_add(rest);
        }
        self.seen_us = Some(at_us);
        self.last_us = at_us;
    }

    /// What follows does not continue what came before.
    pub(crate) fn interrupt(&mut self) {
        self.seen_us = None;
    }

    /// Takes the window out if it holds `inputs`, or its minimum and `active_ms`; the next one follows.
    pub(crate) fn close(&mut self, inputs: u32, active_ms: u32) -> Option<Window> {
        let least = match self.modality {
            Modality::Keyboard => MIN_KEYSTROKES,
            Modality::Pointer | Modality::Touch => MIN_STROKES,
        };
        let full = self.inputs >= inputs.max(least);
        let aged = self.inputs >= least && self.active_us / 1000 >= u64::from(active_ms);
        if !full && !aged {
            return None;
        }
        let coarse = self.coarse.privacy().coarse();
        if coarse && !self.coarse.ripe(&self.stats, self.inputs) {
            return None;
        }
        let stats = if coarse {
            self.coarse.take(&mut self.stats, self.inputs)
        } else {
            std::mem::take(&mut self.stats)
        };
        let active_us = std::mem::take(&mut self.active_us);
        // To the millisecond it would tell the mean time from one key to the next.
        let steps_ms = if coarse { ACTIVE_STEPS_MS } else { 1 };
        let active_ms = (active_us / 1000).div_ceil(steps_ms).saturating_mul(steps_ms);
        Some(Window {
            modality: self.modality,
            inputs: std::mem::take(&mut self.inputs),
            active_ms: u32::try_from(active_ms).unwrap_or(u32::MAX),
            closed_at_us: self.last_us,
            discarded: std::mem::take(&mut self.discarded),
            stats,
        })
    }
}
