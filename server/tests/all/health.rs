//! A database that is there and takes no writes.

use axum::http::Method;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use time::Duration;
use tonic::Code;

use crate::common::cluster;
use crate::common::server::{START, Server};
use crate::common::windows::{opened, session_id, window};
use crate::http::Api;

async fn maintenance(server: &Server) -> PgConnection {
    PgConnection::connect_with(&server.app.store.pool().connect_options()).await.unwrap()
}

#[tokio::test]
async fn on_a_full_disk_agents_are_told_to_come_again_and_the_server_is_not_ready() {
    let api = Api::start().await;
    let server = &api.server;
    let ready = async || api.call(Method::GET, "/readyz", None).await;
    assert_eq!(ready().await.status, 200);
    // Rows that are there can still be written: only what grows fails.
    let full = "create function full_disk() returns trigger language plpgsql as
                $$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$;
                create trigger full_disk before insert on feature_window execute function full_disk()";
    let mut connection = maintenance(server).await;
    sqlx::raw_sql(full).execute(&mut connection).await.unwrap();

    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let session = session_id();
    stream.send(&opened(session, START, "user-1")).await;
    stream.acked(session, 1).await.unwrap();
    stream.send(&window(session, 2, START)).await;
    let status = stream.end().await;
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(status.message().contains("no room left on its disk"), "{status}");
    // Named, the record would be set aside for good.
    assert!(status.metadata().get("tacit-record").is_none());
    let answer = ready().await;
    assert_eq!(answer.status, 503);
    assert!(answer.text.contains("no room left on its disk"), "{}", answer.text);

    connection.execute("drop trigger full_disk on feature_window").await.unwrap();
    let mut stream = device.stream(START).await.unwrap();
    stream.send(&window(session, 2, START)).await;
    stream.acked(session, 2).await.unwrap();
    assert_eq!(ready().await.status, 200);
}

#[tokio::test]
async fn a_failure_that_nobody_tries_again_is_forgotten() {
    let api = Api::start().await;
    let ready = async || api.call(Method::GET, "/readyz", None).await.status.as_u16();
    let full = "create function full_disk() returns trigger language plpgsql as
                $$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$;
                create trigger full_disk before insert on session execute function full_disk()";
    sqlx::raw_sql(full).execute(&mut maintenance(&api.server).await).await.unwrap();
    let device = api.server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    stream.send(&opened(session_id(), START, "user-1")).await;
    assert_eq!(stream.end().await.code(), Code::Unavailable);
    assert_eq!(ready().await, 503);
    api.server.clock.set(START + Duration::minutes(2));
    assert_eq!(ready().await, 200);
}

#[tokio::test]
async fn a_read_only_database_is_noticed_without_any_agent() {
    let api = Api::start().await;
    let ready = async || api.call(Method::GET, "/readyz", None).await;
    let mut connection = maintenance(&api.server).await;
    let change = async |connection: &mut PgConnection, on: &str| {
        let sql = format!(
            "set default_transaction_read_only = off;
             do $$ begin execute format('alter database %I set default_transaction_read_only = {on}', current_database()); end $$;"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.unwrap();
        // Settings of a database are taken at the connection: one made before the change was committed would not have it.
        let anew = "select pg_terminate_backend(pid, 10000) from pg_stat_activity
                    where datname = current_database() and pid <> pg_backend_pid()";
        sqlx::raw_sql(anew).execute(connection).await.unwrap();
    };
    assert_eq!(ready().await.status, 200);
    change(&mut connection, "on").await;
    // Nobody makes the server write at will.
    assert_eq!(ready().await.status, 200);
    api.server.clock.set(START + Duration::seconds(5));
    let answer = ready().await;
    assert_eq!(answer.status, 503);
    assert!(answer.text.contains("takes no writes"), "{}", answer.text);

    let url = cluster::url(&api.server.app.store.pool().connect_options());
    let data = cluster::directory();
    let (sound, said) = crate::cli::run(&["doctor", "--database-url", &url], data.path());
    assert!(!sound && said.contains("the database takes no writes"), "{said}");

    change(&mut connection, "off").await;
    api.server.clock.set(START + Duration::seconds(10));
    assert_eq!(ready().await.status, 200);
}
