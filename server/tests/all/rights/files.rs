//! What is left of an erased subject in the files of the database.

use std::collections::BTreeSet;
use std::path::Path;

use sqlx::Executor as _;
use sqlx::postgres::PgPool;
use tacit_server::app::rights::{Desk, erase};
use tacit_server::clock::Ambient;
use tacit_server::domain::{Caller, SubjectId};
use tacit_server::postgres::{Private, Run};
use tacit_server::secrets::{Purpose, Secrets};
use tacit_server::store::Store;
use uuid::Uuid;

use crate::common::cluster::{clean_up_after, directory};

/// Which of the traces stand in any file below a directory.
fn held(directory: &Path, traces: &[(&'static str, Vec<u8>)]) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(held(&path, traces));
        // Sockets are no files, and some go while this looks.
        } else if let Ok(content) = std::fs::read(&path) {
            // No trace has so many zeros, and most of a cluster is zeros.
            let said: Vec<u8> = content
                .chunks(64)
                .filter(|chunk| **chunk != [0; 64][..chunk.len()])
                .flatten()
                .copied()
                .collect();
            let stands = |bytes: &[u8]| {
                let mut at = said.iter().enumerate().filter(|(_, byte)| **byte == bytes[0]).map(|(at, _)| at);
                at.any(|at| said[at..].starts_with(bytes))
            };
            found.extend(traces.iter().filter(|(_, bytes)| stands(bytes)).map(|(what, _)| *what));
        }
    }
    found
}

#[tokio::test]
async fn nothing_of_an_erased_subject_is_left_in_any_file() {
    let home = directory().keep();
    clean_up_after(&home);
    let private = Private::start(&home, Run { connections: 20, durable: true }).await.unwrap();
    let pool = PgPool::connect_with(private.options()).await.unwrap();
    let store = Store::new(pool.clone());
    store.migrate().await.unwrap();
    let ambient = Ambient::system();
    let secrets = Secrets::derive(&[7; 32], ambient.clone()).unwrap();

    let (id, session, device) = (ambient.id(), ambient.id(), ambient.id());
    let pseudonym = secrets.pseudonym("somebody-with-a-name", 0);
    let sealed = secrets.seal(Purpose::Name, id, b"somebody-with-a-name").unwrap();
    let body = secrets.seal(Purpose::Profile, id, &[9; 300]).unwrap();
    pool.execute(
        sqlx::query("insert into subject (id, pseudonym, created_at) values ($1, $2, now())")
            .bind(id)
            .bind(&pseudonym),
    )
    .await
    .unwrap();
    pool.execute(sqlx::query("insert into subject_name values ($1, $2)").bind(id).bind(&sealed))
        .await
        .unwrap();
    pool.execute(sqlx::query("insert into profile values ($1, $2, '[]', 1, now())").bind(id).bind(&body))
        .await
        .unwrap();
    pool.execute(
        sqlx::query(
            "insert into device (id, public_key, name, os, os_version, agent_version, enrolled_at)
             values ($1, decode(repeat('d1', 32), 'hex'), 'desk', 'linux', '12', '1', now())",
        )
        .bind(device),
    )
    .await
    .unwrap();
    pool.execute(
        sqlx::query(
            "insert into session (id, device_id, subject_id, remote, opened_at, last_sequence) values ($1, $2, $3, false, now(), 1)",
        )
        .bind(session)
        .bind(device)
        .bind(id),
    )
    .await
    .unwrap();
    // The planner keeps values too.
    pool.execute("analyze").await.unwrap();
    pool.execute("checkpoint").await.unwrap();

    let data = home.join("postgres");
    let traces: Vec<(&'static str, Vec<u8>)> = vec![
        ("pseudonym", pseudonym.into_bytes()),
        ("name", b"somebody-with-a-name".to_vec()),
        ("sealed name", sealed),
        ("profile", body),
        ("id", id.as_bytes().to_vec()),
        ("id in words", id.to_string().into_bytes()),
        ("session", session.as_bytes().to_vec()),
    ];
    let before = ["id", "profile", "pseudonym", "sealed name", "session"];
    assert_eq!(held(&data, &traces), before.into());

    let desk = Desk { store: &store, ambient: &ambient, secrets: &secrets, data_dir: None };
    erase(desk, &Caller::Console, SubjectId(id), "asked for by the person").await.unwrap();
    store.scrub().await.unwrap();
    assert_eq!(held(&data, &traces), BTreeSet::new());
    let gone: Option<Uuid> =
        sqlx::query_scalar("select id from subject").fetch_optional(&pool).await.unwrap();
    assert_eq!(gone, None);
    pool.close().await;
    private.stop().await;
}
