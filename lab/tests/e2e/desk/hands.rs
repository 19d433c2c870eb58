//! What hands do to a keyboard and a mouse.

use tacit_lab::simulate::{Action, RawEvent};

/// One thing done to the hardware.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Act {
    /// A key by its evdev code.
    Key { code: u16, press: bool },
    /// The mouse moved, in pixels.
    Move { dx: f64, dy: f64 },
    /// 1 left, 2 middle, 3 right.
    Button { button: i32, press: bool },
    /// The wheel turned, in notches.
    Wheel { steps: f64 },
}

/// Something done at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Deed {
    /// Microseconds from the beginning.
    pub(crate) at_us: u64,
    pub(crate) act: Act,
}

/// What hands do so that these events happen. The time begins with the first of them, and so does the pointer's place.
pub(crate) fn deeds(events: &[RawEvent]) -> Vec<Deed> {
    let begin = events.first().map_or(0, |e| e.at_us);
    let mut place = None;
    let deed = |event: &RawEvent| {
        let act = match event.action {
            Action::Down(code) => Act::Key { code, press: true },
            Action::Up(code) => Act::Key { code, press: false },
            Action::At(x, y) => {
                let (from_x, from_y) = place.replace((x, y)).unwrap_or((x, y));
                Act::Move { dx: x - from_x, dy: y - from_y }
            }
            Action::Press => Act::Button { button: 1, press: true },
            Action::Release => Act::Button { button: 1, press: false },
            Action::Wheel(steps) => Act::Wheel { steps },
        };
        Deed { at_us: event.at_us - begin, act }
    };
    let moves = |d: &Deed| !matches!(d.act, Act::Move { dx: 0.0, dy: 0.0 });
    events.iter().map(deed).filter(moves).collect()
}

/// The same in a part of the time.
pub(crate) fn hurried(deeds: &[Deed], times: u64) -> Vec<Deed> {
    deeds.iter().map(|d| Deed { at_us: d.at_us / times, ..*d }).collect()
}
