//! Policies of groups: read, changed by a new version, and held in memory by version.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::app::ingest::Standing;
use crate::app::{App, audit};
use crate::domain::audit::{Action, Object};
use crate::domain::policy::{DEFAULT_GROUP, GroupPolicy, check_group, check_reason};
use crate::domain::{Caller, DeviceId, Scope};
use crate::store::Unit;
use crate::store::policies::{DeviceStanding, PolicyRow};
use crate::{Error, Result};

/// Groups held at most.
const MOST: usize = 1_024;
/// Versions shown at once at most.
const MOST_VERSIONS: i64 = 100;

/// Policies as they stand, by version: a cache only, since every batch asks the database for the version.
#[derive(Debug, Default)]
pub struct PolicyCache {
    held: Mutex<HashMap<String, (i32, Arc<GroupPolicy>)>>,
}

impl PolicyCache {
    fn get(&self, group: &str, version: i32) -> Option<Arc<GroupPolicy>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(group).filter(|(held, _)| *held == version).map(|(_, policy)| Arc::clone(policy))
    }

    fn put(&self, group: &str, version: i32, policy: &Arc<GroupPolicy>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MOST && !held.contains_key(group) {
            held.clear();
        }
        held.insert(group.to_owned(), (version, Arc::clone(policy)));
    }
}

/// What a group without a stored policy has.
#[must_use]
pub fn of_settings(app: &App) -> GroupPolicy {
    GroupPolicy { mode: app.settings.policy.response.into(), ..GroupPolicy::default() }
}

/// The policy that a device is under now.
///
/// # Errors
/// As the database.
pub async fn standing(app: &App, unit: &mut Unit, device: DeviceStanding) -> Result<Standing> {
    let DeviceStanding { group, version, .. } = device;
    if version == 0 {
        return Ok(Standing { group, version, policy: Arc::new(of_settings(app)) });
    }
    if let Some(policy) = app.policies.get(&group, version) {
        return Ok(Standing { group, version, policy });
    }
    let stored = unit.policy(&group, version).await?;
    let stored = stored.ok_or_else(|| Error::internal("a version of a policy is gone"))?;
    let policy = Arc::new(serde_json::from_value(stored).map_err(Error::internal)?);
    app.policies.put(&group, version, &policy);
    Ok(Standing { group, version, policy })
}

/// A version of a group's policy.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Version {
    /// From 1; 0 is what the server's settings say, as long as no policy is stored.
    pub version: i32,
    /// What it states.
    pub policy: GroupPolicy,
    /// Trust, 0 to 100, below which a session is `different_person` under it.
    pub different_person_below: f64,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339::option")]
    pub made_at: Option<OffsetDateTime>,
    /// By whom: `user:` and the subject of the token, or `key:` and the key's id.
    pub made_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// A group and its policy.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Group {
    /// Its name.
    pub group: String,
    /// Devices in it that are not revoked.
    pub devices: i64,
    /// The version that is in force.
    pub current: Version,
}

fn version(app: &App, row: Option<PolicyRow>) -> Result<Version> {
    let Some(row) = row else {
        let policy = of_settings(app);
        let different_person_below = policy.judging(&app.settings.policy.judging).different_person_below;
        return Ok(Version {
            version: 0,
            policy,
            different_person_below,
            made_at: None,
            made_by: None,
            reason: None,
        });
    };
    let policy: GroupPolicy = serde_json::from_value(row.policy).map_err(Error::internal)?;
    Ok(Version {
        version: row.version,
        policy,
        different_person_below: policy.judging(&app.settings.policy.judging).different_person_below,
        made_at: Some(row.made_at),
        made_by: Some(row.made_by),
        reason: Some(row.reason),
    })
}

/// Every group of a scope with the policy in force.
///
/// # Errors
/// As the database.
pub async fn list(app: &App, scope: &Scope) -> Result<Vec<Group>> {
    let rows = app.store.read_groups(scope).await?.into_iter();
    rows.map(|row| Ok(Group { group: row.group, devices: row.devices, current: version(app, row.current)? }))
        .collect()
}

