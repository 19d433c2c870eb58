//! How long things are kept, and letting go of them.

use serde::Serialize;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::Result;
use crate::app::rights::{self, Desk};
use crate::app::{App, audit};
use crate::config::RetentionSettings;
use crate::domain::Caller;
use crate::domain::audit::{Action, Object};
use crate::domain::enrolment::{HELD_FOR, MOST_HELD};

/// Days for whose windows tables are made ahead: a server may be away for so long.
const AHEAD: i64 = 7;
/// Rows deleted in one go at most.
const MOST: i64 = 2_000;

/// How long things are kept, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Retention {
    /// Windows: the measurements, from when the server took them. They go by whole days, UTC.
    pub windows_days: u32,
    /// Verdicts with their evidence, from when they were given.
    pub verdicts_days: u32,
    /// Sessions with their events, directives and feedback, from when they closed.
    pub sessions_days: u32,
    /// The audit log, by whole months.
    pub audit_days: u32,
    /// Subjects with profile and name, from when they were last learned of, once none of their sessions is kept.
    pub subjects_days: u32,
    /// Sessions that are held back until someone vouches for their device.
    pub held_back_days: i64,
    /// Of these, at most so many of an account on a device.
    pub held_back_sessions: i64,
}

impl From<RetentionSettings> for Retention {
    fn from(settings: RetentionSettings) -> Self {
        let RetentionSettings { windows_days, verdicts_days, sessions_days, audit_days, subjects_days } =
            settings;
        Self {
            windows_days,
            verdicts_days,
            sessions_days,
            audit_days,
            subjects_days,
            held_back_days: HELD_FOR.whole_days(),
            held_back_sessions: MOST_HELD,
        }
    }
}

/// What was let go of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LetGo {
    /// Days of windows.
    pub window_days: usize,
    /// Windows that were in none.
    pub windows: u64,
    /// Verdicts.
    pub verdicts: u64,
    /// Sessions.
    pub sessions: u64,
    /// Subjects.
    pub subjects: u64,
    /// Months of the audit log.
    pub audit_months: u64,
}

/// Lets go of what has been kept for as long as it may be, and makes room for the days that come. Any number of servers may do so at
/// once.
///
/// # Errors
/// As the database: the rest follows with the next run.
pub async fn enforce(app: &App) -> Result<LetGo> {
    let settings = app.settings.retention;
    let now = app.ambient.now();
    let ago = |days: u32| now - Duration::days(days.into());
    app.store.make_window_days(now.date(), AHEAD).await?;
    let (window_days, windows) = app.store.drop_windows(ago(settings.windows_days).date()).await?;
    let mut gone = LetGo { window_days, windows, ..LetGo::default() };
    while !app.stopping.is_cancelled() {
        let verdicts = app.store.drop_verdicts(ago(settings.verdicts_days), MOST).await?;
        let sessions = app.store.drop_sessions(ago(settings.sessions_days), MOST).await?;
        gone.verdicts += verdicts;
        gone.sessions += sessions;
        if verdicts == 0 && sessions == 0 {
            break;
        }
    }
    gone.subjects = forget_gone(app, ago(settings.subjects_days)).await?;
    gone.audit_months = cut_audit(app, ago(settings.audit_days)).await?;
    Ok(gone)
}

async fn forget_gone(app: &App, before: OffsetDateTime) -> Result<u64> {
    let mut count = 0;
    for id in app.store.subjects_gone(before, MOST).await? {
        count += u64::from(rights::erase_gone(Desk::from(app), id, before).await?);
    }
    Ok(count)
}

/// Drops months of the log from its beginning, each with an entry of what was cut, from which verifying goes on.
async fn cut_audit(app: &App, before: OffsetDateTime) -> Result<u64> {
    let mut months = 0;
    while let Some(old) = app.store.old_audit(before.date()).await? {
        let mut unit = app.store.begin().await?;
        let details = json!({ "through": old.through, "hash": hex::encode(&old.hash) });
        audit::record(&mut unit, &app.ambient, &Caller::Server, Action::AuditCut, Object::Log, details)
            .await?;
        unit.drop_audit(&old).await?;
        unit.commit().await?;
        months += 1;
    }
    Ok(months)
}
