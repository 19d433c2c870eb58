//! gRPC adapter: unwraps, calls a use case, converts. No rules here.

mod agent;
pub mod directive;
mod enrollment;
pub mod record;
mod telemetry;

use std::sync::Arc;
use std::time::Duration;

use tacit_proto::v1::enrollment_server::EnrollmentServer;
use tacit_proto::v1::telemetry_server::TelemetryServer;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use crate::app::App;
use crate::tls::Incoming;
use crate::{Error, ErrorKind};

/// Bytes of one message at most; a window has about a thousand.
pub const LARGEST_MESSAGE: usize = 64 * 1024;

fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::InvalidArgument | ErrorKind::TooLarge | ErrorKind::KeyReused => Code::InvalidArgument,
        ErrorKind::Unauthenticated => Code::Unauthenticated,
        ErrorKind::PermissionDenied => Code::PermissionDenied,
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::Conflict => Code::FailedPrecondition,
        ErrorKind::RateLimited => Code::ResourceExhausted,
        ErrorKind::Unavailable => Code::Unavailable,
        ErrorKind::Internal => Code::Internal,
    }
}

/// The status a caller gets; what it may not read goes to the log.
fn status(error: &Error) -> Status {
    match error.kind() {
        ErrorKind::Internal => tracing::error!(detail = %error.detail(), "internal error"),
        ErrorKind::Unavailable => tracing::warn!(detail = %error.detail(), "unavailable"),
        _ => {}
    }
    Status::new(code(error.kind()), error.public())
}

/// The assertion that a call carries.
fn bearer(metadata: &MetadataMap) -> Result<&str, Error> {
    metadata
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::trim)
        .ok_or_else(|| Error::unauthenticated("the call carries no `authorization: Bearer` assertion"))
}

/// Tells a device that was not recognised what the server's clock says, so that one whose clock is off can allow for it.
fn of_the_time(mut status: Status, app: &App) -> Status {
    let now_ms = app.ambient.now().unix_timestamp_nanos() / 1_000_000;
    if status.code() == Code::Unauthenticated
        && let Ok(value) = now_ms.to_string().parse()
    {
        status.metadata_mut().insert("tacit-time-ms", value);
    }
    status
}

/// Serves agents until the app is stopping and their calls have ended.
///
/// # Errors
/// When the transport fails as a whole.
pub async fn serve(app: Arc<App>, incoming: Incoming) -> Result<(), tonic::transport::Error> {
    let enrollment = EnrollmentServer::new(enrollment::Enrollment::new(Arc::clone(&app)))
        .max_decoding_message_size(LARGEST_MESSAGE);
    let telemetry = TelemetryServer::new(telemetry::Telemetry::new(Arc::clone(&app)))
        .max_decoding_message_size(LARGEST_MESSAGE);
    tonic::transport::Server::builder()
        .http2_keepalive_interval(Some(Duration::from_secs(20)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .max_concurrent_streams(Some(16))
        .add_service(enrollment)
        .add_service(telemetry)
        .serve_with_incoming_shutdown(connections(incoming), async move { app.stopping.cancelled().await })
        .await
}

fn connections(incoming: Incoming) -> impl Stream<Item = Result<crate::tls::Connection, std::io::Error>> {
    ReceiverStream::new(incoming.into_inner()).map(|(connection, _)| Ok(connection))
}