/// One group with the policy in force.
///
/// # Errors
/// Not found; as the database.
pub async fn one(app: &App, scope: &Scope, group: &str) -> Result<Group> {
    list(app, scope).await?.into_iter().find(|of| of.group == group).ok_or_else(no_such_group)
}

/// The versions of a group's policy, newest first, and before which the following ones are.
///
/// # Errors
/// Not found; as the database.
pub async fn history(
    app: &App,
    scope: &Scope,
    group: &str,
    before: Option<i32>,
) -> Result<(Vec<Version>, Option<i32>)> {
    if !app.store.has_group(scope, group).await? {
        return Err(no_such_group());
    }
    let rows = app.store.read_policy_versions(scope, group, before, MOST_VERSIONS).await?;
    let next = rows.last().map(|row| row.version).filter(|version| *version > 1);
    let versions = rows.into_iter().map(|row| version(app, Some(row))).collect::<Result<Vec<_>>>()?;
    Ok((versions, next))
}

/// A change of a group's policy.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The version that this one follows, as it was read; 0 for the first. Another one meanwhile is a conflict.
    pub follows: i32,
    /// What it states; what is left out is as in a policy that nobody has changed.
    pub policy: GroupPolicy,
    /// Why, for those who read the history.
    pub reason: String,
}

/// Puts a new version in force, from the next record of each of the group's devices on. A group comes to be with its first.
///
/// # Errors
/// Invalid argument for a policy that makes no sense; not found for a group outside the caller's scope; conflict if another version was made meanwhile; as the database.
pub async fn put(app: &App, caller: &Caller, group: &str, change: &Change) -> Result<Group> {
    check_group(group)?;
    let scope = caller.scope();
    if !scope.holds(group) {
        return Err(no_such_group());
    }
    change.policy.validate()?;
    let reason = check_reason(&change.reason)?;
    let follows = change.follows;
    let row = PolicyRow {
        group: group.to_owned(),
        version: follows.checked_add(1).filter(|version| *version > 0).ok_or_else(|| {
            Error::of_field("follows", "follows must be the version that was read; 0 for a group without one")
        })?,
        policy: serde_json::to_value(change.policy).map_err(Error::internal)?,
        made_at: app.ambient.now(),
        made_by: caller.name(),
        reason,
    };
    let mut unit = app.store.begin().await?;
    unit.make_group(group).await?;
    if !unit.add_policy(&row).await? {
        return Err(Error::conflict(format!(
            "the policy in force does not follow version {follows}: read it again, and say what it should be now"
        )));
    }
    let (object, version) = (Object::Group(group.to_owned()), row.version);
    let details = serde_json::json!({ "version": version, "reason": row.reason });
    audit::record(&mut unit, &app.ambient, caller, Action::PolicyPut, object, details).await?;
    unit.commit().await?;
    tracing::info!(group, version = version, by = row.made_by, "policy changed");
    one(app, &scope, group).await
}

/// Puts a device under the policy of another group.
///
/// # Errors
/// Not found for a device or a group that is not there; as the database.
pub async fn move_device(app: &App, caller: &Caller, id: DeviceId, group: &str) -> Result<()> {
    let scope = caller.scope();
    check_group(group)?;
    if !app.store.has_group(&scope, group).await? {
        return Err(no_such_group());
    }
    let mut unit = app.store.begin().await?;
    if !unit.move_device(&scope, id, group).await? {
        return Err(Error::not_found("no such device"));
    }
    let details = serde_json::json!({ "group": group });
    audit::record(&mut unit, &app.ambient, caller, Action::DeviceMoved, Object::Device(id), details).await?;
    unit.commit().await?;
    tracing::info!(device = %id, group, "device moved to another group");
    Ok(())
}

fn no_such_group() -> Error {
    Error::not_found(format!(
        "no such group: a group comes to be with its first policy; `{DEFAULT_GROUP}` is always there"
    ))
}
