//! Whether a Postgres that was named can be reached and, if not, what to check. The password is never said.

use std::io::ErrorKind;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::PostgresError;

/// A database that does not answer by then is away.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects once and hangs up.
///
/// # Errors
/// [`PostgresError::Unreached`], which names the place and what to check.
pub async fn reach(options: &PgConnectOptions) -> Result<(), PostgresError> {
    let (why, check) = match tokio::time::timeout(PATIENCE, PgConnection::connect_with(options)).await {
        Ok(Ok(connection)) => {
            // It answered; how it takes the farewell does not matter.
            let _ = connection.close().await;
            return Ok(());
        }
        Ok(Err(error)) => diagnose(&error),
        Err(_) => (
            format!("no answer within {} s", PATIENCE.as_secs()),
            "check host and port, and firewalls on the way",
        ),
    };
    Err(PostgresError::Unreached { place: place(options), why, check })
}

/// Host, port, database and user, as people name them.
#[must_use]
pub fn place(options: &PgConnectOptions) -> String {
    let at = match options.get_socket() {
        Some(socket) => format!("{}, port {}", socket.display(), options.get_port()),
        None => format!("{}, port {}", options.get_host(), options.get_port()),
    };
    let user = options.get_username();
    format!("{at} (database {}, user {user})", options.get_database().unwrap_or(user))
}

fn diagnose(error: &sqlx::Error) -> (String, &'static str) {
    use sqlx::Error as E;
    let check = match error {
        E::Database(refusal) => match refusal.code().as_deref() {
            Some("28P01" | "28000") => {
                "check the user and the password, and pg_hba.conf on the database's host"
            }
            Some("3D000") => "check the database's name, or make it with createdb",
            Some("53300") => "too many programs are connected: raise max_connections of Postgres",
            Some("57P03") => "Postgres is starting or stopping: try again soon",
            _ => "see the log of Postgres",
        },
        E::Tls(_) => "check sslmode and sslrootcert in the URL, and the certificate of Postgres",
        E::Protocol(_) => "check the port: what answers there may not be Postgres",
        E::Io(io) => match io.kind() {
            ErrorKind::ConnectionRefused => {
                "nothing listens there: check host and port, and that Postgres runs and listens on that address"
            }
            ErrorKind::NotFound => "Postgres does not run there, or its socket is elsewhere",
            ErrorKind::PermissionDenied => "the user that runs tacit-server may not open this socket",
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => {
                "check the port: what answers there may not be Postgres"
            }
            _ => "check host and port, name resolution and the network",
        },
        _ => "check the URL",
    };
    let why = match error {
        E::Database(refusal) => refusal.message().to_owned(),
        E::Io(io) => io.to_string(),
        other => other.to_string(),
    };
    (why, check)
}
