//! What only a database can show.

use sqlx::{Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::common::cluster;
use crate::common::eventually;
use crate::common::server::{START, Server};
use crate::common::windows::{opened, session_id, window};

async fn insert(connection: &mut PgConnection, session: Uuid, sequence: i64) {
    sqlx::query(
        "insert into verdict (session_id, sequence, subject_id, device_id, at, recorded_at, verdict, reason, evidence)
         select id, $2, subject_id, device_id, now(), now(), 'genuine', '', '[]' from session where id = $1",
    )
    .bind(session)
    .bind(sequence)
    .execute(connection)
    .await
    .unwrap();
}

#[tokio::test]
async fn a_page_of_verdicts_ends_before_a_transaction_that_has_not_committed() {
    let server = Server::start().await;
    let device = server.device().await;
    let session = session_id();
    let mut stream = device.stream(START).await.unwrap();
    stream.send(&opened(session, START, "user-1")).await;
    stream.send(&window(session, 2, START)).await;
    stream.acked(session, 2).await.unwrap();
    let pool = server.app.store.pool();
    let page = "select count(*) from verdict where tx < pg_snapshot_xmin(pg_current_snapshot())";

    // The first writer gets the lower id and commits last.
    let mut slow = pool.acquire().await.unwrap();
    let mut slow = slow.begin().await.unwrap();
    insert(&mut slow, session, 100).await;
    let mut fast = pool.acquire().await.unwrap();
    insert(&mut fast, session, 101).await;
    // A reader sees neither: passing over the slow one for ever would be wrong.
    assert!(server.count(page).await <= 1);
    slow.commit().await.unwrap();
    eventually("both are readable", async || (server.count(page).await == 3).then_some(())).await;
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    let pool = cluster::database().await;
    let store = tacit_server::store::Store::new(pool.clone());
    assert_eq!(store.migrations_missing().await.unwrap(), 0);
    store.migrate().await.unwrap();
    pool.execute("delete from _sqlx_migrations").await.unwrap();
    assert!(store.migrations_missing().await.unwrap() > 0);
}
