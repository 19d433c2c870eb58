//! REST adapter.

use std::sync::Arc;

use crate::app::App;

/// Every route.
pub fn router(app: Arc<App>) -> axum::Router {
    let _ = app;
    axum::Router::new()
}

/// The OpenAPI description of every route.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    utoipa::openapi::OpenApi::default()
}
