//! A running agent whose input the test makes.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use tacit_agent::capture::{BackEnd, Captured, Running};
use tacit_agent::clock::now_ms;
use tacit_agent::config::ResponseConfig;
use tacit_agent::run::{Run, run_on};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::server::{PATIENCE, identity};

/// It goes on until it is stopped or dropped.
pub(crate) struct Agent {
    /// What it captures.
    pub(crate) captured: mpsc::Sender<Captured>,
    stop: oneshot::Sender<()>,
    running: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Agent {
    pub(crate) fn start(state: &Path, address: SocketAddr, response: ResponseConfig) -> Self {
        identity(state, address);
        let (captured, captured_of) = mpsc::channel(1_000);
        let mut given = Some(captured_of);
        let source = move || {
            let captured = given.take().ok_or(std::io::ErrorKind::NotFound)?;
            let (_, ended) = oneshot::channel();
            Ok(Running { captured, overflowed: Arc::new(AtomicU32::new(0)), ended })
        };
        let settings = Run {
            state: state.to_owned(),
            account: "account".to_owned(),
            back_end: BackEnd::default(),
            remote: false,
            means: true.into(),
            rotate_after_days: 0,
            response,
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async move { drop(stopped.await) };
        let running = tokio::spawn(run_on(Box::new(source), settings, now_ms, stopped));
        Self { captured, stop, running }
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.running).await.unwrap().unwrap().unwrap();
    }
}
