//! Verdicts, to be polled.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::Result;
use crate::app::App;
use crate::app::read::{self, Page};
use crate::http::params::{Fields, FromFields, Params, VerdictName};
use crate::http::problem::Problem;
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
    /// Of this session.
    session: Option<Uuid>,
    /// Of this subject.
    subject: Option<Uuid>,
    /// With this answer.
    verdict: Option<VerdictName>,
}

impl FromFields for VerdictParams {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        let session = fields.id("session")?;
        let subject = fields.id("subject")?;
        let verdict = fields.value("verdict", VerdictName::EXPECTED)?;
        let Page { after, limit } = fields.page()?;
        Ok(Self { after, limit, session, subject, verdict })
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
    params(VerdictParams), security(("bearer" = [])), responses(
    (status = 200, body = Verdicts),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Params(params): Params<VerdictParams>,
) -> Answer<Verdicts> {
    let filter = VerdictFilter {
        session: params.session,
        subject: params.subject,
        verdict: params.verdict.map(VerdictName::stored),
    };
    let page = Page { after: params.after, limit: params.limit };
    let (verdicts, next) = read::verdicts(&app.store, &filter, &page).await?;
    Ok(Json(Verdicts { verdicts, next }))
}
