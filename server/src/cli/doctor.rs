//! `tacit-server doctor`: what is wrong, and how to mend it.

use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;

use time::{Duration, OffsetDateTime};

use super::database::{self, Database};
use super::finding::{self, Finding};
use super::master_key;
use crate::app::health;
use crate::clock::Ambient;
use crate::config::Settings;
use crate::files;
use crate::postgres::{self, PostgresError, find};
use crate::tls;

/// Bytes written to see that there is room; a file without content needs none.
const PROBE: usize = 64 * 1024;

/// A supplied certificate is to be renewed by people, who need time.
const RENEW_GIVEN: Duration = Duration::days(30);
/// A generated one is renewed at any start in its last month.
const RENEW_GENERATED: Duration = Duration::days(14);

/// The database as `doctor` met it.
enum Met {
    Answers(Box<Database>),
    /// The private one, which runs with the server.
    Stopped,
    Away(anyhow::Error),
}

pub(super) async fn doctor(settings: &Settings, ambient: &Ambient) -> anyhow::Result<ExitCode> {
    let met = match database::beside(settings).await {
        Ok(Some(database)) => Met::Answers(Box::new(database)),
        Ok(None) => Met::Stopped,
        Err(error) => Met::Away(error),
    };
    let held = match &met {
        // Without a schema nothing was written.
        Met::Answers(database) => Some(master_key::Held {
            wrapped: database.store.root_secret().await.unwrap_or_default(),
            mark: database.store.master_key_mark().await.unwrap_or_default(),
        }),
        Met::Stopped | Met::Away(_) => None,
    };
    let mut findings = vec![data_dir(settings), master_key::look(settings, held, ambient)];
    if settings.database_url.is_none() {
        findings.push(binaries(&settings.data_dir));
    }
    findings.push(schema(met, ambient.now()).await);
    let running = postgres::held(&settings.data_dir);
    for (name, address) in [("gRPC", settings.grpc_listen), ("REST", settings.http_listen)] {
        findings.push(port(name, address, running));
    }
    if !settings.insecure_loopback {
        findings.push(certificate(settings, ambient));
    }
    if let Some(path) = &settings.auth.client_secret_file {
        findings.push(client_secret(path));
    }
    Ok(finding::report(findings)?)
}

/// Looks and makes nothing that stays: a mistyped directory must not come to be.
fn data_dir(settings: &Settings) -> Finding {
    let path = &settings.data_dir;
    let there = match &settings.database_url {
        None => postgres::exists(path),
        Some(_) if path.join("server.lock").exists() => Ok(()),
        Some(_) => Err(PostgresError::NoData(path.clone())),
    };
    match there {
        Ok(()) => {}
        Err(PostgresError::NoData(path)) => {
            return Finding::bad(
                format!("there is no server data in {}", path.display()),
                "name the server's with --data-dir (and its database with --database-url); a new server makes them with \
                 `tacit-server serve`",
            );
        }
        Err(error) => return Finding::bad("data directory", error.to_string()),
    }
    let probe = path.join(".doctor");
    let written = std::fs::write(&probe, [0; PROBE]).and_then(|()| std::fs::File::open(&probe)?.sync_all());
    let _ = std::fs::remove_file(probe);
    match written {
        Ok(()) => Finding::Good(format!("data directory {}", path.display())),
        Err(error) => Finding::bad(
            format!("data directory {}: {error}", path.display()),
            "free space there, give it to the user that runs the server, or choose another with --data-dir",
        ),
    }
}

fn binaries(data_dir: &Path) -> Finding {
    match find::for_data(&data_dir.join("postgres/data")) {
        Ok(found) => Finding::Good(format!("PostgreSQL {} in {}", found.major, found.bin.display())),
        Err(error) => Finding::bad("PostgreSQL binaries", error.to_string()),
    }
}

async fn schema(met: Met, now: OffsetDateTime) -> Finding {
    let database = match met {
        Met::Answers(database) => database,
        Met::Stopped => return Finding::Good("private database: the server is not running".to_owned()),
        Met::Away(error) => {
            return match error.downcast::<PostgresError>() {
                Ok(PostgresError::Unreached { place, why, check }) => {
                    Finding::bad(format!("database at {place}: {why}"), format!("--database-url: {check}"))
                }
                Ok(error) => Finding::bad("database", error.to_string()),
                Err(error) => Finding::bad("database", format!("{error:#}")),
            };
        }
    };
    let missing = database.store.migrations_missing().await;
    let writes = match missing {
        Ok(0) => health::probe(&database.store, now).await,
        _ => Ok(()),
    };
    database.close().await;
    if let Err(error) = writes {
        return Finding::bad(
            format!("the database takes no writes: {}", error.detail()),
            "free space on its disk or raise its limits, and see that it is no standby and not read-only",
        );
    }
    match missing {
        Ok(0) => Finding::Good("database answers and takes writes, schema is up to date".to_owned()),
        Ok(behind) => Finding::bad(
            format!("the schema lacks {behind} migrations"),
            "tacit-server migrate (the server does it at start)",
        ),
        Err(error) => Finding::bad(
            format!("database: {}", error.detail()),
            "see the log of Postgres, and start it anew",
        ),
    }
}

fn port(name: &str, address: std::net::SocketAddr, running: bool) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::Good(format!("{name} address {address} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && running => {
            Finding::Good(format!("{name} address {address} is in use, and the server is running"))
        }
        Err(error) => Finding::bad(
            format!("{name} address {address}: {error}"),
            format!(
                "free it, or choose another with --{}-listen",
                if name == "gRPC" { "grpc" } else { "http" }
            ),
        ),
    }
}

fn client_secret(path: &Path) -> Finding {
    match files::read_secret(path) {
        Ok(_) => Finding::Good(format!("client secret {}", path.display())),
        Err(error) => Finding::bad(
            format!("client secret: {error}"),
            "put it where auth.client_secret_file says, for the user that runs the server alone to read",
        ),
    }
}

fn certificate(settings: &Settings, ambient: &Ambient) -> Finding {
    if let (Some(chain), Some(key)) = (&settings.tls_cert, &settings.tls_key) {
        let given = tls::Certificate { chain: chain.clone(), key: key.clone() };
        let ends = tls::config(&given, tls::Speaks::Grpc, settings.tls_client_ca.as_deref())
            .and_then(|_| tls::chain_ends_at(chain));
        let what = |at: OffsetDateTime| format!("certificate {} ends on {}", chain.display(), at.date());
        let renew = "have it renewed, put it in the same place, and restart the server";
        return match ends {
            Ok(at) if at <= ambient.now() => Finding::bad(what(at), renew),
            Ok(at) if at - ambient.now() <= RENEW_GIVEN => Finding::soon(what(at), renew),
            Ok(at) => Finding::Good(format!(
                "certificate {} fits its key and is good until {}",
                chain.display(),
                at.date()
            )),
            Err(error) => Finding::bad(
                format!("certificate: {error}"),
                "give a PEM chain, server certificate first, and its PEM key",
            ),
        };
    }
    match tls::expires_at(&settings.data_dir) {
        Err(error) => Finding::bad(
            format!("certificate: {error}"),
            "move it away, and the server makes a certificate at its next start",
        ),
        Ok(None) => Finding::Good("certificate will be made at first start".to_owned()),
        Ok(Some(at)) if at - ambient.now() > RENEW_GENERATED => {
            Finding::Good(format!("certificate is good until {}", at.date()))
        }
        Ok(Some(at)) => Finding::bad(
            format!("certificate ends on {}", at.date()),
            "restart the server: it renews its certificate; agents need nothing",
        ),
    }
}
