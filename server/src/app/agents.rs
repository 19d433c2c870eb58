//! What the agent of a device is to know: how to measure, how long the person may pause it, and in which sessions to measure nothing.

use std::collections::BTreeSet;

use crate::Result;
use crate::app::{App, policies};
use crate::domain::{DeviceId, SessionId};

/// What the agent of a device is to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Minutes that the person may pause at a time; 0 for not at all.
    pub longest_pause_minutes: u32,
    /// Open sessions of subjects who asked that nothing is made of their input.
    pub restricted: BTreeSet<SessionId>,
}

/// What the agent of a device is to know now.
///
/// # Errors
/// As the database.
pub async fn known(app: &App, device: DeviceId) -> Result<Known> {
    let mut unit = app.store.begin().await?;
    let Some((standing, restricted)) = unit.device_known(device).await? else { return Ok(Known::default()) };
    let standing = policies::standing(app, &mut unit, standing).await?;
    Ok(Known {
        longest_pause_minutes: standing.policy.longest_pause_minutes.unwrap_or_default(),
        restricted: restricted.into_iter().collect(),
    })
}
