//! The portable back end: the rdev crate's global listener.
//!
//! rdev hands over the typed character with every key; it is dropped in the callback, unread. It gives arrival times, no
//! devices and no injected flag. Its listener cannot be stopped: the thread ends with the process.

use std::time::UNIX_EPOCH;

use rdev::{EventType, Key};
use tacit_measure::{Button, Input, Locator, Origin, TimedInput};

use super::{Capture, CaptureError, Captured, Sink};

pub(super) struct Rdev;

impl Capture for Rdev {
    fn run(&mut self, sink: &Sink) -> CaptureError {
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

/// Linux evdev code of a key; a key that rdev does not know keeps a code of its own beyond evdev's.
fn evdev(key: Key) -> u16 {
    match key {
        Key::Escape => 1,
        Key::Num1 => 2,
        Key::Num2 => 3,
        Key::Num3 => 4,
        Key::Num4 => 5,
        Key::Num5 => 6,
        Key::Num6 => 7,
        Key::Num7 => 8,
        Key::Num8 => 9,
        Key::Num9 => 10,
        Key::Num0 => 11,
        Key::Minus => 12,
        Key::Equal => 13,
        Key::Backspace => 14,
        Key::Tab => 15,
        Key::KeyQ => 16,
        Key::KeyW => 17,
        Key::KeyE => 18,
        Key::KeyR => 19,
        Key::KeyT => 20,
        Key::KeyY => 21,
        Key::KeyU => 22,
        Key::KeyI => 23,
        Key::KeyO => 24,
        Key::KeyP => 25,
        Key::LeftBracket => 26,
        Key::RightBracket => 27,
        Key::Return => 28,
        Key::ControlLeft => 29,
        Key::KeyA => 30,
        Key::KeyS => 31,
        Key::KeyD => 32,
        Key::KeyF => 33,
        Key::KeyG => 34,
        Key::KeyH => 35,
        Key::KeyJ => 36,
        Key::KeyK => 37,
        Key::KeyL => 38,
        Key::SemiColon => 39,
        Key::Quote => 40,
        Key::BackQuote => 41,
        Key::ShiftLeft => 42,
        Key::BackSlash => 43,
        Key::KeyZ => 44,
        Key::KeyX => 45,
        Key::KeyC => 46,
        Key::KeyV => 47,
        Key::KeyB => 48,
        Key::KeyN => 49,
        Key::KeyM => 50,
        Key::Comma => 51,
        Key::Dot => 52,
        Key::Slash => 53,
        Key::ShiftRight => 54,
        Key::KpMultiply => 55,
        Key::Alt => 56,
        Key::Space => 57,
        Key::CapsLock => 58,
        Key::F1 => 59,
        Key::F2 => 60,
        Key::F3 => 61,
        Key::F4 => 62,
        Key::F5 => 63,
        Key::F6 => 64,
        Key::F7 => 65,
        Key::F8 => 66,
        Key::F9 => 67,
        Key::F10 => 68,
        Key::NumLock => 69,
        Key::ScrollLock => 70,
        Key::Kp7 => 71,
        Key::Kp8 => 72,
        Key::Kp9 => 73,
        Key::KpMinus => 74,
        Key::Kp4 => 75,
        Key::Kp5 => 76,
        Key::Kp6 => 77,
        Key::KpPlus => 78,
        Key::Kp1 => 79,
        Key::Kp2 => 80,
        Key::Kp3 => 81,
        Key::Kp0 => 82,
        Key::KpDelete => 83,
        Key::IntlBackslash => 86,
        Key::F11 => 87,
        Key::F12 => 88,
        Key::KpReturn => 96,
        Key::ControlRight => 97,
        Key::KpDivide => 98,
        Key::PrintScreen => 99,
        Key::AltGr => 100,
        Key::Home => 102,
        Key::UpArrow => 103,
        Key::PageUp => 104,
        Key::LeftArrow => 105,
        Key::RightArrow => 106,
        Key::End => 107,
        Key::DownArrow => 108,
        Key::PageDown => 109,
        Key::Insert => 110,
        Key::Delete => 111,
        Key::Pause => 119,
        Key::MetaLeft => 125,
        Key::MetaRight => 126,
        Key::Function => 464,
        Key::Unknown(code) => u16::try_from(code % 0x8000).map_or(u16::MAX, |code| 0x8000 | code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacit_measure::Zone;

    #[test]
    fn keys_lie_where_evdev_says_and_unknown_ones_nowhere_special() {
        let zone = |key| match located(&mut Locator::new(), EventType::KeyPress(key)) {
            Some(Input::KeyDown { zone, .. }) => zone,
            other => panic!("{other:?}"),
        };
        for (key, expected) in [
            (Key::KeyF, Zone::Left),
            (Key::KeyJ, Zone::Right),
            (Key::Space, Zone::Space),
            (Key::Kp5, Zone::Pad),
            (Key::Backspace, Zone::Erase),
            (Key::Delete, Zone::Erase),
            (Key::AltGr, Zone::Modifier),
            (Key::UpArrow, Zone::Navigation),
            (Key::Unknown(30), Zone::Function),
        ] {
            assert_eq!(zone(key), expected, "{key:?}");
        }
    }
}
