//! A running agent whose input the test makes.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use tacit_agent::capture::{BackEnd, Captured, Running};
use tacit_agent::clock::now_ms;
use tacit_agent::config::ResponseConfig;
use tacit_agent::run::{Run, run_on};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::server::{PATIENCE, identity};

/// It goes on until it is stopped or dropped.
pub(crate) struct Agent {
    /// What it captures.
    pub(crate) captured: mpsc::Sender<Captured>,
    stop: Option<oneshot::Sender<()>>,
    running: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Agent {
    pub(crate) fn start(state: &Path, address: SocketAddr, response: ResponseConfig) -> Self {
        Self::noticing(state, address, response, "")
    }

    /// With a notice for the first run.
    pub(crate) fn noticing(
        state: &Path,
        address: SocketAddr,
        response: ResponseConfig,
        notice: &str,
    ) -> Self {
        identity(state, address);
        // What is captured goes to whoever looks now.
        let (captured, mut all) = mpsc::channel::<Captured>(1_000);
        let (looking, mut looks) = watch::channel(None::<mpsc::Sender<Captured>>);
        tokio::spawn(async move {
            while let Some(one) = all.recv().await {
                let Ok(eye) = looks.wait_for(Option::is_some).await.map(|eye| eye.clone()) else { return };
                // Nobody sees what happens before shut eyes.
                let _ = eye.unwrap().send(one).await;
            }
        });
        let source = move || {
            let (eye, captured) = mpsc::channel(1_000);
            eye.try_send(Captured::Began).map_err(std::io::Error::other)?;
            looking.send_replace(Some(eye));
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
            notice: notice.to_owned(),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async move { drop(stopped.await) };
        let running = tokio::spawn(run_on(Box::new(source), settings, now_ms, stopped));
        Self { captured, stop: Some(stop), running }
    }

    pub(crate) async fn stop(mut self) {
        self.end().await;
    }

    /// Stops it, once.
    pub(crate) async fn end(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        timeout(PATIENCE, &mut self.running).await.unwrap().unwrap().unwrap();
    }
}
