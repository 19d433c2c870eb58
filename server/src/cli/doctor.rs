//! `tacit-server doctor`: what is wrong, and how to mend it.

use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;

use time::Duration;

use super::{database, say};
use crate::clock::Ambient;
use crate::config::Settings;
use crate::postgres::{self, PostgresError, find};
use crate::{secrets, tls};

/// Bytes written to see that there is room; a file without content needs none.
const PROBE: usize = 64 * 1024;

enum Finding {
    Good(String),
    Bad { what: String, mend: String },
}

pub(super) async fn doctor(settings: &Settings, ambient: &Ambient) -> anyhow::Result<ExitCode> {
    let running = postgres::running(&settings.data_dir).is_some();
    let mut findings = vec![data_dir(settings), master_key(settings, ambient)];
    if settings.database_url.is_none() {
        findings.push(binaries(&settings.data_dir));
    }
    findings.push(schema(settings, running).await);
    for (name, address) in [("gRPC", settings.grpc_listen), ("REST", settings.http_listen)] {
        findings.push(port(name, address, running));
    }
    if !settings.insecure_loopback {
        findings.push(certificate(settings, ambient));
    }
    let mut code = ExitCode::SUCCESS;
    for finding in findings {
        match finding {
            Finding::Good(what) => say(&format!("ok    {what}"))?,
            Finding::Bad { what, mend } => {
                code = ExitCode::FAILURE;
                say(&format!("WRONG {what}"))?;
                say(&format!("      mend: {mend}"))?;
            }
        }
    }
    Ok(code)
}

fn bad(what: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding::Bad { what: what.into(), mend: mend.into() }
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
            return bad(
                format!("there is no server data in {}", path.display()),
                "name the server's with --data-dir (and its database with --database-url); a new server makes them with \
                 `tacit-server serve`",
            );
        }
        Err(error) => return bad("data directory", error.to_string()),
    }
    let probe = path.join(".doctor");
    let written = std::fs::write(&probe, [0; PROBE]).and_then(|()| std::fs::File::open(&probe)?.sync_all());
    let _ = std::fs::remove_file(probe);
    match written {
        Ok(()) => Finding::Good(format!("data directory {}", path.display())),
        Err(error) => bad(
            format!("data directory {}: {error}", path.display()),
            "free space there, give it to the user that runs the server, or choose another with --data-dir",
        ),
    }
}

fn master_key(settings: &Settings, ambient: &Ambient) -> Finding {
    let path =
        settings.master_key_file.clone().unwrap_or_else(|| settings.data_dir.join("secrets/master.key"));
    match secrets::master_key(&path, false, ambient) {
        Ok(_) => Finding::Good(format!("master key {}", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && settings.master_key_file.is_none() => {
            Finding::Good(format!("master key {} will be made at first start", path.display()))
        }
        Err(error) => bad(
            format!("master key: {error}"),
            "restore it from your backup: without it profiles and names cannot be read",
        ),
    }
}

fn binaries(data_dir: &Path) -> Finding {
    match find::for_data(&data_dir.join("postgres/data")) {
        Ok(found) => Finding::Good(format!("PostgreSQL {} in {}", found.major, found.bin.display())),
        Err(error) => bad("PostgreSQL binaries", error.to_string()),
    }
}

async fn schema(settings: &Settings, running: bool) -> Finding {
    if settings.database_url.is_none() && !running {
        return Finding::Good("private database: the server is not running".to_owned());
    }
    match database::peek(settings).await {
        Ok(0) => Finding::Good("database answers, schema is up to date".to_owned()),
        Ok(behind) => bad(
            format!("the schema lacks {behind} migrations"),
            "tacit-server migrate (the server does it at start)",
        ),
        Err(error) => match error.downcast::<PostgresError>() {
            Ok(PostgresError::Unreached { place, why, check }) => {
                bad(format!("database at {place}: {why}"), format!("--database-url: {check}"))
            }
            Ok(error) => bad("database", error.to_string()),
            Err(error) => bad(format!("database: {error:#}"), "see the log of Postgres, and start it anew"),
        },
    }
}

fn port(name: &str, address: std::net::SocketAddr, running: bool) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::Good(format!("{name} address {address} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && running => {
            Finding::Good(format!("{name} address {address} is in use, and the server is running"))
        }
        Err(error) => bad(
            format!("{name} address {address}: {error}"),
            format!(
                "free it, or choose another with --{}-listen",
                if name == "gRPC" { "grpc" } else { "http" }
            ),
        ),
    }
}

fn certificate(settings: &Settings, ambient: &Ambient) -> Finding {
    if let (Some(chain), Some(key)) = (&settings.tls_cert, &settings.tls_key) {
        let given = tls::Certificate { chain: chain.clone(), key: key.clone() };
        return match tls::config(&given, tls::Speaks::Http) {
            Ok(_) => Finding::Good(format!("certificate {} fits its key", chain.display())),
            Err(error) => bad(
                format!("certificate: {error}"),
                "give a PEM chain, server certificate first, and its PEM key",
            ),
        };
    }
    match tls::expires_at(&settings.data_dir) {
        None => Finding::Good("certificate will be made at first start".to_owned()),
        Some(at) if at - ambient.now() > Duration::days(14) => {
            Finding::Good(format!("certificate is good until {}", at.date()))
        }
        Some(at) => bad(
            format!("certificate ends on {}", at.date()),
            "restart the server: it renews its certificate; agents need nothing",
        ),
    }
}
