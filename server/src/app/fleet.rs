//! The fleet at a glance, and the present hour: counts alone, none of them of one person.

use std::collections::BTreeMap;

use serde::Serialize;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::app::{App, health, silent};
use crate::domain::Scope;
use crate::domain::alert::Severity;
use crate::{Error, Result};

/// Versions listed at most.
const MOST_VERSIONS: i64 = 100;
/// Of fewer devices than these, a part of the fleet shows no verdicts a minute.
const LEAST_DEVICES: i64 = 5;
/// How far back the present hour goes.
const HOUR: Duration = Duration::HOUR;

/// Devices, by how they are.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FleetDevices {
    /// Not revoked.
    pub enrolled: i64,
    /// Heard of lately.
    pub up: i64,
    /// With a session in progress whose agent is not heard of.
    pub silent: i64,
    /// Not heard of, and without such a session: off, suspended or away.
    pub off: i64,
    /// Never heard of since they were enrolled.
    pub never_seen: i64,
    /// Revoked.
    pub revoked: i64,
}

/// How capture works on devices that are up.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FleetCapture {
    /// It works.
    pub working: i64,
    /// It does not.
    pub failing: i64,
    /// The person has paused it.
    pub paused: i64,
    /// The person has switched it off.
    pub off: i64,
    /// Not told yet.
    pub unknown: i64,
}

/// Records that have not arrived.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FleetRecords {
    /// Devices on which some wait.
    pub devices_waiting: i64,
    /// How many wait.
    pub waiting: i64,
    /// Devices that gave some up.
    pub devices_losing: i64,
    /// How many were given up.
    pub lost: i64,
}

/// Profiles, by how far they have come.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FleetSubjects {
    /// Known to the server.
    pub known: i64,
    /// With a mature profile.
    pub mature: i64,
    /// Whose profile is being learned.
    pub learning: i64,
    /// With sessions that are held back until someone vouches.
    pub held_back: i64,
}

/// Devices of one agent version on one operating system.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FleetVersion {
    /// The agent's version.
    pub agent_version: String,
    /// `linux`, `windows` or `macos`.
    pub os: String,
    /// How many.
    pub devices: i64,
}

/// The fleet at a glance.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Fleet {
    /// When it was counted.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Devices.
    pub devices: FleetDevices,
    /// Capture.
    pub capture: FleetCapture,
    /// Records on their way.
    pub records: FleetRecords,
    /// Profiles.
    pub subjects: FleetSubjects,
    /// Versions, those of most devices first, at most 100.
    pub versions: Vec<FleetVersion>,
}

/// Counts the fleet, or a group of it.
///
/// # Errors
/// As the database.
pub async fn fleet(app: &App, scope: &Scope, group: Option<&str>) -> Result<Fleet> {
    let at = app.ambient.now();
    let counts = app.store.count_devices(scope, group, at - silent::patience(app)).await?;
    let subjects = app.store.count_subjects(scope, group).await?;
    let versions = app.store.count_versions(scope, group, MOST_VERSIONS).await?;
    Ok(Fleet {
        at,
        devices: FleetDevices {
            enrolled: counts.enrolled,
            up: counts.up,
            silent: counts.silent,
            off: (counts.enrolled - counts.up - counts.silent - counts.never).max(0),
            never_seen: counts.never,
            revoked: counts.revoked,
        },
        capture: FleetCapture {
            working: counts.running,
            failing: counts.failed,
            paused: counts.paused,
            off: counts.switched_off,
            unknown: (counts.up - counts.running - counts.failed - counts.paused - counts.switched_off)
                .max(0),
        },
        records: FleetRecords {
            devices_waiting: counts.spooling,
            waiting: counts.spooled,
            devices_losing: counts.losing,
            lost: counts.lost,
        },
        subjects: FleetSubjects {
            known: subjects.known,
            mature: subjects.mature,
            learning: subjects.known - subjects.mature,
            held_back: subjects.held_back,
        },
        versions: versions
            .into_iter()
            .map(|(agent_version, os, devices)| FleetVersion { agent_version, os, devices })
            .collect(),
    })
}

