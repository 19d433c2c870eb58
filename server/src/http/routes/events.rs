//! Verdicts and alerts as they come, over one connection.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use serde::Serialize;

use super::verdicts::Which;
use crate::app::App;
use crate::app::events::{self, Happened, Tail};
use crate::app::read::Page;
use crate::domain::Caller;
use crate::domain::alert::Severity;
use crate::http::params::{Fields, FromFields, Params};
use crate::http::problem::{Failure, Problem};
use crate::{Error, Result};

/// A comment is sent so often, so that whoever stands between knows that the connection lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Which events, and from where on.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventParams {
    /// `next` of a page of verdicts, or the id of an event; the present end unless given. `Last-Event-ID` goes before it.
    after: Option<String>,
    #[param(ignore)]
    which: Which,
    /// Alerts at least so severe.
    severity: Option<Severity>,
}

impl FromFields for EventParams {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        let which = Which::from_fields(fields)?;
        let severity = fields.value("severity", "info, low, medium, high or critical")?;
        Ok(Self { after: fields.text("after")?, which, severity })
    }
}

/// Events `verdict` and `alert`, as they can be read at `/v1/verdicts` and `/v1/alerts/{id}`, within two seconds. An event's id goes on where it
/// was: send it as `Last-Event-ID`, as browsers do by themselves. Every verdict comes once; of an alert, how it stands after its latest
/// change. The server ends a connection after a minute, so that whoever calls is asked
/// for a credential anew, and when it stops: call again.
#[utoipa::path(get, path = "/v1/events", tag = "events", operation_id = "stream_events",
    params(EventParams, Which, ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event that arrived")),
    security(("bearer" = [])), responses(
    (status = 200, body = String, content_type = "text/event-stream"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn stream(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Params(params): Params<EventParams>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let last = headers.get("last-event-id").map(|id| {
        let id = id.to_str().ok().map(str::to_owned);
        id.ok_or_else(|| Error::of_field("Last-Event-ID", "Last-Event-ID must be the id of an event"))
    });
    let after = last.transpose()?.filter(|id| !id.is_empty()).or(params.after);
    let page = Page { after: Some(after.unwrap_or_else(|| "latest".to_owned())), limit: None };
    let tail = Tail::begin(&app, &caller, params.which.filter(), params.severity, &page).await?;
    let stream = events::stream(app, tail);
    let stream = futures::StreamExt::map(stream, |happened| Ok(sse(&happened)));
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("alive")))
}

fn sse(happened: &Happened) -> Event {
    let (name, id, data) = match happened {
        Happened::Verdict(id, verdict) => ("verdict", id, json(verdict)),
        Happened::Alert(id, alert) => ("alert", id, json(alert)),
    };
    Event::default().event(name).id(id).data(data)
}

fn json(of: &impl Serialize) -> String {
    serde_json::to_string(of).unwrap_or_default()
}
