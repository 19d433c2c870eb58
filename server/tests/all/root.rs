//! The root secret, what wraps it, and what a dump gives away.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use axum::http::Method;
use prost::Message as _;
use serde_json::{Value, json};
use tacit_proto::v1;
use tacit_server::ErrorKind;
use tacit_server::app::audit::verify;
use tacit_server::app::{hashes, keys, root};
use tacit_server::clock::Ambient;
use tacit_server::domain::{Caller, Role, token};
use tacit_server::secrets::master::{Master, from_text};
use tacit_server::secrets::{Purpose, Secrets, make_master_key};
use tacit_server::store::Store;

use crate::common::cluster;
use crate::rights::at_work;

fn key(byte: u8) -> Master {
    Master::Key(from_text(&hex::encode([byte; 32])).unwrap())
}

/// A key service, as far as anyone can see.
fn service(directory: &std::path::Path, script: &str) -> Master {
    let path = directory.join("service");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    Master::Command(path.display().to_string())
}

#[tokio::test]
async fn rotating_changes_what_opens_the_database_and_nothing_that_runs() {
    let (store, ambient) = (Store::new(cluster::database().await), Ambient::system());
    let running = root::open(&store, &key(1), &ambient).await.unwrap();
    let sealed = running.seal(Purpose::Profile, [1; 16], b"a profile").unwrap();
    root::rotate(&store, &ambient, &Caller::Console, &key(1), &key(2)).await.unwrap();

    let refused = root::open(&store, &key(1), &ambient).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let later = running.seal(Purpose::Profile, [1; 16], b"a later one").unwrap();
    let restarted = root::open(&store, &key(2), &ambient).await.unwrap();
    assert_eq!(restarted.open(Purpose::Profile, [1; 16], &sealed).unwrap(), b"a profile");
    assert_eq!(restarted.open(Purpose::Profile, [1; 16], &later).unwrap(), b"a later one");
    assert_eq!(running.pseudonym("user-1", 0), restarted.pseudonym("user-1", 0));

    // To a key service, and not to one that loses what it is given.
    let directory = cluster::directory();
    let forgetful = service(directory.path(), "echo something");
    let refused = root::rotate(&store, &ambient, &Caller::Console, &key(2), &forgetful).await.unwrap_err();
    assert!(
        refused.public().contains("another master key") || refused.public().contains("give back"),
        "{refused}"
    );
    root::open(&store, &key(2), &ambient).await.unwrap();
    let kept = service(directory.path(), "case $1 in wrap) base64;; unwrap) base64 -d;; esac");
    root::rotate(&store, &ambient, &Caller::Console, &key(2), &kept).await.unwrap();
    let served = root::open(&store, &kept, &ambient).await.unwrap();
    assert_eq!(served.open(Purpose::Profile, [1; 16], &sealed).unwrap(), b"a profile");
    let away = root::open(&store, &service(directory.path(), "exit 3"), &ambient).await.unwrap_err();
    assert_eq!(away.kind(), ErrorKind::Unavailable);

    let found = verify(&store, served.seal_of_audit(), None).await.unwrap();
    assert_eq!((found.flaws, found.entries), (vec![], 2));
}

#[test]
fn a_new_master_key_changes_no_folder_that_is_there() {
    let directory = cluster::directory();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (beside, below) = (directory.path().join("a.key"), directory.path().join("new/b.key"));
    for key in [&beside, &below] {
        make_master_key(key, &Ambient::system()).unwrap();
        assert_eq!(mode(key), 0o600);
    }
    assert_eq!((mode(directory.path()), mode(&directory.path().join("new"))), (0o755, 0o700));
}

#[tokio::test]
async fn a_database_from_before_stays_readable_and_can_be_rotated() {
    let (store, ambient) = (Store::new(cluster::database().await), Ambient::system());
    let before = Secrets::derive(&[1; 32], ambient.clone()).unwrap();
    root::check_master_key(&store, &before).await.unwrap();
    let sealed = before.seal(Purpose::Name, [1; 16], b"a name").unwrap();

    let other = root::open(&store, &key(2), &ambient).await.unwrap_err();
    assert!(other.public().contains("another master key"), "{other}");
    let directory = cluster::directory();
    let unasked = root::open(&store, &service(directory.path(), "cat"), &ambient).await.unwrap_err();
    assert!(unasked.public().contains("master-key rotate"), "{unasked}");
    root::rotate(&store, &ambient, &Caller::Console, &key(1), &key(2)).await.unwrap();
    let after = root::open(&store, &key(2), &ambient).await.unwrap();
    assert_eq!(after.open(Purpose::Name, [1; 16], &sealed).unwrap(), b"a name");
}

