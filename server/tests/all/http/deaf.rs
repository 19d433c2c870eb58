//! A database that no longer answers, and does not say so.

use std::path::PathBuf;

use sqlx::postgres::PgPoolOptions;
use tacit_server::app::changes::Topics;
use tacit_server::domain::Role;
use tacit_server::store::Store;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use super::Api;
use crate::common::server::Server;
use crate::common::{cluster, eventually};

type Stopped = watch::Receiver<bool>;

/// Passes on what comes, while it is not stopped.
async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, mut stopped: Stopped) {
    let mut bytes = [0; 8_192];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if stopped.wait_for(|stopped| !stopped).await.is_err() || to.write_all(&bytes[..count]).await.is_err()
        {
            return;
        }
    }
}

async fn between(listener: UnixListener, database: PathBuf, stopped: Stopped) {
    while let Ok((caller, _)) = listener.accept().await {
        let Ok(database) = UnixStream::connect(&database).await else { return };
        let ((up, down), (from, to)) = (caller.into_split(), database.into_split());
        tokio::spawn(pass(up, to, stopped.clone()));
        tokio::spawn(pass(from, down, stopped.clone()));
    }
}

#[tokio::test]
async fn nothing_is_said_to_be_unchanged_while_the_database_does_not_answer() {
    let options = cluster::database().await.connect_options();
    let directory = cluster::directory();
    let socket = format!(".s.PGSQL.{}", options.get_port());
    let listener = UnixListener::bind(directory.path().join(&socket)).unwrap();
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(between(listener, options.get_socket().unwrap().join(&socket), stopped));
    let options = (*options).clone().socket(directory.path());
    let pool = PgPoolOptions::new().max_connections(8).connect_with(options).await.unwrap();
    let api = Api::of(Server::on(Store::new(pool)).await);
    let key = api.key(Role::Viewer).await;
    api.tag("/v1/verdicts", &key).await;

    let changes = &api.server.app.changes;
    stop.send_replace(true);
    eventually("nothing is known", async || changes.stamp(Topics::ALL).is_none().then_some(())).await;
    stop.send_replace(false);
    eventually("words arrive again", async || changes.stamp(Topics::ALL).map(drop)).await;
}
