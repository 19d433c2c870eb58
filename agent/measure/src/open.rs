//! A window that is still being filled.

use std::collections::VecDeque;

use tacit_proto::{FeatureId, FeatureStats, MIN_KEYSTROKES, MIN_STROKES, Modality, catalogue};

use crate::coarse::Coarse;
use crate::spread::{Privacy, Spread};
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
    /// The window, and what waits for each of the next ones; never empty.
    parts: VecDeque<Part>,
    /// Which of them what is measured now belongs to.
    at: usize,
    spread: Spread,
    coarse: Coarse,
    active_us: u64,
    last_us: u64,
    discarded: u32,
    /// Last input of this modality, also of an earlier window; `None` after a break.
    seen_us: Option<u64>,
}

#[derive(Debug, Default)]
struct Part {
    stats: FeatureStats,
    inputs: u32,
}

impl Open {
    pub(crate) fn new(modality: Modality) -> Self {
        Self::spread(modality, Spread::default())
    }

    /// Spreads inputs over windows.
    pub(crate) fn spread(modality: Modality, spread: Spread) -> Self {
        Self {
            modality,
            parts: VecDeque::from([Part::default()]),
            at: 0,
            spread,
            coarse: Coarse::default(),
            active_us: 0,
            last_us: 0,
            discarded: 0,
            seen_us: None,
        }
    }

    /// Inputs from here on are spread in another way.
    pub(crate) fn set_privacy(&mut self, privacy: Privacy) {
        self.spread.set_privacy(privacy);
    }

    /// Windows are drawn with this key from here on.
    pub(crate) fn set_key(&mut self, key: u64) {
        self.spread.set_key(key);
    }

    /// Inputs are spread as they were over the windows that follow.
    pub(crate) fn anew(&self) -> Self {
        Self::spread(self.modality, self.spread.clone())
    }

    /// What follows belongs to another input: draws the window that it counts in.
    pub(crate) fn next_input(&mut self) {
        self.at = self.spread.draw();
        while self.parts.len() <= self.at {
            self.parts.push_back(Part::default());
        }
    }

    /// Takes values.
    pub(crate) fn values(&mut self) -> Values<'_> {
        Values(&mut self.part().stats)
    }

    /// Counts keystrokes or strokes.
    pub(crate) fn add_inputs(&mut self, inputs: u32) {
        let part = self.part();
        part.inputs = part.inputs.saturating_add(inputs).min(MOST_VALUES);
    }

    fn part(&mut self) -> &mut Part {
        if self.parts.len() <= self.at {
            self.parts.resize_with(self.at + 1, Part::default);
        }
        &mut self.parts[self.at]
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

    /// Nothing waits any longer: the window takes all there is.
    pub(crate) fn gather(&mut self) {
        let mut all = Part::default();
        for part in self.parts.drain(..) {
            all.stats.merge(&part.stats);
            all.inputs = all.inputs.saturating_add(part.inputs);
        }
        self.parts.push_back(all);
        self.at = 0;
    }

    /// Takes the window out if it holds `inputs`, or its minimum and `active_ms`; the next one follows.
    pub(crate) fn close(&mut self, inputs: u32, active_ms: u32) -> Option<Window> {
        let least = match self.modality {
            Modality::Keyboard => MIN_KEYSTROKES,
            Modality::Pointer | Modality::Touch => MIN_STROKES,
        };
        let holds = self.parts.front().map_or(0, |part| part.inputs);
        let full = holds >= inputs.max(least);
        let aged = holds >= least && self.active_us / 1000 >= u64::from(active_ms);
        if !full && !aged {
            return None;
        }
        let coarse = self.spread.privacy().coarse();
        let ripe = |part: &Part| self.coarse.ripe(&part.stats, part.inputs);
        if coarse && !self.parts.front().is_some_and(ripe) {
            return None;
        }
        let mut part = self.parts.pop_front().unwrap_or_default();
        self.at = self.at.saturating_sub(1);
        if self.parts.is_empty() {
            self.parts.push_back(Part::default());
        }
        if coarse {
            let ripe = self.coarse.take(&mut part.stats, part.inputs);
            let waiting = std::mem::replace(&mut part.stats, ripe);
            self.parts[0].stats.merge(&waiting);
        }
        let active_us = std::mem::take(&mut self.active_us);
        // To the millisecond it would tell the mean time from one key to the next.
        let steps_ms = if coarse { ACTIVE_STEPS_MS } else { 1 };
        let active_ms = (active_us / 1000).div_ceil(steps_ms).saturating_mul(steps_ms);
        Some(Window {
            modality: self.modality,
            inputs: part.inputs,
            active_ms: u32::try_from(active_ms).unwrap_or(u32::MAX),
            closed_at_us: self.last_us,
            discarded: std::mem::take(&mut self.discarded),
            stats: part.stats,
        })
    }
}
