//! Windows: no response is carried out here yet, and each says so.

use super::{Desk, Failure};
use crate::config::ResponseConfig;

#[derive(Debug, Clone)]
pub(super) struct System;

impl System {
    pub(super) fn new(_: &ResponseConfig) -> Self {
        Self
    }
}

fn not_here(what: &str) -> Failure {
    Failure::NotSupported(format!("{what} is not supported on Windows"))
}

impl Desk for System {
    async fn notify(&self, _: &str) -> Result<(), Failure> {
        Err(not_here("a notice"))
    }

    async fn lock(&self) -> Result<(), Failure> {
        Err(not_here("a lock"))
    }

    async fn locked(&self) -> Result<bool, Failure> {
        Err(not_here("asking whether the screen is locked"))
    }
}
