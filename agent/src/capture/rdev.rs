//! The portable back end: the rdev crate's global listener.
//!
//! rdev hands over the typed character with every key; it is dropped in the callback, unread. It gives arrival times, no
//! devices and no injected flag. Its listener cannot be stopped: the thread ends with the process.

use std::time::UNIX_EPOCH;

use rdev::EventType;
use tacit_measure::{Button, Input, Locator, Origin, TimedInput};

use super::keymap::evdev;
use super::{Capture, CaptureError, Captured, Sink};

pub(super) struct Rdev;

impl Capture for Rdev {
    fn run(&mut self, sink: &Sink) -> CaptureError {
        // rdev does not say when it begins; where it cannot, it says so at once.
        if let Err(stopped) = sink.put(Captured::Began) {
            return stopped;
        }
        let sink = sink.clone();
        let mut locator = Locator::new();
        let listened = rdev::listen(move |event| {
            // Of the event only its type and time are taken; `event.name`, the typed character, goes with it here.
            let rdev::Event { time, event_type, name: _ } = event;
            let Some(input) = located(&mut locator, event_type) else { return };
            let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
            let at_us = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
            // Nobody listening is nothing to act on: the listener cannot be stopped.
            let _ = sink.put(Captured::Input(TimedInput { at_us, origin: Origin::Device, input }));
        });
        match listened {
            Ok(()) => CaptureError::Stopped,
            Err(error) => CaptureError::Unavailable(format!("rdev cannot listen here: {error:?}")),
        }
    }
}

fn located(locator: &mut Locator, event: EventType) -> Option<Input> {
    match event {
        EventType::KeyPress(key) => locator.key_down(evdev(key)),
        EventType::KeyRelease(key) => locator.key_up(evdev(key)),
        EventType::MouseMove { x, y } => locator.position(x, y),
        EventType::ButtonPress(b) => Some(Input::ButtonDown(button(b))),
        EventType::ButtonRelease(b) => Some(Input::ButtonUp(button(b))),
        EventType::Wheel { delta_y: 0, .. } => None,
        #[expect(clippy::cast_precision_loss, reason = "notches are few")]
        EventType::Wheel { delta_y, .. } => Some(Input::Wheel { notches: -(delta_y as f32) }),
    }
}

fn button(button: rdev::Button) -> Button {
    match button {
        rdev::Button::Left => Button::Left,
        rdev::Button::Right => Button::Right,
        _ => Button::Other,
    }
}
