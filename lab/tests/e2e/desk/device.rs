//! Client of Xorg's inputtest driver (xf86-input-inputtest-protocol.h): plays a device's hardware.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::eventually;

/// Version of the protocol, major and minor.
const VERSION: (u16, u16) = (1, 0);
/// Axes that a message has room for.
const AXES: usize = 64;
/// X key codes are evdev codes plus 8.
const FIRST_KEYCODE: i32 = 8;

#[derive(Clone, Copy)]
enum Kind {
    ClientVersion = 0,
    WaitForSync = 1,
    Motion = 2,
    Button = 4,
    Key = 5,
}

/// A message under construction, laid out as the C structs of the driver are.
struct Message(Vec<u8>);

impl Message {
    fn new(kind: Kind) -> Self {
        // The length comes first; it is known at the end.
        Self([0u32.to_ne_bytes(), (kind as u32).to_ne_bytes()].concat())
    }

    fn put<const N: usize>(mut self, bytes: [u8; N]) -> Self {
        while !self.0.len().is_multiple_of(N.min(8)) {
            self.0.push(0);
        }
        self.0.extend(bytes);
        self
    }

    /// Values of axes 0 to 3, where given; each also as the unaccelerated value.
    fn axes(self, values: [Option<f64>; 4]) -> Self {
        let mut message = self;
        while !message.0.len().is_multiple_of(8) {
            message.0.push(0);
        }
        let mask = values.iter().zip(0..).map(|(v, axis)| u8::from(v.is_some()) << axis).sum::<u8>();
        message = message.put(1u32.to_ne_bytes());
        message.0.extend([mask, 0, 0, 0, 0, 0, 0, 0]);
        for axis in (0..2 * AXES).map(|i| i % AXES) {
            let value = values.get(axis).copied().flatten().unwrap_or_default();
            message = message.put(value.to_ne_bytes());
        }
        message
    }

    fn finish(mut self) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).unwrap();
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0
    }
}

/// One device's hardware. Xorg spins once it is dropped, so it must outlive the X server.
pub(crate) struct Device(UnixStream);

impl Device {
    /// Connects to the device whose driver listens at `socket`.
    pub(crate) fn connect(socket: &Path) -> Self {
        let stream = eventually("device socket", || UnixStream::connect(socket).ok());
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut device = Self(stream);
        let (major, minor) = VERSION;
        device.send(Message::new(Kind::ClientVersion).put(major.to_ne_bytes()).put(minor.to_ne_bytes()));
        let answer = device.answer();
        assert!(answer.0 == 0 && answer.1.len() == 4, "the driver does not tell its version");
        device
    }

    /// Presses or releases a key, by its evdev code.
    pub(crate) fn key(&mut self, code: u16, press: bool) {
        let keycode = i32::from(code) + FIRST_KEYCODE;
        self.send(Message::new(Kind::Key).put(keycode.to_ne_bytes()).put(u32::from(press).to_ne_bytes()));
    }

    /// Moves by so many pixels.
    pub(crate) fn motion(&mut self, dx: f64, dy: f64) {
        let relative = Message::new(Kind::Motion).put(0u32.to_ne_bytes());
        self.send(relative.axes([Some(dx), Some(dy), None, None]));
    }

    /// Turns the wheel.
    pub(crate) fn wheel(&mut self, steps: f64) {
        let relative = Message::new(Kind::Motion).put(0u32.to_ne_bytes());
        self.send(relative.axes([None, None, None, Some(steps)]));
    }

    /// Presses or releases a button: 1 left, 2 middle, 3 right.
    pub(crate) fn button(&mut self, button: i32, press: bool) {
        let message = Message::new(Kind::Button).put(0u32.to_ne_bytes());
        let message = message.put(button.to_ne_bytes()).put(u32::from(press).to_ne_bytes());
        self.send(message.axes([None; 4]));
    }

    /// Waits until the X server has taken everything.
    pub(crate) fn settle(&mut self) {
        self.send(Message::new(Kind::WaitForSync));
        assert_eq!(self.answer().0, 1, "the driver answers something else than that it has finished");
    }

    fn send(&mut self, message: Message) {
        self.0.write_all(&message.finish()).expect("the X server takes input");
    }

    /// Kind and body of a response.
    fn answer(&mut self) -> (u32, Vec<u8>) {
        let mut header = [0; 8];
        self.0.read_exact(&mut header).expect("the driver answers");
        let word = |at: usize| u32::from_ne_bytes(header[at..at + 4].try_into().unwrap());
        let mut body = vec![0; word(0) as usize - header.len()];
        self.0.read_exact(&mut body).unwrap();
        (word(4), body)
    }
}

#[test]
fn messages_have_the_sizes_of_the_drivers_structs() {
    let motion = Message::new(Kind::Motion).put(0u32.to_ne_bytes()).axes([None; 4]);
    assert_eq!(motion.finish().len(), 16 + 16 + 1_024);
    let button = Message::new(Kind::Button).put([0; 4]).put([0; 4]).put([0; 4]).axes([None; 4]);
    assert_eq!(button.finish().len(), 24 + 16 + 1_024);
}
