//! Devices.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Pages};
use crate::Result;
use crate::app::{App, devices, read};
use crate::domain::{Caller, DeviceId};
use crate::http::auth::Within;
use crate::http::params::{Fields, FromFields, Id, Nothing, PageParams, Params};
use crate::http::problem::Problem;
use crate::http::reading::Listing;
use crate::store::read::devices::{Device, DeviceFilter};

/// Which devices.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeviceParams {
    /// Those whose names begin so, in whatever case.
    #[param(min_length = 1, max_length = 64)]
    name: Option<String>,
    /// Those of this group.
    #[param(min_length = 1, max_length = 64)]
    group: Option<String>,
    #[param(ignore)]
    page: PageParams,
}

impl FromFields for DeviceParams {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        let (name, group) = (fields.short("name")?, fields.short("group")?);
        Ok(Self { name, group, page: PageParams::from_fields(fields)? })
    }
}

/// A page of devices.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Devices {
    /// In order of enrolment.
    devices: Vec<Device>,
    /// `after` of the next page; null after the last.
    next: Option<String>,
}

/// Enrolled devices.
#[utoipa::path(get, path = "/v1/devices", tag = "devices", operation_id = "list_devices",
    params(DeviceParams, PageParams), security(("bearer" = [])), responses(
    (status = 200, body = Devices),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Params(DeviceParams { name, group, page }): Params<DeviceParams>,
) -> Pages<Devices> {
    let filter = DeviceFilter { name, group };
    let (devices, next) = read::devices(&app.store, &scope, &filter, &page.into()).await?;
    Ok(Listing { next: next.clone(), body: Devices { devices, next } })
}

/// One device.
#[utoipa::path(get, path = "/v1/devices/{id}", tag = "devices", operation_id = "get_device",
    params(("id" = uuid::Uuid, Path, description = "Device")), security(("bearer" = [])), responses(
    (status = 200, body = Device),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    Id(id): Id,
    _: Params<Nothing>,
) -> Answer<Device> {
    Ok(Json(read::device(&app.store, &scope, DeviceId(id)).await?))
}

/// Revokes a device: its streams end within seconds, and it never gets another. Once is as good as twice.
#[utoipa::path(post, path = "/v1/devices/{id}/revoke", tag = "devices", operation_id = "revoke_device",
    params(("id" = uuid::Uuid, Path, description = "Device")), security(("bearer" = [])), responses(
    (status = 200, body = Device, description = "The device, revoked"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    _: Params<Nothing>,
) -> Answer<Device> {
    let id = DeviceId(id);
    devices::revoke(&app.store, &app.ambient, &caller, id).await?;
    Ok(Json(read::device(&app.store, &caller.scope(), id).await?))
}