#[tokio::test]
async fn plain_hashes_are_keyed_once_and_serve_on_under_another_master_key() {
    let (store, ambient) = (Store::new(cluster::database().await), Ambient::system());
    let secrets = root::open(&store, &key(1), &ambient).await.unwrap();
    for sql in [
        "insert into api_key (id, prefix, hash, name, role, created_at)
         values ('00000000-0000-0000-0000-0000000000c1', 'tacit_before', sha256('tacit_before'), 'x', 'viewer', now())",
        "insert into enrolment_token (id, hash, uses_left, created_at, expires_at)
         values ('00000000-0000-0000-0000-0000000000c2', sha256('tacit_enrol_before'), 1, now(), now() + interval '1 d')",
    ] {
        sqlx::query(sql).execute(store.pool()).await.unwrap();
    }
    let (one, other) = tokio::join!(hashes::key_plain(&store, &secrets), hashes::key_plain(&store, &secrets));
    assert_eq!(one.unwrap() + other.unwrap(), 2);
    assert_eq!(hashes::key_plain(&store, &secrets).await.unwrap(), 0);

    root::rotate(&store, &ambient, &Caller::Console, &key(1), &key(2)).await.unwrap();
    let restarted = root::open(&store, &key(2), &ambient).await.unwrap();
    assert_eq!(hashes::key_plain(&store, &restarted).await.unwrap(), 0);
    let now = ambient.now();
    let who = keys::caller_of_key(&store, &restarted.hash("tacit_before"), now).await.unwrap();
    assert_eq!(who.name(), "key:00000000-0000-0000-0000-0000000000c1");
    keys::caller_of_key(&store, &token::digest("tacit_before"), now).await.unwrap_err();
    let mut unit = store.begin().await.unwrap();
    assert!(unit.spend_token(&token::digest("tacit_enrol_before"), now).await.unwrap().is_none());
    assert!(unit.spend_token(&restarted.hash("tacit_enrol_before"), now).await.unwrap().is_some());
}

#[tokio::test]
async fn a_dump_holds_no_name_and_no_measurement_and_checks_no_guess_of_a_key() {
    let (api, _) = at_work("somebody-with-a-name").await;
    let (key, token) = (api.key(Role::Analyst).await, api.server.token().await);
    let log_in = api.give(Method::POST, "/auth/key", "", &json!({ "key": key })).await;
    let cookie = log_in.headers["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(['=', ';']).nth(1).unwrap().to_owned();
    let url = cluster::url(&api.server.app.store.pool().connect_options());
    let bins = std::fs::read_dir("/usr/lib/postgresql").unwrap();
    let program = bins.map(|bin| bin.unwrap().path().join("bin/pg_dump")).find(|path| path.exists()).unwrap();
    // Not on this thread: a transaction of the server that runs on it would never end, and hold a table that is dumped.
    let dumping = move || Command::new(program).arg("--dbname").arg(url).output().unwrap();
    let output = tokio::task::spawn_blocking(dumping).await.unwrap();
    let dump = String::from_utf8(output.stdout).unwrap();
    assert!(dump.contains("COPY public.profile") && dump.contains("\ts_"), "{:?}", output.stderr);
    for said in ["somebody", "founding", "hold", "feature_step"] {
        assert!(!dump.contains(said), "{said}");
    }
    let thief = Secrets::derive(&[8; 32], Ambient::system()).unwrap();
    for (credential, rows) in [(&key, "api_key"), (&token, "enrolment_token"), (&cookie, "web_session")] {
        assert!(dump.contains(&hex::encode(api.server.app.secrets.hash(credential))), "{rows}");
        for made in [hex::encode(token::digest(credential)), hex::encode(thief.hash(credential))] {
            assert!(!dump.contains(&made) && !dump.contains(credential.as_str()), "{rows}");
        }
    }
    let sealed: Vec<Vec<u8>> = dump
        .split(['\t', '\n'])
        .filter_map(|field| field.strip_prefix("\\\\x").and_then(|digits| hex::decode(digits).ok()))
        .collect();
    // Five windows, a profile, a state and a name at least.
    assert!(sealed.iter().filter(|bytes| bytes.len() > 40).count() >= 8, "{}", sealed.len());
    for bytes in sealed {
        assert!(serde_json::from_slice::<Value>(&bytes).is_err());
        assert!(!v1::Window::decode(bytes.as_slice()).is_ok_and(|window| window.check().is_ok()));
        assert!(thief.open(Purpose::Profile, [0; 16], &bytes).is_err());
    }
}
