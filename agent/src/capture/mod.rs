//! Capture back ends: what the operating system tells of input, with its identity dropped in the callback.
//!
//! To add an operating system or display protocol: a file here that implements [`Capture`], and its line in [`back_end`].
//! A back end hands every key code and pointer position to a `Locator` where it receives them, and keeps nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use tacit_measure::TimedInput;
use tokio::sync::mpsc;

mod keymap;
mod rdev;
mod xinput2;

/// Events waiting to be measured at most; more are lost and counted.
const WAITING: usize = 8_192;

/// Which back end to use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackEnd {
    /// X11, raw events of the X Input extension 2: exact times, devices, injected input.
    #[default]
    Xinput2,
    /// Any desktop that the rdev crate listens on; late on X11.
    Rdev,
}

/// What kind of device appeared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    /// A keyboard.
    Keyboard,
    /// A mouse, touchpad or other pointing device.
    Pointer,
}

/// One thing a back end tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Captured {
    /// Capture works from here on. Comes first, once.
    Began,
    /// Input, without identity. Times are the display server's, in microseconds.
    Input(TimedInput),
    /// A device appeared.
    DeviceAdded(DeviceKind),
}

/// Why capture ended.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The display cannot be reached or lacks what is needed.
    #[error("{0}")]
    Unavailable(String),
    /// The display went away while capturing.
    #[error("the display went away: {0}")]
    Gone(String),
    /// Nobody listens any more.
    #[error("capture was stopped")]
    Stopped,
}

/// A source of input. Runs on a thread of its own until it fails or nobody listens.
pub trait Capture: Send {
    /// Captures until the end, which is always an error.
    fn run(&mut self, sink: &Sink) -> CaptureError;
}

/// Where back ends put what they capture. Never blocks them.
#[derive(Debug, Clone)]
pub struct Sink {
    sender: mpsc::Sender<Captured>,
    overflowed: Arc<AtomicU32>,
}

impl Sink {
    /// Hands on one thing; counts it as lost if too much waits.
    ///
    /// # Errors
    /// When nobody listens any more.
    pub fn put(&self, captured: Captured) -> Result<(), CaptureError> {
        match self.sender.try_send(captured) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.overflowed.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(mpsc::error::TrySendError::Closed(_)) => Err(CaptureError::Stopped),
        }
    }
}

/// A running capture.
pub struct Running {
    /// What is captured, in order; closed when capture has ended.
    pub captured: mpsc::Receiver<Captured>,
    /// Events lost because too many waited.
    pub overflowed: Arc<AtomicU32>,
    /// Why capture ended; told once.
    pub ended: tokio::sync::oneshot::Receiver<CaptureError>,
}

/// The back end of a name.
#[must_use]
pub fn back_end(kind: BackEnd) -> Box<dyn Capture> {
    match kind {
        BackEnd::Xinput2 => Box::new(xinput2::Xinput2::new(None)),
        BackEnd::Rdev => Box::new(rdev::Rdev),
    }
}

/// XInput2 on a display that is not the environment's.
#[must_use]
pub fn xinput2_on(display: &str) -> Box<dyn Capture> {
    Box::new(xinput2::Xinput2::new(Some(display.to_owned())))
}

/// What a back end finds on the environment's display, in words.
///
/// # Errors
/// When the display cannot be captured, saying what to do.
pub fn check(kind: BackEnd) -> Result<String, CaptureError> {
    let display = std::env::var("DISPLAY").unwrap_or_default();
    match kind {
        // rdev says what it lacks when it begins; here it needs the same display.
        BackEnd::Rdev if cfg!(not(target_os = "linux")) => Ok("rdev".to_owned()),
        _ if display.is_empty() => Err(CaptureError::Unavailable(
            "DISPLAY is not set: run inside the desktop session, or set DISPLAY to its X display, such as :0"
                .to_owned(),
        )),
        BackEnd::Rdev => Ok(format!("rdev on display {display}")),
        BackEnd::Xinput2 => xinput2::check(&display),
    }
}

/// Starts a back end on a thread of its own.
///
/// # Errors
/// When the system gives no thread.
pub fn start(mut capture: Box<dyn Capture>) -> std::io::Result<Running> {
    let (sender, captured) = mpsc::channel(WAITING);
    let (tell, ended) = tokio::sync::oneshot::channel();
    let overflowed = Arc::new(AtomicU32::new(0));
    let sink = Sink { sender, overflowed: Arc::clone(&overflowed) };
    thread::Builder::new().name("capture".to_owned()).spawn(move || {
        let error = capture.run(&sink);
        let _ = tell.send(error);
    })?;
    Ok(Running { captured, overflowed, ended })
}
