//! Policies of groups, and who is in which.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Answer;
use crate::Result;
use crate::app::policies::{self, Change, Group, Version};
use crate::app::preview::{self, Preview, Trial};
use crate::app::{App, read};
use crate::domain::{Caller, DeviceId};
use crate::http::auth::Within;
use crate::http::body::Given;
use crate::http::params::{Fields, FromFields, Id, Nothing, Params};
use crate::http::problem::Problem;
use crate::store::read::devices::Device;

/// Every group.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Groups {
    /// By name.
    groups: Vec<Group>,
}

/// Groups of devices with the policy in force for each.
#[utoipa::path(get, path = "/v1/policies", tag = "policies", operation_id = "list_policies",
    security(("bearer" = [])), responses(
    (status = 200, body = Groups),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    _: Params<Nothing>,
) -> Answer<Groups> {
    Ok(Json(Groups { groups: policies::list(&app, &scope).await? }))
}

/// One group with the policy in force.
#[utoipa::path(get, path = "/v1/policies/{group}", tag = "policies", operation_id = "get_policy",
    params(("group" = String, Path, description = "Group")), security(("bearer" = [])), responses(
    (status = 200, body = Group),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Path(group): Path<String>,
    _: Params<Nothing>,
) -> Answer<Group> {
    Ok(Json(policies::one(&app, &scope, &group).await?))
}

/// Puts a new version in force, from the next input of each of the group's devices on. A group comes to be with its first
/// version. Versions are never changed.
#[utoipa::path(put, path = "/v1/policies/{group}", tag = "policies", operation_id = "put_policy",
    params(("group" = String, Path, description = "Group: 1 to 63 of a-z, 0-9 and -")),
    request_body = Change, security(("bearer" = [])), responses(
    (status = 200, body = Group, description = "The group, under the new version"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(group): Path<String>,
    _: Params<Nothing>,
    Given(change): Given<Change>,
) -> Answer<Group> {
    Ok(Json(policies::put(&app, &caller, &group, &change).await?))
}

/// Which versions.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryParams {
    /// `next` of the page before: versions older than this.
    before: Option<i32>,
}

impl FromFields for HistoryParams {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self { before: fields.value("before", "a version: a number from 1")? })
    }
}

/// A page of versions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Versions {
    /// Newest first.
    versions: Vec<Version>,
    /// `before` of the next page; null after the last.
    next: Option<i32>,
}

/// Every version of a group's policy: what was in force, since when, by whom and why.
#[utoipa::path(get, path = "/v1/policies/{group}/versions", tag = "policies", operation_id = "list_policy_versions",
    params(("group" = String, Path, description = "Group"), HistoryParams), security(("bearer" = [])), responses(
    (status = 200, body = Versions),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn history(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Path(group): Path<String>,
    Params(params): Params<HistoryParams>,
) -> Answer<Versions> {
    let (versions, next) = policies::history(&app, &scope, &group, params.before).await?;
    Ok(Json(Versions { versions, next }))
}

/// Tries a policy on the verdicts of the last days: how many notices, step-ups and locks it would have caused, and for how many people
/// of whom nobody confirmed an accusation. Nothing is stored, and nothing follows.
///
/// Thresholds are those of the policy that is tried, applied to the trust of each verdict; machines are those of the policy that was in
/// force. Unlocks that vouched for the subject are not counted.
#[utoipa::path(post, path = "/v1/policies/{group}/preview", tag = "policies", operation_id = "preview_policy",
    params(("group" = String, Path, description = "Group")), request_body = Trial,
    security(("bearer" = [])), responses(
    (status = 200, body = Preview),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn preview(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Path(group): Path<String>,
    _: Params<Nothing>,
    Given(trial): Given<Trial>,
) -> Answer<Preview> {
    Ok(Json(preview::preview(&app, &scope, &group, &trial).await?))
}

/// Which group a device is to be in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Membership {
    /// A group that has a policy, or `default`.
    group: String,
}

/// Puts a device under the policy of another group, from its next input on.
#[utoipa::path(put, path = "/v1/devices/{id}/group", tag = "devices", operation_id = "put_device_group",
    params(("id" = uuid::Uuid, Path, description = "Device")), request_body = Membership,
    security(("bearer" = [])), responses(
    (status = 200, body = Device, description = "The device, in its group"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn move_device(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
    Given(membership): Given<Membership>,
) -> Answer<Device> {
    let id = DeviceId(id);
    policies::move_device(&app, &caller, id, &membership.group).await?;
    Ok(Json(read::device(&app.store, &caller.scope(), id).await?))
}
