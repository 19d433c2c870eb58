//! How long a peer may take to say the first thing: whoever connects and stays silent holds a place for nothing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// The first bytes have to be there by then.
const SOON: Duration = Duration::from_secs(10);
/// So many of them: the preface of HTTP/2, and less than a request of HTTP/1.1.
const BYTES: usize = 24;

/// A connection that has just been opened.
#[derive(Debug)]
pub(super) struct Opening {
    left: usize,
    /// `None` once it has begun.
    late: Option<Pin<Box<Sleep>>>,
}

impl Opening {
    pub(super) fn new() -> Self {
        Self { left: BYTES, late: Some(Box::pin(sleep(SOON))) }
    }

    /// Counts bytes that came.
    pub(super) fn read(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
        if self.left == 0 {
            self.late = None;
        }
    }

    /// Ready with an error when nothing more came in time.
    pub(super) fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.late {
            None => Poll::Pending,
            Some(late) => late.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
        }
    }
}
