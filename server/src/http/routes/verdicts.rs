//! Verdicts, to be polled.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Pages;
use crate::Result;
use crate::app::App;
use crate::app::read::{self, Page};
use crate::http::auth::Within;
use crate::http::params::{Fields, FromFields, Params, VerdictName};
use crate::http::problem::Problem;
use crate::http::reading::{Listing, Until};
use crate::store::read::verdicts::{Verdict, VerdictFilter};

/// Which verdicts.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct VerdictParams {
    /// `next` of the answer before; empty or absent for the oldest retained; `latest` for the present end alone.
    after: Option<String>,
    /// Rows at most, 1 to 1000; 100 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    #[param(ignore)]
    which: Which,
}

/// Which verdicts, wherever they are read.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Of this session.
    session: Option<Uuid>,
    /// Of this subject.
    subject: Option<Uuid>,
    /// On this device.
    device: Option<Uuid>,
    /// On devices of this group.
    group: Option<String>,
    /// With one of these answers, with commas between.
    #[param(style = Form, explode = false)]
    verdict: Option<Vec<VerdictName>>,
    /// Recorded at or after this time.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<OffsetDateTime>,
    /// Recorded before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<OffsetDateTime>,
}
impl FromFields for Which {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self {
            session: fields.id("session")?,
            subject: fields.id("subject")?,
            device: fields.id("device")?,
            group: fields.text("group")?,
            verdict: fields.verdicts("verdict")?,
            since: fields.time("since")?,
            until: fields.time("until")?,
        })
    }
}

impl Which {
    pub(super) fn filter(self) -> VerdictFilter {
        VerdictFilter {
            session: self.session,
            subject: self.subject,
            device: self.device,
            group: self.group,
            verdicts: self.verdict.map(|names| names.into_iter().map(VerdictName::stored).collect()),
            since: self.since,
            until: self.until,
        }
    }
}

impl FromFields for VerdictParams {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        let which = Which::from_fields(fields)?;
        let Page { after, limit } = fields.page()?;
        Ok(Self { after, limit, which })
    }
}

/// A page of verdicts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Verdicts {
    /// Oldest first.
    verdicts: Vec<Verdict>,
    /// `after` of the next request; always given.
    next: String,
}

/// Verdicts, oldest first. Polling with `next` gives every verdict once and misses none, however late it is committed.
#[utoipa::path(get, path = "/v1/verdicts", tag = "verdicts", operation_id = "list_verdicts",
    params(VerdictParams, Which), security(("bearer" = [])), responses(
    (status = 200, body = Verdicts),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Within(scope): Within,
    until: Option<Extension<Until>>,
    Params(params): Params<VerdictParams>,
) -> Pages<Verdicts> {
    let page = Page { after: params.after, limit: params.limit };
    let until = until.map(|Extension(Until(at))| at);
    let (verdicts, next) = read::verdicts_until(&app, &scope, &params.which.filter(), &page, until).await?;
    Ok(Listing { next: Some(next.clone()), body: Verdicts { verdicts, next } })
}
