//! Capture that begins again when it ends.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tacit_measure::TimedInput;
use tacit_proto::v1::Capture;
use tokio::sync::watch;

use crate::capture::{CaptureError, Captured, DeviceKind, Running};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Starts a capture.
pub type Source = Box<dyn FnMut() -> std::io::Result<Running> + Send>;

#[derive(Clone, Copy)]
pub(crate) enum Seen {
    Input(TimedInput),
    DeviceAdded(DeviceKind),
    /// What follows does not continue what came before.
    Interrupted,
}

/// Capture that starts again when it ends.
pub(crate) struct Eyes {
    source: Source,
    running: Option<Running>,
    capture: watch::Sender<Capture>,
    /// Why they are shut, if they are.
    shut: Option<Capture>,
    interrupted: bool,
    pause: Duration,
    overflowed: u32,
}

impl Eyes {
    pub(crate) fn new(source: Source, capture: watch::Sender<Capture>) -> Self {
        Self {
            source,
            running: None,
            capture,
            shut: None,
            interrupted: false,
            pause: Duration::ZERO,
            overflowed: 0,
        }
    }

    /// Stops capture, and says why, or begins it again. Nothing that was captured before is told after.
    pub(crate) fn shut(&mut self, why: Option<Capture>) {
        if self.shut == why {
            return;
        }
        self.shut = why;
        self.interrupted = true;
        self.running = None;
        self.overflowed = 0;
        self.pause = Duration::ZERO;
        self.capture.send_replace(why.unwrap_or(Capture::Failed));
    }

    /// The next thing captured. Safe to drop and call again.
    pub(crate) async fn next(&mut self) -> Seen {
        if self.shut.is_some() {
            return std::future::pending().await;
        }
        if std::mem::take(&mut self.interrupted) {
            return Seen::Interrupted;
        }
        loop {
            if let Some(running) = &mut self.running {
                if let Some(captured) = running.captured.recv().await {
                    let overflowed = running.overflowed.load(Ordering::Relaxed);
                    if overflowed != self.overflowed {
                        tracing::warn!(
                            events = overflowed - self.overflowed,
                            "input came faster than it was measured"
                        );
                        self.overflowed = overflowed;
                        return Seen::Interrupted;
                    }
                    match captured {
                        Captured::Began => {
                            tracing::info!("capture began");
                            self.capture.send_replace(Capture::Running);
                            self.pause = Duration::ZERO;
                            continue;
                        }
                        Captured::Input(event) => return Seen::Input(event),
                        Captured::DeviceAdded(kind) => return Seen::DeviceAdded(kind),
                    }
                }
                let reason = running.ended.try_recv().unwrap_or(CaptureError::Stopped);
                self.running = None;
                self.overflowed = 0;
                self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
                self.capture.send_replace(Capture::Failed);
                tracing::error!(%reason, retry_in_ms = self.pause.as_millis(), "capture ended");
                return Seen::Interrupted;
            }
            tokio::time::sleep(self.pause).await;
            match (self.source)() {
                Ok(running) => self.running = Some(running),
                Err(error) => {
                    self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
                    tracing::error!(%error, "capture did not start");
                }
            }
        }
    }
}