/// Verdicts of one minute.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Minute {
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub minute: OffsetDateTime,
    /// How many, by answer; what is not named was not given.
    pub verdicts: BTreeMap<String, i64>,
}

/// Alerts that are not resolved.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct StandingAlerts {
    /// Open, by severity.
    pub open: BTreeMap<&'static str, i64>,
    /// Acknowledged, by severity.
    pub acknowledged: BTreeMap<&'static str, i64>,
}

/// Sessions in progress.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct OpenSessions {
    /// All of them.
    pub open: i64,
    /// Whose latest verdict is `suspicious`, `different_person`, `automation` or `silent`.
    pub at_risk: i64,
    /// By latest verdict; `none` for those that have none yet.
    pub by_verdict: BTreeMap<String, i64>,
}

/// How the server is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Vitals {
    /// The database takes writes.
    pub database: bool,
    /// Why not, if it does not.
    pub database_trouble: Option<String>,
    /// This server process hears of what others commit; while it does not, every poll asks the database.
    pub hears_changes: bool,
    /// When the latest verdict of the hour was recorded; null for who is limited to groups.
    #[serde(with = "time::serde::rfc3339::option")]
    pub latest_verdict_at: Option<OffsetDateTime>,
}

/// The present hour.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Pulse {
    /// When it was counted.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Verdicts a minute over the last hour, oldest first; minutes without any are not listed. Of a part of the fleet with fewer
    /// than five devices none is: it would tell who is at work.
    pub minutes: Vec<Minute>,
    /// Alerts.
    pub alerts: StandingAlerts,
    /// Sessions.
    pub sessions: OpenSessions,
    /// The server.
    pub vitals: Vitals,
}

/// Counts the present hour.
///
/// # Errors
/// As the database.
pub async fn pulse(app: &App, scope: &Scope, group: Option<&str>) -> Result<Pulse> {
    let at = app.ambient.now();
    let since =
        (at - HOUR).replace_second(0).and_then(|at| at.replace_nanosecond(0)).map_err(Error::internal)?;
    let mut minutes: Vec<Minute> = Vec::new();
    // Among few people, verdicts a minute would tell who is at work.
    let few = (group.is_some() || scope.narrows())
        && app.store.count_devices(scope, group, since).await?.enrolled < LEAST_DEVICES;
    let until = if few { since } else { at + Duration::SECOND };
    for (minute, verdict, count) in app.store.count_verdicts(scope, group, since, until).await? {
        match minutes.last_mut() {
            Some(last) if last.minute == minute => {
                last.verdicts.insert(verdict, count);
            }
            _ => minutes.push(Minute { minute, verdicts: BTreeMap::from([(verdict, count)]) }),
        }
    }
    let mut alerts = StandingAlerts::default();
    for (level, state, count) in app.store.count_standing_alerts(scope, group).await? {
        let of = if state == "open" { &mut alerts.open } else { &mut alerts.acknowledged };
        *of.entry(Severity::of_level(level).name()).or_default() += count;
    }
    let mut sessions = OpenSessions::default();
    for (verdict, count) in app.store.count_open_sessions(scope, group).await? {
        let verdict = verdict.unwrap_or_else(|| "none".to_owned());
        sessions.open += count;
        if ["suspicious", "different_person", "automation", "silent"].contains(&verdict.as_str()) {
            sessions.at_risk += count;
        }
        *sessions.by_verdict.entry(verdict).or_default() += count;
    }
    let ready = health::ready(app).await;
    let vitals = Vitals {
        database: ready.is_ok(),
        database_trouble: ready.err().map(|error| error.public().to_owned()),
        hears_changes: app.changes.stamp(crate::app::changes::Topics::ALL).is_some(),
        latest_verdict_at: if scope.narrows() { None } else { app.store.latest_verdict(since).await? },
    };
    Ok(Pulse { at, minutes, alerts, sessions, vitals })
}
