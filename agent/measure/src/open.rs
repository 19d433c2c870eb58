//! A window that is still being filled.

use tacit_proto::{Beginning, FeatureId, FeatureStats, MIN_KEYSTROKES, MIN_STROKES, Modality, catalogue};

use crate::coarse::Coarse;
use crate::privacy::Privacy;
use crate::window::Window;
use crate::within::Within;

/// Values of one feature in one window at most; what comes after them is not counted. Keeps an open window that lacks
/// its minimum of inputs within what the wire accepts.
const MOST_VALUES: u32 = 50_000;
/// A rest longer than this is not use.
pub const IDLE_US: u64 = 5_000_000;

/// Windows after a rest that hold nothing of before it: as many as must agree before someone is named.
const APART: u32 = 2;

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
    coarse: Coarse,
    filling: Part,
    /// What was no window yet when rests began.
    aside: Part,
    /// Windows closed since then.
    since_rest: u32,
    /// What came before what is being filled.
    beginning: Beginning,
    /// And before what follows it: a break within a window is before both.
    next_beginning: Beginning,
    last_us: u64,
    /// Last input of this modality, also of an earlier window; `None` after a break.
    seen_us: Option<u64>,
}

/// What a window is made of.
#[derive(Debug, Default)]
struct Part {
    stats: FeatureStats,
    inputs: u32,
    active_us: u64,
    discarded: u32,
}

impl Part {
    fn merge(&mut self, other: &Self) {
        self.stats.merge(&other.stats);
        self.inputs = self.inputs.saturating_add(other.inputs).min(MOST_VALUES);
        self.active_us = self.active_us.saturating_add(other.active_us);
        self.discarded = self.discarded.saturating_add(other.discarded);
    }
}

impl Open {
    pub(crate) fn new(modality: Modality, privacy: Privacy) -> Self {
        Self {
            modality,
            coarse: Coarse::new(privacy),
            filling: Part::default(),
            aside: Part::default(),
            since_rest: 0,
            beginning: Beginning::Untold,
            next_beginning: Beginning::GoesOn,
            last_us: 0,
            seen_us: None,
        }
    }

    /// Windows tell less or more from here on.
    pub(crate) fn set_privacy(&mut self, privacy: Privacy) {
        self.coarse.set_privacy(privacy);
    }

    /// Takes values.
    pub(crate) fn values(&mut self) -> Values<'_> {
        Values(&mut self.filling.stats)
    }

    /// Counts keystrokes or strokes.
    pub(crate) fn add_inputs(&mut self, inputs: u32) {
        self.filling.inputs = self.filling.inputs.saturating_add(inputs).min(MOST_VALUES);
    }

    /// Counts an event left out.
    pub(crate) fn discard(&mut self) {
        self.filling.discarded = self.filling.discarded.saturating_add(1);
    }

    /// An event of this modality happened.
    pub(crate) fn seen(&mut self, at_us: u64) {
        let rest = self.seen_us.map_or(0, |before| at_us.saturating_sub(before));
        if rest <= IDLE_US {
            self.filling.active_us = self.filling.active_us.saturating_add(rest);
        }
        if self.seen_us.is_none() {
            self.begin_after_rest();
        }
        self.seen_us = Some(at_us);
        self.last_us = at_us;
    }

    /// What follows does not continue what came before.
    pub(crate) fn interrupt(&mut self) {
        self.seen_us = None;
    }

    /// After a rest so long that someone else may have sat down, what is no window yet is set aside, so that the next windows
    /// hold nothing of before. It is a window itself once several rests have left enough to fill one. Coarse stats fill over many
    /// windows and stay together.
    pub(crate) fn rested(&mut self, at_us: u64, rest_ms: u32, inputs: u32) -> Option<Window> {
        let rest_us = u64::from(rest_ms).saturating_mul(1000);
        let rested = self.seen_us.is_some_and(|seen| at_us.saturating_sub(seen) >= rest_us);
        if !rested || self.coarse.privacy().coarse() {
            return None;
        }
        self.since_rest = 0;
        self.aside.merge(&std::mem::take(&mut self.filling));
        self.begin_after_rest();
        if self.aside.inputs < inputs.max(self.least()) {
            return None;
        }
        let aside = std::mem::take(&mut self.aside);
        Some(self.window(aside, Beginning::Untold))
    }

    fn begin_after_rest(&mut self) {
        self.beginning = Beginning::AfterRest;
        self.next_beginning = if self.filling.inputs > 0 { Beginning::AfterRest } else { Beginning::GoesOn };
    }

    /// What was set aside goes on with what is being filled.
    pub(crate) fn join(&mut self) {
        self.filling.merge(&std::mem::take(&mut self.aside));
    }

    /// Takes the window out if it holds `inputs`, or its minimum and `active_ms`; the next one follows.
    pub(crate) fn close(&mut self, inputs: u32, active_ms: u32) -> Option<Window> {
        let least = self.least();
        let full = self.filling.inputs >= inputs.max(least);
        let aged = self.filling.inputs >= least && self.filling.active_us / 1000 >= u64::from(active_ms);
        if !full && !aged {
            return None;
        }
        let coarse = self.coarse.privacy().coarse();
        if coarse && !self.coarse.ripe(&self.filling.stats, self.filling.inputs) {
            return None;
        }
        let mut part = std::mem::take(&mut self.filling);
        if coarse {
            // What waits for a later window is put back.
            let stats = self.coarse.take(&mut part.stats, part.inputs);
            self.filling.stats = std::mem::replace(&mut part.stats, stats);
        }
        self.since_rest = self.since_rest.saturating_add(1);
        if self.since_rest >= APART {
            self.join();
        }
        let next = std::mem::replace(&mut self.next_beginning, Beginning::GoesOn);
        let beginning = std::mem::replace(&mut self.beginning, next);
        // Rests cut keyboard windows alone, and those only where stats are not coarse.
        let told = self.modality == Modality::Keyboard && !coarse;
        Some(self.window(part, if told { beginning } else { Beginning::Untold }))
    }

    fn least(&self) -> u32 {
        match self.modality {
            Modality::Keyboard => MIN_KEYSTROKES,
            Modality::Pointer | Modality::Touch => MIN_STROKES,
        }
    }

    fn window(&self, part: Part, beginning: Beginning) -> Window {
        // To the millisecond it would tell the mean time from one key to the next.
        let steps_ms = if self.coarse.privacy().coarse() { ACTIVE_STEPS_MS } else { 1 };
        let active_ms = (part.active_us / 1000).div_ceil(steps_ms).saturating_mul(steps_ms);
        Window {
            modality: self.modality,
            inputs: part.inputs,
            active_ms: u32::try_from(active_ms).unwrap_or(u32::MAX),
            beginning,
            closed_at_us: self.last_us,
            discarded: part.discarded,
            stats: part.stats,
        }
    }
}
