//! One session as it is replayed: the windows that an agent would have sent of it, and of it when another person goes on.

use std::sync::Arc;

use rand::{Rng, RngExt};
use tacit_measure::{IDLE_US, Input, Measurer, Output, Settings, TimedInput, Window};
use tacit_proto::{Beginning, FeatureStats, Modality};

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
    /// What came before it.
    pub beginning: Beginning,
    /// What was measured.
    pub stats: FeatureStats,
}

/// A window from the takeover on.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The window, as the agent sends it.
    pub slice: Slice,
    /// The impostor's until it closed, of which some may not have been sent yet.
    pub so_far: Spent,
}

/// Input of an impostor.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    /// Keystrokes or strokes.
    pub inputs: f64,
    /// Seconds of active use; `None` where a set does not tell.
    pub active_s: Option<f64>,
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
    /// A session of events.
    #[must_use]
    pub fn of(events: &[TimedInput]) -> Self {
        Self::Trace(events.into())
    }

    /// The windows of one modality, cut as an agent with such settings cuts them. Windows that a set holds are as they are.
    #[must_use]
    pub fn windows(&self, modality: Modality, settings: Settings) -> Vec<Slice> {
        match self {
            Self::Windows(windows) => windows.clone(),
            Self::Trace(events) => {
                let mut desk = Desk::new(modality, settings);
                let mut slices: Vec<Taken> = events.iter().flat_map(|event| desk.push(*event)).collect();
                slices.extend(desk.finish());
                slices.into_iter().map(|taken| taken.slice).collect()
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
                Some(Spliced { kept, after })
            }
            (Self::Windows(own), Self::Windows(others)) => {
                let kept = place(own.len(), cut).max(1);
                let after = others.get(place(others.len(), from)..)?;
                let inputs = after.iter().scan(0.0, |sum, slice| {
                    *sum += f64::from(slice.inputs);
                    Some(Spent { inputs: *sum, active_s: None })
                });
                let after = after.iter().cloned().zip(inputs);
                let after = after.map(|(slice, so_far)| Taken { slice, so_far }).collect();
                (kept <= own.len()).then_some(Spliced { kept, after })
            }
            _ => None,
        }
    }
}

/// A measured desk: what is at it, and how much of it came after the controls changed hands.
struct Desk {
    modality: Modality,
    measurer: Measurer,
    out: Vec<Output>,
    hands: usize,
    /// Events of the modality in the open window, before and after then.
    events: [f64; 2],
    /// The impostor's latest event of the modality.
    latest_us: Option<u64>,
    spent: Spent,
}

impl Desk {
    fn new(modality: Modality, settings: Settings) -> Self {
        Self {
            modality,
            measurer: Measurer::new(settings),
            out: Vec::new(),
            hands: 0,
            events: [0.0; 2],
            latest_us: None,
            spent: Spent { inputs: 0.0, active_s: Some(0.0) },
        }
    }

    fn hand_over(&mut self) {
        self.hands = 1;
    }

    /// The windows that an event closes.
    fn push(&mut self, event: TimedInput) -> Vec<Taken> {
        let key = matches!(event.input, Input::KeyDown { .. } | Input::KeyUp { .. });
        let of_modality = key == (self.modality == Modality::Keyboard);
        self.measurer.push(event, &mut self.out);
        // A rest closes what was before it.
        let (before, after): (Vec<_>, Vec<_>) =
            self.out.drain(..).filter_map(window).partition(|window| window.closed_at_us < event.at_us);
        let mut closed = self.closed(before);
        if of_modality {
            self.count(event);
        }
        closed.extend(self.closed(after));
        closed
    }

    fn count(&mut self, event: TimedInput) {
        self.events[self.hands] += 1.0;
        if self.hands == 0 {
            return;
        }
        let rest_us =
            self.latest_us.replace(event.at_us).map_or(0, |latest| event.at_us.saturating_sub(latest));
        if rest_us <= IDLE_US
            && let Some(active_s) = &mut self.spent.active_s
        {
            *active_s += rest_us as f64 / 1e6;
        }
        // Strokes are told by windows alone.
        if matches!(event.input, Input::KeyDown { .. }) {
            self.spent.inputs += 1.0;
        }
    }

    fn finish(&mut self) -> Vec<Taken> {
        self.measurer.finish(&mut self.out);
        let rest = self.out.drain(..).filter_map(window).collect();
        self.closed(rest)
    }

    fn closed(&mut self, windows: Vec<Window>) -> Vec<Taken> {
        let mut closed = Vec::new();
        for window in windows.into_iter().filter(|window| window.modality == self.modality) {
            let [before, after] = std::mem::take(&mut self.events);
            if self.modality != Modality::Keyboard && after > 0.0 {
                self.spent.inputs += f64::from(window.inputs) * after / (before + after);
            }
            let active_s = Some(f64::from(window.active_ms) / 1000.0);
            let slice =
                Slice { inputs: window.inputs, active_s, beginning: window.beginning, stats: window.stats };
            closed.push(Taken { slice, so_far: self.spent });
        }
        closed
    }
}

fn window(output: Output) -> Option<Window> {
    match output {
        Output::Window(window) => Some(window),
        Output::Signal(_) => None,
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
