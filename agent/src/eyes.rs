//! Capture that begins again when it ends.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tacit_measure::TimedInput;
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
    capturing: watch::Sender<bool>,
    pause: Duration,
    overflowed: u32,
}

impl Eyes {
    pub(crate) fn new(source: Source, capturing: watch::Sender<bool>) -> Self {
        Self { source, running: None, capturing, pause: Duration::ZERO, overflowed: 0 }
    }

    /// The next thing captured. Safe to drop and call again.
    pub(crate) async fn next(&mut self) -> Seen {
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
                            self.capturing.send_replace(true);
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
                self.capturing.send_replace(false);
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
