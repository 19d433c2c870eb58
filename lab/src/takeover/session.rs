//! One session as it is replayed: the windows that an agent would have sent of it, and of it when another person goes on.

use std::sync::Arc;

use rand::{Rng, RngExt};
use tacit_measure::{Input, Measurer, Output, Settings, TimedInput};
use tacit_proto::{FeatureStats, Modality};

/// From one person's last event to the next person's first: longer than a rest that counts as use.
const SEATING_US: u64 = 10_000_000;
/// Where in a session someone else may go on, as a share of it.
const CUT: std::ops::Range<f64> = 0.1..0.9;
/// Where in their own session that person is taken from: at least half of it follows.
const FROM: std::ops::Range<f64> = 0.0..0.5;

/// A session, in order.
#[derive(Debug, Clone)]
pub enum Session {
    /// Its events.
    Trace(Arc<[TimedInput]>),
    /// Its windows, where a set does not hold events.
    Windows(Vec<Slice>),
}

/// A window as it is replayed.
#[derive(Debug, Clone, Default)]
pub struct Slice {
    /// Keystrokes or strokes.
    pub inputs: u32,
    /// Seconds of active use; `None` where a set does not tell.
    pub active_s: Option<f64>,
    /// What was measured.
    pub stats: FeatureStats,
}

/// A window from the takeover on.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The window, as the agent sends it.
    pub slice: Slice,
    /// Share of it that is the impostor's: the first one may have begun before the takeover.
    pub share: f64,
}

/// A session in which another person goes on.
#[derive(Debug, Clone)]
pub struct Spliced {
    /// Windows that closed before the takeover; the same as without it.
    pub kept: usize,
    /// Windows that closed after it.
    pub after: Vec<Taken>,
}

impl Session {
    /// The windows of one modality, cut as an agent with such settings cuts them. Windows that a set holds are as they are.
    #[must_use]
    pub fn windows(&self, modality: Modality, settings: Settings) -> Vec<Slice> {
        match self {
            Self::Windows(windows) => windows.clone(),
            Self::Trace(events) => {
                let mut desk = Desk::new(modality, settings);
                let mut slices: Vec<Slice> =
                    events.iter().flat_map(|event| desk.push(*event)).map(|(slice, _)| slice).collect();
                slices.extend(desk.finish().into_iter().map(|(slice, _)| slice));
                slices
            }
        }
    }

    /// The session up to a random point, and from there on `other` from a random point. `None` if one is a trace and the
    /// other is not, or nothing of either would be left.
    #[must_use]
    pub fn taken_over_by(
        &self,
        other: &Self,
        modality: Modality,
        settings: Settings,
        rng: &mut impl Rng,
    ) -> Option<Spliced> {
        let (cut, from) = (rng.random_range(CUT), rng.random_range(FROM));
        match (self, other) {
            (Self::Trace(own), Self::Trace(others)) => {
                let (own, others) = (&own[..at_rest(own, cut)], &others[at_rest(others, from)..]);
                let (last, first) = (own.last()?.at_us, others.first()?.at_us);
                let mut desk = Desk::new(modality, settings);
                let kept = own.iter().flat_map(|event| desk.push(*event)).count();
                desk.hand_over();
                let moved = |event: &TimedInput| TimedInput {
                    at_us: event.at_us.saturating_sub(first).saturating_add(last + SEATING_US),
                    ..*event
                };
                let mut after: Vec<_> = others.iter().flat_map(|event| desk.push(moved(event))).collect();
                after.extend(desk.finish());
                let after = after.into_iter().map(|(slice, share)| Taken { slice, share }).collect();
                Some(Spliced { kept, after })
            }
            (Self::Windows(own), Self::Windows(others)) => {
                let kept = place(own.len(), cut).max(1);
                let after = others.get(place(others.len(), from)..)?;
                let whole = |slice: &Slice| Taken { slice: slice.clone(), share: 1.0 };
                (kept <= own.len()).then(|| Spliced { kept, after: after.iter().map(whole).collect() })
            }
            _ => None,
        }
    }
}

/// A measured desk: what is at it, and whose events the open window holds.
struct Desk {
    modality: Modality,
    measurer: Measurer,
    out: Vec<Output>,
    /// Events of the modality in the open window, before and after the controls changed hands.
    events: [f64; 2],
    hands: usize,
}

impl Desk {
    fn new(modality: Modality, settings: Settings) -> Self {
        let measurer = Measurer::new(settings);
        Self { modality, measurer, out: Vec::new(), events: [0.0; 2], hands: 0 }
    }

    fn hand_over(&mut self) {
        self.hands = 1;
    }

    /// The windows that an event closes, each with the share of it that came after the handing over.
    fn push(&mut self, event: TimedInput) -> Vec<(Slice, f64)> {
        let key = matches!(event.input, Input::KeyDown { .. } | Input::KeyUp { .. });
        if key == (self.modality == Modality::Keyboard) {
            self.events[self.hands] += 1.0;
        }
        self.measurer.push(event, &mut self.out);
        self.closed()
    }

    fn finish(&mut self) -> Vec<(Slice, f64)> {
        self.measurer.finish(&mut self.out);
        self.closed()
    }

    fn closed(&mut self) -> Vec<(Slice, f64)> {
        let mut closed = Vec::new();
        for output in self.out.drain(..) {
            let Output::Window(window) = output else { continue };
            if window.modality != self.modality {
                continue;
            }
            let [before, after] = std::mem::take(&mut self.events);
            let share = if before > 0.0 { after / (before + after) } else { 1.0 };
            let active_s = Some(f64::from(window.active_ms) / 1000.0);
            closed.push((Slice { inputs: window.inputs, active_s, stats: window.stats }, share));
        }
        closed
    }
}

/// Cuts events into parts of about the same number, where nothing is held down.
#[must_use]
pub fn parts(events: &[TimedInput], count: usize) -> Vec<&[TimedInput]> {
    let edge =
        |part: usize| if part == count { events.len() } else { at_rest(events, part as f64 / count as f64) };
    (0..count).map(|part| &events[edge(part)..edge(part + 1).max(edge(part))]).collect()
}

/// The first place from a share of the events on at which no key and no button is down; that share itself if there is none.
fn at_rest(events: &[TimedInput], share: f64) -> usize {
    let wanted = place(events.len(), share);
    let mut down = 0_i32;
    for (at, event) in events.iter().enumerate() {
        if at >= wanted && down <= 0 {
            return at;
        }
        match event.input {
            Input::KeyDown { .. } | Input::ButtonDown(_) => down += 1,
            Input::KeyUp { .. } | Input::ButtonUp(_) => down = (down - 1).max(0),
            _ => {}
        }
    }
    wanted
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
fn place(count: usize, share: f64) -> usize {
    ((count as f64 * share) as usize).min(count)
}
